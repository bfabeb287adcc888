"""Group I: a student's work opened from the LMS's gradebook, by Moodle's message or Canvas's address (rows 198-204)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs
from structlog.typing import EventDict

from lti_tool.errors import Reason
from lti_tool.models import Blog, Deployment, GradebookScore, Membership, Person, Placement, Role, Visit
from tests.certification.dialogue import ANOTHER_BLOG, chosen, opened
from tests.certification.evidence import PURL, rows_of
from tests.certification.launches import INSTRUCTOR, LEARNER, MEMBERSHIP, Attempt, begun, changed, let_in
from tests.practice_lms.a_launch import AGS
from tests.stage import ScriptBrowser, Stage, register

ASSISTANT = f"{MEMBERSHIP}/Instructor#TeachingAssistant"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
WORDS = "What Khrushchev dared to say."


def hand_in(stage: Stage, person: str = "tom", activity: int = 1) -> ScriptBrowser:
    """A post by a student, and its score sent to the LMS."""
    browser = stage.launched(person, activity)
    browser.post("posts/new", {"title": f"By {person}", "body": WORDS, "once": person})
    stage.send_scores()
    return browser


def asked(stage: Stage, person: str, for_person: str = "tom", activity: int = 1, **changes: Any) -> Attempt:
    """Moodle's review of somebody's work, whoever asks; not posted yet."""
    attempt = begun(stage, person)
    claims = stage.school.review_claims(person, for_person, activity, attempt.login.nonce)
    attempt.claims = changed(claims, changes)
    return attempt


def address_of(stage: Stage, person: str = "tom", activity: int = 1) -> str:
    """The address that Canvas has with somebody's submission."""
    grade = stage.school.grade(stage.school.column_of(activity).id, person)
    assert grade is not None
    assert grade.submission_type == "basic_lti_launch"
    return grade.submission_url


def at_address(stage: Stage, address: str, person: str = "irena", **changes: Any) -> Attempt:
    """A launch to an address of ours, as SpeedGrader and a student's submission page begin it."""
    attempt = begun(stage, person, target_link_uri=address)
    attempt.claims = changed(attempt.claims, {"target_link_uri": address, **changes})
    return attempt


def speedgrader(stage: Stage, person: str = "irena", for_person: str = "tom") -> Attempt:
    """What SpeedGrader sends: no link, no column, and nobody's name but the teacher's own."""
    attempt = begun(stage, person, target_link_uri=address_of(stage, for_person))
    attempt.claims = stage.school.speedgrader_claims(person, 1, for_person, attempt.login.nonce)
    return attempt


def landed(attempt: Attempt) -> str:
    """Where a launch that is let in leads to, below the visit; the page must open."""
    response = attempt.post()
    assert response.status_code == 303, response.text
    place = "/".join(attempt.browser.home.split("/")[3:])
    page = attempt.browser.get(response.headers["Location"])
    assert page.status_code == 200, page.text
    return place


def refused(attempt: Attempt, status: int) -> EventDict:
    """Post what is signed and yet not allowed: no row, no way on, and one line in the log, which names nobody."""
    stage, before = attempt.stage, rows_of(attempt.stage)
    with capture_logs() as lines:
        response = attempt.post()
    assert response.status_code == status, response.text
    assert rows_of(stage) == before
    assert "Location" not in response.headers
    assert "visit" not in attempt.browser.cookies
    assert "By tom" not in response.text
    (line,) = lines
    assert (line["event"], line["status"], line["page"]) == ("refused", status, "/lti/launch")
    assert not [text for text in (attempt.claims["sub"], attempt.claims["name"]) if text in repr(line).split("'")]
    return line


def person_id(stage: Stage, key: str) -> int:
    with stage.tool.database.reading() as session:
        return session.scalars(select(Person.id).where(Person.lti_sub == stage.school.sub_of(key))).one()


# --- Moodle's message ---


