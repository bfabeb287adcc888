"""What a launch is about: the tool it opens, where it goes, and the claims it carries."""

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from .catalogue import NotHere
from .course import Course
from .keys import Claims
from .pending_launches import Launch
from .reviews import as_launched, review_target
from .tools import RegisteredTool

if TYPE_CHECKING:
    from .school import PracticeSchool


def tool_of(school: "PracticeSchool", launch: Launch) -> RegisteredTool:
    """The tool the launch began with, else the one in use; perhaps by another of its deployments (Canvas)."""
    tool = school.tool_known_as(launch.client_id) if launch.client_id else school.tool_in_use
    if tool is None:
        raise NotHere(f"no tool has the client id {launch.client_id!r}")
    return replace(tool, deployment_id=launch.deployment_id) if launch.deployment_id else tool


def course_of(school: "PracticeSchool", launch: Launch) -> Course:
    """Where the activity is, or the content is to go."""
    course_id = launch.course_id if launch.placement else school.activity(launch.activity_id).course_id
    return school.course(course_id)


def target_of(school: "PracticeSchool", launch: Launch) -> str:
    """`target_link_uri`: the link's own address if deep linking gave it one."""
    tool = tool_of(school, launch)
    if launch.placement:
        return tool.deep_linking_url(launch.placement)
    if launch.review_of and (target := review_target(school, launch.activity_id)):
        return target
    return launch.target_link_uri or school.activity(launch.activity_id).url or tool.launch_url


def deployment_field(school: "PracticeSchool") -> str:
    """The login initiation's name for the deployment: Canvas's documentation, and some Canvases, have another."""
    differs = school.accent.name == "canvas" and school.profile in ("hosted", "old")
    return "deployment_id" if differs else "lti_deployment_id"


def redirect_urls_of(school: "PracticeSchool", client_id: str | None) -> Collection[str]:
    """Where answers for this tool may go; for an unknown one, to any registered address."""
    tool = school.tool_known_as(client_id or "")
    known = (tool,) if tool else school.tools()
    return {url for tool in known for url in tool.redirect_urls}


def claims_of(school: "PracticeSchool", launch: Launch, nonce: str) -> Claims:
    """The exact claims of the launch of an activity."""
    tool, person = tool_of(school, launch), school.person(launch.person_key)
    activity = school.activity(launch.activity_id)
    if launch.target_link_uri:
        activity = replace(activity, custom={})
    usual = school.accent.claims(school, tool, person, activity, nonce, launch.document_target)
    return as_launched(school, launch, usual)
