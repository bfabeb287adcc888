"""A human's grade is never overwritten: noticed, asked about, settled. In both accents, over real HTTP."""

import csv
import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import select, update

from lti_tool.gradebook.ledger import LedgerLine, ledger
from lti_tool.lti.grades import SCORE_SCOPE
from lti_tool.models import Blog, Outcome, Person, Placement, SendAttempt, SyncState
from lti_tool.participation.scoring import correct_score
from tests.stage import Stage


class Class:
    """A blog whose students have scores, with the gradebook column that they go to."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.school = stage.school
        self.teacher = stage.launched("irena")
        stage.launched("tom")
        stage.clockwork.read_rosters()
        column = stage.school.column_of(1)
        assert column is not None
        self.column: int = column.id

    def score(self, person: str, points: str, reason: str = "") -> None:
        """The teacher sets a score, and the worker does its round."""
        with self.stage.tool.database.writing() as session:
            blog = session.scalars(select(Blog)).one()
            correct_score(session, blog.id, self.id_of(person), self.id_of("irena"), points, reason, self.stage.clock())
        self.round()

    def round(self) -> None:
        self.stage.clock.ahead += timedelta(seconds=2)  # an LMS compares whole seconds
        self.stage.clockwork.deliver()

    def id_of(self, person: str) -> int:
        with self.stage.tool.database.reading() as session:
            sub = self.school.sub_of(person)
            return session.scalars(select(Person.id).where(Person.lti_sub == sub)).one()

    def line(self, person: str = "tom") -> LedgerLine:
        with self.stage.tool.database.reading() as session:
            (line,) = (one for one in ledger(session) if one.person_id == self.id_of(person))
            return line

    def types(self, points: float | None, person: str = "tom") -> None:
        """A teacher types into the LMS's own gradebook."""
        self.stage.clock.ahead += timedelta(seconds=2)
        self.school.set_grade_by_hand(self.column, person, points)

    def grade(self, person: str = "tom") -> float | None:
        grade = self.school.grade(self.column, person)
        return None if grade is None else grade.score

    def sent(self) -> int:
        """How many scores were posted since the last time of asking."""
        count = sum(call.method == "POST" and "/scores" in call.url for call in self.school.calls)
        self.school.calls.clear()
        return count

    def settle(self, how: str, person: str | None = "tom") -> None:
        form: dict[str, Any] = {"how": how} | ({"person": self.id_of(person)} if person else {})
        assert self.teacher.post("gradebook/settle", form).status_code == 303
        self.round()


@pytest.fixture
def lesson(paired_stage: Stage) -> Class:
    return Class(paired_stage)


def test_a_score_that_arrived_is_confirmed(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)
    assert lesson.sent() == 1
    lesson.stage.clockwork.check_all()
    lesson.round()
    assert (lesson.line().state, lesson.sent()) == (SyncState.CONFIRMED, 0)


