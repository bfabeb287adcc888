"""The groups' pages: teachers change, assistants look; sections come from the LMS at launch."""

import re
from html import unescape

from lti_tool.models import Course, CourseGroup, GroupMember, Person
from tests.stage import ScriptBrowser, Stage


def words(html: str) -> str:
    """The text of a page on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def ids(stage: Stage) -> dict[str, str]:
    with stage.tool.database.reading() as session:
        return {person.given_name or "": str(person.id) for person in session.query(Person)}


def made(teacher: ScriptBrowser, name: str) -> str:
    answer = teacher.post("groups", {"name": name})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].removeprefix(teacher.home + "/")


def test_a_teacher_makes_fills_renames_and_removes_a_group(stage: Stage) -> None:
    for name in ("zoe", "jose", "lan"):
        stage.launched(name)
    teacher = stage.launched("irena")
    group = made(teacher, "Red")
    person = ids(stage)
    assert teacher.post(f"{group}/members", {"shown": list(person.values()), "member": [person["Zoë"], person["José"]]}
                        ).status_code == 303  # fmt: skip
    page = words(teacher.get("groups").text)
    assert "Red 2 students" in page
    assert "José Álvarez, Zoë Hartmann" in page

    found = teacher.get(f"{group}?find=zo").text
    assert "Zoë Hartmann" in found
    assert "José Álvarez" not in found
    # Whoever is not among those found stays.
    teacher.post(f"{group}/members", {"find": "zo", "shown": [person["Zoë"]]})
    assert "Red 1 student" in words(teacher.get("groups").text)

    assert teacher.post(group, {"name": "Blue"}).status_code == 303
    refused = teacher.post("groups", {"name": "Blue"})
    assert refused.status_code == 422
    assert "There is a group “Blue” already." in refused.text
    assert teacher.post(f"{group}/remove").status_code == 303
    assert "Blue" not in words(teacher.get("groups").text)


def test_sections_of_the_lms(stage: Stage) -> None:
    for name in ("zoe", "jose", "tom"):  # numbers 10, 11 and 6: by turns
        stage.launched(name)
    teacher = stage.launched("irena")
    page = words(teacher.get("groups").text)
    assert "Monday class 2 students from the LMS Tom Okonkwo, Zoë Hartmann" in page
    assert "Thursday class 1 student from the LMS José Álvarez" in page
    with stage.tool.database.reading() as session:
        course = session.query(Course).one()
        keys = {row.name: row.lti_key for row in session.query(CourseGroup).filter_by(course_id=course.id)}
        group = session.query(CourseGroup).filter_by(name="Monday class").one().id
    assert keys == {"Monday class": "3301", "Thursday class": "3601"}
    teacher.post(f"groups/{group}", {"name": "Early birds"})
    stage.launched("tom")
    assert "Early birds 2 students from the LMS" in words(teacher.get("groups").text)
    answer = teacher.post(f"groups/{group}/members", {"member": []})
    assert answer.status_code == 422
    assert "change that there" in answer.text


def test_moodle_names_groups_by_their_ids_alone(moodle_stage: Stage) -> None:
    for sections, expected in (("12,7", 2), ("7", 1), ("", 0), (None, 0)):
        custom = "https://purl.imsglobal.org/spec/lti/claim/custom"
        browser = moodle_stage.browser()
        assert browser.launch("zoe", **{custom: {"section_ids": sections}}).status_code == 303
        with moodle_stage.tool.database.reading() as session:
            assert session.query(GroupMember).count() == expected
    teacher = moodle_stage.launched("irena")
    assert "Section 7 0 students from the LMS" in words(teacher.get("groups").text)


def test_a_class_is_divided_as_it_was_shown(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    for name in ("zoe", "jose", "lan", "tom", "priya"):
        stage.launched(name)
    stage.clockwork.read_rosters()
    teacher = stage.launched("irena")
    students = len([one for one in stage.school.enrolled if one.role == "student"])
    shown = teacher.get("groups/divide?count=4&name=Team")
    assert shown.status_code == 200
    assert f"{students} students into how many groups" in words(shown.text)
    hands = re.findall(r'name="group" value="([\d ]+)"', shown.text)
    assert sum(len(hand.split()) for hand in hands) == students
    with stage.tool.database.reading() as session:
        assert session.query(CourseGroup).filter_by(lti_key=None).count() == 0, "only shown"
    assert teacher.post("groups/divide", {"name": "Team", "group": hands}).status_code == 303
    with stage.tool.database.reading() as session:
        for number, hand in enumerate(hands, 1):
            group = session.query(CourseGroup).filter_by(name=f"Team {number}").one()
            members = {row.person_id for row in session.query(GroupMember).filter_by(group_id=group.id)}
            assert members == set(map(int, hand.split()))
    again = teacher.post("groups/divide", {"name": "Team", "group": hands})
    assert again.status_code == 422
    assert "already" in again.text
    late = teacher.get("groups/divide?count=2&loose=1")
    assert late.status_code == 422
    assert "0 students cannot be divided into 2 groups." in late.text
    assert teacher.post("groups/divide", {"name": "X", "group": ["1 x"]}).status_code == 422


def test_assistants_look_and_students_do_not(stage_on_sqlite: Stage) -> None:
    teacher = stage_on_sqlite.launched("irena")
    group = made(teacher, "Red")
    assistant, student = stage_on_sqlite.launched("sam"), stage_on_sqlite.launched("zoe")
    for path in ("groups", group):
        page = assistant.get(path)
        assert page.status_code == 200
        assert "<form" not in page.text
        assert student.get(path).status_code == 403
    for path in ("groups", group, f"{group}/members", f"{group}/remove", "groups/divide"):
        assert assistant.post(path, {"name": "x"}).status_code == 403, path
    assert assistant.get("groups/divide").status_code == 403