def test_row_198_a_teacher_sees_that_students_work(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    attempt = asked(stage, "irena")
    assert attempt.claims[PURL + "message_type"] == "LtiSubmissionReviewRequest"
    assert landed(attempt) == f"desk/people/{person_id(stage, 'tom')}"
    page = attempt.browser.get(attempt.browser.home).text
    assert ">Tom Okonkwo</bdi>" in page
    assert "By tom" in page
    assert 'name="points"' in page


def test_row_198_a_student_of_the_roster_who_has_done_nothing(moodle_stage: Stage) -> None:
    """Known from the course's list of people alone."""
    stage = moodle_stage
    stage.launched("irena")
    stage.clockwork.read_rosters()
    assert landed(asked(stage, "irena", "zoe")) == f"desk/people/{person_id(stage, 'zoe')}"


def test_row_198_somebody_whom_nobody_knows_yet(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    attempt = asked(stage, "irena", "zoe")
    response = attempt.post()
    assert response.headers["Location"].endswith("/desk?done=unknown")
    page = attempt.browser.get(response.headers["Location"])
    assert "That person has not been in this blog yet" in page.text
    assert "Tom Okonkwo" in page.text


@pytest.mark.parametrize("who", ["of another course", "a teacher"])
def test_row_198_somebody_who_is_no_student_of_this_blog(moodle_stage: Stage, who: str) -> None:
    """Known to the tool, and yet not here: the same as nobody, and no page that does not exist."""
    stage = moodle_stage
    stage.launched("irena")
    if who == "of another course":
        elsewhere = begun(stage, "zoe")
        elsewhere.claims = changed(elsewhere.claims, {"context": {"id": "another"}, "resource_link": {"id": "a1"}})
        let_in(elsewhere)
    else:
        stage.launched("sam")
    attempt = asked(stage, "irena", "zoe" if who == "of another course" else "sam")
    response = attempt.post()
    assert response.headers["Location"].endswith("/desk?done=unknown")
    assert attempt.browser.get(response.headers["Location"]).status_code == 200


def test_row_198_a_first_launch_of_all_can_be_a_review(moodle_stage: Stage) -> None:
    """Nobody has opened the blog, so there is no work: a page says so, and no blog is made."""
    assert refused(asked(moodle_stage, "irena"), 404)["why"] == "NotFound"


def test_row_198_an_assistant_reviews_as_a_teacher_does_but_sets_no_score(stage: Stage) -> None:
    """Moodle knows no assistants, so this is a launch of a standard LMS."""
    hand_in(stage)
    column = begun(stage).claims[AGS]["lineitem"]
    attempt = begun(stage, "sam")
    assert ASSISTANT in attempt.claims[PURL + "roles"]
    attempt.claims = changed(attempt.claims, {
        "message_type": "LtiSubmissionReviewRequest", AGS: {"lineitem": column},
        PURL + "for_user": {"user_id": stage.school.sub_of("tom")}, "resource_link": None,
    })  # fmt: skip
    assert landed(attempt) == f"desk/people/{person_id(stage, 'tom')}"
    page = attempt.browser.get(attempt.browser.home)
    assert "By tom" in page.text
    assert 'name="points"' not in page.text
    visit = "/".join(attempt.browser.home.split("/")[:3])
    corrected = attempt.browser.post(f"{visit}/desk/people/{person_id(stage, 'tom')}/score", {"points": "9"})
    assert corrected.status_code == 403


BAD_REVIEWS: dict[str, tuple[dict[str, Any], str]] = {
    "no_for_user": ({PURL + "for_user": None}, "for_user"),
    "for_user_is_empty": ({PURL + "for_user": {}}, "for_user"),
    "for_user_is_a_text": ({PURL + "for_user": "7"}, "for_user"),
    "user_id_is_null": ({PURL + "for_user": {"user_id": None}}, "for_user"),
    "user_id_is_empty": ({PURL + "for_user": {"user_id": ""}}, "for_user"),
    "user_id_is_a_number": ({PURL + "for_user": {"user_id": 7}}, "for_user"),
    "no_roles": ({"roles": None}, "roles"),
    "no_column_nor_link": ({AGS: None, "resource_link": None}, "lineitem"),
    "an_empty_column_and_no_link": ({AGS: {"lineitem": ""}, "resource_link": None}, "lineitem"),
    "a_column_that_is_no_text": ({AGS: {"lineitem": 5}, "resource_link": None}, "lineitem"),
    "grades_of_the_wrong_type": ({AGS: []}, "endpoint"),
}


@pytest.mark.parametrize(("changes", "claim"), BAD_REVIEWS.values(), ids=BAD_REVIEWS)
def test_row_199_person_and_column_are_required(moodle_stage: Stage, changes: dict[str, Any], claim: str) -> None:
    moodle_stage.launched("irena")
    attempt = asked(moodle_stage, "irena", **changes)
    assert attempt.expect_refusal(Reason.BAD_CLAIM)["claim"] == claim


def test_row_199_without_a_column_only_moodle_is_understood(moodle_stage: Stage, door: Stage) -> None:
    """Moodle reviews a link with two columns without saying which; the standard wants it said."""
    stage = moodle_stage
    hand_in(stage)
    assert landed(asked(stage, "irena", **{AGS: None})).startswith("desk/people/")
    door.launched("irena")
    attempt = begun(door, "irena")
    for_user = {"user_id": door.school.sub_of("tom")}
    attempt.claims = changed(
        attempt.claims, {"message_type": "LtiSubmissionReviewRequest", PURL + "for_user": for_user, AGS: None}
    )
    assert attempt.expect_refusal(Reason.BAD_CLAIM)["claim"] == "lineitem"


def test_row_200_the_column_alone_will_do(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    hand_in(stage, activity=2)
    for activity, title in ((1, "The Thaw"), (2, "After Stalin")):
        attempt = asked(stage, "irena", activity=activity, resource_link=None)
        assert landed(attempt) == f"desk/people/{person_id(stage, 'tom')}"
        visit = "/".join(attempt.browser.home.split("/")[:3])
        assert title in blog_title(stage, visit)


def blog_title(stage: Stage, visit: str) -> str:
    key = visit.rpartition("/")[2]
    with stage.tool.database.reading() as session:
        wanted = select(Blog.title).join(Placement, Placement.blog_id == Blog.id)
        return session.scalars(wanted.join(Visit, Visit.placement_id == Placement.id).where(Visit.key == key)).one()


def test_row_201_a_student_sees_their_own_work(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    attempt = asked(stage, "tom", "tom")
    assert landed(attempt) == "my-participation"
    assert "<b>4</b>" in attempt.browser.get(attempt.browser.home).text


@pytest.mark.parametrize("forger", ["zoe", "matt"])
def test_row_201_a_review_that_a_student_forged_for_another_shows_nothing(moodle_stage: Stage, forger: str) -> None:
    """Moodle signs it: the role decides, never the kind of message. One forger has been here before, one has not."""
    stage = moodle_stage
    hand_in(stage)
    stage.launched("zoe")
    attempt = asked(stage, forger, "tom")
    assert attempt.claims[PURL + "roles"] == [LEARNER]
    assert refused(attempt, 403)["why"] == "NotAllowed"
    with stage.tool.database.reading() as session:
        role = select(Membership.launched_role).join(Person).where(Person.lti_sub == attempt.claims["sub"])
        assert session.scalar(role) is (Role.STUDENT if forger == "zoe" else None)


@pytest.mark.parametrize(
    "roles", [[], [f"{MEMBERSHIP}#Mentor"], ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"]]
)
def test_row_201_who_has_no_role_here_sees_nobodys_work(moodle_stage: Stage, roles: list[str]) -> None:
    hand_in(moodle_stage)
    refused(asked(moodle_stage, "irena", roles=roles), 403)


def test_row_201_a_teacher_in_the_role_of_a_student(moodle_stage: Stage) -> None:
    """“Switch role to student” is one, as long as it lasts."""
    stage = moodle_stage
    hand_in(stage)
    refused(asked(stage, "irena", roles=[LEARNER]), 403)
    assert landed(asked(stage, "irena")).startswith("desk/people/")


def test_row_201_a_review_that_is_refused_cannot_be_tried_again(moodle_stage: Stage) -> None:
    hand_in(moodle_stage)
    attempt = asked(moodle_stage, "zoe", "tom")
    token = attempt.token()
    assert attempt.post(token).status_code == 403
    attempt.expect_refusal(Reason.STATE_USED, token)


def test_row_202_a_column_of_another_course_is_none_here(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    other = stage.school.copy_course()
    theirs = stage.school.activities(other.id)[0]
    hand_in(stage, "zoe", theirs.id)
    column = stage.school.claims_for("irena", theirs.id, "n")[AGS]["lineitem"]
    refused(asked(stage, "irena", "zoe", resource_link=None, **{AGS: {"lineitem": column}}), 404)


def test_row_202_beside_our_own_link_it_opens_our_own_blog(moodle_stage: Stage) -> None:
    """The link decides then; whoever did nothing here is nobody here."""
    stage = moodle_stage
    hand_in(stage)
    other = stage.school.copy_course()
    theirs = stage.school.activities(other.id)[0]
    hand_in(stage, "zoe", theirs.id)
    column = stage.school.claims_for("irena", theirs.id, "n")[AGS]["lineitem"]
    attempt = asked(stage, "irena", "zoe", **{AGS: {"lineitem": column}})
    response = attempt.post()
    assert response.headers["Location"].endswith("/desk?done=unknown")
    assert "By zoe" not in attempt.browser.get(response.headers["Location"]).text


def second_deployment(stage: Stage) -> None:
    with stage.tool.database.writing() as session:
        session.add(Deployment(platform_id=1, lti_deployment_id="D2"))


def test_row_202_the_same_course_and_link_of_another_deployment(moodle_stage: Stage) -> None:
    """All ids are the same but that of the deployment."""
    stage = moodle_stage
    hand_in(stage)
    second_deployment(stage)
    attempt = begun(stage, "irena", lti_deployment_id="D2")
    claims = stage.school.review_claims("irena", "tom", 1, attempt.login.nonce)
    attempt.claims = changed(claims, {"deployment_id": "D2"})
    refused(attempt, 404)


def test_row_202_the_same_ids_on_another_platform(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    register(stage.tool, stage.lms_url, "1", client_id="second-client")
    attempt = begun(stage, "irena", client_id="second-client")
    claims = stage.school.review_claims("irena", "tom", 1, attempt.login.nonce)
    attempt.claims = changed(claims, {"aud": "second-client"})
    refused(attempt, 404)


def test_row_203_a_column_says_that_its_work_can_be_opened(moodle_stage: Stage) -> None:
    """And Moodle, which keeps it, then sends the review to the address that stands there."""
    stage = moodle_stage
    (item,) = (answer := chosen(stage, opened(stage), ANOTHER_BLOG)).items
    review = item["lineItem"]["submissionReview"]
    assert review["url"] == f"{stage.tool_url}/lti/launch"
    assert set(review["reviewableStatus"]) <= {"None", "InProgress", "Submitted", "Completed"}
    assert {"Submitted", "Completed"} <= set(review["reviewableStatus"])
    (saved,) = stage.school.deep_linking_return(answer.fields["JWT"]).items
    activity = stage.school.save_item(saved)
    hand_in(stage, activity=activity.id)
    attempt = asked(stage, "irena", activity=activity.id)
    assert attempt.claims[PURL + "target_link_uri"] == review["url"]
    assert landed(attempt) == f"desk/people/{person_id(stage, 'tom')}"


def test_row_204_after_marking_the_score_is_sent_and_there_is_a_way_back(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    attempt = asked(stage, "irena")
    back = attempt.claims[PURL + "launch_presentation"]["return_url"]
    landed(attempt)
    visit = "/".join(attempt.browser.home.split("/")[:3])
    address = f"{visit}/desk/people/{person_id(stage, 'tom')}"
    rings = len(stage.rings)
    stage.clock.ahead += timedelta(seconds=2)  # an LMS takes one score of a second
    saved = attempt.browser.post(f"{address}/score", {"points": "8.5", "reason": "Well argued."})
    assert saved.status_code == 303
    assert len(stage.rings) == rings + 1
    page = attempt.browser.get(saved.headers["Location"])
    assert f'class="back" href="{back.replace("&", "&amp;")}"' in page.text
    stage.send_scores()
    grade = stage.school.grade(stage.school.column_of(1).id, "tom")
    assert grade is not None
    assert grade.score == 8.5


# --- Canvas's address ---


def test_row_198_speedgrader_opens_the_work_at_the_address_of_the_score(stage: Stage) -> None:
    hand_in(stage)
    hand_in(stage, "zoe")
    attempt = speedgrader(stage)
    assert stage.school.sub_of("tom") not in repr(attempt.claims)
    assert landed(attempt) == f"desk/people/{person_id(stage, 'tom')}"
    page = attempt.browser.get(attempt.browser.home).text
    assert "By tom" in page
    assert "By zoe" not in page


def test_row_198_an_address_names_nobody_and_cannot_be_guessed(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    for person in ("tom", "zoe"):
        hand_in(stage, person)
    keys = [address_of(stage, person).removeprefix(f"{stage.tool_url}/lti/launch?review=") for person in ("tom", "zoe")]
    assert len(set(keys)) == 2
    assert min(map(len, keys)) >= 20
    assert stage.school.sub_of("tom") not in keys[0]


def test_row_198_the_address_stays_the_same_when_the_score_changes(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    hand_in(stage)
    before = address_of(stage)
    teacher = stage.launched("irena")
    stage.clock.ahead += timedelta(seconds=2)  # an LMS takes one score of a second
    teacher.post(f"desk/people/{person_id(stage, 'tom')}/score", {"points": "7"})
    stage.send_scores()
    grade = stage.school.grade(stage.school.column_of(1).id, "tom")
    assert grade is not None
    assert (grade.score, grade.submission_url, grade.attempts) == (7, before, 1)


def test_row_201_the_address_opens_for_its_own_student_and_no_other(stage: Stage) -> None:
    """Canvas shows students the address of their own submission; they can pass it on."""
    hand_in(stage)
    stage.launched("zoe")
    address = address_of(stage)
    assert landed(at_address(stage, address, "tom")) == "my-participation"
    refused(at_address(stage, address, "zoe"), 403)
    refused(at_address(stage, address, "matt"), 403)


def test_row_201_the_address_alone_opens_nothing(stage_on_sqlite: Stage) -> None:
    hand_in(stage_on_sqlite)
    answer = stage_on_sqlite.browser().get(address_of(stage_on_sqlite))
    assert (answer.status_code, "By tom" in answer.text) == (405, False)


def test_row_201_a_test_user_sees_nobodys_work(stage_on_sqlite: Stage) -> None:
    """Student View is a student: the teacher's rights stay with the teacher."""
    stage = stage_on_sqlite
    hand_in(stage)
    attempt = at_address(stage, address_of(stage), "teststudent")
    assert TEST_USER in attempt.claims[PURL + "roles"]
    refused(attempt, 403)


def test_row_202_in_another_course_the_address_is_worth_nothing(stage: Stage) -> None:
    """Not even to the teacher of both."""
    hand_in(stage)
    other = stage.school.copy_course()
    theirs = stage.school.activities(other.id)[0]
    stage.launched("irena", theirs.id)
    context = stage.school.claims_for("irena", theirs.id, "n")[PURL + "context"]
    refused(at_address(stage, address_of(stage), context=context), 404)
    refused(at_address(stage, address_of(stage), "tom", context=context), 404)


def test_row_202_in_another_deployment_and_on_another_platform_too(stage: Stage) -> None:
    hand_in(stage)
    address = address_of(stage)
    second_deployment(stage)
    attempt = begun(stage, "irena", target_link_uri=address, lti_deployment_id="D2")
    attempt.claims = changed(attempt.claims, {"target_link_uri": address, "deployment_id": "D2"})
    refused(attempt, 404)
    deployment = begun(stage).claims[PURL + "deployment_id"]
    register(stage.tool, stage.lms_url, deployment, client_id="second-client")
    attempt = begun(stage, "irena", target_link_uri=address, client_id="second-client")
    attempt.claims = changed(
        attempt.claims, {"target_link_uri": address, "aud": "second-client", "azp": "second-client"}
    )
    refused(attempt, 404)


@pytest.mark.parametrize("key", ["never-was", "%00", "x" * 5000, "%F0%9F%A7%B5", "';--"])
def test_row_202_an_address_that_never_was(stage: Stage, key: str) -> None:
    hand_in(stage)
    refused(at_address(stage, f"{stage.tool_url}/lti/launch?review={key}"), 404)


def test_row_202_an_empty_address_is_an_ordinary_launch(stage_on_sqlite: Stage) -> None:
    attempt = at_address(stage_on_sqlite, f"{stage_on_sqlite.tool_url}/lti/launch?review=")
    assert landed(attempt) == ""


def test_row_202_an_address_cannot_be_added_behind_the_login(stage: Stage) -> None:
    """The launch must name the address that its login named."""
    hand_in(stage)
    attempt = begun(stage, "irena")
    attempt.claims = changed(attempt.claims, {"target_link_uri": address_of(stage)})
    attempt.expect_refusal(Reason.TARGET_MISMATCH)


def test_row_202_a_question_for_links_cannot_carry_an_address(stage_on_sqlite: Stage) -> None:
    """The kind of message decides what is opened."""
    stage = stage_on_sqlite
    hand_in(stage)
    address = address_of(stage)
    attempt = begun(stage, "irena", target_link_uri=address)
    claims = stage.school.deep_linking_claims("irena", attempt.login.nonce)
    attempt.claims = changed(claims, {"target_link_uri": address})
    assert attempt.post().headers["Location"].startswith("/choose/")


def test_row_204_speedgrader_has_a_way_back_too(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    hand_in(stage)
    attempt = speedgrader(stage)
    landed(attempt)
    back = attempt.claims[PURL + "launch_presentation"]["return_url"]
    assert f'class="back" href="{back}"' in attempt.browser.get(attempt.browser.home).text


def test_rows_198_and_204_moodle_is_given_no_address(moodle_stage: Stage) -> None:
    """It sends a review by itself, and would not know what to do with one."""
    hand_in(moodle_stage)
    grade = moodle_stage.school.grade(moodle_stage.school.column_of(1).id, "tom")
    assert grade is not None
    assert (grade.submission_url, grade.score) == ("", 4)


def test_row_198_a_review_writes_no_score_and_opens_one_visit(moodle_stage: Stage) -> None:
    stage = moodle_stage
    hand_in(stage)
    with stage.tool.database.reading() as session:
        visits, scores = (session.scalar(select(func.count()).select_from(kind)) for kind in (Visit, GradebookScore))
    with capture_logs() as lines:
        landed(asked(stage, "irena", roles=[INSTRUCTOR]))
    assert [line["event"] for line in lines] == ["launched"]
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == (visits or 0) + 1
        assert session.scalar(select(func.count()).select_from(GradebookScore)) == scores
