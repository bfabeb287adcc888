"""Rows 247, 257, 260, 287 and 288: what depends on how the tool is set up: keys, clocks, https, dependencies."""

import logging
import re
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import pytest
import requests
from packaging.version import Version
from pydantic import ValidationError
from sqlalchemy import select
from structlog.testing import capture_logs

from lti_tool.app import create_app
from lti_tool.errors import LmsUnreachable, Reason
from lti_tool.lti.connection import AddressRefused, Connection
from lti_tool.lti.keys import key_files, new_key
from lti_tool.models import Visit
from lti_tool.settings import Settings
from tests.certification.launches import begun, let_in
from tests.certification.named_tests import PROJECT_FOLDER
from tests.certification.test_roles_and_privacy import everything_in
from tests.https_stage import made_certificate, open_https_stage
from tests.lti.scripted_lms import scripted_lms
from tests.stage import Stage

# --- private keys (247) ---


def private_parts(stage: Stage) -> list[str]:
    """Each line of each private key's file, and each private number as a key set would write it."""
    parts = [line for file in key_files(stage.tool.settings.keys_dir) for line in file.path.read_text().splitlines()]
    for key in stage.tool.keyring._read():
        parts += [
            str(value) for name, value in key.as_dict(private=True).items() if name in ("d", "p", "q", "dp", "dq")
        ]
    return [part for part in parts if len(part) > 20 and "-----" not in part]