def test_words_alone_are_sent_too(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.score("tom", "7.5", "Led the discussion.")
    grade = lesson.school.grade(lesson.column, "tom")
    assert grade is not None
    assert "Led the discussion." in grade.comment
    assert lesson.line().state is SyncState.CONFIRMED


def test_what_a_teacher_typed_is_not_overwritten(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.types(9)
    lesson.sent()
    lesson.score("tom", "8")
    assert (lesson.line().state, lesson.sent(), lesson.grade()) == (SyncState.CONFLICT, 0, 9)
    page = lesson.teacher.get("gradebook").text
    assert "9 / 10" in page
    assert "Send ours" in page


def test_the_nightly_check_finds_it_too(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.types(9)
    lesson.stage.clockwork.check_all()
    line = lesson.line()
    assert line.state is SyncState.CONFLICT
    assert line.seen is not None
    assert line.seen.points == 9


def test_a_conflict_is_over_when_the_teacher_takes_it_back(lesson: Class) -> None:
    """Then ours goes, which has changed meanwhile; it does not pass for sent."""
    in_conflict(lesson)
    lesson.types(7.5)
    lesson.stage.clockwork.check_all()
    assert lesson.line().state is SyncState.WAITING
    lesson.round()
    assert lesson.sent() == 1
    if lesson.stage.accent == "canvas":
        assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 8)


def test_a_grade_typed_before_our_first_score_stands(lesson: Class) -> None:
    """Canvas's results do not show it before the tool has sent something, so the first score yields to it there."""
    lesson.types(4)
    lesson.score("tom", "7.5")
    line = lesson.line()
    assert (line.state, line.lms_shows, lesson.grade()) == (SyncState.CONFLICT, 4, 4)
    lesson.settle("replace")
    assert lesson.grade() == (7.5 if lesson.stage.accent == "canvas" else 4)


def test_a_cleared_grade_stays_cleared(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.types(None)
    lesson.sent()
    lesson.score("tom", "8")
    assert (lesson.line().state, lesson.sent()) == (SyncState.CONFLICT, 0)
    assert "cleared" in lesson.teacher.get("gradebook").text


def test_kept_until_ours_changes(lesson: Class) -> None:
    in_conflict(lesson)
    lesson.settle("kept")
    lesson.stage.clockwork.check_all()
    assert (lesson.line().state, lesson.sent(), lesson.grade()) == (SyncState.CONFIRMED, 0, 9)
    lesson.score("tom", "6")
    assert (lesson.line().state, lesson.sent(), lesson.grade()) == (SyncState.CONFLICT, 0, 9)


def test_ours_is_sent_when_the_teacher_says_so(lesson: Class) -> None:
    in_conflict(lesson)
    lesson.settle("replace")
    assert lesson.sent() == 1
    if lesson.stage.accent == "canvas":
        assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 8)
    else:  # Moodle takes it and goes on showing what was overridden: said, not passed over
        assert (lesson.line().state, lesson.grade()) == (SyncState.CONFLICT, 9)
        assert "overridden" in lesson.teacher.get("gradebook").text


def test_ours_is_not_sent_over_what_the_teacher_has_not_seen(lesson: Class) -> None:
    in_conflict(lesson)
    lesson.types(4)
    lesson.settle("replace")
    assert (lesson.line().state, lesson.sent(), lesson.grade()) == (SyncState.CONFLICT, 0, 4)


def test_locked_until_unlocked(lesson: Class) -> None:
    in_conflict(lesson)
    lesson.settle("locked")
    lesson.score("tom", "6")
    assert (lesson.line().state, lesson.sent(), lesson.grade()) == (SyncState.LOCKED, 0, 9)
    assert "Unlock" in lesson.teacher.get("gradebook").text
    assert lesson.teacher.post("gradebook/unlock", {"person": lesson.id_of("tom")}).status_code == 303
    lesson.round()
    assert (lesson.line().state, lesson.sent()) == (SyncState.CONFLICT, 0)


def test_all_at_once(lesson: Class) -> None:
    in_conflict(lesson)
    lesson.score("priya", "3")
    lesson.types(10, "priya")
    lesson.score("priya", "4")
    assert "In 2 places" in lesson.teacher.get("gradebook").text
    lesson.settle("kept", person=None)
    assert {lesson.line(person).state for person in ("tom", "priya")} == {SyncState.CONFIRMED}


def test_one_conflict_holds_up_nobody_else(lesson: Class) -> None:
    in_conflict(lesson)
    for person in ("priya", "hannah", "michael", "chris", "siobhan"):
        with_score(lesson, person)
    lesson.round()
    assert {lesson.line(person).state for person in ("priya", "hannah", "michael")} == {SyncState.CONFIRMED}


def test_a_lost_answer_makes_no_second_request(lesson: Class) -> None:
    lesson.school.faults.set("reply_lost", 1)
    lesson.score("tom", "7.5")
    assert lesson.line().state is SyncState.WAITING
    lesson.stage.clock.ahead += timedelta(minutes=2)
    lesson.round()
    assert (lesson.line().state, lesson.sent()) == (SyncState.CONFIRMED, 1)
    with lesson.stage.tool.database.reading() as session:
        outcomes = session.scalars(select(SendAttempt.outcome).order_by(SendAttempt.id)).all()
    assert outcomes == [Outcome.NOT_KNOWN, Outcome.ACCEPTED]


def test_each_attempt_can_be_read(lesson: Class) -> None:
    lesson.school.faults.set("server_error", 1, path="/scores")
    lesson.score("tom", "7.5")
    lesson.stage.clock.ahead += timedelta(minutes=2)
    lesson.round()
    page = lesson.teacher.get(f"desk/people/{lesson.id_of('tom')}").text
    (told,) = re.findall(r'<ul class="attempts">.*?</ul>', page, re.DOTALL)
    assert re.findall(r"<b>(.*?)</b>", told) == ["accepted", "not known"]
    assert "had a fault (500)" in told


def test_the_table_as_csv(lesson: Class) -> None:
    in_conflict(lesson)
    with lesson.stage.tool.database.writing() as session:
        session.get_one(Person, lesson.id_of("tom")).name = "=1+1, said Tom"
    answer = lesson.teacher.get("gradebook/scores.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    (line,) = csv.DictReader(StringIO(answer.text))
    assert line["Student"] == "'=1+1, said Tom"
    assert [line[name] for name in ("Should show", "Maximum", "LMS shows", "LMS last took", "State")] == [
        "8", "10", "9", "7.5", "conflict",
    ]  # fmt: skip


def test_nothing_is_sent_while_scores_are_held_back(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.sent()
    assert lesson.teacher.post("gradebook/hold").status_code == 303
    lesson.score("tom", "8")
    lesson.score("priya", "3")
    lesson.teacher.post("gradebook/try-again")
    lesson.round()
    assert (lesson.line().state, lesson.line("priya").state, lesson.sent()) == (
        SyncState.NOT_DUE, SyncState.NOT_DUE, 0,
    )  # fmt: skip
    page = lesson.teacher.get("gradebook").text
    assert "Scores are held back" in page
    assert "0 of 2 sent, 2 not due" in page
    assert lesson.teacher.post("gradebook/release").status_code == 303
    lesson.round()
    assert (lesson.grade(), lesson.grade("priya"), lesson.sent()) == (8, 3, 2)
    assert "Hold scores back" in lesson.teacher.get("gradebook").text


def test_what_waits_is_held_back_too(lesson: Class) -> None:
    lesson.school.faults.set("server_error", 1, path="/scores")
    lesson.score("tom", "7.5")
    lesson.teacher.post("gradebook/hold")
    lesson.stage.clock.ahead += timedelta(hours=1)
    lesson.round()
    assert (lesson.line().state, lesson.sent()) == (SyncState.NOT_DUE, 1)
    lesson.teacher.post("gradebook/release")
    lesson.round()
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFIRMED, 7.5)


def test_only_a_teacher_settles(lesson: Class) -> None:
    in_conflict(lesson)
    helper = "sam" if lesson.stage.accent == "canvas" else None
    for person in filter(None, (helper, "tom")):
        browser = lesson.stage.launched(person)
        assert browser.post("gradebook/settle", {"how": "replace"}).status_code == 403
        assert browser.post("gradebook/hold").status_code == 403
    lesson.round()
    assert (lesson.line().state, lesson.grade()) == (SyncState.CONFLICT, 9)


def test_many_are_read_by_their_column(lesson: Class) -> None:
    """Not one request for each: a whole class costs a few readings."""
    for person in ("tom", "priya", "hannah", "michael", "chris", "siobhan"):
        with_score(lesson, person)
    lesson.school.calls.clear()
    lesson.round()
    reads = sum("/results" in call.url for call in lesson.school.calls)
    assert reads <= 5
    assert lesson.sent() == 6


def test_without_the_right_to_read_scores_go_unread(lesson: Class) -> None:
    with lesson.stage.tool.database.writing() as session:
        session.execute(update(Placement).values(lti_scopes=[SCORE_SCOPE]))
    lesson.score("tom", "7.5")
    assert (lesson.line().state, lesson.grade()) == (SyncState.SENT, 7.5)


def in_conflict(lesson: Class) -> None:
    lesson.score("tom", "7.5")
    lesson.types(9)
    lesson.score("tom", "8")
    assert lesson.line().state is SyncState.CONFLICT
    lesson.sent()


def with_score(lesson: Class, person: str) -> None:
    with lesson.stage.tool.database.writing() as session:
        blog = session.scalars(select(Blog)).one()
        correct_score(session, blog.id, lesson.id_of(person), lesson.id_of("irena"), "5", "", lesson.stage.clock())
