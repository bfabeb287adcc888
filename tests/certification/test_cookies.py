"""Group K as far as it concerns cookies: what they carry, how far they go, two people in one browser."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import requests

from tests.certification.launches import begun
from tests.stage import Stage

REQUIRED = {"secure", "httponly", "samesite=none", "partitioned"}


def cookie_set_by(response: requests.Response, start: str) -> tuple[str, str, dict[str, str]]:
    """Name, value and attributes of the one cookie whose name starts so."""
    found = [header for header in response.raw.headers.getlist("Set-Cookie") if header.startswith(start)]
    assert len(found) == 1, found
    pair, *attributes = [part.strip() for part in found[0].split(";")]
    name, _, value = pair.partition("=")
    return name, value, {name.lower(): value for name, _, value in (part.partition("=") for part in attributes)}


def flags(attributes: dict[str, str]) -> set[str]:
    return {f"{name}={value.lower()}" if name == "samesite" else name for name, value in attributes.items()}


def test_row_224_the_state_cookie_is_ours_alone_and_short_lived(door: Stage) -> None:
    login = door.browser().begin_login()
    name, value, attributes = cookie_set_by(login.response, "__Host-")
    assert (name, value) == (f"__Host-{login.state}", login.state)
    assert flags(attributes) >= REQUIRED
    assert attributes["path"] == "/"
    assert "domain" not in attributes
    assert int(attributes["max-age"]) == 600


def test_row_225_a_launch_deletes_the_state_cookie(door: Stage) -> None:
    """With the attributes it was set with, or a browser keeps a partitioned cookie."""
    attempt = begun(door)
    _, value, attributes = cookie_set_by(attempt.post(), "__Host-")
    assert value == ""
    assert attributes["max-age"] == "0"
    assert attributes["path"] == "/"
    assert flags(attributes) >= REQUIRED - {"httponly"}
    assert attempt.login.state not in str(attempt.browser.cookies)


def test_row_240_the_visit_cookie_goes_to_its_own_visit_alone(door: Stage) -> None:
    attempt = begun(door)
    _, value, attributes = cookie_set_by(attempt.post(), "visit=")
    assert len(value) == 43
    assert flags(attributes) >= REQUIRED
    assert attributes["path"] == attempt.browser.home
    assert "domain" not in attributes


class CarefulBrowser:
    """A browser that minds the paths of cookies, as real ones do, and takes localhost for a safe origin."""

    def __init__(self) -> None:
        self.jar = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
        self._opener = build_opener(HTTPCookieProcessor(self.jar), _FollowNothing())

    def open(self, url: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Return the status and where the answer leads."""
        data = None if form is None else urlencode(form).encode()
        try:
            with self._opener.open(Request(url, data)) as answer:
                return answer.status, ""
        except HTTPError as answer:
            with answer:
                return answer.code, answer.headers.get("Location", "")

    def launch(self, stage: Stage, person: str) -> str:
        """Launch as this person and return the visit's address."""
        form = {"iss": stage.lms_url, "login_hint": "x", "target_link_uri": f"{stage.tool_url}/lti/launch"}
        _, onward = self.open(f"{stage.tool_url}/lti/login", form)
        query = dict(parse_qsl(urlsplit(onward).query))
        token = stage.school.sign(stage.school.claims_for(person, 1, query["nonce"]))
        status, home = self.open(f"{stage.tool_url}/lti/launch", {"state": query["state"], "id_token": token})
        assert status == 303
        return urljoin(stage.tool_url, home)


class _FollowNothing(HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def test_row_240_two_people_in_one_browser_stay_two_people(door: Stage) -> None:
    browser = CarefulBrowser()
    teacher, student = browser.launch(door, "irena"), browser.launch(door, "tom")
    for _ in range(2):
        assert browser.open(f"{teacher}desk") == (200, "")
        assert browser.open(f"{student}desk") == (403, "")
        assert browser.open(f"{student}my-participation") == (200, "")
        assert browser.open(f"{teacher}my-participation") == (403, "")
    assert sorted(cookie.name for cookie in browser.jar) == ["visit", "visit"]


def test_row_240_one_visits_secret_does_not_open_another(door: Stage) -> None:
    teacher, student = door.launched("irena"), door.launched("tom")
    student.cookies["visit"], mine = student.cookies["visit"], student.cookies["visit"]
    assert student.get(f"{teacher.home}/desk").status_code == 401
    student.cookies["visit"] = teacher.cookies["visit"]
    assert student.get(f"{student.home}/").status_code == 401
    student.cookies["visit"] = mine
    assert student.get("posts/new").status_code == 200


def test_row_240_no_secret_stands_in_an_address(door: Stage) -> None:
    """The visit's key stands there, its secret does not; neither opens anything without the other."""
    attempt = begun(door)
    location = attempt.post().headers["Location"]
    assert attempt.browser.cookies["visit"] not in location
    assert attempt.login.state not in location
    assert attempt.login.nonce not in location