def test_row_247_no_private_key_in_the_database_its_backup_the_log_or_an_answer(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pages = []
    with capture_logs() as lines:
        teacher = stage.launched("irena")
        stage.clockwork.read_rosters()
        begun(stage).expect_refusal(Reason.TOKEN_MALFORMED, "no.token.x")
        broken = stage.tool.settings.keys_dir / "broken.pem"
        broken.write_text(key_files(stage.tool.settings.keys_dir)[0].path.read_text()[:800])
        for path in ("/.well-known/jwks.json", "/readyz", "/healthz", "/lti/config.json", "/lti/setup", "/nowhere"):
            pages.append(stage.browser().get(path).text)
        broken.unlink()
        pages += [teacher.get(path).text for path in ("", "desk", "gradebook")]
    said = "".join([*pages, everything_in(stage), caplog.text, *(in_full(line) for line in lines)])
    assert len(private_parts(stage)) > 20
    for part in private_parts(stage):
        assert part not in said
    assert "PRIVATE KEY" not in said
    assert '"d":' not in said


def in_full(line: Any) -> str:
    """A log line with its trace, as it is written."""
    problem = line.get("exc_info")
    trace = "".join(traceback.format_exception(problem)) if isinstance(problem, BaseException) else ""
    return repr(dict(line)) + trace


def test_row_247_the_database_file_itself_holds_no_key(stage_on_sqlite: Stage) -> None:
    """What a backup of it takes along: also in the pages and the log beside it."""
    stage_on_sqlite.launched("irena")
    stage_on_sqlite.clockwork.read_rosters()
    folder = stage_on_sqlite.tool.settings.var_dir
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    content = b"".join(path.read_bytes() for path in files)
    for part in private_parts(stage_on_sqlite):
        assert part.encode() not in content


def test_row_247_a_key_is_its_owners_from_the_first_byte(tmp_path: Path) -> None:
    key = new_key(tmp_path / "keys")
    assert key.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [key.path.name], "no draft is left"


# --- clocks (257) ---


@pytest.mark.parametrize("seconds", [-50, 50])
@pytest.mark.parametrize("accent", ["canvas", "moodle"])
def test_row_257_a_launch_of_an_lms_whose_clock_is_50_seconds_off(
    request: pytest.FixtureRequest, accent: str, seconds: int
) -> None:
    """Or of a tool whose clock is: only the difference counts. Moodle's tokens last no longer than a minute."""
    stage: Stage = request.getfixturevalue("stage_on_sqlite" if accent == "canvas" else "moodle_stage")
    attempt = begun(stage)
    for name in ("iat", "exp"):
        attempt.claims[name] += seconds
    if "nbf" in attempt.claims:
        attempt.claims["nbf"] += seconds
    let_in(attempt)


@pytest.mark.parametrize("seconds", [-90, 90])
def test_row_257_a_clock_that_is_further_off_is_named_as_what_it_is(door: Stage, seconds: int) -> None:
    attempt = begun(door)
    attempt.claims["iat"], attempt.claims["exp"] = attempt.claims["iat"] + seconds, attempt.claims["iat"] + seconds + 20
    attempt.expect_refusal(Reason.STALE_TOKEN)


# --- https (260, 287) ---


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("https")
    (folder / "tool.sqlite3").write_bytes(migrated_sqlite)
    with open_https_stage(folder, f"sqlite:///{folder / 'tool.sqlite3'}", "canvas") as opened:
        yield opened


def test_row_287_every_answer_over_https_asks_for_https_for_a_year(https: Stage) -> None:
    teacher = https.launched("irena")
    for path in ("", "desk", "/healthz", "/nowhere", "/static/blog.css", "/.well-known/jwks.json", "/lti/launch"):
        assert teacher.get(path).headers["Strict-Transport-Security"] == "max-age=31536000", path


def test_row_260_the_cookies_of_a_launch_never_go_over_plain_http(https: Stage) -> None:
    """A browser that minds `Secure` sends none there, so a launch that is played there opens nothing."""
    attempt = begun(https)
    cookies = careful_jar(attempt.login.response)
    form = {"state": attempt.login.state, "id_token": attempt.token()}
    before = visits(https)
    plain = requests.Session()
    plain.cookies.update(cookies)
    refused = plain.post(f"{https.plain_url}/lti/launch", data=form, allow_redirects=False, timeout=20)
    assert "Cookie" not in refused.request.headers
    assert refused.status_code == 401
    assert visits(https) == before
    launched = attempt.post(form["id_token"])
    assert launched.status_code == 303, "and it is not used up by that"
    careful_jar(launched)


def careful_jar(response: requests.Response) -> CookieJar:
    """The cookies of an answer in a jar as browsers keep it. Each may go over https alone."""
    jar = CookieJar(DefaultCookiePolicy(secure_protocols=("https",)))
    headers = response.raw.headers.getlist("Set-Cookie")
    assert headers
    for header in headers:
        assert "secure" in {part.strip().lower() for part in header.split(";")}
    for cookie in response.cookies:
        assert cookie.secure
        jar.set_cookie(cookie)
    return jar


def visits(stage: Stage) -> int:
    with stage.tool.database.reading() as session:
        return len(session.scalars(select(Visit.key)).all())


@pytest.mark.parametrize("address", ["http://blog.example.edu", "http://10.0.0.5:8000", "http://localhost.example.edu"])
def test_row_260_the_tool_does_not_start_under_a_plain_address_from_outside(address: str) -> None:
    with pytest.raises(ValidationError, match="must be https"):
        Settings(public_url=address)


def test_row_260_what_is_said_of_an_address_in_the_request_changes_nothing(https: Stage) -> None:
    """Where the tool is reached is a setting, never a header that a stranger can send."""
    client = create_app(https.tool).test_client()
    login = {"iss": https.lms_url, "login_hint": "x", "target_link_uri": f"{https.tool_url}/lti/launch"}
    headers = {"Host": "evil.example.test", "X-Forwarded-Host": "evil.example.test", "X-Forwarded-Proto": "http"}
    onward = client.post("/lti/login", data=login, headers=headers).headers["Location"]
    assert "evil" not in onward
    assert re.search(r"redirect_uri=https%3A%2F%2F127\.0\.0\.1", onward)


def test_row_287_a_service_over_plain_http_is_not_called(https: Stage) -> None:
    """Unless the operator allows private addresses, and there alone."""
    with scripted_lms() as lms:
        with pytest.raises(AddressRefused):
            Connection(allow_private=False).call("GET", f"{lms.url}/people")
        assert lms.heard == []
    with pytest.raises(AddressRefused):
        Connection(allow_private=True).call("GET", "http://lms.example.edu/people")


def test_row_287_an_lms_is_called_only_with_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    certificate = made_certificate(tmp_path)
    with scripted_lms(certificate=certificate) as lms:
        with pytest.raises(LmsUnreachable):
            Connection(allow_private=True).call("GET", f"{lms.url}/token")
        assert lms.heard == []
        trusting = Connection(allow_private=True, ca_file=certificate.file)
        assert trusting.call("GET", f"{lms.url}/token").status == 200
        elsewhere = lms.url.replace("localhost", "127.0.0.2")
        with pytest.raises(LmsUnreachable):
            trusting.call("GET", f"{elsewhere}/token")
        assert len(lms.heard) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # that TLS 1.1 is old is the point
def test_row_287_an_lms_that_speaks_no_tls_newer_than_1_1_is_not_called(tmp_path: Path) -> None:
    certificate = made_certificate(tmp_path)
    context = certificate.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    failures: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def shake_hands() -> None:
            for _ in range(2):
                caller, _ = server.accept()
                with caller, suppress(OSError):
                    try:
                        context.wrap_socket(caller, server_side=True).close()
                    except ssl.SSLError as problem:
                        failures.append(str(problem.reason))

        thread = threading.Thread(target=shake_hands)
        thread.start()
        for ca_file in (certificate.file, None):
            with pytest.raises(LmsUnreachable):
                Connection(allow_private=True, ca_file=ca_file).call("GET", f"https://localhost:{port}/")
        thread.join()
    assert failures == ["UNSUPPORTED_PROTOCOL"] * 2


# --- dependencies (288) ---

AT_LEAST = {"pyjwt": "2.13", "authlib": "1.6.9"}


@pytest.mark.parametrize(("package", "version"), AT_LEAST.items())
def test_row_288_locked_and_asked_for_in_versions_without_known_holes(package: str, version: str) -> None:
    lock = (PROJECT_FOLDER / "requirements.lock").read_text()
    (locked,) = re.findall(rf"^{package}==([0-9.]+)", lock, re.MULTILINE)
    assert Version(locked) >= Version(version)
    project = (PROJECT_FOLDER / "pyproject.toml").read_text()
    (asked,) = re.findall(rf'"{package}>=([0-9.]+)"', project)
    assert Version(asked) >= Version(version)


def test_row_288_every_locked_package_is_checked_by_its_hash() -> None:
    lines = (PROJECT_FOLDER / "requirements.lock").read_text().splitlines()
    packages = [number for number, line in enumerate(lines) if re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==", line)]
    assert len(packages) > 20
    for number in packages:
        assert re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", lines[number + 1]), lines[number]
