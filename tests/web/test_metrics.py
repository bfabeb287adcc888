"""What a monitor reads: counts by state, cause and platform number, and never a name."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr, ValidationError
from sqlalchemy import select, update

from lti_tool.app import create_app
from lti_tool.gradebook.gauges import Gauges, RefusedScores
from lti_tool.models import Blog, GradebookScore, Person, Platform, SyncState
from lti_tool.settings import Settings
from lti_tool.web.metrics import MOST_CAUSES, metrics_text
from tests.stage import Stage

TOKEN = "of-the-monitor-alone-0123"


@pytest.fixture(scope="module")
def school(open_house: Stage) -> Stage:
    """Two students have a score; one is refused by the LMS."""
    for person in ("tom", "zoe"):
        student = open_house.launched(person)
        student.post("posts/new", {"title": f"A post of {person}", "body": "Words.", "once": person})
    open_house.school.faults.set("refuse_person", person="zoe")
    open_house.clockwork.deliver()
    return open_house


def samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            yield one.name, one.labels, one.value


def value(text: str, name: str, **labels: str) -> float:
    (found,) = (number for called, has, number in samples(text) if called == name and has.items() >= labels.items())
    return found


def read(stage: Stage, **headers: str) -> requests.Response:
    return requests.get(f"{stage.tool_url}/metrics", headers=headers, timeout=10)


def test_the_numbers_are_those_of_the_outbox(school: Stage) -> None:
    answer = read(school)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    text = answer.text
    with school.tool.database.reading() as session:
        rows = session.scalars(select(GradebookScore)).all()
    states = [row.state for row in rows]
    assert len(states) == 2
    for state in SyncState:
        assert value(text, "lti_tool_scores", platform="1", state=state.value) == states.count(state)
    (refused,) = (row for row in rows if row.state is SyncState.NEEDS_TEACHER)
    assert value(text, "lti_tool_scores_refused", state="needs the teacher", cause=refused.cause) == 1
    assert value(text, "lti_tool_scores_in_flight", platform="1") == 0
    assert value(text, "lti_tool_queue_age_seconds", platform="1") == 0
    assert value(text, "lti_tool_send_attempts_total", outcome="accepted") == 1
    assert value(text, "lti_tool_send_attempts_total", outcome="refused") == 1


def test_it_names_nobody_and_no_school(school: Stage) -> None:
    text = read(school).text
    with school.tool.database.reading() as session:
        people = session.scalars(select(Person)).all()
        platform = session.scalars(select(Platform)).one()
        blogs = session.scalars(select(Blog.title)).all()
    named = {part for one in people for part in (one.lti_sub, one.name, one.given_name, one.family_name, one.email)}
    for word in {*named, *blogs, platform.name, platform.lti_issuer, platform.lti_client_id, "localhost"} - {None, ""}:
        assert str(word) not in text


def test_openmetrics_for_whoever_asks_for_it(school: Stage) -> None:
    answer = read(school, Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    assert {family.name for family in open_metrics(answer.text)} == {
        "lti_tool_scores", "lti_tool_scores_refused", "lti_tool_scores_in_flight", "lti_tool_scores_waiting_for_retry",
        "lti_tool_queue_age_seconds", "lti_tool_rosters_with_problem", "lti_tool_send_attempts",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200), (f"bearer  {TOKEN} ", 200), (None, 401), ("", 401), ("Bearer", 401), ("Bearer ", 401),
        (TOKEN, 401), (f"Basic {TOKEN}", 401), (f"Bearer {TOKEN}x", 401), (f"Bearer {TOKEN[:-1]}", 401),
        ("Bearer é", 401),
    ],
)  # fmt: skip
def test_where_a_token_is_set_it_must_be_sent(school: Stage, authorization: str | None, status: int) -> None:
    settings = school.tool.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    client = create_app(replace(school.tool, settings=settings)).test_client()
    headers: Any = {} if authorization is None else {"Authorization": authorization}
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("lti_tool_scores" in answer.text) == (status == 200)
    assert answer.headers.get("WWW-Authenticate") == (None if status == 200 else "Bearer")
    assert client.get("/healthz").status_code == 200


def test_a_score_nobody_sends_grows_old(school: Stage) -> None:
    with school.tool.database.writing() as session:
        session.execute(update(GradebookScore).values(due_at=school.clock(), state=SyncState.WAITING))
    first, second = read(school).text, read(school).text
    ages = [value(text, "lti_tool_queue_age_seconds", platform="1") for text in (first, second)]
    assert 0 < ages[0] < ages[1] < 60


def refused(cause: str, platform: int = 1, scores: int = 1) -> RefusedScores:
    return RefusedScores(platform, SyncState.NEEDS_ADMINISTRATOR, cause, "", scores)


def told(*causes: RefusedScores) -> list[tuple[dict[str, str], float]]:
    text, _ = metrics_text(Gauges((), causes, {}), "")
    return [(labels, number) for name, labels, number in samples(text.decode()) if name == "lti_tool_scores_refused"]


def test_causes_beyond_the_most_frequent_are_told_together() -> None:
    found = told(*(refused(f"Cause {number}.", scores=50 - number) for number in range(MOST_CAUSES + 2)))
    assert len(found) == MOST_CAUSES + 1
    assert found[-1] == (
        {"platform": "1", "state": "needs the LMS administrator", "cause": "other causes"},
        (50 - MOST_CAUSES) + (50 - MOST_CAUSES - 1),
    )


def test_a_host_that_an_lms_named_is_not_told() -> None:
    names = ("grades.example.edu:8443", "intranet", "no")
    found = told(*(refused(f"The LMS named a service at {name}, which is not its own.") for name in names))
    assert [(labels["cause"], number) for labels, number in found] == [
        ("The LMS named a service at another host, which is not its own.", 3)
    ]


@pytest.mark.parametrize("token", ["", "short", "with a space in the middle", "nicht-für-alle-Köpfe"])
def test_a_token_that_cannot_be_sent_or_is_soon_guessed_is_refused(token: str) -> None:
    with pytest.raises(ValidationError, match="must be at least 16 letters"):
        Settings(metrics_token=SecretStr(token))
