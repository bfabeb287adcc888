"""Scores from elsewhere: who a line is about, what it would do, and that it does just that, all or nothing."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from sqlalchemy import select

from lti_tool.database import Database
from lti_tool.errors import Rejected
from lti_tool.gradebook.ledger import ledger, ledger_csv
from lti_tool.gradebook.outbox import EXCUSED
from lti_tool.models import Correction, GradebookScore, Person, Role, SyncState
from lti_tool.participation.score_file import file_to_fill_in, read_scores
from lti_tool.participation.score_import import (
    Change,
    PlannedScore,
    ScorePlan,
    apply_as_shown,
    apply_plan,
    people_to_score,
    plan_scores,
)
from lti_tool.participation.scoring import Standing, correct_score, excuse, glance, standing
from tests.a_school import NOW, a_blog, a_course, a_link, a_person, a_post, a_teacher, course_of
from tests.threads import at_once


@dataclass
class Lesson:
    """A blog, its teacher, and four students whom a file may name in many ways."""

    database: Database
    blog: int
    course: int
    teacher: int
    people: dict[str, int]

    def plan(self, text: str, course: int | None = None) -> ScorePlan:
        with self.database.reading() as session:
            return plan_scores(session, self.blog, read_scores(text), course)

    def row(self, text: str) -> PlannedScore:
        (row,) = self.plan(text).rows
        return row

    def problem(self, text: str) -> str:
        """Why the only line that cannot be taken cannot be."""
        (row,) = self.plan(text).problems
        assert row.points is None
        return row.reason

    def set(self, text: str, grader: int | None = None, skip_problems: bool = False) -> int:
        with self.database.writing() as session:
            plan = plan_scores(session, self.blog, read_scores(text))
            return apply_plan(session, self.blog, plan, grader, NOW, skip_problems)

    def standing(self, person: str) -> Standing:
        with self.database.reading() as session:
            return standing(session, self.blog, self.people[person])

    def outbox(self, person: str) -> GradebookScore | None:
        with self.database.reading() as session:
            return session.scalar(select(GradebookScore).filter_by(blog_id=self.blog, person_id=self.people[person]))

    def corrections(self) -> dict[int, tuple[int | None, Decimal | None, str]]:
        with self.database.reading() as session:
            found = session.scalars(select(Correction).filter_by(blog_id=self.blog))
            return {one.person_id: (one.grader_id, one.points, one.reason) for one in found}

    def key(self, person: str) -> str:
        with self.database.reading() as session:
            return session.get_one(Person, self.people[person]).lti_sub


@pytest.fixture
def lesson(shared_database: Database) -> Lesson:
    with shared_database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        people = {
            "zoe": a_person(session, course, "Zoë Hartmann", given_name="Zoë"),
            "siobhan": a_person(session, course, "Siobhán O'Connor", given_name="Siobhán"),
            "lan": a_person(session, course, "Nguyễn Thị Lan", given_name="Lan"),
            "nameless": a_person(session, course, None),
        }
        for key, family in (("zoe", "Hartmann"), ("siobhan", "O'Connor"), ("lan", "Nguyễn Thị")):
            person = session.get_one(Person, people[key])
            person.family_name, person.email = family, f"{key}@Example.test"
        return Lesson(shared_database, blog, course, a_teacher(session, course), people)


@pytest.mark.parametrize(
    ("person", "written"),
    [
        ("zoe", "Zoë Hartmann"),
        ("zoe", "  zoë   HARTMANN "),
        ("zoe", '"Hartmann, Zoë"'),
        ("zoe", "Hartmann Zoë"),
        ("zoe", "Zoe\u0308 Hartmann"),
        ("zoe", "ZOE@example.TEST"),
        ("siobhan", "siobhán o’connor"),
        ("siobhan", '"O’Connor,Siobhán"'),
        ("lan", "Nguyễn Thị Lan"),
        ("lan", "Lan Nguyễn Thị"),
    ],
)
def test_a_person_is_known_by(lesson: Lesson, person: str, written: str) -> None:
    row = lesson.row(f"person,points\n{written},7")
    assert (row.person_id, row.change, row.points) == (lesson.people[person], Change.NEW, Decimal(7)), row.reason


def test_a_person_is_known_by_the_lms_id_whatever_its_column_is_called(lesson: Lesson) -> None:
    for heading in ("LMS id", "ID", "Person", "lti_id"):
        row = lesson.row(f"{heading},points\n{lesson.key('nameless')},7")
        assert (row.person_id, row.person_key) == (lesson.people["nameless"], lesson.key("nameless")), row.reason
    assert lesson.problem(f"LMS id,points\n{lesson.key('zoe').upper()},7").startswith("No student here has")


def test_a_number_of_the_school_is_no_lms_id(lesson: Lesson) -> None:
    """Canvas's ID and Moodle's ID number may by chance be the id of somebody else: the name decides."""
    other = lesson.key("lan")
    assert lesson.row(f"Student,ID,points\nZoë Hartmann,{other},7").person_id == lesson.people["zoe"]
    assert lesson.row(f"Student,ID number,points\nZoë Hartmann,{other},7").person_id == lesson.people["zoe"]
    assert "No student here is called “Nobody”." in lesson.problem(f"Student,ID,points\nNobody,{other},7")


def test_a_line_that_names_two_people_is_a_problem(lesson: Lesson) -> None:
    assert "names more than one student: Nguyễn Thị Lan, Zoë Hartmann" in lesson.problem(
        "e-mail,name,points\nzoe@example.test,Lan Nguyễn Thị,7"
    )
    assert "names more than one" in lesson.problem(f"LMS id,name,points\n{lesson.key('lan')},Zoë Hartmann,7")


def test_an_lms_id_that_is_nobodys_is_not_made_good_by_a_name(lesson: Lesson) -> None:
    """It may be somebody of the same name in another course."""
    assert "has the LMS id “nobody”" in lesson.problem("LMS id,name,points\nnobody,Zoë Hartmann,7")
    row = lesson.row("LMS id,name,e-mail,points\nnobody,Zoë Hartmann,zoe@example.test,7")
    assert row.person_id == lesson.people["zoe"]


def test_two_of_the_same_name(lesson: Lesson) -> None:
    with lesson.database.writing() as session:
        twin = a_person(session, lesson.course, "Zoë Hartmann")
    assert lesson.problem("name,points\nZoë Hartmann,7").startswith("2 students here are called “Zoë Hartmann”.")
    row = lesson.row("name,e-mail,points\nZoë Hartmann,zoe@example.test,7")
    assert row.person_id == lesson.people["zoe"] != twin


def test_only_students_of_the_course_are_known(lesson: Lesson) -> None:
    with lesson.database.writing() as session:
        a_person(session, lesson.course, "Sam Whitfield", Role.ASSISTANT)
        a_person(session, a_course(session), "Olga Away")
        other = a_course(session)
        a_link(session, lesson.blog, other)
        across = a_person(session, other, "Priya Raman")
    for name in ("Irena Novak", "Sam Whitfield", "Olga Away"):
        assert "No student here is called" in lesson.problem(f"name,points\n{name},7")
    assert lesson.row("name,points\nPriya Raman,7").person_id == across
    assert lesson.plan("name,points\nPriya Raman,7", lesson.course).problems


def test_the_same_person_twice(lesson: Lesson) -> None:
    plan = lesson.plan("name,e-mail,points\nZoë Hartmann,,7\nLan Nguyễn Thị,,6\n,zoe@example.test,8")
    (problem,) = plan.problems
    assert plan.rows[0] is problem
    assert (problem.line, problem.reason) == (4, "Zoë Hartmann stands on line 2 already. Take one of the two out.")
    assert [row.points for row in plan.to_set] == [7, 6]


@pytest.mark.parametrize("points", ["11", "-1", "seven", "1.005", "NaN", "1e999999999", "7 of 10"])
def test_points_that_cannot_be(lesson: Lesson, points: str) -> None:
    assert "Give a number from 0 to 10, with at most two decimals." in lesson.problem(
        f"name,points\nZoë Hartmann,{points}"
    )


@pytest.mark.parametrize(
    ("maximum", "fits"),
    [("10", True), ("10,0", True), ("", True), ("20", False), ("1e99999999", False), ("sNaN", True)],
)
def test_a_file_that_counts_out_of_something_else(lesson: Lesson, maximum: str, fits: bool) -> None:
    row = lesson.row(f'name,points,maximum\nZoë Hartmann,7,"{maximum}"')
    assert (row.change is Change.NEW) is fits
    assert fits or "this blog out of 10" in row.reason


def test_too_long_a_comment(lesson: Lesson) -> None:
    assert "longer than 1,000 characters" in lesson.problem(f"name,points,comment\nZoë Hartmann,7,{'x' * 1001}")


def test_what_each_line_would_do(lesson: Lesson) -> None:
    with lesson.database.writing() as session:
        a_post(session, lesson.blog, lesson.people["lan"])
        for person, points, reason in (("zoe", "6", "As it was."), ("siobhan", "7.50", "")):
            correct_score(session, lesson.blog, lesson.people[person], lesson.teacher, points, reason, NOW)
    plan = lesson.plan(
        'name,points,comment\nZoë Hartmann,8,\nSiobhán O\'Connor,"7,5",\nLan Nguyễn Thị,EX,Ill\nNobody,7,\nTom,,\n'
    )
    assert [(row.change.value, row.old, row.points, row.comment) for row in plan.rows] == [
        ("problem", None, None, ""),
        ("changed", Decimal(6), Decimal(8), "As it was."),
        ("same", Decimal("7.5"), Decimal("7.5"), ""),
        ("excused", Decimal(4), None, "Ill"),
    ]
    assert (len(plan.to_set), plan.left_alone, plan.maximum) == (2, 1, Decimal(10))


def test_they_count_as_the_teachers_own(lesson: Lesson) -> None:
    count = lesson.set('name,points,comment\nZoë Hartmann,"7,5",Spoke in class\nLan Nguyễn Thị,0,', lesson.teacher)
    assert count == 2
    where, row = lesson.standing("zoe"), lesson.outbox("zoe")
    assert (where.points, where.reason, where.by_operator) == (Decimal("7.5"), "Spoke in class", False)
    assert row is not None
    assert (row.points, row.comment, row.state) == (
        Decimal("7.5"), "Set by your teacher: Spoke in class", SyncState.WAITING,
    )  # fmt: skip
    zero = lesson.outbox("lan")
    assert zero is not None
    assert (lesson.standing("lan").points, zero.points) == (Decimal(0), Decimal(0))


def test_the_operator_sets_them_too(lesson: Lesson) -> None:
    lesson.set("name,points\nZoë Hartmann,7")
    assert lesson.corrections() == {lesson.people["zoe"]: (None, Decimal(7), "")}
    row = lesson.outbox("zoe")
    assert lesson.standing("zoe").by_operator
    assert row is not None
    assert row.comment == "Set by the operator of the blog"
    with lesson.database.writing() as session:
        correct_score(session, lesson.blog, lesson.people["zoe"], lesson.teacher, "8", "", NOW)
    assert not lesson.standing("zoe").by_operator


def test_what_stands_already_is_not_written_again(lesson: Lesson) -> None:
    text = "name,points,comment\nZoë Hartmann,7,Good\nLan Nguyễn Thị,excused,"
    assert lesson.set(text, lesson.teacher) == 2
    before, row = lesson.corrections(), lesson.outbox("zoe")
    assert lesson.set(text) == 0, "the operator's file says the same"
    assert lesson.corrections() == before
    after = lesson.outbox("zoe")
    assert row is not None
    assert after is not None
    assert row.revision == after.revision
    assert lesson.set("name,points\nZoë Hartmann,7") == 0, "without a comment the one that stands is kept"


def test_with_a_problem_nothing_is_stored_unless_it_is_left_out(lesson: Lesson) -> None:
    text = "name,points\nZoë Hartmann,7\nNobody,7"
    with pytest.raises(Rejected) as rejected:
        lesson.set(text)
    assert rejected.value.what == "1 line cannot be taken."
    assert lesson.corrections() == {}
    assert lesson.set(text, skip_problems=True) == 1
    assert list(lesson.corrections()) == [lesson.people["zoe"]]


def test_just_what_was_shown_is_set(lesson: Lesson) -> None:
    file = read_scores("name,points\nZoë Hartmann,7\nNobody,7")
    with lesson.database.reading() as session:
        shown = plan_scores(session, lesson.blog, file, lesson.course).fingerprint

    def set_as_shown(mark: str) -> ScorePlan | None:
        with lesson.database.writing() as session:
            return apply_as_shown(session, lesson.blog, lesson.course, file, mark, lesson.teacher, NOW)

    assert set_as_shown("another") is not None
    with lesson.database.writing() as session:
        correct_score(session, lesson.blog, lesson.people["zoe"], lesson.teacher, "6", "", NOW)
    now = set_as_shown(shown)
    assert now is not None, "the score that stands has changed since"
    assert lesson.standing("zoe").points == 6
    assert set_as_shown(now.fingerprint) is None
    assert lesson.standing("zoe").points == 7


def test_the_same_file_set_twice_at_the_same_instant(lesson: Lesson) -> None:
    file = read_scores("name,points\nZoë Hartmann,7\nLan Nguyễn Thị,EX")
    with lesson.database.reading() as session:
        shown = plan_scores(session, lesson.blog, file, lesson.course).fingerprint
    done: list[bool] = []

    def set_as_shown(_which: int) -> None:
        with lesson.database.writing() as session:
            left = apply_as_shown(session, lesson.blog, lesson.course, file, shown, lesson.teacher, NOW)
        done.append(left is None)

    at_once(3, set_as_shown)
    assert sorted(done) == [False, False, True]
    assert len(lesson.corrections()) == 2


def test_our_own_gradebook_file_comes_back(lesson: Lesson) -> None:
    """A name that a spreadsheet would take for a formula has an apostrophe there, and is known again."""
    with lesson.database.writing() as session:
        sly = a_person(session, lesson.course, '=HYPERLINK("x")')
        session.get_one(Person, sly).lti_sub = f"@{sly}"
        correct_score(session, lesson.blog, sly, lesson.teacher, "5", "", NOW)
        out = ledger_csv(ledger(session, lesson.blog))
        to_fill_in = file_to_fill_in(people_to_score(session, lesson.blog, lesson.course))
    assert "'=HYPER" in out
    assert f"'@{sly}" in out
    row = lesson.row(out)
    assert (row.person_id, row.change, row.points) == (sly, Change.SAME, Decimal(5)), row.reason
    by_name = lesson.row("\n".join(line.replace(f"'@{sly}", "") for line in out.splitlines()))
    assert by_name.person_id == sly
    filled = to_fill_in.replace(",,\r\n", ",6,\r\n")
    plan = lesson.plan(filled)
    assert (len(plan.rows), plan.problems) == (5, ())
    assert {row.person_id for row in plan.to_set} == {*lesson.people.values(), sly}


def test_excused_is_neither_a_dash_nor_a_zero(lesson: Lesson) -> None:
    zoe = lesson.people["zoe"]
    with lesson.database.writing() as session:
        a_post(session, lesson.blog, zoe)
        excuse(session, lesson.blog, zoe, lesson.teacher, " Ill. ", NOW)
    where = lesson.standing("zoe")
    assert (where.points, where.corrected, where.is_excused, where.is_own) == (None, None, True, True)
    assert (where.reason, where.sheet.rounded) == ("Ill.", Decimal(4))
    assert lesson.outbox("zoe") is None, "nothing is sent"
    with lesson.database.reading() as session:
        seen = glance(session, lesson.blog, zoe)
        assert (seen.points, seen.is_excused) == (None, True)
        assert not glance(session, lesson.blog, lesson.people["lan"]).is_excused
    with lesson.database.writing() as session:
        correct_score(session, lesson.blog, zoe, lesson.teacher, "", "", NOW)
    row = lesson.outbox("zoe")
    assert (lesson.standing("zoe").points, lesson.standing("zoe").is_excused) == (Decimal(4), False)
    assert row is not None
    assert row.points == 4


def test_a_zero_is_a_zero(lesson: Lesson) -> None:
    """Neither excused, at a glance, nor below nothing."""
    assert str(lesson.row("name,points\nZoë Hartmann,-0").points) == "0"
    lesson.set("name,points\nZoë Hartmann,-0")
    with lesson.database.reading() as session:
        seen = glance(session, lesson.blog, lesson.people["zoe"])
    assert (seen.points, seen.is_excused, lesson.standing("zoe").is_excused) == (Decimal(0), False, False)


def test_excused_after_a_score_was_wanted(lesson: Lesson) -> None:
    lesson.set("name,points\nZoë Hartmann,7")
    lesson.set("name,points\nZoë Hartmann,EX")
    row = lesson.outbox("zoe")
    assert row is not None
    assert (row.points, row.comment, row.state) == (None, EXCUSED, SyncState.NOT_DUE)
    again = lesson.row("name,points\nZoë Hartmann,7")
    assert (again.change, again.was_excused, again.old) == (Change.CHANGED, True, None)
