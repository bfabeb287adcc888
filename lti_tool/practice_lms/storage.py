"""Platform Storage, Canvas's only: which window keeps what a tool cannot keep in cookies, and how it errs on request.

LTI OIDC Login with Platform Storage 1.0. The frame is served from the origin of the authentication endpoint: here that
is this server; another origin needs another `frame_url` only.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, render_template

if TYPE_CHECKING:
    from .school import PracticeSchool

FRAME_NAME = "post_message_forwarding"
FRAME_PATH = "/post_message_forwarding"
PARENT = "_parent"


@dataclass(frozen=True)
class PlatformStorage:
    """What a page that frames a tool must know. Without `frame_url` there is no frame."""

    target: str
    frame_url: str
    tool_origins: str
    quirk: str


def storage_of(school: "PracticeSchool") -> PlatformStorage | None:
    """How the LMS offers storage now; None for one that knows no messages, as Moodle 4.5."""
    if school.accent.name != "canvas":
        return None
    quirk = next((quirk for quirk in ("silent", "lies") if school.faults.on(f"storage_{quirk}")), "")
    framed = not (school.faults.on("no_storage_frame") or school.faults.on("storage_in_parent"))
    frame_url = school.public_url + FRAME_PATH if framed else ""
    return PlatformStorage(_target(school), frame_url, _tool_origins(school), quirk)


def _target(school: "PracticeSchool") -> str:
    return PARENT if school.faults.on("storage_in_parent") else FRAME_NAME


def _tool_origins(school: "PracticeSchool") -> str:
    parts = [urlsplit(url) for tool in school.tools() for url in (tool.launch_url, tool.login_url)]
    return " ".join(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))


def login_target(school: "PracticeSchool") -> dict[str, str]:
    """The field of the login initiation that names the window."""
    return {} if school.faults.on("no_storage_target") else {"lti_storage_target": _target(school)}


def echoed(school: "PracticeSchool", params: dict[str, str]) -> dict[str, str]:
    """What the tool sent for its launch; without the storage target when the LMS is not to give that back."""
    forgotten = "lti_storage_target" if school.faults.on("storage_at_login_only") else ""
    return {name: value for name, value in params.items() if name != forgotten}


def storage_room(school: "PracticeSchool") -> Blueprint:
    """The hidden frame as a blueprint, and `storage` for every page."""
    blueprint = Blueprint("storage", __name__)

    @blueprint.app_context_processor
    def storage() -> dict[str, PlatformStorage | None]:
        return {"storage": storage_of(school)}

    @blueprint.get(FRAME_PATH)
    def frame() -> Response:
        if school.accent.name != "canvas":
            abort(404)
        return Response(render_template("storage_frame.html"))

    return blueprint
