"""The one course of the practice school and its two graded activities."""

import uuid
from dataclasses import dataclass

COURSE_ID = 3644
COURSE_CODE = "HIST3644"
COURSE_TITLE = "HIST 3644: Soviet History"
COURSE_SIS_ID = "SIS-HIST-3644"
CLIENT_ID = "10000000000042"
NAMESPACE = uuid.UUID("6f1d3c52-2c0e-4c55-9b53-3d1a3f3644aa")


@dataclass(frozen=True)
class ToolAddresses:
    """Where the tool under practice lives: what an administrator types into the LMS when registering it."""

    login_url: str
    launch_url: str
    jwks_url: str


@dataclass(frozen=True)
class Activity:
    """A link to the tool in the course, with a gradebook column of its own."""

    id: int
    title: str
    week: str
    description: str
    maximum: float = 10.0

    @property
    def canvas_resource_link_id(self) -> str:
        """Canvas: the assignment's UUID, also the coupled line item's resourceLinkId."""
        return str(uuid.uuid5(NAMESPACE, f"activity-{self.id}"))


ACTIVITIES = (
    Activity(1, "Class blog: The Thaw", "Weeks 5 and 6", "Write one post on the Thaw and answer three classmates."),
    Activity(2, "Class blog: After Stalin", "Weeks 7 and 8", "Who ruled after Stalin, and how? Post, then comment."),
)


def activity_numbered(activity_id: int) -> Activity | None:
    """The activity with this number, if the course has it."""
    return next((activity for activity in ACTIVITIES if activity.id == activity_id), None)


def DEPLOYMENT_ID(accent: str) -> str:
    """The deployment id as each LMS writes it: Moodle its tool's number, Canvas `<number>:<40 hex of the context>`."""
    return "1" if accent == "moodle" else "42:8d7f1c0b5a3e49d2b6c48f0e1a7d9c3b5e2f6a04"
