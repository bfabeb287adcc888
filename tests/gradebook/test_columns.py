"""One column for a link, at the core: leases, races, and which scores move. The LMS is a list of columns."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender, Rejected
from lti_tool.gradebook.column_changes import tell_columns, update_columns
from lti_tool.gradebook.columns import LEASE, TAG, Link, LmsColumn, WantedColumn, column_facts, leave_gone, make_column
from lti_tool.gradebook.gone import ColumnGone, make_moved_due, make_returned_due, note_gone
from lti_tool.gradebook.outbox import want_score
from lti_tool.gradebook.twins import check_twins
from lti_tool.models import Blog, Course, GradebookScore, Membership, Placement, Role, SendAttempt, SyncState
from tests.a_school import NOW, a_blog, a_course, a_link, a_student, course_of
from tests.gradebook.an_outbox import a_score

ITEMS = "https://lms.example.edu/columns"


@dataclass
class ListOfColumns:
    """An LMS's columns. `before_look` and `before_make` happen while it is asked."""

    there: list[LmsColumn] = field(default_factory=list)
    made: int = 0
    changed: list[tuple[str, str | None, Decimal]] = field(default_factory=list)
    looks: int = 0
    before_look: Callable[[], None] = lambda: None
    before_make: Callable[[], None] = lambda: None
    problem: LmsUnreachable | LmsRefused | None = None

    def may_manage(self, link: Link) -> bool:
        return True

    def listed(self, link: Link, *, of_link: bool = False, content_key: str = "") -> tuple[LmsColumn, ...]:
        self.looks += 1
        self.before_look()
        return tuple(self.there)  # one that pays no heed to filters

    def read(self, link: Link, address: str) -> LmsColumn:
        for one in self.there:
            if one.address == address:
                return one
        raise ColumnGone(404)

    def make(self, link: Link, wanted: WantedColumn) -> str:
        self.before_make()
        self.made += 1
        address = f"{ITEMS}/made-{self.made}"
        self.there.append(
            LmsColumn(address, wanted.label, float(wanted.maximum), None, content_key=wanted.content_key, tag=TAG)
        )
        return address

    def change(self, link: Link, address: str, label: str | None, maximum: Decimal) -> bool:
        self.changed.append((address, label, maximum))
        if self.problem is not None:
            raise self.problem
        return True

    def delete(self, link: Link, address: str) -> None:
        self.there = [one for one in self.there if one.address != address]


@dataclass
class Desk:
    """A blog without a column, and the clock of whoever works on it."""

    database: Database
    blog: int
    placement: int
    lms: ListOfColumns
    now: datetime = NOW

    def clock(self) -> datetime:
        return self.now

    def make(self) -> bool:
        return make_column(self.database, self.lms, self.placement, Decimal(10), self.clock)

    def row(self) -> Placement:
        with self.database.reading() as session:
            return session.get_one(Placement, self.placement)

    def set(self, **facts: object) -> None:
        with self.database.writing() as session:
            session.execute(update(Placement).where(Placement.id == self.placement).values(**facts))

    def tell(self) -> int:
        return update_columns(self.database, self.lms, lambda session, blog_id: Decimal(10), self.clock)

    def score(self, name: str = "Anna Berg", points: str = "7", **facts: object) -> int:
        """A student's score; `facts` say how far it has come."""
        with self.database.writing() as session:
            person = a_student(session, course_of(session, self.blog), name)
            want_score(session, self.blog, person, a_score(points), NOW)
            row = session.scalars(select(GradebookScore).where(GradebookScore.person_id == person)).one()
            for name, value in facts.items():
                setattr(row, name, value)
            return row.id

    def state(self, score: int) -> SyncState:
        with self.database.reading() as session:
            return session.get_one(GradebookScore, score).state


@pytest.fixture
def desk(shared_database: Database) -> Desk:
    with shared_database.writing() as session:
        session.execute(delete(SendAttempt))
        session.execute(delete(GradebookScore))
        session.execute(update(Placement).values(column_made_at=None, lti_line_items_url=None))
        blog = a_blog(session, column=None)
        placement = session.scalars(select(Placement).where(Placement.blog_id == blog)).one()
        placement.lti_line_items_url = ITEMS
        placement_id = placement.id
    return Desk(shared_database, blog, placement_id, ListOfColumns())


def test_looked_for_then_made(desk: Desk) -> None:
    assert desk.make()
    row = desk.row()
    assert (row.lti_line_item_url, row.column_made_at, row.column_asked_until) == (f"{ITEMS}/made-1", NOW, None)
    assert desk.lms.looks == 2
    assert desk.lms.there[0].content_key == f"blog-{desk.blog}"


