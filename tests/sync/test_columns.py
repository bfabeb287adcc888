"""One column for each link: made when the teacher wants one, found before it is made, and none in silence."""

import json
import threading
from datetime import timedelta

import pytest
import requests
from sqlalchemy import select

from lti_tool.gradebook.columns import LEASE
from lti_tool.models import GradebookScore, Outcome, SendAttempt, SyncState
from tests.stage import Stage
from tests.sync.columns import AGS, ClassWithColumns


@pytest.fixture
def bare(paired_stage: Stage) -> ClassWithColumns:
    """An activity without a column."""
    return ClassWithColumns(paired_stage, with_column=False)


@pytest.fixture
def graded(paired_stage: Stage) -> ClassWithColumns:
    """An activity with the column that the LMS made for it."""
    return ClassWithColumns(paired_stage, with_column=True)


# --- made on request ---


def test_none_is_made_unasked(bare: ClassWithColumns) -> None:
    bare.score("tom", "7.5")
    bare.night()
    bare.opens("tom")
    bare.round()
    assert (bare.columns(), bare.item_calls("POST")) == ([], [])
    assert bare.line().state is SyncState.NEEDS_TEACHER
    assert "no column" in bare.line().cause
    assert "Make a column" in bare.page()


def test_one_is_made_when_the_teacher_wants_it(bare: ClassWithColumns) -> None:
    bare.score("tom", "7.5")
    column = bare.made()
    assert (column.label, column.maximum) == ("Class blog: The Thaw", 10)
    assert (column.tag, column.resource_id) == ("participation", bare.content_key())
    assert column.link_activity_id == (1 if bare.stage.accent == "moodle" else None)
    assert column.in_gradebook
    bare.round()
    assert (bare.line().state, bare.shown_in(column.id)) == (SyncState.CONFIRMED, 7.5)
    assert "Make a column" not in bare.page()


def test_what_is_made_says_whose_link_it_is_only_where_that_is_taken(bare: ClassWithColumns) -> None:
    """Canvas refuses the id of a link that is no assignment, and gives an assignment's second item no column."""
    bare.made()
    (call,) = bare.item_calls("POST")
    sent = {"scoreMaximum", "label", "resourceId", "tag"}
    assert set(json.loads(call.body)) == (sent | {"resourceLinkId"} if bare.stage.accent == "moodle" else sent)


def test_the_button_makes_no_second_one(bare: ClassWithColumns) -> None:
    bare.made()
    again = bare.press("make")
    assert (again.status_code, "has a column in the gradebook already" in again.text) == (422, True)
    assert len(bare.columns()) == 1


def test_a_launch_that_names_none_keeps_it(bare: ClassWithColumns) -> None:
    """Moodle names a column that a tool made with an empty text, Canvas not at all."""
    column = bare.made()
    bare.opens("irena")
    bare.score("tom", "7.5")
    assert bare.shown_in(column.id) == 7.5
    assert bare.placement().column_made_at is not None


def test_assistants_and_students_press_nothing(bare: ClassWithColumns) -> None:
    helper = "sam" if bare.stage.accent == "canvas" else None
    bare.score("tom", "7.5")
    for person in filter(None, (helper, "tom")):
        browser = bare.opens(person)
        for button in ("make", "leave", "merge", "maximum"):
            assert bare.press(button, browser).status_code == 403
    assert (bare.columns(), bare.item_calls("POST")) == ([], [])
    if helper:
        page = bare.opens(helper).get("gradebook").text
        assert "no column" in page
        assert "gradebook/column" not in page


def test_without_the_right_none_is_offered(bare: ClassWithColumns) -> None:
    """A registration from before the right was asked for."""
    claim = bare.claim(AGS)
    claim["scope"] = [scope for scope in claim["scope"] if not scope.endswith("/lineitem")]
    bare.teacher = bare.opens("irena", **{AGS: claim})
    page = bare.page()
    assert "no column" in page
    assert "Make a column" not in page
    answer = bare.press("make")
    assert "does not let the blog make or change columns" in answer.text
    assert (answer.status_code, bare.columns()) == (400, [])


def test_a_refusal_leaves_the_button(bare: ClassWithColumns) -> None:
    """The LMS says no: nobody has to wait before they try again."""
    if bare.stage.accent == "canvas":
        bare.school.faults.set("course_concluded", 1)
        assert "has concluded" in bare.press("make").text
    else:
        bare.school.faults.set("unauthorized_once", 2, path="lineitems")
        assert "does not let the blog" in bare.press("make").text
    assert bare.columns() == []
    bare.made()


