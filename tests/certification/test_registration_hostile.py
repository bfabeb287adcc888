"""Group J, platforms that mean harm or are broken: what the tool reads, whom it calls, for how long (rows 209-215)."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Response

from lti_tool.app import create_app
from lti_tool.lti.connection import Connection
from lti_tool.lti.families import CANVAS
from tests.certification.network import Network, watched_network
from tests.certification.registrations import (
    CONFIGURATION,
    ENDPOINTS,
    PLATFORM,
    REGISTRATION,
    Frame,
    agreed,
    check_refusal,
    configuration_of,
    invited,
    lay_down,
    nothing_left,
    platforms,
    said,
)
from tests.https_stage import made_certificate
from tests.lti.scripted_lms import ScriptedLms, scripted_lms
from tests.stage import Certificate, Stage, free_port, open_stage, served

HOSTED, INSTITUTION, SIGN_IN = "https://canvas.instructure.com", "school.instructure.com", "sso.canvaslms.com"
LONGEST_SECONDS = 12


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes) -> Iterator[Stage]:
    """One stage for all that registers nothing, on which private addresses are allowed."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "office.sqlite3").write_bytes(migrated_sqlite)
    with open_stage(folder, f"sqlite:///{folder / 'office.sqlite3'}", "canvas") as opened:
        yield opened


@pytest.fixture(scope="module")
def strict_office(office: Stage) -> Iterator[Stage]:
    """The same tool and database where the operator has not allowed private addresses, which is the default."""
    connection, port = Connection(allow_private=False), free_port()
    settings = office.tool.settings.model_copy(
        update={"allow_private_addresses": False, "public_url": f"http://localhost:{port}"}
    )
    tool = replace(office.tool, connection=connection, settings=settings)
    with served(create_app(tool), port):
        yield replace(office, tool=tool, tool_url=settings.public_url)


@pytest.fixture(scope="module")
def running_lms() -> Iterator[ScriptedLms]:
    with scripted_lms() as lms:
        yield lms


@pytest.fixture
def lms(running_lms: ScriptedLms) -> ScriptedLms:
    running_lms.reset()
    lay_down(running_lms)
    return running_lms


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return watched_network(monkeypatch)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return made_certificate(tmp_path_factory.mktemp("tls"), INSTITUTION, "canvas.school.example.test")


@pytest.fixture(scope="module")
def running_hosted(certificate: Certificate) -> Iterator[ScriptedLms]:
    with scripted_lms(INSTITUTION, certificate) as lms:
        yield lms


@pytest.fixture
def hosted(running_hosted: ScriptedLms, network: Network) -> ScriptedLms:
    """A Canvas of an institution that Instructure hosts, over real TLS; its name leads to this machine."""
    network.names[INSTITUTION] = ["127.0.0.1"]
    running_hosted.reset()
    lay_down(running_hosted, **hosted_addresses(running_hosted))
    return running_hosted


def hosted_addresses(lms: ScriptedLms) -> dict[str, object]:
    """What differs in the configuration of a hosted Canvas: facts of Canvas, `examples/openid_configuration.json`."""
    return {
        "issuer": HOSTED,
        "authorization_endpoint": f"https://{SIGN_IN}/api/lti/authorize_redirect",
        "token_endpoint": f"https://{SIGN_IN}/login/oauth2/token",
        "jwks_uri": f"https://{SIGN_IN}/api/lti/security/jwks",
        "authorization_server": "canvas.instructure.com",
        PLATFORM: {"product_family_code": "canvas", "messages_supported": [{"type": "LtiDeepLinkingRequest"}]},
    }


@pytest.fixture
def trusting(stage_on_sqlite: Stage, certificate: Certificate) -> Iterator[Stage]:
    """A tool that trusts the certificate of these tests."""
    connection, port = Connection(allow_private=True, ca_file=certificate.file), free_port()
    settings = stage_on_sqlite.tool.settings.model_copy(update={"public_url": f"http://localhost:{port}"})
    tool = replace(stage_on_sqlite.tool, connection=connection, settings=settings)
    with served(create_app(tool), port):
        yield replace(stage_on_sqlite, tool=tool, tool_url=settings.public_url)