def test_several_there_the_oldest_is_taken_and_the_others_noted(desk: Desk) -> None:
    link = desk.row().lti_resource_link_id
    desk.lms.there = [
        LmsColumn(f"{ITEMS}/other", "x", 10, "another link"),
        LmsColumn(f"{ITEMS}/1", "x", 10, link),
        LmsColumn(f"{ITEMS}/2", "x", 10, link),
    ]
    assert not desk.make()
    row = desk.row()
    assert (row.lti_line_item_url, row.twin_columns, row.column_made_at) == (f"{ITEMS}/1", [f"{ITEMS}/2"], None)


def test_the_column_of_another_link_to_the_same_blog_is_not_taken(desk: Desk) -> None:
    with desk.database.writing() as session:
        elsewhere = a_blog(session, course_of(session, desk.blog), column=f"{ITEMS}/1")
        assert elsewhere != desk.blog
    desk.lms.there = [LmsColumn(f"{ITEMS}/1", "x", 10, None, f"blog-{desk.blog}", TAG)]
    assert desk.make()


def test_threads_that_race_make_one(desk: Desk) -> None:
    start, told = threading.Barrier(8), list[object]()

    def press() -> None:
        start.wait()
        try:
            told.append(desk.make())
        except Rejected as problem:
            told.append(problem.what)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told.count(True), desk.lms.made, len(told)) == (1, 1, 8)


def test_who_looked_too_long_makes_none(desk: Desk) -> None:
    """Somebody else began when the lease was over, and made it."""

    def somebody_else() -> None:
        desk.lms.before_look = lambda: None
        desk.now += LEASE
        assert desk.make()
        desk.lms.there = []  # and the list that the first one reads is from before that

    desk.lms.before_look = somebody_else
    with pytest.raises(Rejected, match="being made at this moment"):
        desk.make()
    assert desk.lms.made == 1
    assert desk.row().lti_line_item_url == f"{ITEMS}/made-1"


def test_a_launch_that_names_one_meanwhile_wins(desk: Desk) -> None:
    desk.lms.before_make = lambda: desk.set(lti_line_item_url=f"{ITEMS}/named")
    assert desk.make()
    row = desk.row()
    assert (row.lti_line_item_url, row.column_made_at) == (f"{ITEMS}/named", None)
    assert row.twin_columns == [f"{ITEMS}/made-1"]


def test_an_answer_that_did_not_come_keeps_the_lease(desk: Desk) -> None:
    def lost() -> None:
        raise LmsUnreachable("The LMS did not answer.")

    desk.lms.before_make = lost
    with pytest.raises(Rejected, match="not known"):
        desk.make()
    desk.lms.before_make = lambda: None
    with pytest.raises(Rejected, match="at this moment"):
        desk.make()
    with desk.database.reading() as session:
        facts = column_facts(session, desk.placement, desk.lms, desk.now)
    assert (facts.is_being_made, facts.has_column) == (True, False)
    desk.now += LEASE
    assert desk.make()


def test_a_refusal_gives_the_lease_back(desk: Desk) -> None:
    def refuse() -> None:
        raise LmsRefused("No.", "Ask.", Mender.ADMINISTRATOR, 403)

    desk.lms.before_make = refuse
    with pytest.raises(LmsRefused):
        desk.make()
    assert desk.row().column_asked_until is None


def test_stuck_scores_go_when_it_is_made(desk: Desk) -> None:
    stuck = desk.score(state=SyncState.NEEDS_TEACHER, cause="This link has no column in the gradebook.", due_at=None)
    desk.make()
    assert desk.state(stuck) is SyncState.WAITING


# --- gone ---


