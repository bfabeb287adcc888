"""Canvas's grade and roster services, as its source and measurements have them."""

from typing import Any

import pytest

ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ROSTER = "/api/lti/courses/3644/names_and_roles"
LINEITEMS = "/api/lti/courses/3644/line_items"
SUBMISSION = "https://canvas.instructure.com/lti/submission"
T = "2026-11-20T10:00:{:02d}Z"


def message(answer: Any) -> str:
    return str(answer.json["errors"]["message"])


def test_stored_score_names_its_result(canvas: Any) -> None:
    answer = canvas.push("isaiah", 7.5, T.format(0), comment="Good")
    assert answer.status_code == 200
    assert answer.mimetype == "application/vnd.ims.lis.v1.score+json"
    assert answer.json["resultUrl"].startswith(canvas.below("results") + "/")
    assert canvas.grade("isaiah").score == 7.5


def test_stale_timestamp(canvas: Any) -> None:
    canvas.push("isaiah", 7, "2026-11-20T10:00:00.200Z")
    answer = canvas.push("isaiah", 8, "2026-11-20T10:00:00.100Z")
    assert answer.status_code == 400
    assert message(answer) == (
        "Provided timestamp of 2026-11-20T10:00:00.100Z before last updated timestamp of 2026-11-20T10:00:00.200Z"
    )
    assert canvas.push("isaiah", 8, "2026-11-20T10:00:00.200Z").status_code == 200
    assert canvas.grade("isaiah").score == 8


def test_comments_pile_up(canvas: Any) -> None:
    for second, words in enumerate(["One", "Two", "Two"]):
        canvas.push("isaiah", 7, T.format(second), comment=words)
    assert canvas.grade("isaiah").comments == ("One", "Two", "Two")


@pytest.mark.parametrize(
    "more", [{"gradingProgress": "NotReady"}, {"gradingProgress": "Pending"}, {"scoreGiven": None}]
)
def test_post_without_a_score_clears(canvas: Any, more: dict[str, Any]) -> None:
    canvas.push("isaiah", 7, T.format(0))
    assert canvas.push("isaiah", 9, T.format(1), **more).status_code == 200
    assert canvas.grade("isaiah").score is None


def test_preserve_score(canvas: Any) -> None:
    canvas.push("isaiah", 7, T.format(0))
    canvas.push("isaiah", None, T.format(1), **{SUBMISSION: {"preserve_score": True}})
    assert canvas.grade("isaiah").score == 7


def test_prioritize_non_tool_grade_keeps_even_the_tools_own(canvas: Any) -> None:
    canvas.push("isaiah", 7, T.format(0))
    canvas.push("isaiah", 9, T.format(1), **{SUBMISSION: {"prioritize_non_tool_grade": True}})
    assert canvas.grade("isaiah").score == 7


def test_pending_manual_sets_the_score(canvas: Any) -> None:
    canvas.push("isaiah", 6, T.format(0), gradingProgress="PendingManual")
    assert canvas.grade("isaiah").score == 6


def test_more_than_the_maximum_is_allowed(canvas: Any) -> None:
    canvas.push("isaiah", 12, T.format(0))
    assert canvas.grade("isaiah").score == 12


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"scoreMaximum": None}, "ScoreMaximum not supplied when ScoreGiven present."),
        ({"scoreMaximum": -1}, "ScoreMaximum must be greater than or equal to 0"),
        ({"scoreMaximum": 0}, "cannot be zero if line item's maximum is not zero"),
        ({"scoreGiven": -1}, "ScoreGiven must be greater than or equal to 0"),
        ({"userId": "nobody"}, "User not found in course or is not a student"),
    ],
)
def test_unprocessable(canvas: Any, more: dict[str, Any], words: str) -> None:
    answer = canvas.push("isaiah", 7, T.format(0), **more)
    assert (answer.status_code, message(answer)) == (422, words)
    assert canvas.grade("isaiah") is None


@pytest.mark.parametrize("who", ["irena", "sam"])
def test_staff_get_no_score(canvas: Any, who: str) -> None:
    assert canvas.push(who, 7, T.format(0)).status_code == 422


def test_required_fields(canvas: Any) -> None:
    assert canvas.push("isaiah", 7, T.format(0), gradingProgress=None).status_code == 400
    assert canvas.push("isaiah", 7, "soon").status_code == 400


