"""The two LMSs this one can speak like. An accent is a value; the school asks it whenever they differ."""

from typing import TYPE_CHECKING, Protocol

from flask import Blueprint, Response

from ..content import ContentItem, DeepLinkingOutcome
from ..course import Activity, Course
from ..gradebook import Column, Grade
from ..keys import Claims
from ..people import Person
from ..tools import RegisteredTool
from .canvas import Canvas
from .moodle import Moodle

if TYPE_CHECKING:
    from ..school import PracticeSchool


class Accent(Protocol):
    """What an LMS does in its own way."""

    @property
    def name(self) -> str: ...

    @property
    def product(self) -> str: ...

    @property
    def token_content_type(self) -> str: ...

    @property
    def refuses_unknown_scopes(self) -> bool: ...

    @property
    def serves_pending_tools(self) -> bool: ...

    @property
    def openid_configuration_path(self) -> str: ...

    @property
    def usual_custom(self) -> dict[str, str]: ...

    def new_deployment_id(self, number: int) -> str:
        """The deployment of a tool that has just been registered."""

    def sub(self, person: Person) -> str:
        """The LMS's id of the person in launches and services."""

    def login_hint(self, person: Person) -> str:
        """How the LMS names the person before the launch."""

    def login_fields(self, school: "PracticeSchool", hint_id: str) -> dict[str, str]:
        """The fields of the login initiation that differ: the message hint and the LMS's own extras."""

    def hint_id_in(self, school: "PracticeSchool", params: dict[str, str]) -> str:
        """Check the authentication request and read the launch out of its message hint, or raise a refusal."""

    def launch_gone(self) -> Exception:
        """How it refuses a hint that is used or too old."""

    def wrong_person(self) -> Exception:
        """How it refuses a login hint that is not the one it sent, or a lost session."""

    def answer_fields(self, params: dict[str, str]) -> dict[str, str]:
        """What it posts to the tool beside id_token and state."""

    def claims(
        self,
        school: "PracticeSchool",
        tool: RegisteredTool,
        person: Person,
        activity: Activity,
        nonce: str,
        target: str,
    ) -> Claims:
        """The claims of the id_token."""

    def edited_by_hand(self, column: Column, grade: Grade, comment: str) -> Grade:
        """What becomes of a grade that a teacher typed."""

    def unauthorized(self, reason: str) -> Response:
        """The answer to a service call with a bad token."""

    @property
    def deep_linking_return_path(self) -> str: ...

    def may_choose(self, person: Person, placement: str) -> None:
        """Raise how it refuses somebody who may not add content."""

    def deep_linking_claims(
        self, school: "PracticeSchool", tool: RegisteredTool, person: Person, course: Course, nonce: str, placement: str
    ) -> Claims:
        """The claims of an LtiDeepLinkingRequest."""

    def course_returned_to(self, school: "PracticeSchool") -> Course:
        """The course that the address names to which a tool has just returned."""

    def deep_linking_outcome(
        self, school: "PracticeSchool", token: str, data: str | None, course: Course
    ) -> DeepLinkingOutcome:
        """Check a response as it does, and read the items or say the refusal."""

    def activity_from(self, item: ContentItem, tool: RegisteredTool) -> Activity:
        """What it makes of an item, not yet kept; ItemRefused if nothing."""

    def problems_of(self, item: ContentItem) -> tuple[str, ...]:
        """What it objects to in one item among others."""

    def placements(self, tool: RegisteredTool) -> list[tuple[str, str]]:
        """Where teachers can open this tool to choose content: names, and words for people."""

    def creates_at_once(self, placement: str) -> bool:
        """Whether content is made as soon as it comes back, without another form."""

    def accepts_multiple(self, placement: str) -> bool:
        """Whether a dialogue from here takes more than one item."""

    def services(self, school: "PracticeSchool") -> Blueprint:
        """Its grade and roster services."""

    def registration(self, school: "PracticeSchool") -> Blueprint:
        """What a tool asks for and posts to while it registers itself."""

    def registration_token(self, school: "PracticeSchool", update: RegisteredTool | None) -> str:
        """The token for one registration; for a tool that is registered already where the LMS updates."""


ACCENTS: dict[str, Accent] = {"canvas": Canvas(), "moodle": Moodle()}
