"""What a column shows as one call reads it: every page or none, whatever numbers are written like (AGS; 176-179)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.claiming import Delivery
from lti_tool.gradebook.outbox import Score
from lti_tool.gradebook.shown import ShownScore
from lti_tool.lti.connection import Connection
from lti_tool.lti.grades import SCORE_SCOPE, AgsGradebook
from lti_tool.lti.results import MOST_PAGES, RESULT_SCOPE, RESULTS_TYPE, Results, results_address
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.practice_lms import DEPLOYMENT_ID
from tests.lti.scripted_lms import ScriptedLms, token_answer
from tests.stage import Stage, open_stage

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

# --- the practice LMS ---


@dataclass
class ColumnOfLms:
    """The first activity's column in the practice LMS, as the tool writes to it and reads it."""

    stage: Stage

    def __post_init__(self) -> None:
        self.stage.launched("irena")
        connection = Connection(allow_private=True)
        tokens = ServiceTokens(connection, self.stage.tool.keyring)
        self.results = Results(connection, tokens)
        self.gradebook = AgsGradebook(connection, self.stage.tool.platforms, tokens, self.stage.tool_url)
        endpoint: Any = self.stage.school.claims_for("irena", 1, "n")[AGS]
        self.address = str(endpoint["lineitem"])
        self.number = self.stage.school.column_of(1).id

    def send(self, person: str, points: str) -> None:
        delivery = Delivery(
            id=1, revision=1, platform_id=1, lti_deployment_id=DEPLOYMENT_ID(self.stage.accent), column=self.address,
            scopes=(SCORE_SCOPE,), person_key=self.stage.school.sub_of(person),
            score=Score(Decimal(points), Decimal(10), ""), at=datetime.now(UTC), worked_at=None,
            review_key=f"r-{person}", is_first=True,
        )  # fmt: skip
        self.gradebook.show_score(delivery)

    def shown(self, person: str | None = None) -> dict[str, ShownScore]:
        facts, sub = self.stage.tool.platforms.get(1), self.stage.school.sub_of(person) if person else None
        return self.results.shown(facts, DEPLOYMENT_ID(self.stage.accent), self.address, sub)

    def points(self, person: str | None = None) -> dict[str, tuple[float, float]]:
        """What is shown and out of what, by the practice school's own keys."""
        keys = {self.stage.school.sub_of(one.key): one.key for one in self.stage.school.people}
        return {keys[sub]: (score.points, score.maximum) for sub, score in self.shown(person).items()}


@pytest.fixture(params=["canvas", "moodle"])
def column(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Iterator[ColumnOfLms]:
    with open_stage(tmp_path, sqlite_url, request.param) as stage:
        yield ColumnOfLms(stage)


def two_students(column: ColumnOfLms) -> tuple[str, str]:
    first, second = column.stage.school.students_in(1)[:2]
    return first.key, second.key


def test_a_score_that_was_sent_is_shown(column: ColumnOfLms) -> None:
    first, second = two_students(column)
    assert column.shown() == {}
    column.send(first, "7.25")
    column.send(second, "0")
    assert column.points() == {first: (7.25, 10.0), second: (0.0, 10.0)}


def test_only_moodle_says_when_a_cell_changed(column: ColumnOfLms) -> None:
    column.send(two_students(column)[0], "7")
    changed_at = next(iter(column.shown().values())).changed_at
    if column.stage.accent == "canvas":
        assert changed_at is None
    else:
        assert changed_at is not None
        assert changed_at.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - changed_at) < timedelta(minutes=1)


def test_what_a_teacher_typed_over_a_score_is_shown(column: ColumnOfLms) -> None:
    person, _ = two_students(column)
    column.send(person, "7")
    column.stage.school.set_grade_by_hand(column.number, person, 9.5)
    assert column.points() == {person: (9.5, 10.0)}


def test_a_cleared_cell_shows_nothing(column: ColumnOfLms) -> None:
    person, other = two_students(column)
    column.send(person, "7")
    column.send(other, "6")
    column.stage.school.set_grade_by_hand(column.number, person, None)
    assert column.points() == {other: (6.0, 10.0)}
    assert column.points(person) == {}


def test_one_person_alone(column: ColumnOfLms) -> None:
    person, other = two_students(column)
    column.send(person, "7")
    column.send(other, "6")
    assert column.points(other) == {other: (6.0, 10.0)}
    assert "user_id=" in column.stage.school.calls[-1].url


def test_all_pages(column: ColumnOfLms) -> None:
    """Canvas gives ten a page; nobody asks for a number of them, to which Moodle answers 404."""
    school = column.stage.school
    school.add_students(15)
    students = [person.key for person in school.students_in(1)]
    for place, person in enumerate(students):
        column.send(person, str(place % 10))
    school.calls.clear()
    assert column.points() == {person: (float(place % 10), 10.0) for place, person in enumerate(students)}
    reads = [call.url for call in school.calls if "/results" in call.url]
    assert (len(reads) > 1) is (column.stage.accent == "canvas")
    assert not any("limit=" in address for address in reads)


