"""What a teacher makes of a copied link, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from lti_tool.database import Database
from lti_tool.errors import NotAllowed, Rejected
from lti_tool.gradebook.outbox import Score, want_score
from lti_tool.identity.arrival import Visitor
from lti_tool.identity.copies import CopyQuestion, CopyUse, copy_question, settle_copy
from lti_tool.models import Correction, GradebookScore, Membership, PlannedBlog, Role
from tests.a_school import NOW
from tests.identity.a_district import TEACHER, District, Link


@dataclass(frozen=True)
class Copied:
    """A blog that a student wrote in, and its copy in the next course, both opened by their teacher."""

    original: Link
    copy: Link
    old: Visitor
    new: Visitor


@pytest.fixture
def copied(district: District) -> Copied:
    original = district.lay_out(district.course(), prompt="Kept.")
    old = district.open(original, TEACHER).visitor
    district.write(original, "Of the old course.")
    copy = district.copy_of(original, district.course(original.course))
    return Copied(original, copy, old, district.open(copy, TEACHER).visitor)


def question(district: District, visitor: Visitor) -> CopyQuestion | None:
    with district.database.reading() as session:
        return copy_question(session, visitor)


def test_the_question_says_what_a_teacher_must_know(district: District, copied: Copied) -> None:
    asked = question(district, copied.new)
    assert asked == CopyQuestion("Week 3", "Week 3", copied.original.course, False, "Kept.", True, False)
    assert question(district, copied.old) is None


@pytest.mark.parametrize("use", CopyUse)
def test_a_choice_is_made_once(district: District, copied: Copied, use: CopyUse) -> None:
    district.settle(copied.new, use)
    assert not district.open(copied.copy, TEACHER).copy_to_settle
    for again in CopyUse:
        with pytest.raises(Rejected, match="decided already"):
            district.settle(copied.new, again)
        with pytest.raises(Rejected, match="decided already"):
            district.settle(district.open(copied.copy, TEACHER).visitor, again)


def waits_for_a_lock(database: Database) -> bool:
    """Whether some transaction waits for another; on SQLite the second waits before it begins, which cannot be seen."""
    if database.is_sqlite:
        return True
    with database.reading() as session:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(session.scalar(text(waiting)))


@pytest.mark.parametrize("first", CopyUse)
@pytest.mark.parametrize("second", CopyUse)
def test_of_two_tabs_at_one_instant_the_first_decides(
    district: District, copied: Copied, first: CopyUse, second: CopyUse
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with district.database.writing() as session:
            settle_copy(session, copied.new, first, NOW)
            session.flush()
            other_tab = pool.submit(district.settle, copied.new, second)
            while not waits_for_a_lock(district.database) and not other_tab.done():
                pass
        with pytest.raises(Rejected, match="decided already"):
            other_tab.result(timeout=30)
    shared = district.open(copied.copy).visitor.blog_id == copied.old.blog_id
    assert shared == (first is CopyUse.SAME_CONVERSATION)


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.STUDENT, Role.OBSERVER])
def test_only_a_teacher_decides(district: District, copied: Copied, role: Role) -> None:
    for use in CopyUse:
        with pytest.raises(NotAllowed):
            district.settle(replace(copied.new, role=role), use)
    assert question(district, copied.new) is not None


@pytest.mark.parametrize("there", [None, Role.ASSISTANT, Role.STUDENT, Role.OBSERVER])
def test_the_old_conversation_needs_a_teacher_of_it(district: District, copied: Copied, there: Role | None) -> None:
    if there is not None:
        district.open(copied.original, "somebody", there)
    somebody = district.open(copied.copy, "somebody", Role.TEACHER).visitor
    asked = question(district, somebody)
    assert asked is not None
    assert not asked.may_share
    with pytest.raises(NotAllowed):
        district.settle(somebody, CopyUse.SAME_CONVERSATION)


def test_who_was_taken_off_the_old_courses_list_teaches_it_no_more(district: District, copied: Copied) -> None:
    with district.database.writing() as session:
        place = session.scalars(
            select(Membership).where(
                Membership.course_id == copied.old.course_id, Membership.person_id == copied.old.person_id
            )
        ).one()
        place.left_at = NOW
    with pytest.raises(NotAllowed):
        district.settle(copied.new, CopyUse.SAME_CONVERSATION)


def test_what_is_written_meanwhile_makes_it_a_new_term(district: District, copied: Copied) -> None:
    district.write(copied.copy, "Begun at once.")
    for use in (CopyUse.SAME_CONVERSATION, CopyUse.BLANK):
        with pytest.raises(Rejected, match="written here already"):
            district.settle(copied.new, use)
    district.settle(copied.new, CopyUse.NEW_TERM)
    assert district.blog(copied.new.blog_id).last_post_number == 1


def test_blank_has_no_prompt_and_the_usual_rule(district: District, copied: Copied) -> None:
    district.settle(copied.new, CopyUse.BLANK)
    made = district.blog(copied.new.blog_id)
    assert (made.prompt, made.prompt_html, made.rule) == ("", "", None)
    assert district.blog(copied.old.blog_id).prompt == "Kept."


def test_sharing_leaves_nothing_of_the_copy_behind(district: District, copied: Copied) -> None:
    student = district.open(copied.copy).visitor
    with district.database.writing() as session:
        want_score(session, copied.new.blog_id, student.person_id, Score(Decimal(5), Decimal(10), "Yours"), NOW)
        session.add(
            Correction(
                blog_id=copied.new.blog_id,
                person_id=student.person_id,
                grader_id=copied.new.person_id,
                points=Decimal(5),
                corrected_at=NOW,
            )
        )
    taken = district.take(copied.copy.course, copied.new.blog_id, same=True)
    grandchild = district.copy_of(copied.copy, district.course(copied.copy.course))
    later = district.open(grandchild, TEACHER).visitor
    district.settle(copied.new, CopyUse.SAME_CONVERSATION)
    with district.database.reading() as session:
        for kind in (GradebookScore, Correction, PlannedBlog):
            column = kind.same_as_id if kind is PlannedBlog else kind.blog_id
            assert session.scalar(select(func.count()).where(column == copied.new.blog_id)) == 0
    assert district.blog(later.blog_id).copied_from_id == copied.old.blog_id
    assert district.open(taken).visitor.blog_id == copied.old.blog_id


def test_to_share_a_copy_decides_what_it_is(district: District, copied: Copied) -> None:
    grandchild = district.copy_of(copied.copy, district.course(copied.copy.course))
    later = district.open(grandchild, TEACHER).visitor
    district.settle(later, CopyUse.SAME_CONVERSATION)
    assert question(district, copied.new) is None
    with pytest.raises(Rejected):
        district.settle(copied.new, CopyUse.SAME_CONVERSATION)
    assert grandchild.course not in {course for course, *_ in district.texts()}
