"""Which language a page is in: the one the LMS shows its reader, else the browser's, else English."""

import json
import re

import pytest

from lti_tool.languages import languages
from tests.stage import ScriptBrowser, Stage

PRESENTATION = "https://purl.imsglobal.org/spec/lti/claim/launch_presentation"


def html_of(page: str) -> str:
    found = re.search("<html[^>]*>", page)
    assert found, "no page"
    return found.group()


def launched(stage: Stage, locale: object, accepted: str = "") -> tuple[ScriptBrowser, dict[str, str]]:
    browser = stage.browser()
    presentation = {"document_target": "iframe", **({} if locale is None else {"locale": locale})}
    assert browser.launch("tom", **{PRESENTATION: presentation, "locale": None}).status_code == 303
    return browser, {"Accept-Language": accepted} if accepted else {}


@pytest.mark.parametrize(
    ("locale", "accepted", "shown"),
    [
        ("es", "", 'lang="es" dir="ltr"'),
        ("es-MX", "ar", 'lang="es" dir="ltr"'),
        ("es_mx", "", 'lang="es" dir="ltr"'),
        ("ar", "en", 'lang="ar" dir="rtl"'),
        ("en-AU", "es", 'lang="en" dir="ltr"'),
        (None, "de, es;q=0.8, en;q=0.5", 'lang="es" dir="ltr"'),
        (None, "de", 'lang="en" dir="ltr"'),
        ("fi", "ar", 'lang="ar" dir="rtl"'),
        ("fi", "", 'lang="en" dir="ltr"'),
        (7, "", 'lang="en" dir="ltr"'),
        ("es" * 5_000, "", 'lang="en" dir="ltr"'),
        ("../es", "", 'lang="en" dir="ltr"'),
    ],
)
def test_of_a_visit(stage_on_sqlite: Stage, locale: object, accepted: str, shown: str) -> None:
    browser, headers = launched(stage_on_sqlite, locale, accepted)
    assert shown in html_of(browser.get("", headers=headers).text)


@pytest.mark.parametrize("accent_stage", ["stage_on_sqlite", "moodle_stage"])
def test_both_lms_say_it_their_way(accent_stage: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(accent_stage)
    stage.school.locale = "ar"
    assert 'lang="ar" dir="rtl"' in html_of(stage.launched("hannah").get("").text)


def test_a_new_window_is_in_the_same_language(stage_on_sqlite: Stage) -> None:
    browser, _ = launched(stage_on_sqlite, "es")
    ticket = browser.post("window").json()["address"]
    page = browser.get(ticket)
    while page.status_code == 303:
        page = browser.get(page.headers["Location"])
    assert 'lang="es"' in html_of(page.text)


def test_without_a_visit_the_browser_says(stage_on_sqlite: Stage) -> None:
    page = stage_on_sqlite.browser().get("/v/none/", headers={"Accept-Language": "ar-EG"})
    assert page.status_code == 401
    assert 'lang="ar" dir="rtl"' in html_of(page.text)


def test_scripts_get_their_sentences_along(stage_on_sqlite: Stage) -> None:
    browser, _ = launched(stage_on_sqlite, "es")
    found = re.search('<script type="application/json" id="sentences">(.*?)</script>', browser.get("").text, re.DOTALL)
    assert found, "none"
    assert json.loads(found.group(1)) == languages()["es"].for_scripts
    english, _ = launched(stage_on_sqlite, "en")
    assert 'id="sentences"' not in english.get("").text


def test_a_refusal_to_a_script_is_translated(stage_on_sqlite: Stage) -> None:
    browser, _ = launched(stage_on_sqlite, "es")
    answer = browser.get("desk", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 403
    assert answer.json()["what"] != "This page is for teachers and their assistants."
