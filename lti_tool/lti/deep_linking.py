"""The answer to an LMS that asks what new links should open: content items, signed, for the browser to carry back.

On pylti1p3's DeepLink for the message, with what it gets wrong put right: no null values, one audience, a nonce that
tells nothing, and our own key, newest first. Source: LTI Deep Linking 2.0, 3.2 and 4.5.
"""

import secrets
import time
from collections.abc import Sequence
from typing import Any

from joserfc import jwt
from pylti1p3.deep_link import DeepLink
from pylti1p3.registration import Registration

from lti_tool.identity.link_requests import Chooser
from lti_tool.lti.claims import CONTENT_KEY, HISTORIES
from lti_tool.lti.families import family_named
from lti_tool.lti.grades import json_number
from lti_tool.lti.keys import Keyring
from lti_tool.lti.platforms import PlatformFacts
from lti_tool.participation.planning import LinkPlan

_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
_ANSWER_SECONDS = 300
_LONGEST_TEXT = 1_000
TAG = "participation"


class LinkItem:
    """One `ltiResourceLink` as the standard writes it: what pylti1p3 asks of a resource."""

    def __init__(self, plan: LinkPlan, launch_url: str, *, with_column: bool, longest_title: int) -> None:
        self._plan = plan
        self._launch_url = launch_url
        self._with_column = with_column
        self._title = cut(plan.title, longest_title)

    def to_dict(self) -> dict[str, Any]:
        """Return the item. Our own id goes into `custom` and the line item, where a copied course keeps it."""
        item: dict[str, Any] = {
            "type": "ltiResourceLink",
            "title": self._title,
            "url": self._launch_url,
            "custom": {CONTENT_KEY: self._plan.content_key, **HISTORIES},
        }
        if self._plan.prompt:
            item["text"] = cut(self._plan.prompt, _LONGEST_TEXT)
        if self._with_column and self._plan.maximum is not None:
            item["lineItem"] = {
                "scoreMaximum": json_number(self._plan.maximum),
                "label": self._title,
                "resourceId": self._plan.content_key,
                "tag": TAG,
                "submissionReview": {"reviewableStatus": ["Submitted", "Completed"], "url": self._launch_url},
            }
        return item


class _Answer(DeepLink):
    def __init__(self, chooser: Chooser, platform: PlatformFacts, keyring: Keyring) -> None:
        registration = Registration().set_client_id(platform.lti_client_id).set_issuer(platform.lti_issuer)
        settings: Any = {"deep_link_return_url": chooser.question.return_url, "data": chooser.question.data}
        super().__init__(registration, chooser.lti_deployment_id, settings)
        self._keyring = keyring

    def get_message_jwt(self, resources: Sequence[Any]) -> dict[str, object]:
        now = int(time.time())
        message = super().get_message_jwt(resources)
        message |= {"iat": now, "exp": now + _ANSWER_SECONDS, "nonce": secrets.token_urlsafe(24)}
        message |= {"aud": self._registration.get_issuer(), "azp": self._registration.get_issuer()}
        return {name: value for name, value in message.items() if value is not None}

    def encode_jwt(self, message: dict[str, object]) -> str:
        key = self._keyring.signing_key()
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, message, key)


def signed_answer(
    chooser: Chooser,
    plans: Sequence[LinkPlan],
    platform: PlatformFacts,
    keyring: Keyring,
    launch_url: str,
    *,
    said: str = "",
    problem: str = "",
) -> str:
    """Return the JWT that answers an LMS's question with these links, none of them after a cancel.

    `said` and `problem` are shown to the person by the LMS.
    """
    longest = family_named(platform.family).longest_title
    items = [
        LinkItem(plan, launch_url, with_column=chooser.question.takes_columns, longest_title=longest) for plan in plans
    ]
    answer = _Answer(chooser, platform, keyring)
    message = answer.get_message_jwt(items)
    if said:
        message[f"{_CLAIM}msg"] = said
    if problem:
        message |= {f"{_CLAIM}errormsg": problem, f"{_CLAIM}errorlog": problem}
    return answer.encode_jwt(message)


def cut(text: str, longest: int) -> str:
    """Return the text, or as much of it as fits, with an ellipsis to say so."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
