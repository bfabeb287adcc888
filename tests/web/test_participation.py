"""A student sees the own score item by item, with the numbers that go to the gradebook."""

import re

from lti_tool.models import Person
from tests.stage import ScriptBrowser, Stage


def marked(stage: Stage, teacher: ScriptBrowser, mark: str, feedback: str = "") -> None:
    comment = re.search(r"/desk/queue/(\d+)", teacher.get("desk/queue").text)
    assert comment is not None
    assert teacher.post(f"desk/queue/{comment[1]}", {"mark": mark, "feedback": feedback}).status_code == 303


def words(html: str) -> str:
    """The text of a page on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_my_participation(stage: Stage) -> None:
    teacher, student = stage.launched("irena"), stage.launched("zoe")
    assert "There is nothing to score yet. That is not a zero" in words(student.get("my-participation").text)

    teacher.post("posts/new", {"title": "A post", "body": "Some words.", "once": "a"})
    student.post("posts/1/comments", {"body": "One two three.", "once": "b"})
    student.post("posts/1/comments", {"body": "Four five.", "once": "c"})
    assert "There is nothing to score yet." in words(student.get("my-participation").text)

    marked(stage, teacher, "2", "Good <start>.")
    page = words(student.get("my-participation").text)
    assert "Score 1.33 / 10" in page
    assert "Your post 0 / 4" in page
    assert "Comment #1 3 2 1.33 / 2" in page
    assert "Comment #2 2 not yet 0 / 2" in page
    assert "Together, at most 10 1.33" in page
    assert "The best 3 comments count: each earns 2 points times its mark divided by 3." in page
    assert "Comment #1 : Good &lt;start&gt;." in page

    student.post("posts/new", {"title": "Mine", "body": "My own.", "once": "d"})
    page = words(student.get("my-participation").text)
    assert "Score 5.33 / 10" in page
    assert "Your post 4 / 4" in page
    assert "5.33 / 10" in words(student.get("posts/1").text)

    with stage.tool.database.reading() as session:
        person = session.query(Person).filter_by(given_name="Zoë").one().id
    teacher.post(f"desk/people/{person}/score", {"points": "7,5", "reason": "Spoke in class"})
    page = words(student.get("my-participation").text)
    assert "Score 7.5 / 10 set by the teacher" in page
    assert "By the rule it would be 5.33." in page
    assert "Spoke in class" in page

    stage.send_scores()
    assert stage.school.grades(stage.school.column_of(1).id)["zoe"].score == 7.5


def test_only_students_have_one(open_house: Stage) -> None:
    for person in ("irena", "sam"):
        answer = open_house.launched(person).get("my-participation")
        assert answer.status_code == 403
        assert "Only students of this course have a participation score." in answer.text


def test_nobody_sees_anothers(open_house: Stage) -> None:
    teacher, student, other = (open_house.launched(name) for name in ("irena", "zoe", "jose"))
    teacher.post("posts/new", {"title": "A post", "body": "Some words.", "once": "a"})
    student.post("posts/1/comments", {"body": "Mine alone.", "once": "b"})
    marked(open_house, teacher, "3")
    assert "Score 2 / 10" in words(student.get("my-participation").text)
    assert "There is nothing to score yet." in words(other.get("my-participation").text)
