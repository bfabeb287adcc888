"""Courses: copies of a course and of an activity, who is enrolled, and services course by course."""

from typing import Any

import pytest

from lti_tool.practice_lms.catalogue import NotHere
from tests.practice_lms.a_launch import AGS, CLAIM, answered, form_of, visit
from tests.practice_lms.a_tool import link_item, register, saved

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
REVIEW = {"url": "http://tool.example.test/review"}
LINE = {"scoreMaximum": 25, "resourceId": "post-9", "tag": "participation", "submissionReview": REVIEW}


def claims_of(bench: Any, activity_id: int, who: str = "isaiah") -> Any:
    return bench.school.claims_for(who, activity_id, "n")


def history(bench: Any, activity_id: int) -> str:
    custom = claims_of(bench, activity_id)[CLAIM + "custom"]
    return str(custom["context_history" if bench.accent == "moodle" else "context_id_history"])


def test_a_copy_has_new_ids_and_the_same_content(either: Any) -> None:
    school = either.school
    url = f"{either.tool.addresses.launch_url}/7"
    (original,) = saved(either, link_item(url=url, lineItem=LINE))
    course = school.copy_course()
    copies = school.activities(course.id)
    assert len(copies) == len(school.activities(1)) == 3
    copy = copies[-1]
    kept = ("title", "custom", "url", "tag", "resource_id", "submission_review", "maximum")
    assert [getattr(copy, name) for name in kept] == [getattr(original, name) for name in kept]
    assert not {activity.id for activity in copies} & {activity.id for activity in school.activities(1)}
    assert course.number != 3644
    for one, other in zip(school.activities(1), copies, strict=True):
        before, after = claims_of(either, one.id), claims_of(either, other.id)
        for claim in ("context", "resource_link"):
            assert before[CLAIM + claim]["id"] != after[CLAIM + claim]["id"]
        assert before[AGS]["lineitem"] != after[AGS]["lineitem"]
        assert before[AGS]["lineitems"] != after[AGS]["lineitems"]
        assert before["sub"] == after["sub"]
        assert before[CLAIM + "deployment_id"] == after[CLAIM + "deployment_id"]
    column = school.column_of(copy.id)
    assert (column.tag, column.resource_id, column.maximum) == ("participation", "post-9", 25)


def test_history_is_the_chain_newest_first(either: Any) -> None:
    school = either.school
    first = claims_of(either, 1)[CLAIM + "context"]["id"]
    second = school.copy_course()
    third = school.copy_course(second.id)
    in_second, in_third = (school.activities(course.id)[0].id for course in (second, third))
    second_id = claims_of(either, in_second)[CLAIM + "context"]["id"]
    assert history(either, 1) == ""
    assert history(either, in_second) == first
    assert history(either, in_third) == f"{second_id},{first}"


def test_history_for_a_registered_tool(either: Any) -> None:
    either.school.use_tool(register(either))
    course = either.school.copy_course()
    custom = claims_of(either, either.school.activities(course.id)[0].id)[CLAIM + "custom"]
    assert custom["history"] == claims_of(either, 1)[CLAIM + "context"]["id"]


def test_duplicate(either: Any) -> None:
    (original,) = saved(either, link_item(lineItem=LINE))
    copy = either.school.duplicate_activity(original.id)
    assert copy.title == f"{original.title} (copy)"
    assert (copy.custom, copy.course_id) == (original.custom, 1)
    columns = [either.school.column_of(activity.id) for activity in (original, copy)]
    assert columns[0].id != columns[1].id
    assert {(column.tag, column.resource_id) for column in columns} == {("participation", "post-9")}
    before, after = claims_of(either, original.id), claims_of(either, copy.id)
    assert before[CLAIM + "resource_link"]["id"] != after[CLAIM + "resource_link"]["id"]
    assert before[CLAIM + "context"] == after[CLAIM + "context"]
    with pytest.raises(NotHere):
        either.school.duplicate_activity(99)


def test_columns_of_the_tool_are_copied_and_deleted_ones_are_not(moodle: Any) -> None:
    lineitems = claims_of(moodle, 1)[AGS]["lineitems"]
    body = {"label": "Extra", "scoreMaximum": 10, "tag": "own", "resourceLinkId": "2"}
    kind = "application/vnd.ims.lis.v2.lineitem+json"
    assert moodle.call("POST", lineitems, body, Content_Type=kind).status_code == 201
    assert moodle.call("DELETE", claims_of(moodle, 1)[AGS]["lineitem"]).status_code == 204
    course = moodle.school.copy_course()
    first, second = moodle.school.activities(course.id)
    columns = moodle.school.columns(course.id)
    assert [(column.tag, column.link_activity_id, column.made_by_tool) for column in columns] == [
        ("", second.id, False),
        ("own", second.id, True),
    ]
    assert "lineitem" not in claims_of(moodle, first.id)[AGS]


