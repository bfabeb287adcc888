"""Nothing is sent before it is due, what would be sent can be seen, and problems are told where a teacher comes in."""

from datetime import timedelta

import pytest

from lti_tool.models import SyncState
from tests.stage import Stage
from tests.sync.test_conflicts import Class


@pytest.fixture
def lesson(paired_stage: Stage) -> Class:
    return Class(paired_stage)


def not_before(lesson: Class, **ahead: float) -> None:
    day = lesson.stage.clock() + timedelta(**ahead)
    answer = lesson.teacher.post("gradebook/due", {"due": f"{day:%Y-%m-%dT%H:%M}", "due_behind_utc": "0"})
    assert answer.status_code == 303


def test_nothing_is_sent_before_the_day(lesson: Class) -> None:
    not_before(lesson, days=2)
    lesson.score("tom", "7.5")
    line = lesson.line()
    assert (line.state, lesson.sent(), lesson.grade()) == (SyncState.NOT_DUE, 0, None)
    assert line.next_attempt is not None
    page = lesson.teacher.get("gradebook").text
    assert "No score goes to the LMS before" in page
    assert lesson.teacher.post("gradebook/try-again", {}).status_code == 303
    lesson.round()
    assert lesson.sent() == 0
    lesson.stage.clock.ahead += timedelta(days=2, minutes=1)
    lesson.round()
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)
    assert "No score goes to the LMS before" not in lesson.teacher.get("gradebook").text


def test_a_day_can_be_moved_and_taken_back(lesson: Class) -> None:
    lesson.stage.school.faults.set("server_error", path="/scores")
    lesson.score("tom", "7.5")
    lesson.stage.school.faults.clear()
    assert lesson.line().state is SyncState.WAITING
    not_before(lesson, days=2)
    assert lesson.line().state is SyncState.NOT_DUE
    lesson.stage.clock.ahead += timedelta(minutes=30)
    lesson.round()
    assert lesson.grade() is None
    assert lesson.teacher.post("gradebook/due", {"due": ""}).status_code == 303
    lesson.round()
    assert lesson.grade() == 7.5


def test_a_day_outlasts_holding_back(lesson: Class) -> None:
    not_before(lesson, hours=2)
    lesson.score("tom", "7.5")
    assert lesson.teacher.post("gradebook/hold").status_code == 303
    lesson.stage.clock.ahead += timedelta(hours=1)
    assert lesson.teacher.post("gradebook/release").status_code == 303
    lesson.round()
    assert (lesson.line().state, lesson.grade()) == (SyncState.NOT_DUE, None)
    lesson.stage.clock.ahead += timedelta(hours=1, minutes=1)
    lesson.round()
    assert lesson.grade() == 7.5


def test_what_is_no_time_is_said_and_changes_nothing(lesson: Class) -> None:
    not_before(lesson, days=2)
    for wrong in ("soon", "2026-13-40T10:00", "9999-12-31T23:59"):
        answer = lesson.teacher.post("gradebook/due", {"due": wrong, "due_behind_utc": "99999999999999"})
        assert answer.status_code == 422
        assert "not a day and a time" in answer.text
    assert "No score goes to the LMS before" in lesson.teacher.get("gradebook").text


def test_the_teachers_clock_counts(lesson: Class) -> None:
    """Their browser says that it is five hours behind UTC: nine in the morning there is two in the afternoon here."""
    day = lesson.stage.clock() + timedelta(days=2)
    form = {"due": f"{day:%Y-%m-%d}T09:00", "due_behind_utc": "300"}
    assert lesson.teacher.post("gradebook/due", form).status_code == 303
    assert f"{day:%Y-%m-%d}T14:00" in lesson.teacher.get("gradebook").text


def test_a_dry_run_says_who_would_get_what_and_sends_nothing(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.score("priya", "6")
    lesson.types(9, "priya")
    lesson.teacher.post("gradebook/hold")
    lesson.score("tom", "8")
    lesson.score("priya", "5")
    lesson.score("hannah", "4")
    lesson.sent()
    text = lesson.teacher.get("gradebook/preview").text
    rows = {row.split("</bdi>")[0].split(">")[-1]: row for row in text.split("<tr")[1:] if 'scope="row"' in row}
    assert set(rows) == {"Tom Okonkwo", "Priya Raman", "Hannah Feld"}
    assert "7.5 / 10" in rows["Tom Okonkwo"]
    assert "Would be sent." in rows["Tom Okonkwo"]
    assert "9 / 10" in rows["Priya Raman"]
    assert "shows what the blog did not send" in rows["Priya Raman"]
    assert "nothing" in rows["Hannah Feld"]
    assert "2 of 3 scores would be sent" in text
    assert lesson.sent() == 0
    lesson.teacher.post("gradebook/release")
    lesson.round()
    assert [lesson.grade(one) for one in ("tom", "priya", "hannah")] == [8, 9, 4]


def test_a_dry_run_without_an_answer_says_so(lesson: Class) -> None:
    lesson.teacher.post("gradebook/hold")
    lesson.score("tom", "8")
    lesson.stage.school.faults.set("server_error")
    text = lesson.teacher.get("gradebook/preview").text
    assert "not known" in text
    assert "0 of 1 score would be sent" in text


def test_only_a_teacher_sets_the_day(lesson: Class) -> None:
    student = lesson.stage.launched("tom")
    assert student.post("gradebook/due", {"due": ""}).status_code == 403
    assert student.get("gradebook/preview").status_code == 403


def test_problems_are_told_where_a_teacher_comes_in(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    for page in ("desk", "posts/1"):
        assert "not reached the gradebook" not in lesson.teacher.get(page).text
    lesson.types(9)
    lesson.stage.clockwork.check_all()
    told = lesson.teacher.get("desk").text
    assert "<strong>1 score has not reached the gradebook.</strong>" in told
    assert "shows what the blog did not send" in told