def test_a_deleted_column(column: ColumnOfLms) -> None:
    with column.stage.school.store.writing() as db:
        db.execute("DELETE FROM columns WHERE id = ?", (column.number,))
    with pytest.raises(LmsRefused) as caught:
        column.shown()
    assert caught.value.what == "The column is gone from the gradebook (404)."
    assert caught.value.do == "Say on the gradebook page whether it is to be made again."
    assert (caught.value.mender, caught.value.status) == (Mender.TEACHER, 404)


@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "html_200"])
def test_an_lms_that_misbehaves_is_asked_again_later(column: ColumnOfLms, fault: str) -> None:
    column.stage.school.faults.set(fault)
    with pytest.raises(LmsUnreachable):
        column.shown()


def test_the_practice_lms_refuses_a_token_once(column: ColumnOfLms) -> None:
    column.stage.school.faults.set("unauthorized_once")
    assert column.shown() == {}


# --- scripted answers ---


@pytest.fixture
def results(connection: Connection, tokens: ServiceTokens) -> Results:
    return Results(connection, tokens)


def page(*entries: Any, link: str = "") -> Response:
    headers = {"Link": link} if link else {}
    return Response(json.dumps(entries), headers=headers, content_type=RESULTS_TYPE)


def entry(person: Any = "u1", score: Any = 7, **more: Any) -> dict[str, Any]:
    return {"id": "x", "userId": person, "resultScore": score, "resultMaximum": 10, **more}


def read(lms: ScriptedLms, results: Results, column: str = "/i", person: str | None = None) -> dict[str, ShownScore]:
    return results.shown(lms.facts("canvas"), "D1", lms.url + column, person)


def test_the_request(lms: ScriptedLms, results: Results) -> None:
    lms.will_say("/i/results", page(entry("a b&c")))
    assert read(lms, results, "/i?type_id=1", "a b&c") == {"a b&c": ShownScore(7.0, 10.0)}
    call = lms.heard[-1]
    assert (call.method, call.address) == ("GET", "/i/results?type_id=1&user_id=a+b%26c")
    assert call.headers["Accept"] == "application/vnd.ims.lis.v2.resultcontainer+json"
    assert call.headers["Authorization"] == "Bearer token-1"
    assert lms.calls_to("/token")[0].form["scope"] == RESULT_SCOPE


@pytest.mark.parametrize(
    ("column", "person", "address"),
    [
        ("https://lms.example.test/i/1", None, "https://lms.example.test/i/1/results"),
        ("https://lms.example.test/i/1/", None, "https://lms.example.test/i/1/results"),
        ("https://lms.example.test/i/1", "7", "https://lms.example.test/i/1/results?user_id=7"),
        ("https://lms.example.test/i?type_id=4", None, "https://lms.example.test/i/results?type_id=4"),
        ("https://lms.example.test/i?a=b/c", "é", "https://lms.example.test/i/results?a=b/c&user_id=%C3%A9"),
    ],
)
def test_results_stands_before_a_query(column: str, person: str | None, address: str) -> None:
    assert results_address(column, person) == address


SHOWN: dict[str, tuple[dict[str, Any], ShownScore]] = {
    "whole": (entry(), ShownScore(7.0, 10.0)),
    "zero": (entry(score=0), ShownScore(0.0, 10.0)),
    "above_the_maximum": (entry(score=12.5), ShownScore(12.5, 10.0)),
    "texts": (entry(score="7.5", resultMaximum="20"), ShownScore(7.5, 20.0)),
    "no_maximum": ({"userId": "u1", "resultScore": 0.5}, ShownScore(0.5, 1.0)),
    "maximum_null": (entry(score=0.5, resultMaximum=None), ShownScore(0.5, 1.0)),
    "maximum_zero": (entry(resultMaximum=0), ShownScore(7.0, 0.0)),
    "time_null": (entry(timestamp=None), ShownScore(7.0, 10.0)),
}


@pytest.mark.parametrize(("sent", "expected"), SHOWN.values(), ids=SHOWN)
def test_a_cell_that_shows_something(
    lms: ScriptedLms, results: Results, sent: dict[str, Any], expected: ShownScore
) -> None:
    lms.will_say("/i/results", page(sent))
    assert read(lms, results) == {"u1": expected}


