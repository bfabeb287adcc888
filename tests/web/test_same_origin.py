"""A request that changes something must show that it comes from one of the tool's own pages."""

import pytest

from tests.stage import ScriptBrowser, Stage

OURS = "the tool's own address"
THEIRS = "https://evil.example"


def sent(browser: ScriptBrowser, path: str, site: str | None, origin: str | None, method: str = "POST") -> int:
    address = browser.stage.tool_url if origin == OURS else origin
    headers = {"Sec-Fetch-Site": site, "Origin": address}
    said = {name: value for name, value in headers.items() if value is not None}
    return browser.request(method, f"{browser.home}/{path}", headers=said, data={"title": "", "body": ""}).status_code


@pytest.mark.parametrize(
    ("site", "origin", "is_ours"),
    [
        ("same-origin", OURS, True),
        ("same-origin", None, True),
        ("same-origin", "null", True),  # a sandboxed frame, or a page under Referrer-Policy: no-referrer
        (None, OURS, True),
        (None, None, False),
        (None, "null", False),
        (None, THEIRS, False),
        (None, "", False),
        ("cross-site", OURS, False),
        ("cross-site", THEIRS, False),
        ("cross-site", None, False),
        ("same-site", OURS, False),
        ("same-site", None, False),
        ("none", OURS, False),
        ("none", None, False),
        ("", OURS, False),
        ("Same-Origin", OURS, False),
        ("same-origin, cross-site", OURS, False),
    ],
)
def test_who_may_change_something(open_house: Stage, site: str | None, origin: str | None, is_ours: bool) -> None:
    browser = open_house.launched("irena")
    # what comes through is refused for the missing title, so nothing is ever stored
    assert sent(browser, "posts/new", site, origin) == (422 if is_ours else 403)


@pytest.mark.parametrize("end", ["/", ":443", ".evil.example", "@evil.example"])
def test_an_origin_that_looks_like_ours(open_house: Stage, end: str) -> None:
    browser = open_house.launched("irena")
    assert sent(browser, "posts/new", None, open_house.tool_url + end) == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_changing_method_is_held_to_it(open_house: Stage, method: str) -> None:
    browser = open_house.launched("irena")
    assert sent(browser, "posts/new", "cross-site", THEIRS, method) == 403
    assert browser.request(method, "/nowhere", headers={"Origin": THEIRS}).status_code == 403


def test_every_form_of_the_tool_is_held_to_it(open_house: Stage) -> None:
    """Whatever room a view stands in, and whatever it would answer otherwise."""
    browser = open_house.launched("irena")
    checked = 0
    for rule in open_house.app.url_map.iter_rules():
        if "POST" in (rule.methods or set()) and rule.rule.startswith("/v/"):
            values = {name: 1 for name in rule.arguments if name != "visit_key"}
            with open_house.app.test_request_context():
                path = open_house.app.url_map.bind("localhost").build(
                    rule.endpoint, {**values, "visit_key": browser.home.removeprefix("/v/")}
                )
            answer = browser.request("POST", open_house.tool_url + path, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403, path
            assert "did not come from one of the blog" in answer.text
            checked += 1
    assert checked >= 10


def test_reading_needs_no_such_proof(open_house: Stage) -> None:
    browser = open_house.launched("irena")
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get("desk", headers=headers).status_code == 200
    assert browser.request("HEAD", f"{browser.home}/desk", headers=headers).status_code == 200
    assert browser.request("OPTIONS", f"{browser.home}/desk", headers=headers).status_code == 200


def test_the_lms_may_post_to_the_launch(open_house: Stage) -> None:
    for path in ("/lti/login", "/lti/launch"):
        answer = open_house.browser().request(
            "POST", path, headers={"Origin": "https://lms.example.edu", "Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 400
        assert "did not come from" not in answer.text
