"""Somebody's work looked at from the gradebook: Moodle's submission review and Canvas's SpeedGrader."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from lti_tool.practice_lms.school import NotHere
from tests.practice_lms.a_launch import AGS, CLAIM, form_of, frame_of, launched, visit

GRADES = "/courses/3644/grades"
SUBMISSION = "https://canvas.instructure.com/lti/submission"
T = "2026-11-20T10:00:{:02d}Z"


def hand_in(bench: Any, who: str, second: int = 0, **more: Any) -> str:
    """A score with an address to look at the work, as the tool would send it; returns the address."""
    url = f"{bench.tool.addresses.launch_url}?review=sub_{who}&post=7"
    extension = {"submission_type": "basic_lti_launch", "submission_data": url}
    assert bench.push(who, 7, T.format(second), **{SUBMISSION: extension | more}).status_code == 200
    return url


def test_moodle_review_is_a_launch_with_one_more_claim(moodle: Any) -> None:
    usual = moodle.school.claims_for("irena", 1, "n")
    review = moodle.school.review_claims("irena", "siobhan", 1, "n")
    assert review[CLAIM + "message_type"] == "LtiSubmissionReviewRequest"
    assert review[CLAIM + "for_user"] == {"user_id": "12"}
    assert review["sub"] == "3"
    changed = {CLAIM + "message_type", CLAIM + "for_user", "iat", "exp"}
    assert {name: review[name] for name in usual if name not in changed} == {
        name: value for name, value in usual.items() if name not in changed
    }


def test_moodle_teacher_follows_grade_analysis(moodle: Any) -> None:
    visit(moodle, "irena")
    page = moodle.client.get(GRADES).text
    assert "/courses/3644/activities/1/review?user=12" in page
    review = moodle.client.get("/courses/3644/activities/1/review?user=12")
    assert "Siobhán" in review.text
    action, start = form_of(moodle.client.get(frame_of(review.text)).text)
    assert action == moodle.tool.addresses.login_url
    assert start["target_link_uri"] == moodle.tool.addresses.launch_url
    claims = launched(moodle, start)
    assert claims[CLAIM + "for_user"] == {"user_id": "12"}
    assert claims[CLAIM + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"]


def test_moodle_signs_it_for_a_student_who_changes_the_address(moodle: Any) -> None:
    visit(moodle, "tom")
    assert "Grade analysis" not in moodle.client.get(GRADES).text
    start = form_of(moodle.client.get("/courses/3644/activities/1/grade-report?user=12").text)[1]
    claims = launched(moodle, start)
    assert (claims["sub"], claims[CLAIM + "for_user"]) == ("6", {"user_id": "12"})
    assert claims[CLAIM + "message_type"] == "LtiSubmissionReviewRequest"
    assert claims[CLAIM + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]


def test_moodle_review_goes_where_the_line_item_says(moodle: Any) -> None:
    review_url = moodle.tool.addresses.launch_url + "/review"
    draft = replace(
        moodle.school.activity(1), title="Linked", submission_review={"url": review_url, "custom": {"action": "look"}}
    )
    (linked,) = moodle.school.add_activities([draft])
    claims = moodle.school.review_claims("irena", "tom", linked.id, "n")
    assert claims[CLAIM + "target_link_uri"] == review_url
    assert claims[CLAIM + "custom"]["action"] == "look"
    assert "action" not in moodle.school.claims_for("irena", linked.id, "n")[CLAIM + "custom"]
    asked = f"/courses/3644/activities/{linked.id}/grade-report?as=irena&user=6"
    assert form_of(moodle.client.get(asked).text)[1]["target_link_uri"] == review_url


def test_each_lms_has_its_own_way_only(canvas: Any, moodle: Any) -> None:
    with pytest.raises(NotHere):
        canvas.school.review_claims("irena", "tom", 1, "n")
    with pytest.raises(NotHere):
        moodle.school.speedgrader_claims("irena", 1, "tom", "n")
    assert canvas.client.get("/courses/3644/activities/1/review?user=6").status_code == 404
    assert moodle.client.get("/courses/3644/gradebook/speed_grader?assignment_id=1&student=tom").status_code == 404


def test_speedgrader_opens_the_stored_address(canvas: Any) -> None:
    url = hand_in(canvas, "tom")
    claims = canvas.school.speedgrader_claims("irena", 1, "tom", "n")
    context = claims[CLAIM + "context"]
    assert claims[CLAIM + "message_type"] == "LtiResourceLinkRequest"
    assert claims[CLAIM + "target_link_uri"] == url
    assert claims[CLAIM + "resource_link"] == {"id": context["id"], "description": None, "title": context["title"]}
    assert "lineitem" not in claims[AGS]
    assert claims[AGS]["lineitems"]
    assert claims["https://www.instructure.com/placement"] is None
    assert claims[CLAIM + "custom"]["canvas_assignment_id"] == "8801"
    assert claims["sub"] == canvas.school.sub_of("irena")
    assert canvas.school.sub_of("tom") not in str(claims)


def test_speedgrader_knows_nothing_of_the_links_custom_parameters(canvas: Any) -> None:
    draft = replace(canvas.school.activity(1), title="Linked", custom={"post_id": "99", "canvas_user_id": "mine"})
    (linked,) = canvas.school.add_activities([draft])
    extension = {"submission_type": "basic_lti_launch", "submission_data": canvas.tool.addresses.launch_url + "?r=1"}
    canvas.push("tom", 7, T.format(0), canvas.lineitem(linked.id), **{SUBMISSION: extension})
    assert canvas.school.claims_for("irena", linked.id, "n")[CLAIM + "custom"]["post_id"] == "99"
    custom = canvas.school.speedgrader_claims("irena", linked.id, "tom", "n")[CLAIM + "custom"]
    assert "post_id" not in custom
    assert custom["canvas_user_id"] == "5003"


def test_canvas_teacher_goes_from_the_gradebook_into_speedgrader(canvas: Any) -> None:
    url = hand_in(canvas, "tom")
    visit(canvas, "irena")
    link = "/courses/3644/gradebook/speed_grader?assignment_id=1&amp;student=tom"
    assert link in canvas.client.get(GRADES).text
    assert "student=matt" not in canvas.client.get(GRADES).text
    page = canvas.client.get(link.replace("&amp;", "&")).text
    assert "attempt 1" in page
    start = form_of(canvas.client.get(frame_of(page)).text)[1]
    assert start["target_link_uri"] == url
    claims = launched(canvas, start)
    assert claims[CLAIM + "target_link_uri"] == url
    assert claims[CLAIM + "resource_link"]["id"] == claims[CLAIM + "context"]["id"]


def test_no_preview_without_an_address(canvas: Any) -> None:
    canvas.push("tom", 7, T.format(0))
    visit(canvas, "irena")
    page = canvas.client.get("/courses/3644/gradebook/speed_grader?assignment_id=1&student=tom").text
    assert "No preview available" in page
    assert "<iframe" not in page
    with pytest.raises(NotHere, match="No preview available"):
        canvas.school.speedgrader_claims("irena", 1, "tom", "n")


@pytest.mark.parametrize("kind", ["online_url", "online_text_entry", "external_tool"])
def test_only_a_basic_lti_launch_has_a_preview(canvas: Any, kind: str) -> None:
    """The others are a plain link, a text, or nothing: none of them launches the tool."""
    hand_in(canvas, "tom", submission_type=kind)
    with pytest.raises(NotHere, match="No preview available"):
        canvas.school.speedgrader_claims("irena", 1, "tom", "n")


def test_students_open_their_own_submission_only(canvas: Any) -> None:
    url = hand_in(canvas, "tom")
    hand_in(canvas, "matt")
    visit(canvas, "tom")
    assert "/courses/3644/assignments/1/submissions/tom" in canvas.client.get(GRADES).text
    page = canvas.client.get("/courses/3644/assignments/1/submissions/tom").text
    claims = launched(canvas, form_of(canvas.client.get(frame_of(page)).text)[1])
    assert (claims["sub"], claims[CLAIM + "target_link_uri"]) == (canvas.school.sub_of("tom"), url)
    assert canvas.client.get("/courses/3644/assignments/1/submissions/matt").status_code == 403
    assert canvas.client.get("/courses/3644/gradebook/speed_grader?assignment_id=1&student=tom").status_code == 403


def test_only_addresses_of_a_tool_are_opened(canvas: Any) -> None:
    visit(canvas, "tom")
    retrieve = "/courses/3644/external_tools/retrieve?assignment_id=1&url="
    refused = canvas.client.get(retrieve + quote("https://evil.example.test/launch", safe=""))
    assert refused.status_code == 404
    assert "find valid settings" in refused.text
    assert canvas.client.get("/courses/3644/assignments/77/submissions/tom").status_code == 404


def test_a_post_without_the_extension_wipes_the_address(canvas: Any) -> None:
    hand_in(canvas, "tom")
    canvas.push("tom", 8, T.format(1))
    grade = canvas.grade("tom")
    assert (grade.attempts, grade.submission_type, grade.submission_url) == (2, "external_tool", "")


def test_new_submission_false_leaves_the_submission_alone(canvas: Any) -> None:
    url = hand_in(canvas, "tom")
    before = canvas.grade("tom")
    other = {"new_submission": False, "submission_type": "basic_lti_launch", "submission_data": "http://x.test/"}
    canvas.push("tom", 9, T.format(1), submission={"submittedAt": "2026-11-01T08:00:00Z"}, **{SUBMISSION: other})
    after = canvas.grade("tom")
    assert (after.score, after.submission_url, after.attempts) == (9, url, 1)
    assert after.submitted_at == before.submitted_at


@pytest.mark.parametrize(
    ("progress", "kept"),
    [("Initialized", False), ("Started", False), ("InProgress", False), ("Submitted", True), ("Completed", True)],
)
def test_only_work_that_is_done_is_handed_in(canvas: Any, progress: str, kept: bool) -> None:
    link = {"submission_type": "basic_lti_launch", "submission_data": canvas.tool.addresses.launch_url}
    canvas.push("tom", 7, T.format(0), activityProgress=progress, **{SUBMISSION: link})
    assert (canvas.grade("tom").attempts, bool(canvas.grade("tom").submission_url)) == (int(kept), kept)


def test_submitted_a_little_in_the_future(canvas: Any) -> None:
    now = canvas.school.clock()
    canvas.school.clock = lambda: now
    for ahead, status in ((59, 200), (61, 400)):
        when = (now + timedelta(seconds=ahead)).isoformat()
        answer = canvas.push("tom", 7, now.isoformat(), submission={"submittedAt": when})
        assert answer.status_code == status
    assert "in the future" in answer.json["errors"]["message"]


def test_no_attempts_left(canvas: Any) -> None:
    canvas.school.faults.set("no_attempts_left", person="tom")
    assert canvas.push("tom", 7, T.format(0)).status_code == 422
    assert canvas.push("tom", 7, T.format(0), **{SUBMISSION: {"new_submission": False}}).status_code == 200
    assert canvas.push("matt", 7, T.format(0)).status_code == 200
