"""The LMS's dialogue for new links, as a teacher's browser goes through it: asked, chosen, and carried back."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from lti_tool.practice_lms.content import DeepLinkingOutcome
from lti_tool.practice_lms.course import Activity
from tests.certification.launches import Attempt, begun
from tests.stage import ScriptBrowser, Stage

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = f"{DL}deep_linking_settings"
ITEMS = f"{DL}content_items"
ANOTHER_BLOG = {"title": "Week 3: Stalin's heirs", "prompt": "Who ruled after Stalin, and how?", "maximum": "25"}


@dataclass(frozen=True)
class Sent:
    """An answer on its way to the LMS: where the page's form goes, its fields, and what the verified token holds."""

    page: requests.Response
    address: str
    fields: dict[str, str]
    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.claims[ITEMS]
        return items


def asked(
    stage: Stage,
    person: str = "irena",
    placement: str = "assignment_selection",
    course_id: int = 1,
    browser: ScriptBrowser | None = None,
    **settings: Any,
) -> Attempt:
    """A dialogue that the LMS begins, not posted yet; `settings` change what it asks for, None leaves one out."""
    attempt = begun(stage, person, browser)
    attempt.claims = stage.school.deep_linking_claims(person, attempt.login.nonce, placement, course_id, **settings)
    return attempt


def opened(stage: Stage, person: str = "irena", **asking: Any) -> ScriptBrowser:
    """A browser with the dialogue in it."""
    attempt = asked(stage, person, **asking)
    response = attempt.post()
    assert response.status_code == 303, response.text
    assert response.headers["Location"].startswith("/choose/")
    return attempt.browser


def sent(stage: Stage, page: requests.Response) -> Sent:
    """Read the page that carries the answer back, and verify its token with the keys that the tool publishes."""
    assert page.status_code == 200, page.text
    address, fields = form_in(page.text)
    keys = requests.get(f"{stage.tool_url}/.well-known/jwks.json", timeout=5).json()
    token = jwt.decode(fields["JWT"], KeySet.import_key_set(keys), algorithms=["RS256"])
    return Sent(page, address, fields, dict(token.header), dict(token.claims))


def form_in(page: str) -> tuple[str, dict[str, str]]:
    """Where the form of a page goes, and its hidden fields."""
    found = re.search(r'<form [^>]*method="post" action="([^"]*)"', page)
    assert found, page
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return unescape(found[1]), {name: unescape(value) for name, value in pairs}


def chosen(stage: Stage, browser: ScriptBrowser, *blogs: dict[str, str], take: tuple[str, ...] = ()) -> Sent:
    """Lay out new blogs, or take some of the course, and go back."""
    form = {name: [blog[name] for blog in blogs] for name in ("title", "prompt", "maximum")}
    return sent(stage, browser.post("", {**form, "take": list(take)}))


def taken_by_lms(stage: Stage, answer: Sent, course_id: int = 1) -> DeepLinkingOutcome:
    """What the LMS makes of an answer."""
    data = parse_qs(urlsplit(answer.address).query).get("data", [None])[0]
    outcome = stage.school.deep_linking_return(answer.fields["JWT"], data, course_id)
    assert not outcome.refused, outcome
    return outcome


def link_made(stage: Stage, *blogs: dict[str, str], take: str = "", course_id: int = 1) -> Activity:
    """Go through the whole dialogue for one link, and save what came of it in the LMS."""
    browser = opened(stage, course_id=course_id)
    answer = chosen(stage, browser, *blogs, take=(take,) if take else ())
    (item,) = taken_by_lms(stage, answer, course_id).items
    activity = stage.school.save_item(item)
    stage.school.publish(activity.id)  # Canvas makes it for the teacher alone, and takes no score for it
    return activity