def test_submission_in_the_future(canvas: Any) -> None:
    answer = canvas.push("isaiah", 7, T.format(0), submission={"submittedAt": "2099-01-01T00:00:00Z"})
    assert answer.status_code == 400


def test_each_post_is_an_attempt_unless_it_says_no(canvas: Any) -> None:
    when = "2026-11-01T08:00:00Z"
    link = {"submission_type": "basic_lti_launch", "submission_data": "http://tool.example.test/r/1"}
    canvas.push("isaiah", 7, T.format(0), submission={"submittedAt": when}, **{SUBMISSION: link})
    canvas.push("isaiah", 8, T.format(1), **{SUBMISSION: {"new_submission": False}})
    grade = canvas.grade("isaiah")
    assert (grade.attempts, grade.submission_url) == (1, "http://tool.example.test/r/1")
    assert grade.submitted_at.isoformat() == "2026-11-01T08:00:00+00:00"


def test_hand_edit_is_read_back_rescaled_and_overwritten(canvas: Any) -> None:
    canvas.push("isaiah", 50, T.format(0), scoreMaximum=100)
    canvas.school.set_grade_by_hand(canvas.school.column_of(1).id, "isaiah", 9)
    (result,) = canvas.results()
    assert (result["resultScore"], result["resultMaximum"]) == (90.0, 100.0)
    canvas.push("isaiah", 60, T.format(1), scoreMaximum=100)
    assert (canvas.grade("isaiah").score, canvas.grade("isaiah").changed_by) == (6, "tool")


def test_no_result_for_a_grade_the_tool_never_posted(canvas: Any) -> None:
    canvas.school.set_grade_by_hand(canvas.school.column_of(1).id, "isaiah", 9)
    assert canvas.results() == []


def test_results_of_one_person(canvas: Any) -> None:
    canvas.push("isaiah", 5, T.format(0))
    canvas.push("tom", 6, T.format(0))
    (result,) = canvas.results(user_id=canvas.school.sub_of("tom"))
    assert (result["resultScore"], result["scoreOf"]) == (6.0, canvas.lineitem())


def test_locked_grade(canvas: Any) -> None:
    canvas.school.lock_grade(canvas.school.column_of(1).id, "isaiah")
    answer = canvas.push("isaiah", 5, T.format(0))
    assert "Cannot grade this submission at this time" in message(answer)


def test_closed_grading_period(canvas: Any) -> None:
    canvas.school.faults.set("grading_period_closed")
    answer = canvas.push("isaiah", 5, T.format(0))
    assert (answer.status_code, "grading period is closed" in message(answer)) == (403, True)


def test_a_concluded_course_refuses_reading_too(canvas: Any) -> None:
    canvas.school.faults.set("course_concluded")
    for method, address in (("GET", LINEITEMS), ("GET", canvas.lineitem()), ("GET", canvas.below("results"))):
        answer = canvas.call(method, address)
        assert answer.status_code == 422
        assert message(answer).startswith("This course has concluded.")
    assert canvas.push("isaiah", 5, T.format(0)).status_code == 422
    assert canvas.call("GET", ROSTER).status_code == 200
    assert canvas.client.get(LINEITEMS).status_code == 401


def test_group_assignment(canvas: Any) -> None:
    """Score and submission are the whole group's, comment and result only the one's that the post names."""
    canvas.school.faults.set("group_assignment", members="isaiah, tom")
    canvas.push("isaiah", 7, T.format(0), comment="Good")
    mate = canvas.grade("tom")
    assert (mate.score, mate.attempts, mate.comments) == (7, 1, ())
    assert [result["userId"] for result in canvas.results()] == [canvas.school.sub_of("isaiah")]
    canvas.push("tom", 9, T.format(1))
    assert (canvas.grade("isaiah").score, canvas.grade("isaiah").comments) == (9, ("Good",))
    canvas.push("matt", 5, T.format(2))
    assert (canvas.grade("isaiah").score, canvas.grade("tom").score) == (9, 9)


def test_line_items(canvas: Any) -> None:
    items = canvas.call("GET", LINEITEMS).json
    assert [item["label"] for item in items] == ["Class blog: The Thaw", "Class blog: After Stalin"]
    assert set(items[0]) == {"id", "scoreMaximum", "label", "resourceLinkId"}
    link = items[1]["resourceLinkId"]
    assert len(canvas.call("GET", f"{LINEITEMS}?resource_link_id={link}").json) == 1