# --- found before it is made ---


def test_a_column_of_the_link_is_taken(bare: ClassWithColumns) -> None:
    there = bare.put(link_activity_id=1)
    assert bare.done("make") == "column-found"
    assert bare.only().id == there.id
    assert bare.placement().column_made_at is None
    bare.score("tom", "7.5")
    assert bare.shown_in(there.id) == 7.5


def test_our_own_from_before_is_taken(bare: ClassWithColumns) -> None:
    there = bare.put(tag="participation", resource_id=bare.content_key())
    assert bare.done("make") == "column-found"
    assert bare.only().id == there.id
    assert bare.placement().column_made_at is not None


def test_no_other_one_is_taken(bare: ClassWithColumns) -> None:
    """Another link's, another content's, and one that only bears our tag."""
    others = [
        bare.put(link_activity_id=2, tag="participation", resource_id=bare.content_key()).id,
        bare.put(tag="participation", resource_id="blog-of-somebody").id,
        bare.put(tag="participation").id,
        bare.put(resource_id=bare.content_key()).id,
    ]
    assert bare.done("make") == "column-made"
    assert [one.id for one in bare.columns() if one.id not in others] == [bare.columns()[-1].id]
    assert bare.placement().twin_columns == []


def test_two_that_press_at_once_make_one(bare: ClassWithColumns) -> None:
    browsers = [bare.opens("irena") for _ in range(3)]
    bare.school.calls.clear()
    bare.school.faults.set("slow", seconds=0.3)
    start, answers = threading.Barrier(3), list[requests.Response]()

    def press(number: int) -> None:
        start.wait()
        answers.append(bare.press("make", browsers[number]))

    threads = [threading.Thread(target=press, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [303, 422, 422]
    assert len(bare.columns()) == len(bare.item_calls("POST")) == 1


@pytest.mark.parametrize("close", [False, True])
def test_a_lost_answer_makes_no_second_one(bare: ClassWithColumns, close: bool) -> None:
    bare.school.faults.set("reply_lost", 1, close=close)
    lost = bare.press("make")
    assert (lost.status_code, "not known whether the column was made" in lost.text) == (422, True)
    assert "being made" in bare.press("make").text
    assert "The column is being made" in bare.page()
    assert "Make a column" not in bare.page()
    bare.stage.clock.ahead += LEASE + timedelta(seconds=1)
    assert bare.done("make") == "column-found"
    assert len(bare.columns()) == len(bare.item_calls("POST")) == 1
    bare.score("tom", "7.5")
    assert bare.shown_in(bare.only().id) == 7.5


# --- gone ---


def gone(lesson: ClassWithColumns) -> None:
    """Tom's score stands in a column, which somebody deletes; the next score notices it."""
    lesson.score("tom", "7.5")
    lesson.delete(lesson.only().id)
    lesson.score("tom", "8")


def test_sending_notices_a_deleted_column(graded: ClassWithColumns) -> None:
    gone(graded)
    assert (graded.line().state, graded.columns()) == (SyncState.NEEDS_TEACHER, [])
    assert "gone" in graded.line().cause
    page = graded.page()
    assert "The column is gone" in page
    assert "Make the column again" in page
    assert "Do without a column" in page


def test_all_that_was_on_its_way_stops_at_once(graded: ClassWithColumns) -> None:
    """One question to the teacher, not a refusal for each student."""
    graded.delete(graded.only().id)
    for person in ("priya", "hannah"):
        graded.score(person, "6")
    calls = len(graded.school.calls)
    graded.score("tom", "7.5")
    assert {graded.line(one).state for one in ("tom", "priya", "hannah")} == {SyncState.NEEDS_TEACHER}
    assert len(graded.school.calls) == calls


def test_the_nightly_check_notices_it_too(graded: ClassWithColumns) -> None:
    graded.score("tom", "7.5")
    graded.delete(graded.only().id)
    graded.night()
    assert "The column is gone" in graded.page()
    assert graded.columns() == []


def test_a_deleted_one_is_never_made_again_by_itself(bare: ClassWithColumns) -> None:
    bare.made()
    gone(bare)
    bare.night()
    bare.opens("irena")
    bare.stage.clock.ahead += timedelta(hours=7)
    bare.teacher.post("gradebook/try-again")
    bare.score("priya", "6")
    bare.out_of(20)
    bare.renamed("Another title")
    bare.round()
    assert bare.columns() == []
    assert bare.line("priya").state is SyncState.NEEDS_TEACHER


def test_made_again_it_takes_all_scores(graded: ClassWithColumns) -> None:
    """Those too that the old one had confirmed, and those of nobody's conflict."""
    graded.score("priya", "6")
    gone(graded)
    assert graded.done("make") == "column-made"
    graded.round()
    column = graded.only()
    assert column.made_by_tool
    assert (graded.shown_in(column.id), graded.shown_in(column.id, "priya")) == (8, 6)
    assert {graded.line(one).state for one in ("tom", "priya")} == {SyncState.CONFIRMED}
    assert "is gone" not in graded.page()


def test_left_it_is_asked_about_no_more(graded: ClassWithColumns) -> None:
    gone(graded)
    assert graded.done("leave") == "column-left"
    graded.night()
    graded.round()
    page = graded.page()
    assert "The column is gone" not in page
    assert "This link has no column" in page
    assert graded.line().state is SyncState.NEEDS_TEACHER
    assert graded.columns() == []
    graded.made()
    graded.round()
    assert graded.shown_in(graded.only().id) == 8


def test_a_launch_that_names_a_column_settles_it(graded: ClassWithColumns) -> None:
    gone(graded)
    column = graded.make_graded()
    graded.opens("tom")
    graded.round()
    assert (graded.shown_in(column.id), graded.line().state) == (8, SyncState.CONFIRMED)
    assert "The column is gone" not in graded.page()


def test_a_deletion_taken_back_settles_it_by_night(graded: ClassWithColumns) -> None:
    graded.score("tom", "7.5")
    rows = graded.delete_for_now(graded.only().id)
    graded.score("tom", "8")
    assert graded.line().state is SyncState.NEEDS_TEACHER
    graded.take_back(rows)
    graded.night()
    graded.round()
    assert "The column is gone" not in graded.page()
    assert (graded.line().state, graded.shown_in(graded.only().id)) == (SyncState.CONFIRMED, 8)


# --- another column ---


def test_scores_move_to_the_column_that_a_launch_names(bare: ClassWithColumns) -> None:
    """Our own from before becomes a further one, which the teacher may have deleted."""
    ours = bare.made()
    bare.score("tom", "7.5")
    bare.score("priya", "6")
    named = bare.make_graded()
    named_in_launch(bare, named.id)
    bare.round()
    assert (bare.shown_in(named.id), bare.shown_in(named.id, "priya")) == (7.5, 6)
    assert {bare.line(one).state for one in ("tom", "priya")} == {SyncState.CONFIRMED}
    assert len(bare.placement().twin_columns) == 1
    assert "2 columns for this link" in bare.page()
    assert bare.done("merge", keep="this") == "columns-merged"
    assert [one.id for one in bare.columns()] == [named.id]
    assert ours.id != named.id


def test_what_moved_is_sent_once(graded: ClassWithColumns) -> None:
    graded.score("tom", "7.5")
    graded.delete(graded.only().id)
    graded.make_graded()
    graded.opens("tom")
    graded.sent()
    graded.round()
    graded.round()
    assert graded.sent() == 1


def named_in_launch(lesson: ClassWithColumns, column_id: int) -> None:
    """Open the blog by a launch that names this column."""
    known = lesson.placement().lti_line_item_url
    assert known is not None
    number = known.partition("?")[0].removesuffix("/lineitem").rpartition("/")[2]
    named = f"/{column_id}".join(known.rsplit(f"/{number}", 1))
    lesson.opens("irena", **{AGS: lesson.claim(AGS) | {"lineitem": named}})


# --- twins ---


def with_twin(lesson: ClassWithColumns) -> tuple[int, int]:
    """The blog's own column with Tom's score, and the LMS's beside it, which the night finds."""
    ours = lesson.made()
    lesson.score("tom", "7.5")
    theirs = lesson.make_graded()
    lesson.night()
    assert "The LMS has 2 columns for this link" in lesson.page()
    return ours.id, theirs.id


def test_further_columns_are_noticed_by_night(bare: ClassWithColumns) -> None:
    with_twin(bare)
    assert len(bare.columns()) == 2


def test_changing_to_the_other_moves_the_scores_and_deletes_ours(bare: ClassWithColumns) -> None:
    _, theirs = with_twin(bare)
    assert bare.done("merge", keep="other") == "columns-merged"
    bare.round()
    assert bare.only().id == theirs
    assert (bare.shown_in(theirs), bare.line().state) == (7.5, SyncState.CONFIRMED)
    assert bare.placement().column_made_at is None


def test_one_that_the_blog_did_not_make_is_not_deleted(bare: ClassWithColumns) -> None:
    ours, theirs = with_twin(bare)
    kept = bare.press("merge", keep="this")
    assert (kept.status_code, "was not made by the blog" in kept.text) == (422, True)
    assert [one.id for one in bare.columns()] == [ours, theirs]
    assert bare.placement().twin_columns != []


def test_one_with_a_score_of_a_persons_own_is_not_deleted(bare: ClassWithColumns) -> None:
    ours, theirs = with_twin(bare)
    bare.types_in(ours, "priya", 4)
    if bare.stage.accent == "canvas":  # whose results show it only where the tool has sent something
        bare.types_in(ours, "tom", 4)
    changed = bare.press("merge", keep="other")
    assert (changed.status_code, "holds a score that the blog did not send" in changed.text) == (422, True)
    bare.round()
    assert {one.id for one in bare.columns()} == {ours, theirs}
    assert bare.shown_in(theirs) == 7.5


def test_back_to_the_first_is_no_conflict(bare: ClassWithColumns) -> None:
    """What the blog sent to a column before the scores moved is its own."""
    ours, theirs = with_twin(bare)
    bare.types_in(ours, "tom", 4)
    bare.press("merge", keep="other")
    bare.types_in(ours, "tom", 7.5)
    bare.round()
    bare.press("merge", keep="other")
    bare.round()
    assert (bare.line().state, bare.shown_in(ours)) == (SyncState.CONFIRMED, 7.5)
    assert {one.id for one in bare.columns()} == {ours, theirs}


def test_nothing_is_merged_while_scores_are_held_back(bare: ClassWithColumns) -> None:
    with_twin(bare)
    bare.teacher.post("gradebook/hold")
    held = bare.press("merge", keep="other")
    assert (held.status_code, "held back" in held.text) == (422, True)
    assert len(bare.columns()) == 2


def test_a_twin_that_somebody_deleted_is_forgotten(bare: ClassWithColumns) -> None:
    ours, theirs = with_twin(bare)
    bare.delete(theirs)
    bare.night()
    assert "columns for this link" not in bare.page()
    assert bare.only().id == ours


def test_another_link_to_the_same_blog_has_its_own(graded: ClassWithColumns) -> None:
    """A second activity's column is no further one of the first's."""
    graded.stage.launched("irena", 2)
    graded.night()
    assert "columns for this link" not in graded.page()


# --- title and maximum ---


def test_title_and_maximum_reach_a_column_that_the_blog_made(bare: ClassWithColumns) -> None:
    """As a whole item: what is left out Moodle clears. The scores are no conflict afterwards."""
    bare.score("tom", "7.5")
    before = bare.made()
    bare.score("priya", "6")
    bare.renamed("The Thaw and after")
    bare.round()
    assert bare.only().label == "The Thaw and after"
    bare.out_of(20)
    bare.round()
    bare.round()
    after = bare.only()
    on_moodle = bare.stage.accent == "moodle"  # there another maximum would give 0 to whoever has no grade
    assert (after.label, after.maximum) == ("The Thaw and after", 10 if on_moodle else 20)
    assert (after.tag, after.resource_id, after.link_activity_id) == (
        before.tag, before.resource_id, before.link_activity_id,
    )  # fmt: skip
    kept = {"id", "label", "scoreMaximum", "resourceId", "tag"}
    linked = {"resourceLinkId", "ltiLinkId"} if bare.stage.accent == "moodle" else set()
    assert set(bare.last_put()) == kept | linked
    bare.stage.clock.ahead += timedelta(minutes=1)
    bare.round()
    bare.night()
    assert {bare.line(one).state for one in ("tom", "priya")} == {SyncState.CONFIRMED}
    assert (bare.shown_in(after.id), bare.shown_in(after.id, "priya")) == ((3.75, 3) if on_moodle else (7.5, 6))
    assert bare.shown_in(after.id, "hannah") is None


def test_it_is_told_once(bare: ClassWithColumns) -> None:
    bare.made()
    bare.renamed("The Thaw and after")
    bare.round()
    bare.round()
    bare.night()
    assert len(bare.item_calls("PUT")) == 1


def test_what_fails_is_told_again_in_a_minute(bare: ClassWithColumns) -> None:
    bare.made()
    bare.school.faults.set("server_error", 1)
    bare.renamed("The Thaw and after")
    bare.round()
    bare.round()
    assert bare.only().label == "Class blog: The Thaw"
    bare.stage.clock.ahead += LEASE
    bare.round()
    assert bare.only().label == "The Thaw and after"


def test_the_lmss_own_column_is_changed_only_at_the_teachers_word(graded: ClassWithColumns) -> None:
    graded.score("tom", "7.5")
    graded.renamed("The Thaw and after")
    graded.out_of(20)
    graded.round()
    own = graded.only()
    assert (own.label, own.maximum, graded.item_calls("PUT")) == ("Class blog: The Thaw", 10, [])
    assert graded.done("maximum") == "maximum-set"
    changed = graded.only()
    assert (changed.label, changed.maximum, changed.link_activity_id) == ("Class blog: The Thaw", 20, 1)
    assert graded.done("maximum") == "maximum-same"
    graded.round()
    graded.stage.clock.ahead += timedelta(minutes=1)
    graded.round()
    graded.night()
    assert graded.line().state is SyncState.CONFIRMED


def test_a_deleted_column_is_noticed_by_telling_it(bare: ClassWithColumns) -> None:
    bare.delete(bare.made().id)
    bare.renamed("The Thaw and after")
    bare.round()
    assert "The column is gone" in bare.page()
    assert bare.columns() == []


def test_a_deleted_column_is_noticed_by_the_button(graded: ClassWithColumns) -> None:
    graded.delete(graded.only().id)
    assert "The column is gone" in graded.press("maximum").text
    assert "The column is gone" in graded.page()


# --- people who are gone ---


@pytest.mark.parametrize("back_by", ["tom", "irena"])
def test_who_is_listed_again_gets_their_score(graded: ClassWithColumns, back_by: str) -> None:
    graded.score("tom", "7.5")
    graded.school.unenrol("tom")
    graded.stage.clock.ahead += timedelta(minutes=10)
    graded.stage.clockwork.read_rosters()
    graded.sent()
    graded.score("tom", "8")
    assert (graded.line().state, graded.sent()) == (SyncState.GONE, 0)
    graded.round()
    assert (graded.line().state, graded.sent()) == (SyncState.GONE, 0)
    graded.school.reenrol("tom")
    graded.opens(back_by)
    graded.stage.clock.ahead += timedelta(minutes=10)
    graded.stage.clockwork.read_rosters()
    graded.round()
    graded.round()
    assert (graded.line().state, graded.shown_in(graded.only().id)) == (SyncState.CONFIRMED, 8)


def test_what_is_held_back_is_not_sent_to_who_comes_back(graded: ClassWithColumns) -> None:
    graded.school.unenrol("tom")
    graded.stage.clock.ahead += timedelta(minutes=10)
    graded.stage.clockwork.read_rosters()
    graded.score("tom", "8")
    assert graded.line().state is SyncState.GONE
    graded.teacher.post("gradebook/hold")
    graded.school.reenrol("tom")
    graded.opens("tom")
    graded.stage.clock.ahead += timedelta(minutes=10)
    graded.stage.clockwork.read_rosters()
    graded.round()
    graded.round()
    assert (graded.line().state, graded.sent()) == (SyncState.NOT_DUE, 0)


def test_whose_grades_the_lms_dropped_with_them_is_no_conflict_when_back(graded: ClassWithColumns) -> None:
    """Moodle drops the grades of whom it unenrols: the empty cell is nobody's doing."""
    graded.score("tom", "7.5")
    graded.school.unenrol("tom")
    graded.stage.clock.ahead += timedelta(minutes=10)
    graded.stage.clockwork.read_rosters()
    graded.score("tom", "8")
    assert graded.line().state is SyncState.GONE
    with graded.school.store.writing() as db:
        db.execute("DELETE FROM grades WHERE person_key = 'tom'")
    graded.school.reenrol("tom")
    graded.opens("irena")
    graded.stage.clock.ahead += timedelta(minutes=10)
    graded.stage.clockwork.read_rosters()
    graded.round()
    graded.round()
    assert (graded.line().state, graded.shown_in(graded.only().id)) == (SyncState.CONFIRMED, 8)


def test_a_score_under_way_to_a_column_that_is_gone_is_written_down(graded: ClassWithColumns) -> None:
    gone(graded)
    with graded.stage.tool.database.reading() as session:
        last = session.scalars(select(SendAttempt).order_by(SendAttempt.id.desc())).first()
        row = session.scalars(select(GradebookScore)).one()
    assert last is not None
    assert (last.outcome, row.leased_until, row.due_at) == (Outcome.REFUSED, None, None)