def refuse(stage: Stage, configuration_url: str, *words: str, why: str, frame: Frame | None = None) -> str:
    """Open the frame with this configuration, and check that it ends with a clear page and nothing else."""
    frame = frame or invited(stage)
    with nothing_left(stage) as seen:
        page = check_refusal(frame.open(configuration_url), *words)
    assert seen.why() == why
    for secret in (frame.token, frame.code):
        assert secret not in repr(seen.lines)
    return page


NO_PLAIN_HTTPS = {
    "another_scheme": "ftp://{host}/c", "a_file": "file:///etc/passwd", "a_script": "javascript:alert(1)",
    "no_host": "https:///c", "no_slashes": "https:register", "relative": "/openid-configuration", "a_word": "x",
    "half": "https://[", "a_fragment": "{url}/openid-configuration#x",
    "user": "http://u:p@{host}/openid-configuration",
    "user_of_https": "https://u:p@{host}/c", "user_alone": "http://u@{host}/openid-configuration",
    "password_alone": "https://:p@{host}/c", "nobody": "https://@{host}/c", "a_space": "{url}/openid configuration",
    "a_line": "{url}/openid\r\nX-Injected: 1", "a_nul": "{url}/c\x00", "letters": "https://ex\u00e4mple.test/c",
    "a_hidden_letter": "{url}/openid-configuration\u200b", "endless": "{url}/openid-configuration?" + "x" * 5_000,
}  # fmt: skip


@pytest.mark.parametrize("address", NO_PLAIN_HTTPS.values(), ids=NO_PLAIN_HTTPS)
@pytest.mark.parametrize("allowed", [True, False], ids=["private_allowed", "private_refused"])
def test_row_209_an_address_that_is_not_plain_https(
    office: Stage, strict_office: Stage, lms: ScriptedLms, address: str, allowed: bool
) -> None:
    written = address.format(url=lms.url, host=lms.url.removeprefix("http://"))
    refuse(office if allowed else strict_office, written, "does not call", "https://", why="address")
    assert lms.heard == []


def test_row_209_plain_http_is_for_private_addresses_that_are_allowed(strict_office: Stage, lms: ScriptedLms) -> None:
    refuse(strict_office, lms.url + CONFIGURATION, "does not call", why="address")
    assert lms.heard == []


@pytest.mark.parametrize("address", ["http://8.8.8.8/c", "http://lms.example.test/c"])
def test_row_209_plain_http_to_the_open_internet_never(office: Stage, network: Network, address: str) -> None:
    network.names["lms.example.test"] = ["93.184.216.34"]
    refuse(office, address, "does not call", why="address")
    assert network.tries_beside(port_of(office.tool_url)) == []


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


INSIDE = {
    "loopback": "https://127.0.0.1/c", "loopback_6": "https://[::1]/c", "metadata": "https://169.254.169.254/latest",
    "one_number": "https://2130706433/c", "octal": "https://0177.0.0.1/c", "short": "https://127.1/c",
    "mapped": "https://[::ffff:127.0.0.1]/c", "any": "https://0.0.0.0/c", "private": "https://10.0.0.1/c",
    "private_6": "https://[fd00::1]/c", "a_name": "https://inside.example.test/c", "one_of_two": "https://two.example.test/c",
    "localhost": "https://localhost/c", "not_public": "https://100.64.0.1/c",
}  # fmt: skip


@pytest.mark.parametrize("address", INSIDE.values(), ids=INSIDE)
def test_row_210_the_tools_own_network_is_not_called(strict_office: Stage, network: Network, address: str) -> None:
    network.names |= {"inside.example.test": ["10.0.0.1"], "two.example.test": ["127.0.0.1"]}
    refuse(strict_office, address, "could not be reached", "private addresses", why="unreachable")
    assert network.tries_beside(port_of(strict_office.tool_url)) == []


def test_row_210_a_name_that_changes_its_mind(strict_office: Stage, network: Network) -> None:
    """Looked up once, and called at the very address that was looked at: the second answer is never asked for."""
    network.names["turncoat.example.test"] = ["93.184.216.34", "127.0.0.1"]
    refuse(strict_office, "https://turncoat.example.test:8444/c", "could not be reached", why="unreachable")
    assert network.tries_beside(port_of(strict_office.tool_url)) == [("93.184.216.34", 8444)]
    network.names["turncoat.example.test"] = ["127.0.0.1", "93.184.216.34"]
    network.dialled.clear()
    refuse(strict_office, "https://turncoat.example.test:8444/c", "could not be reached", why="unreachable")
    assert network.tries_beside(port_of(strict_office.tool_url)) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["http://{inside}/inside", "https://127.0.0.1/", "file:///etc/passwd", "//{inside}/"])
