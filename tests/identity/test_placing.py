"""Which blog a link opens, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from lti_tool.identity.copies import CopyUse
from lti_tool.models import Placement
from tests.identity.a_district import TEACHER, District, a_district


def blog_of(district: District, *links: object) -> list[int]:
    return [district.open(link).visitor.blog_id for link in links]  # type: ignore[arg-type]


def test_a_link_opens_the_same_blog_each_time_and_another_link_another(district: District) -> None:
    course = district.course()
    one, two = district.link(course), district.link(course)
    first, second, again = blog_of(district, one, two, one)
    assert first == again != second


def test_the_same_link_id_in_another_course_is_another_link(district: District) -> None:
    link = district.link(district.course())
    first, second = blog_of(district, link, replace(link, course=district.course()))
    assert first != second


def test_of_many_first_launches_at_one_instant_one_makes_the_blog(district: District) -> None:
    link = district.lay_out(district.course())
    with ThreadPoolExecutor(8) as pool:
        blogs = set(pool.map(lambda number: district.open(link, f"student {number}").visitor.blog_id, range(8)))
    assert len(blogs) == 1
    assert len(district.placed()) == 1


def test_of_many_first_launches_of_a_copy_one_makes_it(district: District) -> None:
    original = district.lay_out(district.course())
    district.write(original, "Of the old course.")
    copy = district.copy_of(original, district.course(original.course))
    with ThreadPoolExecutor(8) as pool:
        blogs = set(pool.map(lambda number: district.open(copy, f"student {number}").visitor.blog_id, range(8)))
    assert len(blogs) == 1
    assert district.blog(blogs.pop()).last_post_number == 0


def test_a_launch_brings_title_column_and_scopes_up_to_date(district: District) -> None:
    link = district.link(district.course(), "Before")
    visitor = district.open(link).visitor
    district.open(replace(link, title="After", column="https://lms.example.edu/columns/9"))
    assert district.blog(visitor.blog_id).title == "After"
    with district.database.reading() as session:
        placement = session.get_one(Placement, visitor.placement_id)
        assert placement.lti_line_item_url == "https://lms.example.edu/columns/9"


def test_a_second_link_to_a_conversation_names_it_not(district: District) -> None:
    first = district.link(district.course(), "The name")
    blog_id = district.open(first).visitor.blog_id
    second = replace(district.take(first.course, blog_id, same=True), title="Another name")
    for link in (second, first, second):
        assert district.open(link).visitor.blog_id == blog_id
        assert district.blog(blog_id).title == "The name"
    district.open(replace(first, title="Renamed"))
    assert district.blog(blog_id).title == "Renamed"


def test_what_was_laid_out_is_what_opens(district: District) -> None:
    link = district.lay_out(district.course(), prompt="Who ruled?", maximum="50")
    made = district.blog(district.open(link).visitor.blog_id)
    assert (made.prompt, made.copied_from_id, made.content_key) == ("Who ruled?", None, link.content_key)
    assert made.rule is not None
    assert made.rule["maximum"] == "50"


def test_the_plan_of_another_deployment_is_nobodys_here(district: District) -> None:
    link = district.lay_out(district.course(), prompt="Theirs.")
    other = a_district(district.database, district.platform_id)
    here = replace(link, course=other.course())
    assert other.blog(other.open(here).visitor.blog_id).prompt == ""


@pytest.mark.parametrize("copy_first", [False, True])
def test_an_original_and_its_copy_are_two_whichever_is_opened_first(district: District, copy_first: bool) -> None:
    original = district.lay_out(district.course(), prompt="Kept.")
    copy = district.copy_of(original, district.course(original.course))
    first, second = blog_of(district, *((copy, original) if copy_first else (original, copy)))
    assert first != second
    assert {district.blog(blog_id).prompt for blog_id in (first, second)} == {"Kept."}
    assert district.blog(first).copied_from_id is None
    assert district.blog(second).copied_from_id == (None if copy_first else first)


def test_a_twin_that_is_opened_before_the_original_was(district: District) -> None:
    """In its own course the first to be opened counts as the original: nobody can tell them apart."""
    original = district.lay_out(district.course())
    twin = district.copy_of(original, original.course)
    first, second = blog_of(district, twin, original)
    assert district.blog(second).copied_from_id == first


def test_of_several_with_one_id_the_nearest_in_history_counts(district: District) -> None:
    original = district.lay_out(district.course())
    second = district.copy_of(original, district.course(original.course))
    third = district.copy_of(second, district.course(second.course))
    sibling = district.copy_of(original, district.course(original.course))
    blogs = blog_of(district, original, sibling, second, third)
    assert district.blog(blogs[3]).copied_from_id == blogs[2]
    assert district.blog(blogs[1]).copied_from_id == blogs[0]
    unknown = replace(district.copy_of(original, district.course()), course_history=("never", "seen"))
    assert district.blog(district.open(unknown).visitor.blog_id).copied_from_id == blogs[0]


def test_a_namesake_counts_in_the_nearest_course_that_has_one(district: District) -> None:
    oldest = district.link(district.course(), "Same title")
    older = district.link(district.course(oldest.course), "Other title")
    old = blog_of(district, oldest, older)
    new_course = district.course(older.course)
    found = district.blog(district.open(district.link(new_course, "Same title")).visitor.blog_id)
    assert found.copied_from_id == old[0]
    twin = district.copy_of(oldest, oldest.course)
    district.open(twin)
    torn = district.blog(district.open(district.link(district.course(oldest.course), "Same title")).visitor.blog_id)
    assert torn.copied_from_id is None


def test_a_link_with_an_id_of_ours_has_no_namesakes(district: District) -> None:
    old = district.link(district.course(), "Same title")
    district.open(old)
    new = district.link(district.course(old.course), "Same title", content_key="an-id-that-nobody-knows")
    assert district.blog(district.open(new).visitor.blog_id).copied_from_id is None


def test_the_newest_known_link_of_a_history_counts(district: District) -> None:
    course = district.course()
    one, two = district.link(course, "One"), district.link(course, "Two")
    blogs = blog_of(district, one, two)
    new = replace(district.link(district.course()), link_history=("never", two.key, one.key))
    assert district.blog(district.open(new).visitor.blog_id).copied_from_id == blogs[1]


def test_a_history_of_another_deployment_is_none(district: District) -> None:
    old = district.link(district.course(), "Same title", content_key="one-id")
    district.open(old)
    other = a_district(district.database, district.platform_id)
    course = other.course()
    for link in (
        replace(other.link(course, "Same title"), link_history=(old.key,), course_history=(old.course,)),
        replace(other.link(course, "Same title", "one-id"), course_history=(old.course,)),
    ):
        assert other.blog(other.open(link).visitor.blog_id).copied_from_id is None


def test_two_links_to_one_conversation_are_copied_as_two_to_one(district: District) -> None:
    first = district.lay_out(district.course())
    second = district.take(first.course, district.open(first).visitor.blog_id, same=True)
    for course in (district.course(first.course), district.course(district.course(first.course))):
        one, two, another = blog_of(district, *(district.copy_of(link, course) for link in (first, second, second)))
        assert one == two == another


def test_a_second_link_to_a_blog_made_by_hand_is_copied_so_too(district: District) -> None:
    first = district.link(district.course(), "By hand")
    second = district.take(first.course, district.open(first).visitor.blog_id, same=True)
    course = district.course(first.course)
    one, two = blog_of(district, district.copy_of(first, course), district.copy_of(second, course))
    assert one == two


def test_a_copy_knows_what_its_teacher_chose(district: District) -> None:
    original = district.lay_out(district.course())
    old = district.open(original, TEACHER).visitor
    copy = district.copy_of(original, district.course(original.course))
    new = district.open(copy, TEACHER)
    assert new.copy_to_settle
    district.settle(new.visitor, CopyUse.SAME_CONVERSATION)
    after = district.open(copy, TEACHER)
    assert (after.visitor.blog_id, after.copy_to_settle) == (old.blog_id, False)
    with district.database.reading() as session:
        links = session.scalars(select(Placement.blog_id).where(Placement.course_id == new.visitor.course_id)).all()
    assert links == [old.blog_id]
