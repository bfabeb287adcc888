"""A platform registers itself: its configuration is read and checked, and the tool's description posted to it.

Every address comes from outside: each is checked before it is called, and none is called that the operator does not
allow. Source: LTI Dynamic Registration 1.0, 3.3-3.7; what Canvas and Moodle add is in `families/`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lti_tool.errors import LmsUnreachable, ToolError
from lti_tool.lti.claims import is_identifier, origin_of, storable
from lti_tool.lti.connection import AddressRefused, Answer, Connection
from lti_tool.lti.families import FAMILIES, Family, family_of_product
from lti_tool.lti.registration import Invited, Registration
from lti_tool.lti.tool_description import ToolAddresses, registration_request
from lti_tool.wording import say

_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_LARGEST = 1_000_000
_LONGEST_SAID = 300
_LONGEST_ADDRESS = 2_000


class RegistrationProblem(ToolError):
    """The LMS's registration cannot go on; told to its administrator. `why` is a word for the log."""

    def __init__(self, why: str, what: str, do: str) -> None:
        super().__init__(what, do)
        self.why = why


@dataclass(frozen=True)
class Offer:
    """What a platform says of itself, checked. `document` is its whole configuration."""

    lti_issuer: str
    authorize_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    token_audience: str | None
    family: Family
    other_hosts: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """The addresses that an administrator confirmed, to be compared with those that are used."""
        return "\n".join((self.lti_issuer, self.authorize_url, self.token_url, self.jwks_url, self.registration_url))


@dataclass(frozen=True)
class Agreed:
    """What came of a registration: all that a launch needs. Deployments may show only at the first launch."""

    registration: Registration
    lti_deployment_ids: tuple[str, ...]


def read_offer(connection: Connection, configuration_url: str, token: str, invited: Invited) -> Offer:
    """Read a platform's configuration with one request. Raises RegistrationProblem.

    The token goes along, because Canvas wants it here too; it goes nowhere else than where the LMS sent it.
    """
    refused = say("The LMS gave an address for the configuration that the class blog does not call.")
    _check_address(connection, configuration_url, refused)
    unreadable = say("The LMS sent its configuration in a form that cannot be read.")
    document = _json_object(_called(connection, "GET", configuration_url, token), unreadable)
    offered = document.get(_PLATFORM)
    product = offered.get("product_family_code") if isinstance(offered, dict) else None
    addresses = {
        name: _address_in(connection, document, name)
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
    }
    issuer = document.get("issuer")
    if not is_identifier(issuer):
        raise RegistrationProblem("issuer", say("The LMS's configuration names no issuer."), _TELL_LMS)
    family = next((one for one in FAMILIES if issuer in one.shared_issuers), None) or family_of_product(product)
    _check_issuer(issuer, configuration_url, family, invited)
    _check_registration_host(addresses["registration_endpoint"], issuer, configuration_url, family)
    _check_methods(document)
    audience = document.get("authorization_server")
    hosts = dict.fromkeys(urlsplit(address).netloc for address in addresses.values())
    return Offer(
        lti_issuer=issuer,
        authorize_url=addresses["authorization_endpoint"],
        token_url=addresses["token_endpoint"],
        jwks_url=addresses["jwks_uri"],
        registration_url=addresses["registration_endpoint"],
        # Canvas gives a bare host here, which its own token service does not take.
        token_audience=audience if is_identifier(audience) and audience.startswith("https://") else None,
        family=family,
        other_hosts=tuple(host for host in hosts if host != _origin(issuer).rpartition("/")[2]),
        document=document,
    )


def register_with(connection: Connection, offer: Offer, token: str, invited: Invited, tool: ToolAddresses) -> Agreed:
    """Post the tool's description and return what the platform made of it. Raises RegistrationProblem."""
    wanted = registration_request(tool, offer.family, offer.document)
    answer = _called(connection, "POST", offer.registration_url, token, json.dumps(wanted))
    agreed = _json_object(answer, say("The LMS sent its answer to the registration in a form that cannot be read."))
    if not is_identifier(client_id := agreed.get("client_id")):
        raise RegistrationProblem("answer", say("The LMS registered the blog but named no client id."), _TELL_LMS)
    configuration = agreed.get(_TOOL)
    inside = configuration.get("deployment_id") if isinstance(configuration, dict) else None
    deployment_id = inside or agreed.get("deployment_id")  # Canvas gives it beside the configuration, where it does
    registration = Registration(
        name=invited.name or urlsplit(offer.registration_url).netloc,  # many share an issuer, none this
        lti_issuer=offer.lti_issuer,
        lti_client_id=client_id,
        authorize_url=offer.authorize_url,
        token_url=offer.token_url,
        jwks_url=offer.jwks_url,
        token_audience=offer.token_audience or offer.family.token_audience,
        accepts_new_deployments=invited.accepts_new_deployments,
    )
    return Agreed(registration, (deployment_id,) if is_identifier(deployment_id) else ())