def test_rows_210_and_212_a_redirect_is_not_followed(
    office: Stage, lms: ScriptedLms, network: Network, status: int, where: str
) -> None:
    with scripted_lms() as inside:
        inside.will_say("/inside", said(configuration_of(inside)))
        moved = where.format(inside=inside.url.removeprefix("http://"))
        lms.will_say(CONFIGURATION, Response("", status, headers={"Location": moved}))
        refuse(office, lms.url + CONFIGURATION, why=f"refused {status}")
        assert inside.heard == []
    ours = (port_of(office.tool_url), port_of(lms.url))
    assert network.tries_beside(*ours) == []


def test_row_211_a_hundred_megabytes_are_not_read(office: Stage, lms: ScriptedLms) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1_600):
            sent += 65_536
            yield b" " * 65_536

    begun = time.monotonic()
    for headers in ({}, {"Content-Length": str(1_600 * 65_536)}):
        sent = 0
        lms.will_say(CONFIGURATION, lambda headers=headers: Response(endless(), headers=headers))  # type: ignore[misc]
        refuse(office, lms.url + CONFIGURATION, "no sensible answer", why="unreachable")
        assert sent < 20_000_000
    assert time.monotonic() - begun < LONGEST_SECONDS


NO_CONFIGURATION = {
    "a_page": Response("<!doctype html><title>SECRET</title>"), "nothing": Response(""), "a_text": Response("SECRET"),
    "a_list": said([]), "a_string": said("SECRET"), "null": Response("null"), "half": Response('{"issuer": "SECRET'),
    "nested": Response("[" * 200_000), "not_utf_8": Response(b'{"issuer": "\xff\xfe"}'), "one": Response("1" * 6000),
    "a_fault": Response("<h1>SECRET</h1>", 500), "gone": Response("", 404), "no_content": Response("", 204),
}  # fmt: skip


@pytest.mark.parametrize("answer", NO_CONFIGURATION.values(), ids=NO_CONFIGURATION)
def test_row_211_what_is_no_configuration(office: Stage, lms: ScriptedLms, answer: Response) -> None:
    lms.will_say(CONFIGURATION, answer)
    with nothing_left(office):
        page = check_refusal(invited(office).open_for(lms))
    assert "SECRET" not in page


