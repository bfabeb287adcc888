"""The two LMSs this one can speak like. An accent is a value; the school asks it whenever they differ."""

from typing import TYPE_CHECKING, Protocol

from flask import Blueprint, Response

from ..course import Activity
from ..gradebook import Column, Grade
from ..keys import Claims
from ..people import Person
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

    def claims(self, school: "PracticeSchool", person: Person, activity: Activity, nonce: str, target: str) -> Claims:
        """The claims of the id_token."""

    def edited_by_hand(self, column: Column, grade: Grade, comment: str) -> Grade:
        """What becomes of a grade that a teacher typed."""

    def unauthorized(self, reason: str) -> Response:
        """The answer to a service call with a bad token."""

    def services(self, school: "PracticeSchool") -> Blueprint:
        """Its grade and roster services."""


ACCENTS: dict[str, Accent] = {"canvas": Canvas(), "moodle": Moodle()}
