"""The whole schema, a page for each kind. Holds no rule of the house beyond what the database itself can keep."""

from lti_tool.kinds import BlogShape, Outcome, Role, Settled, SyncState
from lti_tool.models.base import Base
from lti_tool.models.grading import Correction, GradebookScore, Mark, SendAttempt
from lti_tool.models.places import (
    Blog,
    Course,
    CourseGroup,
    GroupMember,
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
from lti_tool.models.writing import Comment, Image, ImportRun, Mention, Post, Reading, Report, Revision, WritingDraft

__all__ = [
    "Base",
    "Blog",
    "BlogShape",
    "Comment",
    "Correction",
    "Course",
    "CourseGroup",
    "Deployment",
    "GradebookScore",
    "GroupMember",
    "Image",
    "ImportRun",
    "Invitation",
    "LinkRequest",
    "Login",
    "Mark",
    "Membership",
    "Mention",
    "Outcome",
    "Person",
    "Placement",
    "PlannedBlog",
    "Platform",
    "Post",
    "Reading",
    "Report",
    "Revision",
    "Role",
    "SendAttempt",
    "ServiceToken",
    "Settled",
    "SyncState",
    "Visit",
    "WritingDraft",
    "role_of",
    "shown_name",
]