@contextmanager
def trickling(first: bytes, byte: bytes) -> Iterator[str]:
    """A platform that answers with this, and then with one byte after the other, five in a second, without end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def answer(caller: socket.socket) -> None:
            with caller:
                try:
                    caller.recv(65_536)
                    caller.sendall(first)
                    while not over.wait(0.2):
                        caller.sendall(byte)
                except OSError:
                    return

        def listen() -> None:
            while not over.is_set():
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(caller,), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://localhost:{server.getsockname()[1]}"
        over.set()


SLOW_BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"
SLOW_HEADERS = b"HTTP/1.1 200 OK\r\nX-Endless: "


def test_rows_211_and_221_slow_platforms_are_given_up_in_time(office: Stage, lms: ScriptedLms) -> None:
    """A byte at a time, or not a word in answer to the registration: all at once, for each lasts ten seconds."""
    over = threading.Event()

    def silent() -> Response:
        over.wait(30)
        return said(agreed())

    lay_down(lms, silent)
    silenced = invited(office)
    page = silenced.open_for(lms)
    begun = time.monotonic()
    with trickling(SLOW_BODY, b" ") as slow, nothing_left(office) as seen, ThreadPoolExecutor() as at_once:
        answers = [
            at_once.submit(invited(office).open, slow + CONFIGURATION),
            at_once.submit(silenced.press, page),
        ]
        for answer in answers:
            check_refusal(answer.result(), "could not be reached", "no sensible answer")
        over.set()
    assert time.monotonic() - begun < LONGEST_SECONDS
    assert [line["why"] for line in seen.lines if line["event"] == "registration_refused"] == ["unreachable"] * 2
    lay_down(lms)
    assert silenced.open_for(lms).status_code == 200, "its invitation is good again"


def test_row_211_headers_that_trickle_are_given_up_in_time() -> None:
    with ThreadPoolExecutor() as apart, trickling(SLOW_HEADERS, b"x") as slow:
        call = apart.submit(Connection(allow_private=True).call, "GET", slow + CONFIGURATION, timeout=0.5)
        wait([call], timeout=2)
        done = call.done()
    assert done


ISSUERS = {
    "another_host": "https://victim.example", "a_port": "http://localhost:1", "https_instead": "https{host}",
    "a_user": "http://victim.example@{host}", "a_subdomain": "http://lms.{host}", "longer": "http://{host}.victim.example",
    "shared_by_hosted_canvas": HOSTED, "half": "https://[", "brackets": "http://[x]/", "a_word": "x",
    "markup": "<script>alert(1)</script>",
}  # fmt: skip


@pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS)
def test_row_213_an_issuer_of_another_host(office: Stage, lms: ScriptedLms, issuer: str) -> None:
    host = lms.url.removeprefix("http://")
    lay_down(lms, issuer=issuer.replace("{url}", lms.url).replace("{host}", host))
    refuse(office, lms.url + CONFIGURATION, why="issuer")
    assert not lms.calls_to(REGISTRATION)


@pytest.mark.parametrize(
    "issuer",
    [None, 7, ["http://localhost"], {}, True, "", "{url}/\x00", "{url}/" + "x" * 300, "http://ex\u00e4mple.test"],
    ids=["missing", "number", "list", "object", "true", "empty", "nul", "endless", "letters"],
)
def test_row_213_an_issuer_that_is_none(office: Stage, lms: ScriptedLms, issuer: object) -> None:
    lay_down(lms, issuer=issuer.replace("{url}", lms.url) if isinstance(issuer, str) else issuer)
    refuse(office, lms.url + CONFIGURATION, "names no issuer", why="issuer")


def test_row_213_an_issuer_is_shown_as_text(office: Stage, lms: ScriptedLms) -> None:
    lay_down(lms, issuer="https://<b>victim</b>.example")
    answer = invited(office).open_for(lms)
    assert "&lt;b&gt;victim" in answer.text
    assert "lti-tool platforms invite --issuer" in answer.text


def test_row_213_a_path_of_its_own_host_is_its_own(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    """Two Moodles can share a host."""
    for issuer in (f"{lms.url}/moodle", f"{lms.url}/"):
        lay_down(lms, issuer=issuer)
        assert invited(stage_on_sqlite).register(lms).status_code == 200
        assert platforms(stage_on_sqlite)[-1][2] == issuer


def test_row_213_an_invitation_names_the_issuer(stage: Stage, lms: ScriptedLms) -> None:
    """The operator says which issuer may come: that one from whatever host, and no other, the host's own included."""
    lay_down(lms)
    with nothing_left(stage) as seen:
        check_refusal(invited(stage, issuer=HOSTED).open_for(lms), "an invitation that names this issuer")
    assert seen.why() == "issuer"
    for named in ("https://canvas.instructure.com", "https://lms.example.edu", "urn:lms"):
        lay_down(lms, issuer=named)
        assert invited(stage, issuer=named).register(lms).status_code == 200
        assert platforms(stage)[-1][2] == named


def test_row_213_hosted_canvas_may_use_the_issuer_that_its_institutions_share(
    trusting: Stage, hosted: ScriptedLms, network: Network
) -> None:
    lay_down(hosted, agreed("125900000000000412", None), **hosted_addresses(hosted))
    page = invited(trusting, "The university").open_for(hosted)
    for words in ("Register the class blog with Canvas?", HOSTED, SIGN_IN):
        assert words in page.text
    assert invited(trusting, "The university").register(hosted).status_code == 200
    assert platforms(trusting)[-1][1:8] == (
        "The university", HOSTED, "125900000000000412", f"https://{SIGN_IN}/api/lti/authorize_redirect",
        f"https://{SIGN_IN}/login/oauth2/token", f"https://{SIGN_IN}/api/lti/security/jwks", None,
    )  # fmt: skip
    assert network.tries_beside(port_of(trusting.tool_url), port_of(hosted.url)) == []
    lay_down(hosted, agreed("125900000000000413", None), **hosted_addresses(hosted))
    assert invited(trusting, "").register(hosted).status_code == 200
    assert platforms(trusting)[-1][1] == hosted.url.removeprefix("https://"), "of many with one issuer, this one"