NOT_SHOWN: dict[str, Any] = {
    "null": entry(score=None),
    "ids_alone": {"id": "x", "userId": "u1"},
    "boolean": entry(score=True),
    "boolean_maximum": entry(resultMaximum=True),
    "not_a_number": entry(score=float("nan")),
    "not_a_number_as_text": entry(score="NaN"),
    "infinite": entry(score=float("inf")),
    "infinite_maximum": entry(resultMaximum=float("inf")),
    "too_large": entry(score=10**400),
    "negative_maximum": entry(resultMaximum=-1),
    "words": entry(score="seven"),
    "empty_text": entry(score=""),
    "python_alone": entry(score="1_0"),
    "decimal_comma": entry(score="7,5"),
    "maximum_words": entry(resultMaximum="ten"),
    "list": entry(score=[7]),
    "object": entry(score={"points": 7}),
    "nobody": {"resultScore": 7, "resultMaximum": 10},
    "person_null": entry(None),
    "person_empty": entry(""),
    "person_boolean": entry(True),
    "person_list": entry(["u1"]),
    "person_fraction": entry(1.5),
    "no_entry": "u1",
    "nothing": None,
}


@pytest.mark.parametrize("sent", NOT_SHOWN.values(), ids=NOT_SHOWN)
def test_an_entry_that_shows_nothing_hides_no_other(lms: ScriptedLms, results: Results, sent: Any) -> None:
    lms.will_say("/i/results", page(sent, entry("u2")))
    assert read(lms, results) == {"u2": ShownScore(7.0, 10.0)}


def test_an_id_may_be_a_number(lms: ScriptedLms, results: Results) -> None:
    lms.will_say("/i/results", page(entry(42)))
    assert list(read(lms, results)) == ["42"]
    assert list(read(lms, results, person="42")) == ["42"]


def test_the_last_word_about_a_person_wins(lms: ScriptedLms, results: Results) -> None:
    """Also from page to page, and when it is that nothing is shown."""
    lms.will_say("/i/results", page(entry("u1"), entry("u1", 8), entry("u2"), link='</second>; rel="next"'))
    lms.will_say("/second", page(entry("u2", None)))
    assert read(lms, results) == {"u1": ShownScore(8.0, 10.0)}


def test_an_lms_that_knows_no_filter(lms: ScriptedLms, results: Results) -> None:
    lms.will_say("/i/results", page(entry("u1"), entry("u2", 8)))
    assert read(lms, results, person="u2") == {"u2": ShownScore(8.0, 10.0)}
    assert read(lms, results, person="u3") == {}


NOON = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
TIMES: dict[str, tuple[Any, datetime | None]] = {
    "zulu": ("2026-03-04T12:00:00Z", NOON),
    "offset": ("2026-03-04T07:00:00-05:00", NOON),
    "fraction": ("2026-03-04T12:00:00.500Z", NOON + timedelta(seconds=0.5)),
    "no_zone": ("2026-03-04T12:00:00", None),
    "a_day": ("2026-03-04", None),
    "words": ("yesterday", None),
    "empty": ("", None),
    "number": (1772625600, None),
    "before_all_time": ("0001-01-01T00:00:00+14:00", None),
}


@pytest.mark.parametrize(("sent", "expected"), TIMES.values(), ids=TIMES)
def test_when_a_cell_changed(lms: ScriptedLms, results: Results, sent: Any, expected: datetime | None) -> None:
    lms.will_say("/i/results", page(entry(timestamp=sent)))
    shown = read(lms, results)["u1"]
    assert shown == ShownScore(7.0, 10.0, expected)
    assert shown.changed_at is None or shown.changed_at.tzinfo is UTC


# --- pages ---