def test_services_are_course_by_course(either: Any) -> None:
    course = either.school.copy_course()
    activity = either.school.activities(course.id)[0]
    claims = claims_of(either, activity.id)
    lineitem = claims[AGS]["lineitem"]
    assert either.push("isaiah", 7, "2026-11-20T10:00:00Z", lineitem).status_code == 200
    assert either.grade("isaiah", activity.id).score == 7
    assert either.grade("isaiah", 1) is None
    (result,) = either.results(lineitem)
    assert result["scoreOf"] == lineitem
    kind = "application/vnd.ims.lis.v2.lineitemcontainer+json"
    listed = either.call("GET", claims[AGS]["lineitems"], Accept=kind).json
    assert [item["id"] for item in listed] == [
        claims_of(either, each.id)[AGS]["lineitem"] for each in either.school.activities(course.id)
    ]
    roster = either.call("GET", claims[NRPS]["context_memberships_url"]).json
    assert roster["context"]["id"] == claims[CLAIM + "context"]["id"]
    assert len(roster["members"]) == len(either.school.people)


def test_a_line_item_under_another_courses_address(canvas: Any, moodle: Any) -> None:
    """Canvas does not find it; Moodle does not look (measured)."""
    for bench in (canvas, moodle):
        bench.school.copy_course()
    there = canvas.lineitem().replace("/3644/", "/3645/")
    assert canvas.push("isaiah", 7, "2026-11-20T10:00:00Z", there).status_code == 404
    there = moodle.lineitem().replace("services.php/2/", "services.php/3/")
    assert moodle.push("isaiah", 7, "2026-11-20T10:00:00Z", there).status_code == 200
    assert moodle.grade("isaiah").score == 7


def test_courses_that_are_not_there(canvas: Any, moodle: Any) -> None:
    answer = canvas.call("GET", canvas.lineitem().replace("/3644/", "/9999/"))
    assert (answer.status_code, answer.json["errors"]["message"]) == (404, "Context not found")
    assert moodle.call("GET", moodle.lineitem().replace("services.php/2/", "services.php/99/")).status_code == 404
    visit(canvas, "irena")
    assert canvas.client.get("/courses/9999").status_code == 404
    assert canvas.client.get("/courses/3644/activities/2").status_code == 200
    with pytest.raises(NotHere):
        canvas.school.copy_course(99)


def test_only_those_enrolled_by_name(either: Any) -> None:
    school = either.school
    course = school.copy_course()
    school.enrol(course.id, ["sam", "tom"])
    activity = school.activities(course.id)[0]
    claims = claims_of(either, activity.id, "tom")
    members = either.call("GET", claims[NRPS]["context_memberships_url"]).json["members"]
    assert {member["user_id"] for member in members} == {school.sub_of("sam"), school.sub_of("tom")}
    assert either.push("tom", 7, "2026-11-20T10:00:00Z", claims[AGS]["lineitem"]).status_code == 200
    assert either.push("isaiah", 7, "2026-11-20T10:00:00Z", claims[AGS]["lineitem"]).status_code in (400, 422)
    page = either.client.get(f"/courses/{course.number}/activities/{activity.id}/launch?as=isaiah").text
    assert "id_token" not in answered(either, form_of(page)[1]).text
    assert either.push("isaiah", 7, "2026-11-20T10:00:00Z").status_code == 200
    assert len(school.people_in(1)) == len(school.people)


def test_pages(either: Any) -> None:
    visit(either, "irena")
    assert "3645" not in either.client.get("/").text
    answer = either.client.post("/courses/3644/copy")
    assert (answer.status_code, answer.location) == (303, "/courses/3645")
    front = either.client.get("/").text
    assert 'href="/courses/3644"' in front
    assert 'href="/courses/3645"' in front
    page = either.client.get("/courses/3645").text
    copied = either.school.activities(2)[0].id
    assert f'href="/courses/3645/activities/{copied}"' in page
    assert 'href="/courses/3645/grades"' in page
    assert either.client.get(f"/courses/3644/activities/{copied}").status_code == 404
    assert either.client.get(f"/courses/3645/activities/{copied}").status_code == 200
    assert either.client.get("/courses/3645/grades").status_code == 200
    assert either.client.post(f"/courses/3645/activities/{copied}/duplicate").location == "/courses/3645"
    assert [activity.title[-6:] for activity in either.school.activities(2)][-1] == "(copy)"
    assert either.client.post("/courses/3645/activities/1/duplicate").status_code == 404


def test_buttons_are_the_teachers_own(either: Any) -> None:
    visit(either, "tom")
    assert "Copy this course" not in either.client.get("/courses/3644").text
    assert either.client.post("/courses/3644/copy").status_code == 403
    visit(either, "irena")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert either.client.post("/courses/3644/activities/1/duplicate", headers=foreign).status_code == 403
    assert len(either.school.courses()) == 1


def test_the_gradebook_page_of_a_copy(either: Any) -> None:
    course = either.school.copy_course()
    column = either.school.columns(course.id)[0]
    visit(either, "irena")
    path = f"/courses/{course.number}/grades/{column.id}/tom"
    assert either.client.post(path, data={"score": "8", "do": "save"}).location.startswith("/courses/3645/grades")
    assert either.school.grade(column.id, "tom").score == 8
    assert either.client.get(path.replace("3645", "3644")).status_code == 404