@pytest.mark.parametrize("issuer", CANVAS.shared_issuers)
@pytest.mark.parametrize(
    "host", ["canvas.school.example.test", "instructure.com.evil.test", "evilinstructure.com", "instructure.com"]
)
def test_row_213_and_nobody_elses_host_may(
    trusting: Stage, hosted: ScriptedLms, network: Network, issuer: str, host: str
) -> None:
    """The others have no certificate that is trusted, so that only the first is heard at all: it is refused for what
    it says, they for who they are."""
    network.names[host] = ["127.0.0.1"]
    lay_down(hosted, **{**hosted_addresses(hosted), "issuer": issuer})
    theirs = f"https://{host}:{port_of(hosted.url)}{CONFIGURATION}"
    heard = host == "canvas.school.example.test"
    refuse(trusting, theirs, why="issuer" if heard else "unreachable")
    assert not hosted.calls_to(REGISTRATION)


@pytest.mark.parametrize("elsewhere", ["https://evil.test/registration", "https://instructure.com.evil.test/r"])
def test_rows_212_and_213_hosted_canvas_registers_at_its_own_hosts_only(
    trusting: Stage, hosted: ScriptedLms, network: Network, elsewhere: str
) -> None:
    lay_down(hosted, **{**hosted_addresses(hosted), "registration_endpoint": elsewhere})
    refuse(trusting, hosted.url + CONFIGURATION, "on another host", why="registration host")
    assert network.tries_beside(port_of(trusting.tool_url), port_of(hosted.url)) == []


def test_row_209_a_certificate_that_nobody_vouches_for(office: Stage, hosted: ScriptedLms) -> None:
    """The same platform, and a tool that was not told to trust its authority."""
    refuse(office, hosted.url + CONFIGURATION, "could not be reached", why="unreachable")
    assert hosted.heard == []


# What a configuration lists


@pytest.mark.parametrize("member", ENDPOINTS)
@pytest.mark.parametrize("value", [None, 7, [], {"url": "https://x.test"}, True], ids=repr)
def test_row_214_each_address_is_there(office: Stage, lms: ScriptedLms, member: str, value: object) -> None:
    lay_down(lms, **{member: value})
    refuse(office, lms.url + CONFIGURATION, f"has no {member}", why="incomplete")
    assert not lms.calls_to(REGISTRATION)


NO_ENDPOINT = {
    "empty": "", "http": "http://8.8.8.8/x", "a_fragment": "{url}/x#y", "user": "https://u:p@{host}/x",
    "user_of_http": "http://u:p@{host}/x", "password_alone": "https://:p@{host}/x", "relative": "/x",
    "a_script": "javascript:alert(1)", "a_space": "{url}/ x", "a_line": "{url}/x\n", "a_nul": "{url}/x\x00",
    "half": "https://[", "letters": "https://ex\u00e4mple.test/", "endless": "{url}/" + "x" * 5_000,
}  # fmt: skip


@pytest.mark.parametrize("member", ENDPOINTS)
@pytest.mark.parametrize("value", NO_ENDPOINT.values(), ids=NO_ENDPOINT)
def test_row_214_each_address_is_plain_https(office: Stage, lms: ScriptedLms, member: str, value: str) -> None:
    lay_down(lms, **{member: value.replace("{url}", lms.url).replace("{host}", lms.url.removeprefix("http://"))})
    refuse(office, lms.url + CONFIGURATION, member, "does not call", why="address")
    assert not lms.calls_to(REGISTRATION)


def test_row_214_plain_http_is_refused_where_private_addresses_are(
    trusting: Stage, hosted: ScriptedLms, network: Network
) -> None:
    network.names["inside.example.test"] = ["93.184.216.34"]
    lay_down(hosted, **{**hosted_addresses(hosted), "jwks_uri": "http://inside.example.test/jwks"})
    refuse(trusting, hosted.url + CONFIGURATION, "jwks_uri", why="address")


def test_row_214_other_hosts_are_shown(office: Stage, lms: ScriptedLms) -> None:
    """The administrator sees where people sign in, where scores go, and whose keys count."""
    hosts = ["https://sign-in.example.test", "https://tokens.example.test", "https://keys.example.test:8443"]
    lay_down(lms, **dict(zip(ENDPOINTS, (f"{host}/x" for host in hosts), strict=False)))
    page = invited(office).open_for(lms).text
    for host in hosts:
        assert f"<code>{host.removeprefix('https://')}</code>" in page
    lay_down(lms)
    assert "It also uses" not in invited(office).open_for(lms).text