LINKS = {
    "absolute": '<{lms}/Page2?Token=AbC%3D>; rel="next"',
    "relative": '</Page2?Token=AbC%3D>; rel="next"',
    "unquoted": "<{lms}/Page2?Token=AbC%3D>; rel=next",
    "after_a_title": '<{lms}/Page2?Token=AbC%3D>; title="n"; rel="next"',
    "among_others": '<{lms}/x>; rel="first",<{lms}/Page2?Token=AbC%3D>; rel="next",<{lms}/y>; rel="last"',
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_the_next_page_letter_by_letter(lms: ScriptedLms, results: Results, link: str) -> None:
    lms.will_say("/i/results", page(entry("u1"), link=link.format(lms=lms.url)))
    lms.will_say("/Page2", page(entry("u2")))
    assert list(read(lms, results)) == ["u1", "u2"]
    assert lms.heard[-1].address == "/Page2?Token=AbC%3D"


def test_pages_without_an_end(lms: ScriptedLms, results: Results) -> None:
    lms.will_say("/i/results", page(entry(), link='</i/results>; rel="next"'))
    with pytest.raises(LmsUnreachable, match="no end"):
        read(lms, results)
    assert len(lms.calls_to("/i/results")) == 1
    numbers = iter(range(1_000))
    lms.will_say("/i/results", lambda: page(entry(), link=f'</i/results?page={next(numbers)}>; rel="next"'))
    with pytest.raises(LmsUnreachable, match="no end"):
        read(lms, results)
    assert len(lms.calls_to("/i/results")) <= MOST_PAGES + 2


@pytest.mark.parametrize("address", ["https://evil.example.test/x", "//evil.example.test/x", "http://[", "ftp://x/"])
def test_a_token_goes_to_no_other_host(lms: ScriptedLms, results: Results, address: str) -> None:
    lms.will_say("/i/results", page(entry(), link=f'<{address}>; rel="next"'))
    with pytest.raises(LmsRefused):
        read(lms, results)
    assert len(lms.heard) == 2


@pytest.mark.parametrize("column", ["https://evil.example.test/i", "http://[", "", "/i"])
def test_a_column_elsewhere_is_not_asked(lms: ScriptedLms, results: Results, column: str) -> None:
    with pytest.raises(LmsRefused):
        results.shown(replace(lms.facts(), service_hosts=[]), "D1", column)
    assert lms.heard == []


# --- what answers mean ---

LATER = {
    "too_many_requests": Response("", 429, headers={"Retry-After": "60"}),
    "throttled_by_an_older_canvas": Response("403 Forbidden (Rate Limit Exceeded)", 403, headers={"Retry-After": "60"}),
    "maintenance": Response("<h1>Back soon</h1>", 503, headers={"Retry-After": "60"}),
}


@pytest.mark.parametrize("answer", LATER.values(), ids=LATER)
def test_later(lms: ScriptedLms, results: Results, answer: Response) -> None:
    lms.will_say("/i/results", answer)
    with pytest.raises(LmsUnreachable) as caught:
        read(lms, results)
    assert (caught.value.retry_after_seconds, caught.value.status) == (60.0, answer.status_code)


CONCLUDED = "This course has concluded. AGS requests will no longer be accepted for this course."
NEVER = {
    "forbidden": (Response("", 403), Mender.ADMINISTRATOR),
    "precondition": (Response("", 412), Mender.ADMINISTRATOR),
    "bad_request": (Response("", 400), Mender.ADMINISTRATOR),
    "redirect": (Response("", 302, headers={"Location": "/i/results"}), Mender.ADMINISTRATOR),
    "not_found": (Response("<h1>Not found</h1>", 404), Mender.TEACHER),
    "gone": (Response("", 410), Mender.TEACHER),
    "concluded": (Response(json.dumps({"errors": {"message": CONCLUDED}}), 422), Mender.TEACHER),
    "unprocessable": (Response("", 422), Mender.ADMINISTRATOR),
}


@pytest.mark.parametrize(("answer", "mender"), NEVER.values(), ids=NEVER)
def test_never(lms: ScriptedLms, results: Results, answer: Response, mender: Mender) -> None:
    lms.will_say("/i/results", answer)
    with pytest.raises(LmsRefused) as caught:
        read(lms, results)
    assert (caught.value.mender, caught.value.status) == (mender, answer.status_code)
    assert ("concluded" in caught.value.what) is (CONCLUDED in answer.get_data(as_text=True))


def test_one_new_token_after_a_401(lms: ScriptedLms, results: Results) -> None:
    lms.will_say("/token", token_answer("old"), token_answer("new"))
    lms.will_say("/i/results", Response("", 401), page(entry()))
    assert list(read(lms, results)) == ["u1"]
    assert [call.headers["Authorization"] for call in lms.calls_to("/i/results")] == ["Bearer old", "Bearer new"]


def test_a_second_401_is_a_refusal(lms: ScriptedLms, results: Results) -> None:
    lms.will_say("/i/results", Response("", 401))
    with pytest.raises(LmsRefused) as caught:
        read(lms, results)
    assert (caught.value.mender, caught.value.status) == (Mender.ADMINISTRATOR, 401)
    assert len(lms.calls_to("/i/results")) == 2


NO_RESULTS = {
    "web_page": "<h1>Sign in</h1>",
    "empty": "",
    "object": "{}",
    "null": "null",
    "half": '[{"userId": "u1"',
    "nested": "[" * 200_000,
}


@pytest.mark.parametrize("body", NO_RESULTS.values(), ids=NO_RESULTS)
@pytest.mark.parametrize("path", ["/i/results", "/second"])
def test_something_else_than_results(lms: ScriptedLms, results: Results, body: str, path: str) -> None:
    """On the second page, too: half a list would pass for cleared grades."""
    lms.will_say("/i/results", page(entry(), link='</second>; rel="next"'))
    lms.will_say(path, Response(body))
    with pytest.raises(LmsUnreachable, match="something else than its results"):
        read(lms, results)
