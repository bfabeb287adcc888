"""Courses of the practice school and the links to the tool in them; the first course has two graded activities."""

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

COURSE_ID = 3644
COURSE_CODE = "HIST3644"
COURSE_TITLE = "HIST 3644: Soviet History"
COURSE_SIS_ID = "SIS-HIST-3644"
CLIENT_ID = "10000000000042"
HOSTED_CLIENT_ID = "125900000000000042"
NAMESPACE = uuid.UUID("6f1d3c52-2c0e-4c55-9b53-3d1a3f3644aa")


@dataclass(frozen=True)
class ToolAddresses:
    """Where the tool under practice lives: what an administrator types into the LMS when registering it."""

    login_url: str
    launch_url: str
    jwks_url: str


@dataclass(frozen=True)
class Course:
    """A course. Each LMS has ids of its own for it, as pages and services say them."""

    id: int
    code: str
    title: str
    sis_id: str = ""
    copied_from: int | None = None

    @property
    def number(self) -> int:
        """The number in the addresses of pages, and Canvas's course id."""
        return COURSE_ID + self.id - 1

    @property
    def moodle_id(self) -> str:
        """Moodle's course id, also its context id."""
        return str(1 + self.id)

    @property
    def canvas_context_id(self) -> str:
        """Canvas's context id: 40 hex digits."""
        if self.id == FIRST_COURSE.id:
            return FIRST_CANVAS_CONTEXT
        return hashlib.sha256(f"{NAMESPACE}:course-{self.id}".encode()).hexdigest()[:40]


FIRST_CANVAS_CONTEXT = "b1c3e5f7092a4d6c8e0f1a3b5c7d9e2f4a6b8c0d"
FIRST_COURSE = Course(1, COURSE_CODE, COURSE_TITLE, COURSE_SIS_ID)


@dataclass(frozen=True)
class Activity:
    """A link to the tool in a course, with a gradebook column of its own if it is graded.

    `custom` and `url` are what the tool chose by deep linking; an unpublished one (Canvas) is the teacher's only.
    """

    id: int
    title: str
    week: str
    description: str
    maximum: float = 10.0
    course_id: int = 1
    url: str = ""
    custom: dict[str, Any] = field(default_factory=dict)
    graded: bool = True
    resource_id: str = ""
    tag: str = ""
    submission_review: dict[str, Any] = field(default_factory=dict)
    published: bool = True

    @property
    def canvas_resource_link_id(self) -> str:
        """Canvas: the assignment's UUID, also the coupled line item's resourceLinkId."""
        return str(uuid.uuid5(NAMESPACE, f"activity-{self.id}"))


NO_ACTIVITY = Activity(0, "", "", "", graded=False)
ACTIVITIES = (
    Activity(1, "Class blog: The Thaw", "Weeks 5 and 6", "Write one post on the Thaw and answer three classmates."),
    Activity(2, "Class blog: After Stalin", "Weeks 7 and 8", "Who ruled after Stalin, and how? Post, then comment."),
)


def DEPLOYMENT_ID(accent: str) -> str:
    """The deployment id as each LMS writes it: Moodle its tool's number, Canvas `<number>:<40 hex of the context>`."""
    return "1" if accent == "moodle" else "42:8d7f1c0b5a3e49d2b6c48f0e1a7d9c3b5e2f6a04"
