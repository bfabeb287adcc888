"""What somebody may not see is in no count, no layout, no name and no message either."""

from datetime import timedelta

import pytest

from lti_tool.blog.catching_up import news_of
from lti_tool.blog.comments import Draft, add_comment, delete_comment, edit_comment, own_comment, standing_comment
from lti_tool.blog.mentions import MOST_CALLED, mentioned, note_mentions
from lti_tool.blog.moderation import deleted_texts, hide, versions
from lti_tool.blog.post_index import Which, post_list
from lti_tool.blog.reading import Order, thread_page
from lti_tool.blog.search import search
from lti_tool.blog.sight import pseudonym
from lti_tool.blog.unread import mark_all_read, mark_read, ranges_read, unread
from lti_tool.errors import NotFound
from lti_tool.mailing.news import news_for
from lti_tool.models import Blog, BlogShape, Person, Post
from lti_tool.participation.duties import duties_of, waiting_answers
from tests.a_school import NOW, a_comment, a_post
from tests.blog.test_sight import Class, school

__all__ = ["school"]


def staffs_post(school: Class) -> Post:
    post = school.session.get_one(Post, a_post(school.session, school.blog_id, school.teacher, title="By staff"))
    a_comment(school.session, post.id, school.ben, body="Ben's whole argument")
    school.session.refresh(post)
    return post


def apart(school: Class) -> None:
    school.group("Red", school.anna, school.cleo)
    school.group("Blue", school.ben)
    school.choose(groups_apart=True)


def test_who_owes_a_post_reads_no_peer_under_a_post_by_staff(school: Class) -> None:
    post = staffs_post(school)
    school.choose(write_first=True)
    sight = school.sight(school.cleo)
    assert thread_page(school.session, post, sight).numbers() == []
    assert search(school.session, sight, "argument") == ()
    assert {line.number: line.live_comments for line in post_list(school.session, sight).posts} == {post.number: 0}


def test_counts_are_of_what_is_seen(school: Class) -> None:
    post = staffs_post(school)
    apart(school)
    sight = school.sight(school.cleo)
    lines = {line.number: line.live_comments for line in post_list(school.session, sight).posts}
    assert lines == {1: 1, post.number: 0}
    unanswered = [line.number for line in post_list(school.session, sight, Which.UNANSWERED).posts]
    assert unanswered == [post.number]
    assert waiting_answers(school.session, school.blog_id, sight) == {school.post.id: 1}, "the teacher's alone"
    assert waiting_answers(school.session, school.blog_id)[school.post.id] == 3


@pytest.mark.parametrize("how", ["groups", "write first"])
def test_a_long_branch_that_is_not_for_the_reader(school: Class, how: str) -> None:
    root = a_comment(school.session, school.post.id, school.ben).number
    for number in range(51):
        a_comment(school.session, school.post.id, school.ben, root, body=f"Ben {number}")
    if how == "groups":
        apart(school)
    else:
        school.choose(write_first=True, shape=BlogShape.STAFF)
    school.session.refresh(school.post)
    page = thread_page(school.session, school.post, school.sight(school.cleo), order=Order.NEWEST)
    assert set(page.numbers()) <= {2}


def test_an_answer_names_nobody_who_is_not_seen(school: Class) -> None:
    a_comment(school.session, school.post.id, school.teacher, 1, body="To Ben")
    apart(school)
    views = thread_page(school.session, school.post, school.sight(school.cleo)).comments
    assert "Ben" not in " ".join(view.answers_name for view in views)


def test_an_answer_does_not_name_the_writer_of_what_was_deleted(school: Class) -> None:
    a_comment(school.session, school.post.id, school.anna, 1)
    delete_comment(school.session, school.post.id, 1, school.ben, NOW)
    school.session.flush()
    first = thread_page(school.session, school.post, school.sight(school.cleo)).comments[0]
    assert first.is_deleted
    assert first.replies[0].answers_name == ""


def test_a_private_comment_is_like_none_to_others(school: Class) -> None:
    private = school.answer(school.teacher, 1, private=True).number
    for number in (private, 99):
        with pytest.raises(NotFound):
            own_comment(school.session, school.post.id, number, school.cleo)


