"""Who sees what: groups apart, writing before reading, hidden names, private and hidden comments."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.blog.comments import AddedComment, Draft, add_comment, delete_comment, standing_comment
from lti_tool.blog.moderation import hide, report, show_again
from lti_tool.blog.post_index import post_list
from lti_tool.blog.posts import find_post, open_post, publish_again, withdraw_post
from lti_tool.blog.reading import comment_view, comments_shown, thread_page
from lti_tool.blog.search import search
from lti_tool.blog.sight import Sight, pseudonym, sight_of
from lti_tool.database import Database
from lti_tool.errors import NotAllowed, NotFound, Rejected
from lti_tool.models import Blog, BlogShape, CourseGroup, GroupMember, Post, Report, Role
from tests.a_school import NOW, a_blog, a_comment, a_person, a_post, a_student, a_teacher, course_of


@dataclass(frozen=True)
class Class:
    """A blog with a post by Anna, comments by Ben (#1), the teacher (#2) and Ben again (#3, answering #2)."""

    session: Session
    blog_id: int
    course_id: int
    post: Post
    anna: int
    ben: int
    cleo: int
    teacher: int

    def sight(self, person_id: int) -> Sight:
        role = Role.TEACHER if person_id == self.teacher else Role.STUDENT
        return sight_of(self.session, self.blog_id, self.course_id, person_id, role)

    def choose(self, **choices: object) -> None:
        blog = self.session.get_one(Blog, self.blog_id)
        for name, value in choices.items():
            setattr(blog, name, value)
        self.session.flush()

    def group(self, name: str, *people: int) -> None:
        group = CourseGroup(course_id=self.course_id, name=name)
        self.session.add(group)
        self.session.flush()
        self.session.add_all(GroupMember(group_id=group.id, person_id=person) for person in people)
        self.session.flush()

    def comments(self, person_id: int) -> list[int]:
        return sorted(thread_page(self.session, self.post, self.sight(person_id)).numbers())

    def posts(self, person_id: int) -> list[int]:
        return [line.number for line in post_list(self.session, self.sight(person_id)).posts]

    def answer(self, person_id: int, number: int, *, private: bool = False) -> AddedComment:
        draft = Draft(f"To {number}", f"{person_id}-{number}-{private}", person_id, number, private=private)
        return add_comment(self.session, self.post.id, draft, NOW, self.sight(person_id))


@pytest.fixture
def school(database: Database) -> Iterator[Class]:
    with database.writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        anna, ben, cleo = (a_student(session, course, name) for name in ("Anna Berg", "Ben Cole", "Cleo Diaz"))
        teacher = a_teacher(session, course)
        post = session.get_one(Post, a_post(session, blog, anna, title="Anna's"))
        a_comment(session, post.id, ben, body="Ben was here")
        a_comment(session, post.id, teacher, body="The teacher was here")
        a_comment(session, post.id, ben, 2, body="Ben again")
        yield Class(session, blog, course, post, anna, ben, cleo, teacher)


def test_by_default_everybody_sees_everything(school: Class) -> None:
    for person in (school.anna, school.cleo, school.teacher):
        assert school.comments(person) == [1, 2, 3]
        assert school.posts(person) == [1]


def test_who_has_not_written_sees_only_what_staff_wrote(school: Class) -> None:
    a_post(school.session, school.blog_id, school.teacher, title="The prompt in full")
    school.choose(write_first=True)
    assert school.posts(school.cleo) == [2]
    with pytest.raises(NotFound):
        open_post(school.session, school.sight(school.cleo), 1)
    assert school.posts(school.anna) == school.posts(school.teacher) == [2, 1]
    own = a_post(school.session, school.blog_id, school.cleo)
    assert school.posts(school.cleo) == [3, 2, 1]
    withdraw_post(school.session.get_one(Post, own), school.cleo, NOW)
    school.session.flush()
    assert school.posts(school.cleo) == [3, 2], "taken back, it opens nothing"


def test_where_staff_write_a_comment_opens_the_comments(school: Class) -> None:
    school.choose(write_first=True, shape=BlogShape.STAFF)
    sight = school.sight(school.cleo)
    assert school.comments(school.cleo) == [2]
    assert comments_shown(school.session, school.post, sight) == 1
    assert comment_view(school.session, school.post, sight, 1) is None
    own = a_comment(school.session, school.post.id, school.cleo).number
    assert school.comments(school.cleo) == [1, 2, 3, own]
    delete_comment(school.session, school.post.id, own, school.cleo, NOW)
    school.session.flush()
    assert school.comments(school.cleo) == [2]
    with pytest.raises(NotFound):
        school.answer(school.cleo, 1)


def test_groups_apart(school: Class) -> None:
    school.group("Red", school.anna, school.cleo)
    school.group("Blue", school.ben)
    school.choose(groups_apart=True)
    assert school.posts(school.cleo) == [1]
    assert school.comments(school.cleo) == [2], "Ben is in another group"
    assert school.posts(school.ben) == []
    assert school.comments(school.teacher) == [1, 2, 3]
    with pytest.raises(NotFound):
        find_post(school.session, school.sight(school.ben), 1)
    school.group("Both", school.ben, school.cleo)
    assert school.comments(school.cleo) == [1, 2, 3], "one group in common is enough"


def test_hidden_names_are_the_same_throughout_and_staff_keep_theirs(school: Class) -> None:
    school.choose(names_hidden=True)
    views = {view.number: view for view in thread_page(school.session, school.post, school.sight(school.cleo)).comments}
    assert views[1].author.name == pseudonym(school.sight(school.cleo).names_key, school.ben) != "Ben Cole"
    assert views[2].author.badge == "teacher"
    assert views[2].replies[0].author.name == views[1].author.name
    assert views[2].replies[0].answers_name == ""
    post = open_post(school.session, school.sight(school.cleo), 1).view
    assert "Anna" not in post.author.name
    own = open_post(school.session, school.sight(school.anna), 1).view
    assert own.author.name == "Anna Berg"
    seen_by_staff = thread_page(school.session, school.post, school.sight(school.teacher)).comments
    assert seen_by_staff[0].author.name == "Ben Cole"
    assert pseudonym("another", school.ben) != views[1].author.name


def test_a_private_answer_is_for_its_reader_and_staff(school: Class) -> None:
    answered = school.answer(school.teacher, 1, private=True)
    assert school.comments(school.ben) == school.comments(school.teacher) == [1, 2, 3, answered.number]
    assert school.comments(school.anna) == school.comments(school.cleo) == [1, 2, 3]
    school.session.refresh(school.post)
    assert school.post.live_comments == 3
    with pytest.raises(NotFound):
        school.answer(school.cleo, answered.number)
    back = school.answer(school.ben, answered.number)
    assert back.number in school.comments(school.teacher)
    assert back.number not in school.comments(school.cleo)
    delete_comment(school.session, school.post.id, back.number, school.ben, NOW)
    school.session.refresh(school.post)
    assert school.post.live_comments == 3
    assert search(school.session, school.sight(school.cleo), "To 1") == ()


def test_a_private_answer_needs_somebody(school: Class) -> None:
    with pytest.raises(Rejected, match="somebody to answer"):
        add_comment(school.session, school.post.id, Draft("x", "p", school.teacher, private=True), NOW)


def test_a_hidden_comment_keeps_its_place_and_loses_its_text(school: Class) -> None:
    row = standing_comment(school.session, school.post.id, 1)
    report(school.session, school.post, row, school.cleo, "Unkind", NOW)
    hide(school.session, row, school.teacher, " Not  kind ", NOW)
    school.session.flush()
    html = {
        person: (view.html, view.hidden_why)
        for person in (school.anna, school.ben, school.teacher)
        if (view := comment_view(school.session, school.post, school.sight(person), 1))
    }
    assert html[school.anna] == ("", "")
    assert "Ben was here" in html[school.ben][0]
    assert html[school.ben][1] == html[school.teacher][1] == "Not kind"
    school.session.refresh(school.post)
    assert school.post.live_comments == 2
    assert school.session.scalars(select(Report)).one().settled_by_id == school.teacher
    assert search(school.session, school.sight(school.cleo), "Ben was") == ()
    assert len(search(school.session, school.sight(school.teacher), "ben WAS")) == 1
    show_again(school.session, row)
    school.session.flush()
    school.session.refresh(school.post)
    assert school.post.live_comments == 3


def test_a_post_taken_back_is_its_authors_and_staffs(school: Class) -> None:
    with pytest.raises(NotAllowed):
        withdraw_post(school.post, school.ben, NOW)
    withdraw_post(school.post, school.anna, NOW)
    school.session.flush()
    assert school.posts(school.anna) == school.posts(school.teacher) == [1]
    assert school.posts(school.ben) == []
    publish_again(school.post, school.anna)
    school.session.flush()
    assert school.posts(school.ben) == [1]


def test_an_observer_is_not_asked_to_write(school: Class) -> None:
    school.choose(write_first=True)
    observer = a_person(school.session, school.course_id, "Olga Ivanova", Role.OBSERVER)
    sight = sight_of(school.session, school.blog_id, school.course_id, observer, Role.OBSERVER)
    assert [line.number for line in post_list(school.session, sight).posts] == [1]