@pytest.mark.parametrize("product", [None, 7, [], "", "unheard-of", "Canvas"], ids=repr)
def test_row_214_what_it_calls_itself_beside_that_does_not_matter(
    office: Stage, lms: ScriptedLms, product: object
) -> None:
    offered: tuple[object, ...] = ({"product_family_code": product}, [], None)
    for platform in offered:
        lay_down(lms, **{PLATFORM: platform})
        assert invited(office).open_for(lms).status_code == 200


@pytest.mark.parametrize(
    "audience",
    [7, [], "lms.example.test", "https://x\x00", "https://x" + "y" * 4_000],
    ids=["number", "list", "host", "nul", "endless"],
)
def test_row_214_a_token_audience_that_is_none_is_passed_over(stage: Stage, lms: ScriptedLms, audience: object) -> None:
    lay_down(lms, authorization_server=audience)
    assert invited(stage).register(lms).status_code == 200
    assert platforms(stage)[-1][7] is None


def test_row_214_a_token_audience_is_kept(stage_on_sqlite: Stage, lms: ScriptedLms) -> None:
    lay_down(lms, authorization_server="https://auth.example.test")
    assert invited(stage_on_sqlite).register(lms).status_code == 200
    assert platforms(stage_on_sqlite)[-1][7] == "https://auth.example.test"


CANNOT = {
    "rs512_only": {"id_token_signing_alg_values_supported": ["RS512", "ES256"]},
    "none_only": {"id_token_signing_alg_values_supported": ["none"]},
    "secrets_only": {"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_jwt"]},
}


@pytest.mark.parametrize("offered", CANNOT.values(), ids=CANNOT)
def test_row_215_what_the_platform_cannot_do(office: Stage, lms: ScriptedLms, offered: dict[str, object]) -> None:
    lay_down(lms, **offered)
    needed = "RS256" if "id_token_signing_alg_values_supported" in offered else "private_key_jwt"
    refuse(office, lms.url + CONFIGURATION, f"does not offer {needed}", why="methods")
    assert not lms.calls_to(REGISTRATION)


CAN = {
    "not_advertised": (None, None),
    "empty_lists": ([], []),
    "among_others": (["ES256", "RS256"], ["client_secret_basic", "private_key_jwt"]),
}


@pytest.mark.parametrize(("algorithms", "methods"), CAN.values(), ids=CAN)
def test_row_215_what_it_can_or_does_not_say(
    office: Stage, lms: ScriptedLms, algorithms: object, methods: object
) -> None:
    offered = {
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": methods,
    }
    lay_down(lms, **offered)
    assert invited(office).open_for(lms).status_code == 200


def test_row_212_the_registration_is_at_the_lms_itself(office: Stage, lms: ScriptedLms) -> None:
    """The token goes nowhere else, whatever the configuration says."""
    with scripted_lms() as elsewhere:
        lay_down(elsewhere)
        lay_down(lms, registration_endpoint=elsewhere.url + REGISTRATION)
        refuse(office, lms.url + CONFIGURATION, "on another host", why="registration host")
        assert elsewhere.heard == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_row_212_nor_does_it_follow_a_redirect_of_the_registration(
    office: Stage, lms: ScriptedLms, status: int
) -> None:
    with scripted_lms() as elsewhere, nothing_left(office) as seen:
        lay_down(elsewhere)
        lay_down(lms, Response("", status, headers={"Location": elsewhere.url + REGISTRATION}))
        check_refusal(invited(office).register(lms), str(status))
        assert elsewhere.heard == []
    assert seen.why() == f"refused {status}"


@pytest.mark.parametrize(
    "token",
    ["two\r\nlines", "a\x00b", "l\u00e4tters", "x" * 5_000, "\u200b"],
    ids=["lines", "nul", "letters", "long", "hidden"],
)
def test_row_212_a_token_that_no_header_can_carry(office: Stage, lms: ScriptedLms, token: str) -> None:
    frame = invited(office)
    frame.token = token
    refuse(office, lms.url + CONFIGURATION, "token that cannot be used", why="token", frame=frame)
    assert lms.heard == []
