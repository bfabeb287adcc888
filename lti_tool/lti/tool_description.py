"""What the tool tells an LMS about itself: its addresses, what it asks for and why no more.

Source: LTI Dynamic Registration 1.0, 3.5.2; Canvas documentation, "LTI Developer Key configuration".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti.claims import CHOOSE_LINKS, HISTORIES, OPEN_LINK, REVIEW
from lti_tool.lti.families import CANVAS, Family
from lti_tool.lti.grades import SCORE_SCOPE
from lti_tool.lti.line_items import LINE_ITEM_SCOPE
from lti_tool.lti.results import RESULT_SCOPE
from lti_tool.lti.roster import ROSTER_SCOPE

NAME = "Class blog"
DESCRIPTION = "A class blog with threaded comments; what students write is graded and goes to the gradebook."
# To send scores; to read first what the gradebook shows, so that a teacher's own grade is never overwritten; to know
# who is in the course; to make a column for a link that the LMS gave none, when its teacher wants one.
SCOPES = (SCORE_SCOPE, RESULT_SCOPE, LINE_ITEM_SCOPE, ROSTER_SCOPE)
CLAIMS = ("iss", "sub", "name", "given_name", "family_name")
_DIALOGUE_WIDTH, _DIALOGUE_HEIGHT = 800, 700


@dataclass(frozen=True)
class ToolAddresses:
    """The tool's addresses under its public one."""

    public_url: str

    @property
    def login_url(self) -> str:
        return f"{self.public_url}/lti/login"

    @property
    def launch_url(self) -> str:
        return f"{self.public_url}/lti/launch"

    @property
    def key_set_url(self) -> str:
        return f"{self.public_url}/.well-known/jwks.json"

    @property
    def register_url(self) -> str:
        return f"{self.public_url}/lti/register"

    @property
    def canvas_config_url(self) -> str:
        return f"{self.public_url}/lti/config.json"

    @property
    def domain(self) -> str:
        """Host and port, as Moodle compares it with the target's."""
        return urlsplit(self.public_url).netloc


def registration_request(tool: ToolAddresses, family: Family, platform: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the tool posts to register: of scopes, claims and messages only what the platform says it has."""
    offered = platform.get("https://purl.imsglobal.org/spec/lti-platform-configuration")
    messages = _message_names(offered.get("messages_supported") if isinstance(offered, dict) else None)
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.launch_url],
        "client_name": NAME,
        "client_uri": tool.public_url,
        "jwks_uri": tool.key_set_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(_also_in(platform.get("scopes_supported"), SCOPES)),
        "https://purl.imsglobal.org/spec/lti-tool-configuration": {
            "domain": tool.domain,
            "description": DESCRIPTION,
            "target_link_uri": tool.launch_url,
            "custom_parameters": {**HISTORIES, **dict(family.section_variables)},
            "claims": list(_also_in(platform.get("claims_supported"), CLAIMS)),
            "messages": _messages(tool, family, messages),
            **dict(family.registration_extras),
        },
    }


def canvas_developer_key(tool: ToolAddresses) -> dict[str, Any]:
    """Return the tool as Canvas's JSON for a developer key, for accounts without dynamic registration."""
    placements = [
        {"placement": name, "enabled": True, "message_type": CHOOSE_LINKS, "target_link_uri": tool.launch_url,
         "text": NAME, "selection_width": _DIALOGUE_WIDTH, "selection_height": _DIALOGUE_HEIGHT}
        for name in CANVAS.choosing_placements
    ]  # fmt: skip
    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": tool.login_url,
        "target_link_uri": tool.launch_url,
        "scopes": list(SCOPES),
        "public_jwk_url": tool.key_set_url,
        "custom_fields": {**HISTORIES, **dict(CANVAS.section_variables)},
        "extensions": [
            {
                "domain": tool.domain,
                "tool_id": "class-blog",
                "platform": "canvas.instructure.com",
                "privacy_level": "name_only",
                "settings": {"text": NAME, "placements": placements},
            }
        ],
    }


def _messages(tool: ToolAddresses, family: Family, offered: frozenset[str]) -> list[dict[str, Any]]:
    """A list also where it holds one message only; an LMS that lists none is taken to know the plain launch.

    Choosing comes first: of two messages for a place Canvas keeps the first, and takes one that names no place for its
    module dialogue (canvas-lms app/models/lti/ims/registration.rb, placements).
    """
    placements = {CHOOSE_LINKS: family.choosing_placements, OPEN_LINK: family.link_placements, REVIEW: ()}
    wanted = [name for name in placements if name in offered or name == OPEN_LINK]
    return [
        {"type": name, "target_link_uri": tool.launch_url, "label": NAME}
        | ({"placements": list(placements[name])} if placements[name] else {})
        for name in wanted
    ]


def _message_names(listed: object) -> frozenset[str]:
    """The message types that a platform lists: as objects, or, older ones, as plain names."""
    found = (one.get("type") if isinstance(one, dict) else one for one in listed) if isinstance(listed, list) else ()
    return frozenset(name for name in found if isinstance(name, str))


def _also_in(offered: object, wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in wanted if name in offered) if isinstance(offered, list) else wanted
