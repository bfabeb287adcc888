"""Imported comments that nobody in the course wrote yet: a teacher says who did, and then they can be marked."""

from sqlalchemy import select

from lti_tool.models import Comment, Person
from tests.stage import Stage

PAGE = """A Post About Bread

What a queue in Moscow taught one student about the plan.

The first paragraph of the post is long enough to be taken for its body, with a few sentences. Here is another one.

2 replies on “A Post About Bread”

I think you are right about the queue, and the numbers you give speak for themselves.

It would help to know who stood in it.
"""


def test_a_matched_comment_can_be_marked(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    teacher = stage.launched("irena")
    stage.clockwork.read_rosters()
    preview = teacher.post("import", {"text": PAGE}).text
    fingerprint = preview.split('name="fingerprint" value="')[1].split('"')[0]
    form = {"title": "A Post About Bread", "body": "The first paragraph.", "comments": "2", "fingerprint": fingerprint}
    form |= {"text_1": "I think you are right.", "text_2": "Who stood in it?"}
    assert teacher.post("import/store", form).status_code == 303
    assert "2 imported comments are not matched to anybody" in teacher.get("desk").text
    with stage.tool.database.reading() as session:
        comment_id = session.scalars(select(Comment.id).where(Comment.number == 2)).one()
        tom = session.scalars(select(Person.id).where(Person.given_name == "Tom")).one()
        elsewhere = tom + 10_000

    page = teacher.get("import/authors").text
    assert "Who stood in it?" in page
    teacher.post("import/authors", {f"author_{comment_id}": str(tom), f"author_{comment_id - 1}": str(elsewhere)})

    assert "Who stood in it?" in teacher.get("desk/queue").text
    assert "1 imported comment is not matched" in teacher.get("desk").text


def test_a_student_may_not_say_who_wrote_what(stage_on_sqlite: Stage) -> None:
    student = stage_on_sqlite.launched("tom")
    assert student.get("import/authors").status_code == 403
    assert student.post("import/authors", {"author_1": "1"}).status_code == 403