def test_mail_and_duties_tell_of_nobody_in_another_group(school: Class) -> None:
    post = staffs_post(school)
    called = a_comment(school.session, post.id, school.ben, body="@Cleo Diaz is wrong")
    note_mentions(school.session, school.sight(school.ben), called.id)
    school.session.get_one(Person, school.cleo).email = "cleo@example.test"
    apart(school)
    later = NOW + timedelta(hours=1)
    assert all(news.mentions == 0 for news in news_for(school.session, school.cleo, later))
    mine = duties_of(school.session, school.blog_id, school.anna, later, school.sight(school.anna))
    assert mine.who_waits == ("Irena Novak",)


def test_hidden_names_are_made_with_the_blogs_own_secret(school: Class) -> None:
    key = school.session.get_one(Blog, school.blog_id).names_key
    assert len(key) > 20
    assert pseudonym(key, school.ben) != pseudonym(f"{key}x", school.ben)


def test_staff_read_what_was_deleted_and_what_cannot_be_written_here(school: Class) -> None:
    row = standing_comment(school.session, school.post.id, 1)
    row.body = "![](image:abc)"  # as an import may have brought it
    edit_comment(school.session, school.post.id, 1, school.ben, "with words now", NOW)
    delete_comment(school.session, school.post.id, 1, school.ben, NOW + timedelta(minutes=1))
    school.session.flush()
    assert "image:abc" in versions(school.session, row)[-1].html
    (deleted,) = deleted_texts(school.session, school.post.id)
    assert (deleted.number, deleted.writer) == (1, "Ben Cole")
    assert "with words now" in deleted.html


def test_hiding_what_was_just_deleted_counts_it_out_once(school: Class) -> None:
    row = standing_comment(school.session, school.post.id, 1)
    delete_comment(school.session, school.post.id, 1, school.ben, NOW)
    school.session.flush()
    hide(school.session, row, school.teacher, "Unkind", NOW)
    school.session.flush()
    school.session.refresh(school.post)
    assert school.post.live_comments == 2


def test_what_is_new_is_told_whole_however_much_was_read_between(school: Class) -> None:
    for number in range(230):
        a_comment(school.session, school.post.id, school.ben, body=f"Ben {number}")
    school.session.refresh(school.post)
    mark_read(school.session, school.cleo, school.post, range(2, 201), NOW)
    (news,) = news_of(school.session, school.sight(school.cleo))
    ranges = ranges_read(school.session, school.cleo, school.post.id)
    assert len(news.comments) == unread(school.session, school.post, school.sight(school.cleo), ranges).count == 34


def test_count_as_read_leaves_what_one_could_not_see_new(school: Class) -> None:
    school.choose(write_first=True, shape=BlogShape.STAFF)
    mark_all_read(school.session, school.sight(school.cleo), NOW)
    a_comment(school.session, school.post.id, school.cleo)
    school.session.refresh(school.post)
    ranges = ranges_read(school.session, school.cleo, school.post.id)
    assert unread(school.session, school.post, school.sight(school.cleo), ranges).count == 2


def test_an_import_that_does_not_count_opens_nothing(school: Class) -> None:
    own = school.session.get_one(Post, a_post(school.session, school.blog_id, school.cleo))
    own.uncounted = True
    school.choose(write_first=True)
    assert school.sight(school.cleo).owes_post


def test_a_private_answer_under_a_deleted_comment_is_in_every_layout(school: Class) -> None:
    school.answer(school.teacher, 1, private=True)
    delete_comment(school.session, school.post.id, 1, school.ben, NOW)
    school.session.flush()
    sight = school.sight(school.ben)
    pages = [thread_page(school.session, school.post, sight, order=order) for order in Order]
    assert len({tuple(sorted(page.numbers())) for page in pages}) == 1
    assert 4 in pages[0].numbers()


def test_the_same_words_in_private_are_another_comment(school: Class) -> None:
    since = NOW - timedelta(minutes=1)
    numbers = {
        add_comment(
            school.session,
            school.post.id,
            Draft("See me", f"s{private}", school.teacher, 1, private=private, unless_said_since=since),
            NOW,
            school.sight(school.teacher),
        ).number
        for private in (False, True)
    }
    assert len(numbers) == 2


def test_who_calls_a_whole_class_is_heard_for_the_first_few() -> None:
    names = {number: f"Name{number} Student" for number in range(100)}
    called = mentioned(" ".join(f"@{name}" for name in names.values()), names)
    assert len(called) == MOST_CALLED