_TELL_LMS = say("Its administrator can check how the LMS is set up, then start again from the LMS.")


def _called(connection: Connection, method: str, url: str, token: str, body: str | None = None) -> Answer:
    headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        answer = connection.call(method, url, headers=headers, body=body, largest=_LARGEST)
    except (LmsUnreachable, AddressRefused, ValueError):
        raise RegistrationProblem(
            "unreachable",
            say(
                "%(host)s could not be reached from the class blog, or gave no sensible answer.",
                host=urlsplit(url).netloc,
            ),
            say(
                "Check that it can be reached from outside. For an LMS on a private network the operator of the blog "
                "has to allow private addresses. Then start again from the LMS."
            ),
        ) from None
    if answer.status not in (200, 201):
        said = " ".join(storable(answer.text).split())[:_LONGEST_SAID]
        what = say("The LMS refused (%(status)s).", status=answer.status)
        if said and not said.startswith("<"):
            what = say("The LMS refused (%(status)s). It said: “%(words)s”", status=answer.status, words=said)
        raise RegistrationProblem(f"refused {answer.status}", what, _TELL_LMS)
    return answer


def _json_object(answer: Answer, unreadable: str) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise RegistrationProblem("unreadable", unreadable, _TELL_LMS)
    return document


def _address_in(connection: Connection, document: Mapping[str, Any], name: str) -> str:
    address = document.get(name)
    if not isinstance(address, str):
        what = say("The LMS's configuration has no %(name)s.", name=name)
        raise RegistrationProblem("incomplete", what, _TELL_LMS)
    refused = say("The LMS gave an address for %(name)s that the class blog does not call.", name=name)
    _check_address(connection, address, refused)
    return address


def _check_address(connection: Connection, address: str, refused: str) -> None:
    try:
        connection.check(address)
        parts, is_plain = urlsplit(address), address.isascii() and all(ord(letter) > 32 for letter in address)
        if parts.fragment or "@" in parts.netloc or not is_plain or len(address) > _LONGEST_ADDRESS:
            raise AddressRefused("not a plain address")
    except (AddressRefused, ValueError):
        raise RegistrationProblem(
            "address",
            refused,
            say(
                "It must begin with https://, with no name, password or fragment in it. Check how the LMS is set up, "
                "then start again from there."
            ),
        ) from None


def _check_issuer(issuer: str, configuration_url: str, family: Family, invited: Invited) -> None:
    """An LMS speaks only for the host it is at, unless its makers' hosts share an issuer, or the operator said so."""
    if invited.lti_issuer is not None:
        is_theirs = issuer == invited.lti_issuer
    elif issuer in family.shared_issuers:
        is_theirs = _is_at(configuration_url, family.shared_hosts)
    else:
        is_theirs = _origin(issuer) == origin_of(configuration_url)
    if not is_theirs:
        raise RegistrationProblem(
            "issuer",
            say(
                "The LMS at %(host)s calls itself %(issuer)s.",
                host=urlsplit(configuration_url).netloc,
                issuer=storable(issuer)[:_LONGEST_SAID],
            ),
            say(
                "Give the LMS an issuer of its own host, or ask the operator of the blog for an invitation that names "
                "this issuer (lti-tool platforms invite --issuer)."
            ),
        )


def _check_registration_host(registration_url: str, issuer: str, configuration_url: str, family: Family) -> None:
    """The registration token goes to the LMS itself; hosted Canvas may register at another host of its makers'."""
    near = {origin_of(configuration_url), _origin(issuer)}
    of_one_maker = all(_is_at(one, family.shared_hosts) for one in (configuration_url, registration_url))
    if origin_of(registration_url) not in near and not of_one_maker:
        raise RegistrationProblem(
            "registration host", say("The LMS's registration address is on another host than the LMS."), _TELL_LMS
        )


def _origin(issuer: str) -> str:
    """An issuer need not be an address: then it has no origin."""
    try:
        return origin_of(issuer)
    except ValueError:
        return ""


def _is_at(address: str, ends_of_hosts: tuple[str, ...]) -> bool:
    return (urlsplit(address).hostname or "").endswith(ends_of_hosts) if ends_of_hosts else False


def _check_methods(document: Mapping[str, Any]) -> None:
    needed = {
        "id_token_signing_alg_values_supported": "RS256",
        "token_endpoint_auth_methods_supported": "private_key_jwt",
    }
    for name, value in needed.items():
        listed = document.get(name)
        if isinstance(listed, list) and listed and value not in listed:
            what = say("The LMS does not offer %(method)s, which the class blog needs.", method=value)
            raise RegistrationProblem("methods", what, _TELL_LMS)