def test_line_items_are_paged_by_ten(canvas: Any) -> None:
    for number in range(11):
        made = canvas.call("POST", LINEITEMS, {"label": f"Extra {number}", "scoreMaximum": 5}, Content_Type=ITEM)
        assert made.status_code == 201
    answer = canvas.call("GET", LINEITEMS)
    assert len(answer.json) == 10
    assert 'page=2&per_page=10>; rel="next"' in answer.headers["Link"]


def test_extra_line_item_on_an_assignment_has_no_column(canvas: Any) -> None:
    link = canvas.call("GET", LINEITEMS).json[0]["resourceLinkId"]
    body = {"label": "Extra", "scoreMaximum": 5, "resourceLinkId": link}
    assert canvas.call("POST", LINEITEMS, body, Content_Type=ITEM).status_code == 201
    assert not canvas.school.columns()[-1].in_gradebook
    body["resourceLinkId"] = "of-nothing"
    assert canvas.call("POST", LINEITEMS, body, Content_Type=ITEM).status_code == 404


def test_assignments_line_item_cannot_be_deleted(canvas: Any) -> None:
    answer = canvas.call("DELETE", canvas.lineitem())
    assert (answer.status_code, answer.data) == (401, b"")
    made = canvas.call("POST", LINEITEMS, {"label": "Extra", "scoreMaximum": 5}, Content_Type=ITEM).json
    assert canvas.call("DELETE", made["id"]).status_code == 204
    assert canvas.call("GET", made["id"]).status_code == 404


def test_put_keeps_what_it_leaves_out(canvas: Any) -> None:
    answer = canvas.call("PUT", canvas.lineitem(), {"label": "Renamed"}, Content_Type=ITEM)
    assert (answer.json["label"], answer.json["scoreMaximum"]) == ("Renamed", 10.0)
    assert answer.json["resourceLinkId"]


def test_another_maximum_leaves_grades_and_results_as_they_were(canvas: Any) -> None:
    """Until somebody grades anew: then the result is rescaled to what the tool posted."""
    column = canvas.school.column_of(1).id
    canvas.push("isaiah", 5, T.format(0))
    assert canvas.call("PUT", canvas.lineitem(), {"scoreMaximum": 20}, Content_Type=ITEM).status_code == 200
    assert canvas.grade("isaiah").score == 5
    assert [(one["resultScore"], one["resultMaximum"]) for one in canvas.results()] == [(5, 10)]
    canvas.school.set_grade_by_hand(column, "isaiah", 18)
    assert [(one["resultScore"], one["resultMaximum"]) for one in canvas.results()] == [(9, 10)]
    canvas.push("isaiah", 5, T.format(1))
    assert (canvas.grade("isaiah").score, canvas.results()[0]["resultScore"]) == (10, 5)


def test_unauthorized_body(canvas: Any) -> None:
    answer = canvas.client.get(LINEITEMS)
    assert (answer.status_code, message(answer)) == (401, "Missing access token")


def test_roster_is_paged_by_fifty(canvas: Any) -> None:
    canvas.school.add_students(100)
    seen, sizes, url = set(), [], f"{ROSTER}?limit=80"
    while url:
        answer = canvas.call("GET", url)
        sizes.append(len(answer.json["members"]))
        seen |= {member["user_id"] for member in answer.json["members"]}
        links = {part.partition(";")[2]: part for part in answer.headers["Link"].split(",")}
        url = links.get(' rel="next"', "").partition("<")[2].partition(">")[0]
    assert sizes == [50, 50, len(canvas.school.people) - 100]
    assert seen == {canvas.school.sub_of(person.key) for person in canvas.school.people}


def test_roster_roles(canvas: Any) -> None:
    members = {member["user_id"]: member for member in canvas.call("GET", ROSTER).json["members"]}
    roles = members[canvas.school.sub_of("sam")]["roles"]
    assert [role.rpartition("#")[2] for role in roles] == ["Instructor", "TeachingAssistant"]
    learners = canvas.call("GET", f"{ROSTER}?role=http://purl.imsglobal.org/vocab/lis/v2/membership%23Learner").json
    assert len(learners["members"]) == len(canvas.school.students)
    assert canvas.call("GET", f"{ROSTER}?role=Learner").json["members"] == []


def test_roster_of_an_unknown_link(canvas: Any) -> None:
    answer = canvas.call("GET", f"{ROSTER}?rlid=nothing")
    assert (answer.status_code, message(answer)) == (400, "Requested ResourceLink was not found")
