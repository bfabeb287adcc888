"""Launches as a test wants them: begun by the tool, changed by the test, signed by whoever the test says."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from joserfc.jwk import RSAKey
from sqlalchemy import select

from lti_tool.errors import Reason
from lti_tool.models import Blog, Course, Membership, Person, Placement, Role, Visit
from tests.certification.evidence import PURL, Claims, watching
from tests.stage import Login, ScriptBrowser, Stage

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTRUCTOR, LEARNER = f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}#Learner"
LEFT_OUT = None

Change = Callable[[Claims], object]


@dataclass
class Attempt:
    """One launch under way in one browser: the login is begun, the claims may be changed, nothing is posted yet."""

    stage: Stage
    browser: ScriptBrowser
    login: Login
    claims: Claims
    header: dict[str, object] = field(default_factory=dict)

    def token(self, key: RSAKey | None = None) -> str:
        return self.stage.school.sign(self.claims, self.header, key)

    def post(self, token: str | None = None) -> requests.Response:
        return self.browser.post_launch(self.login.state, self.token() if token is None else token)

    def expect_refusal(self, reason: Reason, token: str | None = None) -> dict[str, Any]:
        """Post, check everything that a refusal must leave behind, and return its log line."""
        with watching(self.stage) as evidence:
            response = self.post(token)
        return dict(evidence.refused(response, self.browser, reason, self.claims))


def begun(stage: Stage, person: str = "isaiah", browser: ScriptBrowser | None = None, **login: str | None) -> Attempt:
    """Begin a login and lay out the claims that the practice LMS would sign for it."""
    browser = browser or stage.browser()
    started = browser.begin_login("POST", **login)
    assert started.response.status_code == 302, started.response.text
    return Attempt(stage, browser, started, stage.school.claims_for(person, 1, started.nonce))


@dataclass(frozen=True)
class Arrived:
    """Whom and what a launch that was let in has opened, as the database has it."""

    sub: str
    shown_name: str
    email: str | None
    role: Role
    course_id: int
    lti_context_id: str
    course_title: str
    blog_id: int
    blog_title: str
    person_id: int


def who(attempt: Attempt) -> Arrived:
    """Look up the visit that the browser of a successful launch is on."""
    key = attempt.browser.home.rpartition("/")[2].partition("~")[0]
    with attempt.stage.tool.database.reading() as session:
        _visit, person, blog, course, membership = session.execute(
            select(Visit, Person, Blog, Course, Membership)
            .join(Person, Person.id == Visit.person_id)
            .join(Placement, Placement.id == Visit.placement_id)
            .join(Blog, Blog.id == Placement.blog_id)
            .join(Course, Course.id == Placement.course_id)
            .join(Membership, (Membership.course_id == Course.id) & (Membership.person_id == Person.id))
            .where(Visit.key == key)
        ).one()
        return Arrived(
            person.lti_sub, person.shown_name, person.email, membership.role, course.id, course.lti_context_id,
            course.title, blog.id, blog.title, person.id,
        )  # fmt: skip


def let_in(attempt: Attempt) -> Arrived:
    """Post a launch that must succeed, follow it to its page, and return what it opened."""
    response = attempt.post()
    assert response.status_code == 303, response.text
    page = attempt.browser.get()
    assert page.status_code in (200, 303), page.text
    return who(attempt)


def changed(claims: Claims, changes: Mapping[str, object]) -> Claims:
    """Claims with some replaced; a short LTI name stands for its long one, and None leaves the claim out."""
    named = {_claim_name(name): value for name, value in changes.items()}
    return {name: value for name, value in {**claims, **named}.items() if name not in named or value is not None}


def _claim_name(name: str) -> str:
    short = {"message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles", "context"}
    short |= {"custom", "launch_presentation", "tool_platform", "role_scope_mentor"}
    return PURL + name if name in short else name


def compact(header: object, body: str, sign: Callable[[bytes], bytes]) -> str:
    """A token put together by hand, for what a sound library would refuse to sign."""
    signed = f"{base64url(json.dumps(header).encode())}.{base64url(body.encode('utf-8', 'surrogatepass'))}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def signed_by(key: RSAPrivateKey, digest: HashAlgorithm | None = None) -> Callable[[bytes], bytes]:
    """RSASSA-PKCS1-v1_5, which RS256, RS384 and RS512 use."""
    return lambda content: key.sign(content, PKCS1v15(), digest or SHA256())
