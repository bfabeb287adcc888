"""Scores on the wire: the exact request, and what each answer means (AGS; rows 147, 150-170 as far as built)."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Response

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.claiming import Agreed, Delivery
from lti_tool.gradebook.outbox import Score
from lti_tool.gradebook.shown import SentBefore
from lti_tool.lti.connection import Answer, Connection
from lti_tool.lti.families import CANVAS, FAMILIES, MOODLE, STANDARD, Family, family_named, family_of_product
from lti_tool.lti.grades import SCORE_SCOPE, AgsGradebook, check_answer, score_body, scores_address, submission
from lti_tool.lti.keys import Keyring
from lti_tool.lti.platforms import Platforms
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.models import Platform
from tests.lti.scripted_lms import ScriptedLms, token_answer

AT = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)


@pytest.fixture
def platforms(lms: ScriptedLms, sqlite_url: str) -> Any:
    """The scripted platform as a registered one."""
    database = Database(sqlite_url)
    facts = lms.facts("canvas")
    with database.writing() as session:
        session.add(
            Platform(
                id=facts.id, name=facts.name, lti_issuer=facts.lti_issuer, lti_client_id=facts.lti_client_id,
                authorize_url=facts.authorize_url, token_url=facts.token_url, jwks_url=facts.jwks_url,
                family=facts.family, created_at=AT,
            )
        )  # fmt: skip
    yield Platforms(database)
    database.close()


@pytest.fixture
def gradebook(connection: Connection, platforms: Platforms, tokens: ServiceTokens) -> AgsGradebook:
    return AgsGradebook(connection, platforms, tokens, "https://blog.example.edu/lti/launch")


def delivery(column: str | None, points: str = "7.25", **changes: Any) -> Delivery:
    score = Score(Decimal(points), Decimal(changes.pop("maximum", "10")), changes.pop("comment", "Post: 5 of 5."))
    usual = Delivery(
        1, 1, 1, "D1", column, (SCORE_SCOPE, "another"), "sub-1", score, AT, None, "review-1", is_first=True
    )
    return replace(usual, **changes)


def test_the_request_is_exactly_so(lms: ScriptedLms, gradebook: AgsGradebook) -> None:
    column = lms.will_say("/items/7", Response("")) and f"{lms.url}/items/7/lineitem?type_id=4"
    lms.will_say("/items/7/lineitem/scores", Response("{}"))
    gradebook.show_score(delivery(column, comment="„Gut“\nzwei Zeilen"))
    call = lms.heard[-1]
    assert (call.method, call.address) == ("POST", "/items/7/lineitem/scores?type_id=4")
    assert call.headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
    assert call.headers["Authorization"] == "Bearer token-1"
    assert b"\n" not in call.body
    assert json.loads(call.body) == {
        "userId": "sub-1",
        "scoreGiven": 7.25,
        "scoreMaximum": 10,
        "comment": "„Gut“\nzwei Zeilen",
        "timestamp": "2026-03-04T05:06:07.000Z",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "https://canvas.instructure.com/lti/submission": {
            "new_submission": True,
            "submission_type": "basic_lti_launch",
            "submission_data": "https://blog.example.edu/lti/launch?review=review-1",
            "prioritize_non_tool_grade": True,
        },
    }
    assert lms.calls_to("/token")[0].form["scope"] == SCORE_SCOPE  # and none of the other scopes that were offered


@pytest.mark.parametrize(
    ("points", "written"),
    [("0", "0"), ("10", "10"), ("7.10", "7.1"), ("0.01", "0.01"), ("3.33", "3.33"), ("100.00", "100")],
)
def test_points_are_written_exactly(lms: ScriptedLms, gradebook: AgsGradebook, points: str, written: str) -> None:
    lms.will_say("/i/scores", Response(""))
    gradebook.show_score(delivery(f"{lms.url}/i", points))
    assert f'"scoreGiven": {written},'.encode() in lms.heard[-1].body


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("https://lms.example.test/i/1", "https://lms.example.test/i/1/scores"),
        ("https://lms.example.test/i/1/", "https://lms.example.test/i/1/scores"),
        ("https://lms.example.test/i/1?type_id=4", "https://lms.example.test/i/1/scores?type_id=4"),
        ("https://lms.example.test/i?a=b/c&d=?", "https://lms.example.test/i/scores?a=b/c&d=?"),
    ],
)
def test_scores_stands_before_a_query(column: str, expected: str) -> None:
    assert scores_address(column) == expected


def test_row_147_one_new_token_after_a_401(lms: ScriptedLms, gradebook: AgsGradebook) -> None:
    lms.will_say("/token", token_answer("old"), token_answer("new"))
    lms.will_say("/i/scores", Response("", 401), Response(""))
    gradebook.show_score(delivery(f"{lms.url}/i"))
    sent = [call.headers["Authorization"] for call in lms.calls_to("/i/scores")]
    assert sent == ["Bearer old", "Bearer new"]


def test_row_147_a_second_401_is_a_refusal(lms: ScriptedLms, gradebook: AgsGradebook) -> None:
    lms.will_say("/i/scores", Response("", 401))
    with pytest.raises(LmsRefused) as caught:
        gradebook.show_score(delivery(f"{lms.url}/i"))
    assert (caught.value.mender, caught.value.status) == (Mender.ADMINISTRATOR, 401)
    assert len(lms.calls_to("/i/scores")) == 2


NOTHING_SENT: dict[str, tuple[dict[str, Any], Mender]] = {
    "no_column": ({"column": None}, Mender.TEACHER),
    "no_scope": ({"scopes": ("another",)}, Mender.ADMINISTRATOR),
    "http_to_the_internet": ({"column": "http://8.8.8.8/i"}, Mender.OPERATOR),
    "half_an_address": ({"column": "https://["}, Mender.OPERATOR),
    "no_address": ({"column": "i/1"}, Mender.OPERATOR),
}


@pytest.mark.parametrize(("changes", "mender"), NOTHING_SENT.values(), ids=NOTHING_SENT)
def test_what_cannot_be_sent_says_who_can_mend_it(
    lms: ScriptedLms, gradebook: AgsGradebook, changes: dict[str, Any], mender: Mender
) -> None:
    with pytest.raises(LmsRefused) as caught:
        gradebook.show_score(delivery(**{"column": f"{lms.url}/i", **changes}))
    assert caught.value.mender is mender
    assert caught.value.do
    assert not [call for call in lms.heard if call.address != "/token"]


def test_a_disabled_platform_is_sent_nothing(lms: ScriptedLms, gradebook: AgsGradebook, platforms: Any) -> None:
    with platforms._database.writing() as session:
        session.get_one(Platform, 1).disabled_at = AT
    with pytest.raises(LmsRefused) as caught:
        gradebook.show_score(delivery(f"{lms.url}/i"))
    assert caught.value.mender is Mender.OPERATOR
    assert not lms.heard


def test_an_unreachable_platform_is_tried_again(keyring: Keyring, gradebook: AgsGradebook) -> None:
    with pytest.raises(LmsUnreachable):
        gradebook.show_score(delivery("http://localhost:1/i"))


STORED, LATER = None, LmsUnreachable
ALL = (STANDARD, CANVAS, MOODLE)
CANVAS_STALE = '{"errors": {"message": "Provided timestamp of x before last updated timestamp of y"}}'
Meaning = Mender | type[LmsUnreachable] | None
ANSWERS: list[tuple[Family, int, str, Meaning]] = [
    *((family, status, "", STORED) for family in ALL for status in (200, 201, 202, 204)),
    *((family, 200, '{"resultUrl": "x"}', STORED) for family in ALL),
    *((family, 200, "<h1>Stored</h1>", STORED) for family in (STANDARD, CANVAS)),
    *((family, status, "", LATER) for family in ALL
      for status in (408, 409, 425, 429, 500, 502, 503, 504, 599)),
    *((family, status, "", Mender.ADMINISTRATOR) for family in ALL for status in (401, 403, 412)),
    *((family, status, "", Mender.TEACHER) for family in ALL for status in (400, 404, 410, 422)),
    *((family, status, "", Mender.TEACHER) for family in ALL for status in (301, 302, 307)),
    (CANVAS, 400, CANVAS_STALE, LATER),
    (STANDARD, 400, CANVAS_STALE, Mender.TEACHER),
    (CANVAS, 403, "403 Forbidden (Rate Limit Exceeded)", LATER),
    (STANDARD, 403, "403 Forbidden (Rate Limit Exceeded)", LATER),  # Canvas, before it has said that it is one
    (STANDARD, 403, "403 Forbidden", Mender.ADMINISTRATOR),
    (CANVAS, 422, '{"errors": {"message": "User not found in course or is not a student"}}', Mender.TEACHER),
    (MOODLE, 200, "[]", Mender.TEACHER),
    (MOODLE, 200, " []\n", Mender.TEACHER),
    (CANVAS, 200, "[]", STORED),
    (MOODLE, 500, "[]", Mender.TEACHER),
    (CANVAS, 500, "[]", LATER),
]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "status", "body", "meaning"),
    ANSWERS,
    ids=[
        f"{family.name}-{status}-{body[:12] or 'empty'}-{number}"
        for number, (family, status, body, _) in enumerate(ANSWERS)
    ],
)
def test_what_each_answer_means(family: Family, status: int, body: str, meaning: Meaning) -> None:
    answer = Answer(status, {"retry-after": "9"}, body)
    if meaning is STORED:
        check_answer(answer, family)
        return
    with pytest.raises((LmsUnreachable, LmsRefused)) as caught:
        check_answer(answer, family)
    problem = caught.value
    assert isinstance(problem, LmsUnreachable | LmsRefused)
    assert problem.status == status
    assert meaning is (problem.mender if isinstance(problem, LmsRefused) else LATER)
    assert problem.do
    assert body[:12] not in problem.what or not body  # row 277: an LMS's own words are shown to nobody


def test_the_locked_cell_of_canvas_says_that_it_is_locked() -> None:
    text = '{"errors":{"type":"forbidden","message":"Cannot grade this submission at this time: it is locked"}}'
    with pytest.raises(LmsRefused, match="locked") as refused:
        check_answer(Answer(403, {}, text), CANVAS)
    assert refused.value.mender is Mender.TEACHER


@pytest.mark.parametrize("family", [family for family in FAMILIES if family.causes], ids=lambda family: family.name)
def test_each_cause_of_a_family_says_what_happened_and_who_mends_it(family: Family) -> None:
    for cause in family.causes:
        with pytest.raises((LmsRefused, LmsUnreachable)) as caught:
            check_answer(Answer(422, {}, f'{{"errors": {{"message": "{cause.words}: more"}}}}'), family)
        problem = caught.value
        assert isinstance(problem, LmsRefused | LmsUnreachable)
        assert (problem.what, problem.status) == (f"{cause.what} (422).", 422)
        assert (problem.mender if isinstance(problem, LmsRefused) else None) is cause.mender
        assert problem.do.endswith(".")
        assert cause.words not in problem.what


def test_words_of_a_cause_in_a_success_mean_nothing() -> None:
    check_answer(Answer(200, {}, '{"comment": "This course has concluded"}'), CANVAS)


THROTTLES = {
    "too_many": (STANDARD, Answer(429, {}, ""), True),
    "too_many_until": (MOODLE, Answer(429, {"retry-after": "5"}, ""), True),
    "unavailable_until": (STANDARD, Answer(503, {"retry-after": "5"}, ""), True),
    "unavailable": (STANDARD, Answer(503, {}, ""), False),
    "fault": (STANDARD, Answer(500, {"retry-after": "5"}, ""), False),
    "older_canvas": (CANVAS, Answer(403, {}, "403 Forbidden (Rate Limit Exceeded)\n"), True),
    "stale": (STANDARD, Answer(409, {}, ""), False),
}


@pytest.mark.parametrize(("family", "answer", "is_throttle"), THROTTLES.values(), ids=THROTTLES)
def test_a_throttle_is_told_from_a_fault(family: Family, answer: Answer, is_throttle: bool) -> None:
    with pytest.raises(LmsUnreachable) as caught:
        check_answer(answer, family)
    assert caught.value.is_throttle is is_throttle


@pytest.mark.parametrize("page", ["<!doctype html><title>Back soon</title>", "\n<!DOCTYPE HTML>", "<html><body>"])
@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_a_web_page_is_no_stored_score(family: Family, page: str) -> None:
    with pytest.raises(LmsUnreachable, match="web page"):
        check_answer(Answer(200, {}, page), family)


BEFORE = SentBefore(Decimal(7), Decimal(10), 1, is_certain=True)


@pytest.mark.parametrize(
    ("family", "took", "is_sent"),
    [
        (CANVAS, "", True),
        (CANVAS, "Ja.", True),
        (CANVAS, "Post: 5 of 5.", False),
        (MOODLE, "Post: 5 of 5.", True),
    ],
)
def test_a_comment_that_the_lms_keeps_is_not_sent_again(family: Family, took: str, is_sent: bool) -> None:
    assert ("comment" in score_body(delivery("x", accepted_comment=took), family)) is is_sent


@pytest.mark.parametrize(
    ("changes", "ours_stands", "expected"),
    [
        ({}, False, (True, True)),
        ({}, None, (True, False)),  # cannot be read: another submission rather than none
        ({}, True, (False, False)),
        ({"is_first": False, "sent_before": (BEFORE,)}, True, (False, False)),
        ({"is_first": False, "agreed": Agreed(None)}, False, (False, False)),
    ],
)
def test_when_work_is_handed_in_and_when_a_score_yields(
    changes: dict[str, Any], ours_stands: bool | None, expected: tuple[bool, bool]
) -> None:
    found = submission(delivery("x", **changes), "https://blog.example.edu/r", ours_stands)
    assert (found["new_submission"], found.get("prioritize_non_tool_grade", False)) == expected


def test_the_locked_cell_of_moodle_says_that_it_is_locked() -> None:
    with pytest.raises(LmsRefused, match="locked"):
        check_answer(Answer(500, {}, "[]"), MOODLE)


def test_a_wish_for_patience_is_passed_on() -> None:
    with pytest.raises(LmsUnreachable) as caught:
        check_answer(Answer(429, {"retry-after": "33"}, ""), STANDARD)
    assert caught.value.retry_after_seconds == 33


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_is_found_by_its_name_and_by_what_a_launch_says(family: Family) -> None:
    assert family_named(family.name) is family
    assert [family_of_product(code) for code in family.product_codes] == [family] * len(family.product_codes)
    assert family.product_codes
    assert family.label


@pytest.mark.parametrize("code", [None, "", "sakai", 5, ["canvas"], {}, "CANVAS"], ids=repr)
def test_a_product_nobody_knows_keeps_to_the_standard(code: object) -> None:
    assert family_of_product(code) is STANDARD
    assert family_named("nothing") is STANDARD
