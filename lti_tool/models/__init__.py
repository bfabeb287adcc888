"""The whole schema, a page for each kind. Holds no rule of the house beyond what the database itself can keep."""

from lti_tool.kinds import Outcome, Role, Settled, SyncState
from lti_tool.models.base import Base
from lti_tool.models.grading import Correction, GradebookScore, Mark, SendAttempt
from lti_tool.models.places import (
    Blog,
    Course,
    LinkRequest,
    Membership,
    Person,
    Placement,
    PlannedBlog,
    Visit,
    role_of,
    shown_name,
)
from lti_tool.models.platforms import Deployment, Invitation, Login, Platform, ServiceToken
from lti_tool.models.writing import Comment, Post

__all__ = [
    "Base",
    "Blog",
    "Comment",
    "Correction",
    "Course",
    "Deployment",
    "GradebookScore",
    "Invitation",
    "LinkRequest",
    "Login",
    "Mark",
    "Membership",
    "Outcome",
    "Person",
    "Placement",
    "PlannedBlog",
    "Platform",
    "Post",
    "Role",
    "SendAttempt",
    "ServiceToken",
    "Settled",
    "SyncState",
    "Visit",
    "role_of",
    "shown_name",
]