def test_gone_stops_what_was_on_its_way_there(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    waiting = desk.score()
    sent = desk.score("Ben Cole", state=SyncState.SENT, due_at=None)
    with desk.database.writing() as session:
        other = a_course(session)
        a_link(session, desk.blog, other, f"{ITEMS}/9")
        elsewhere = a_student(session, other, "Cleo Daw")
        here = course_of(session, desk.blog)  # where they only help
        session.add(Membership(course_id=here, person_id=elsewhere, launched_role=Role.ASSISTANT, is_test=False))
        want_score(session, desk.blog, elsewhere, a_score("5"), NOW)
    with desk.database.writing() as session:
        assert note_gone(session, f"{ITEMS}/1", NOW) == 1
    assert (desk.state(waiting), desk.state(sent)) == (SyncState.NEEDS_TEACHER, SyncState.SENT)
    with desk.database.reading() as session:
        theirs = session.scalars(select(GradebookScore).where(GradebookScore.person_id == elsewhere)).one()
        assert (theirs.state, theirs.due_at) == (SyncState.WAITING, NOW)
    with desk.database.writing() as session:
        assert note_gone(session, f"{ITEMS}/1", NOW + timedelta(days=1)) == 0
    assert desk.row().column_gone_at == NOW


def test_left_alone_it_says_that_there_is_none(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1", column_made_at=NOW)
    score = desk.score()
    with desk.database.writing() as session:
        note_gone(session, f"{ITEMS}/1", NOW)
    with desk.database.writing() as session:
        leave_gone(session, desk.placement)
    with desk.database.reading() as session:
        row = session.get_one(GradebookScore, score)
        assert (row.state, row.cause) == (SyncState.NEEDS_TEACHER, "This link has no column in the gradebook.")
    facts = desk.row()
    assert (facts.lti_line_item_url, facts.column_made_at, facts.column_gone_at) == (None, None, None)


def test_nothing_is_left_that_is_not_gone(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    with desk.database.writing() as session:
        leave_gone(session, desk.placement)
    assert desk.row().lti_line_item_url == f"{ITEMS}/1"


# --- moved ---


@pytest.mark.parametrize("state", [SyncState.SENT, SyncState.CONFIRMED])
def test_scores_of_another_column_move(desk: Desk, state: SyncState) -> None:
    there = desk.score(state=state, due_at=None, accepted_column=f"{ITEMS}/2")
    old = desk.score("Ben Cole", state=state, due_at=None, accepted_column=f"{ITEMS}/1")
    desk.set(lti_line_item_url=f"{ITEMS}/2")
    assert make_moved_due(desk.database, desk.clock) == 1
    assert (desk.state(there), desk.state(old)) == (state, SyncState.WAITING)
    assert make_moved_due(desk.database, desk.clock) == 0


def test_a_conflict_about_a_column_that_is_no_more_is_asked_anew(desk: Desk) -> None:
    """What the teacher would keep stands in the old one; the new one is compared first."""
    score = desk.score(state=SyncState.CONFLICT, due_at=None, accepted_column=f"{ITEMS}/1")
    desk.set(lti_line_item_url=f"{ITEMS}/2")
    assert make_moved_due(desk.database, desk.clock) == 1
    assert desk.state(score) is SyncState.WAITING


@pytest.mark.parametrize("state", [SyncState.LOCKED, SyncState.NOT_DUE, SyncState.GONE])
def test_what_waits_for_a_person_does_not_move(desk: Desk, state: SyncState) -> None:
    desk.score(state=state, due_at=None, accepted_column=f"{ITEMS}/1")
    desk.set(lti_line_item_url=f"{ITEMS}/2")
    assert make_moved_due(desk.database, desk.clock) == 0


def test_nothing_moves_to_a_column_that_is_gone(desk: Desk) -> None:
    desk.score(state=SyncState.SENT, due_at=None, accepted_column=f"{ITEMS}/1")
    desk.score("Ben Cole", state=SyncState.NEEDS_TEACHER, cause="The column is gone from the gradebook.", due_at=None)
    desk.set(lti_line_item_url=f"{ITEMS}/2", column_gone_at=NOW)
    assert make_moved_due(desk.database, desk.clock) == 0
    desk.set(column_gone_at=None)
    assert make_moved_due(desk.database, desk.clock) == 2


def test_what_is_held_back_moves_when_it_is_released(desk: Desk) -> None:
    score = desk.score(state=SyncState.SENT, due_at=None, accepted_column=f"{ITEMS}/1")
    desk.set(lti_line_item_url=f"{ITEMS}/2")
    with desk.database.writing() as session:
        session.get_one(Blog, desk.blog).scores_held_since = NOW
    make_moved_due(desk.database, desk.clock)
    assert desk.state(score) is SyncState.NOT_DUE


def test_the_first_of_several_links_is_found_by_the_dear_look(desk: Desk) -> None:
    """A score stands in the second link's column, and the first has one by now."""
    score = desk.score(state=SyncState.SENT, due_at=None, accepted_column=f"{ITEMS}/2")
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    with desk.database.writing() as session:
        a_link(session, desk.blog, course_of(session, desk.blog), f"{ITEMS}/2")
    assert make_moved_due(desk.database, desk.clock) == 0
    assert make_moved_due(desk.database, desk.clock, all_of_them=True) == 1
    assert desk.state(score) is SyncState.WAITING


@pytest.mark.parametrize("all_of_them", [False, True])
def test_two_courses_that_share_a_blog_keep_their_columns(desk: Desk, all_of_them: bool) -> None:
    """The other course's column is another, and nobody's score moves there."""
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    desk.score(state=SyncState.SENT, due_at=None, accepted_column=f"{ITEMS}/1")
    with desk.database.writing() as session:
        a_link(session, desk.blog, a_course(session), f"{ITEMS}/2")
    assert make_moved_due(desk.database, desk.clock, all_of_them=all_of_them) == 0


# --- returned ---


def left(desk: Desk, score: int, at: datetime | None) -> None:
    with desk.database.writing() as session:
        person = session.get_one(GradebookScore, score).person_id
        session.execute(update(Membership).where(Membership.person_id == person).values(left_at=at))
        # A list that the LMS shares no longer is not gone by.
        session.execute(update(Course).values(lti_memberships_url="https://lms.example.edu/members"))


def test_who_is_listed_again_is_sent_for(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    score = desk.score(state=SyncState.GONE, due_at=None)
    left(desk, score, NOW)
    assert make_returned_due(desk.database, desk.clock) == 0
    left(desk, score, None)
    assert make_returned_due(desk.database, desk.clock) == 1
    assert desk.state(score) is SyncState.WAITING


def test_who_is_listed_elsewhere_as_a_teacher_is_not(desk: Desk) -> None:
    """Or the score would come due and be stopped each minute for ever."""
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    score = desk.score(state=SyncState.GONE, due_at=None)
    left(desk, score, NOW)
    with desk.database.writing() as session:
        other = a_course(session)
        a_link(session, desk.blog, other, f"{ITEMS}/2")
        person = session.get_one(GradebookScore, score).person_id
        session.add(Membership(course_id=other, person_id=person, launched_role=Role.TEACHER, is_test=False))
    assert make_returned_due(desk.database, desk.clock) == 0


# --- told ---


def test_a_silent_lms_is_asked_once_in_a_run(desk: Desk) -> None:
    """Ten seconds each, while everybody's scores wait."""
    desk.set(lti_line_item_url=f"{ITEMS}/1", column_made_at=NOW)
    with desk.database.writing() as session:
        second = a_link(session, desk.blog, course_of(session, desk.blog), f"{ITEMS}/2")
        session.get_one(Placement, second).column_made_at = NOW
        tell_columns(session, desk.blog, NOW)
    desk.lms.problem = LmsUnreachable("The LMS is asleep.")
    assert (desk.tell(), len(desk.lms.changed)) == (0, 1)
    desk.lms.problem = None
    desk.now += LEASE
    assert desk.tell() == 2
    assert {address for address, _, _ in desk.lms.changed} == {f"{ITEMS}/1", f"{ITEMS}/2"}
    assert desk.tell() == 0


def test_what_is_told_anew_meanwhile_is_told_again(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1", column_made_at=NOW, column_asked_until=NOW)

    class Slow(ListOfColumns):
        def change(self, link: Link, address: str, label: str | None, maximum: Decimal) -> bool:
            if not self.changed:
                with desk.database.writing() as session:
                    tell_columns(session, desk.blog, desk.now)
            return super().change(link, address, label, maximum)

    slow = Slow()
    desk.lms = slow
    assert desk.tell() == 2
    assert len(slow.changed) == 2


def test_a_refused_telling_is_over(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1", column_made_at=NOW, column_asked_until=NOW)
    desk.lms.problem = LmsRefused("No.", "Ask.", Mender.ADMINISTRATOR, 403)
    desk.tell()
    desk.now += timedelta(days=1)
    desk.tell()
    assert len(desk.lms.changed) == 1


def test_the_lmss_own_is_told_nothing(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    with desk.database.writing() as session:
        tell_columns(session, desk.blog, NOW)
    assert (desk.tell(), desk.lms.changed) == (0, [])


# --- twins ---


def test_a_course_is_asked_once_for_all_its_links(desk: Desk) -> None:
    desk.set(lti_line_item_url=f"{ITEMS}/1")
    link = desk.row().lti_resource_link_id
    with desk.database.writing() as session:
        second = a_link(session, desk.blog, course_of(session, desk.blog), f"{ITEMS}/2")
        session.get_one(Placement, second).lti_line_items_url = ITEMS
    desk.lms.there = [LmsColumn(f"{ITEMS}/{n}", "x", 10, link if n != 2 else None) for n in (1, 2, 3)]
    check_twins(desk.database, desk.lms)
    assert (desk.row().twin_columns, desk.lms.looks) == ([f"{ITEMS}/3"], 1)
    desk.lms.there = [replace(desk.lms.there[0])]
    check_twins(desk.database, desk.lms)
    assert desk.row().twin_columns == []
