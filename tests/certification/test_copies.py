"""Group N: courses and links that an LMS copies, and what a teacher makes of them (rows 290-296)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from lti_tool.models import Blog, Comment, Deployment, Person, Placement, Post
from lti_tool.practice_lms.course import Activity
from tests.certification.dialogue import chosen, link_made, opened, taken_by_lms
from tests.certification.evidence import PURL
from tests.certification.launches import INSTRUCTOR, LEARNER, Arrived, begun, changed, who
from tests.stage import ScriptBrowser, Stage, register

WRITTEN = "What Tom thought of it last term."
PLAN = {"title": "Week 3", "prompt": "Who ruled after Stalin, and how?", "maximum": "20"}
LINK_HISTORY, COURSE_HISTORY = "resource_link_id_history", "context_id_history"


@dataclass(frozen=True)
class Came:
    """A launch that was let in: `is_asked` when it leads to the page where a teacher decides."""

    browser: ScriptBrowser
    arrived: Arrived
    is_asked: bool

    @property
    def blog_id(self) -> int:
        return self.arrived.blog_id


def came(stage: Stage, person: str = "irena", activity: Activity | int = 1, **changes: Any) -> Came:
    """Launch an activity, with some claims changed."""
    attempt = begun(stage, person, lti_deployment_id=changes.get("deployment_id", begin_with(stage)))
    number = activity if isinstance(activity, int) else activity.id
    attempt.claims = changed(stage.school.claims_for(person, number, attempt.login.nonce), changes)
    response = attempt.post()
    assert response.status_code == 303, response.text
    location = response.headers["Location"]
    attempt.browser.home = "/".join(location.split("/")[:3])
    return Came(attempt.browser, who(attempt), location.endswith("/copy"))


def begin_with(stage: Stage) -> str:
    return str(stage.school.tool_in_use.deployment_id)


def by_hand(
    stage: Stage, course: str, link: str, title: str = "Class blog", person: str = "irena", **custom: Any
) -> Came:
    """Launch a link that nobody laid out, with whatever the LMS has put into its custom parameters."""
    context = {"id": course, "title": f"Course {course}"}
    return came(stage, person, context=context, resource_link={"id": link, "title": title}, custom=custom)


def write(stage: Stage, activity: Activity | int = 1, person: str = "tom", body: str = WRITTEN) -> ScriptBrowser:
    browser = came(stage, person, activity).browser
    assert browser.post("posts/new", {"title": f"By {person}", "body": body, "once": body}).status_code == 303
    return browser


def copied(stage: Stage, activity: Activity, course_id: int | None = None) -> Activity:
    """Copy a course, its first unless another is named, and return the copy of the activity in it."""
    place = [one.id for one in stage.school.activities(activity.course_id)].index(activity.id)
    course = stage.school.copy_course(course_id or activity.course_id)
    copy = stage.school.activities(course.id)[place]
    stage.school.publish(copy.id)
    return copy


def old_term(stage: Stage) -> Activity:
    """A blog made in the LMS's dialogue, opened by its teacher and written in by a student."""
    activity = link_made(stage, PLAN)
    assert not came(stage, "irena", activity).is_asked
    write(stage, activity)
    return activity


def choose(browser: ScriptBrowser, use: str) -> requests.Response:
    return browser.post("copy", {"use": use})


def everything(browser: ScriptBrowser) -> str:
    """All that a person can read of a blog."""
    paths = ("", "posts/1", "posts/2", "desk", "desk/queue", "gradebook", "my-participation", "copy")
    return "".join(browser.get(path).text for path in paths)


def blog(stage: Stage, blog_id: int) -> Blog:
    with stage.tool.database.reading() as session:
        return session.get_one(Blog, blog_id)


def number_of_blogs(stage: Stage) -> int:
    with stage.tool.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Blog)) or 0


def score(stage: Stage, activity: Activity | int, person: str) -> float | None:
    number = activity if isinstance(activity, int) else activity.id
    grade = stage.school.grade(stage.school.column_of(number).id, person)
    return grade.score if grade else None


# --- finding the content (290-293) ---


def test_row_290_a_copied_link_finds_its_content_and_shows_nobodys_work(either: Stage) -> None:
    stage = either
    original = old_term(stage)
    first = came(stage, "irena", original)
    copy = copied(stage, original)
    second = came(stage, "irena", copy)
    before, after = (stage.school.claims_for("irena", one.id, "n") for one in (original, copy))
    assert before[PURL + "context"] != after[PURL + "context"]
    assert before[PURL + "resource_link"]["id"] != after[PURL + "resource_link"]["id"]
    assert second.is_asked
    assert (second.blog_id != first.blog_id, second.arrived.course_id != first.arrived.course_id) == (True, True)
    assert blog(stage, second.blog_id).copied_from_id == first.blog_id
    page = second.browser.get("").text
    assert PLAN["prompt"] in page
    assert "There is no post here yet" in page
    shown = everything(second.browser)
    assert WRITTEN not in shown
    assert "Okonkwo" not in shown
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Placement)) == 2


def test_row_290_the_page_of_the_copy_says_where_it_comes_from(either: Stage) -> None:
    copy = copied(either, old_term(either))
    page = came(either, "irena", copy).browser.get("copy")
    assert page.status_code == 200
    for words in ("This link was copied", "HIST 3644: Soviet History", PLAN["title"], "New term", "Same conversation"):
        assert words in page.text
    assert "Blank" in page.text
    assert "Okonkwo" not in page.text


def test_row_290_an_original_stays_what_it_is(either: Stage) -> None:
    original = old_term(either)
    copied(either, original)
    assert not came(either, "irena", original).is_asked
    assert came(either, "irena", original).browser.get("copy").status_code == 303
    assert WRITTEN in came(either, "irena", original).browser.get("posts/1").text


def test_row_290_a_copy_that_is_opened_before_its_original(either: Stage) -> None:
    """Both open with the prompt and the points that were laid out, and neither is taken for a copy of the other."""
    stage = either
    original = link_made(stage, PLAN)
    copy = copied(stage, original)
    write(stage, copy, "zoe", "Zoe was first.")
    for activity in (copy, original):
        opened_link = came(stage, "irena", activity)
        assert not opened_link.is_asked
        assert blog(stage, opened_link.blog_id).copied_from_id is None
        assert "at most 20" in opened_link.browser.get("desk").text
    assert PLAN["prompt"] in came(stage, "tom", original).browser.get("").text
    assert "Zoe was first." not in everything(came(stage, "irena", original).browser)


def test_row_290_the_same_id_in_another_deployment_is_another_blogs(either: Stage) -> None:
    stage = either
    original = old_term(stage)
    with stage.tool.database.writing() as session:
        session.add(Deployment(platform_id=1, lti_deployment_id="D2"))
    there = came(stage, "irena", original, deployment_id="D2", context={"id": "theirs"}, resource_link={"id": "x"})
    assert not there.is_asked
    assert PLAN["prompt"] not in everything(there.browser)
    assert blog(stage, there.blog_id).prompt == ""


def test_rows_290_and_294_a_duplicate_in_the_same_course(either: Stage) -> None:
    """Moodle keeps the custom parameters and calls it “(copy)”: prompt and rule again, and nothing of the writing."""
    stage = either
    original = old_term(stage)
    first = came(stage, "irena", original)
    twin = came(stage, "irena", stage.school.duplicate_activity(original.id))
    assert twin.is_asked
    assert twin.blog_id != first.blog_id
    assert "in this course" in twin.browser.get("copy").text
    assert WRITTEN not in twin.browser.get("").text
    assert PLAN["prompt"] in twin.browser.get("").text
    third = came(stage, "irena", stage.school.duplicate_activity(original.id))
    assert len({first.blog_id, twin.blog_id, third.blog_id}) == 3


def test_rows_290_and_291_a_copy_of_a_copy_comes_from_the_nearest(either: Stage) -> None:
    stage = either
    original = old_term(stage)
    second = copied(stage, original)
    teacher = came(stage, "irena", second)
    choose(teacher.browser, "new")
    teacher.browser.post("prompt", {"prompt": "The prompt of the second year."})
    write(stage, second, "zoe", "Of the second year.")
    third = came(stage, "irena", copied(stage, second))
    assert third.is_asked
    assert blog(stage, third.blog_id).copied_from_id == teacher.blog_id
    page = third.browser.get("").text
    assert "The prompt of the second year." in page
    assert "There is no post here yet" in page


def test_rows_290_and_291_a_copy_of_a_copy_that_nobody_opened(either: Stage) -> None:
    """The way between the two is the history of the course."""
    original = old_term(either)
    unopened = copied(either, original)
    third = came(either, "irena", copied(either, unopened))
    assert third.is_asked
    assert blog(either, third.blog_id).copied_from_id == came(either, "irena", original).blog_id


def test_row_290_a_second_link_to_one_conversation_is_copied_as_one(either: Stage) -> None:
    """It has no column of its own: apart from its blog, what is written behind it could never be scored."""
    stage = either
    original = old_term(stage)
    conversation = came(stage, "irena", original).blog_id
    second = taken_link(stage, f"same-{conversation}")
    assert came(stage, "irena", second).blog_id == conversation
    course = stage.school.copy_course()
    *_, first_copy, second_copy = stage.school.activities(course.id)
    new = came(stage, "irena", first_copy)
    assert new.blog_id != conversation
    assert came(stage, "irena", second_copy).blog_id == new.blog_id
    next_course = stage.school.copy_course(course.id)
    *_, third_copy, fourth_copy = stage.school.activities(next_course.id)
    assert came(stage, "irena", third_copy).blog_id == came(stage, "irena", fourth_copy).blog_id != new.blog_id


def test_a_second_link_that_is_opened_before_the_first(either: Stage) -> None:
    """The two links of the copied course open one blog, whichever is opened first."""
    stage = either
    original = old_term(stage)
    taken_link(stage, f"same-{came(stage, 'irena', original).blog_id}")
    *_, first_copy, second_copy = stage.school.activities(stage.school.copy_course().id)
    opened_first = came(stage, "irena", second_copy)
    assert came(stage, "irena", first_copy).blog_id == opened_first.blog_id


def taken_link(stage: Stage, take: str) -> Activity:
    """A link to a blog that the course has already, taken in the dialogue and saved."""
    answer = chosen(stage, opened(stage, placement="link_selection"), take=(take,))
    (item,) = taken_by_lms(stage, answer).items
    return stage.school.save_item(item)


@pytest.mark.parametrize("take", ["same", "like"])
def test_row_290_a_taken_link_shows_nothing_in_a_copied_course(either: Stage, take: str) -> None:
    stage = either
    original = old_term(stage)
    link = taken_link(stage, f"{take}-{came(stage, 'irena', original).blog_id}")
    here = came(stage, "irena", link)
    assert (WRITTEN in everything(here.browser)) == (take == "same")
    copy = came(stage, "irena", stage.school.activities(stage.school.copy_course().id)[-1])
    assert copy.is_asked
    assert WRITTEN not in everything(copy.browser)
    assert PLAN["prompt"] in copy.browser.get("").text
    assert "at most 20" in copy.browser.get("desk").text


def test_row_291_the_newest_known_link_of_the_history_counts(stage: Stage) -> None:
    for link in ("rl/1", "rl,2", "rl 3"):
        by_hand(stage, "c1", link).browser.post("prompt", {"prompt": f"The prompt of {link}."})
    histories = {
        "never,rl%2C2,rl%2F1": "rl,2", "rl%2F1": "rl/1", "rl%2F1,rl%2C2": "rl/1", " rl%203 , rl%2F1": "rl 3",
        "never%2C,rl%203,truncated": "rl 3",
    }  # fmt: skip
    for number, (history, expected) in enumerate(histories.items()):
        copy = by_hand(stage, "c2", f"new-{number}", **{LINK_HISTORY: history})
        assert copy.is_asked, history
        assert f"The prompt of {expected}." in copy.browser.get("").text


def test_row_291_the_newest_course_of_the_history_counts(stage: Stage) -> None:
    """For links that carry an id of ours, and for namesakes made by hand."""
    for course in ("old", "newer,still"):
        by_hand(stage, course, f"link-{course}", blog="shared-id").browser.post("prompt", {"prompt": f"Of {course}."})
    for number, (custom, title) in enumerate([({"blog": "shared-id"}, "Another title"), ({}, "Class blog")]):
        for place, (history, expected) in enumerate([("newer%2Cstill,old", "Of newer,still."), ("x,old", "Of old.")]):
            link = by_hand(stage, f"c-{number}-{place}", "new", title, **custom, **{COURSE_HISTORY: history})
            assert link.is_asked
            assert expected in link.browser.get("").text


NO_HISTORIES = [
    "$ResourceLink.id.history",
    "$Context.id.history",
    "",
    None,
    5,
    ["old-link"],
    ",",
    " , ,",
    "%00",
    "é",
    "x" * 300,
]


@pytest.mark.parametrize("history", NO_HISTORIES, ids=repr)
def test_row_292_what_is_no_history_makes_no_copy(stage: Stage, history: object) -> None:
    by_hand(stage, "old-course", "old-link", "Old").browser.post("prompt", {"prompt": "An old prompt."})
    new = by_hand(stage, "new-course", "new-link", "Old", **{LINK_HISTORY: history, COURSE_HISTORY: history})
    assert not new.is_asked
    assert blog(stage, new.blog_id).prompt == ""


def test_row_292_a_history_without_end_is_read_to_its_thousandth(stage_on_sqlite: Stage) -> None:
    by_hand(stage_on_sqlite, "old-course", "old-link", "Old")
    for before, is_copy in ((999, True), (1_000, False)):
        history = ",".join([*(f"x{number}" for number in range(before)), "old-course"])
        link = by_hand(stage_on_sqlite, f"new-{before}", "new-link", "Old", **{COURSE_HISTORY: history})
        assert link.is_asked is is_copy


def test_row_292_moodle_sends_the_name_of_a_variable_it_does_not_know(moodle_stage: Stage) -> None:
    activity = link_made(moodle_stage, PLAN)
    custom = moodle_stage.school.claims_for("irena", activity.id, "n")[PURL + "custom"]
    assert custom[LINK_HISTORY] == "$ResourceLink.id.history"
    assert custom[COURSE_HISTORY] == ""
    assert not came(moodle_stage, "irena", activity).is_asked


def test_row_293_a_history_reaches_no_other_deployment(stage: Stage) -> None:
    by_hand(stage, "c1", "l1", "Old", blog="an-id").browser.post("prompt", {"prompt": "Of another school."})
    with stage.tool.database.writing() as session:
        session.add(Deployment(platform_id=1, lti_deployment_id="D2"))
    for number, custom in enumerate([{LINK_HISTORY: "l1"}, {COURSE_HISTORY: "c1"}, {"blog": "an-id"}]):
        link = {"id": f"new-{number}", "title": "Old"}
        there = came(stage, deployment_id="D2", context={"id": "c2"}, resource_link=link, custom=custom)
        assert not there.is_asked
        assert blog(stage, there.blog_id).prompt == ""


def test_row_293_nor_another_platform(stage: Stage) -> None:
    by_hand(stage, "c1", "l1", "Old", blog="an-id").browser.post("prompt", {"prompt": "Of another school."})
    register(stage.tool, stage.lms_url, begin_with(stage), client_id="second-client")
    for number, custom in enumerate([{LINK_HISTORY: "l1"}, {COURSE_HISTORY: "c1"}, {"blog": "an-id"}]):
        attempt = begun(stage, "irena", client_id="second-client")
        attempt.claims = changed(attempt.claims, {
            "aud": "second-client", "azp": "second-client", "context": {"id": "c2"}, "custom": custom,
            "resource_link": {"id": f"new-{number}", "title": "Old"},
        })  # fmt: skip
        assert attempt.post().headers["Location"].endswith("/")
        assert blog(stage, who(attempt).blog_id).prompt == ""


def test_row_290_a_namesake_in_the_old_course_is_the_origin_if_there_is_one_alone(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    for link, title in (("a", "One of a kind"), ("b", "Twin"), ("c", "Twin")):
        by_hand(stage, "old", link, title)
    for title, is_copy in (("One of a kind", True), ("Twin", False), ("one of a kind", False), ("New", False)):
        assert by_hand(stage, "new", title, title, **{COURSE_HISTORY: "old"}).is_asked is is_copy
    assert not by_hand(stage, "unrelated", "x", "One of a kind").is_asked


# --- settings, never work (294) ---


def test_row_294_settings_are_taken_and_nothing_that_people_did(either: Stage) -> None:
    stage = either
    original = old_term(stage)
    tom = came(stage, "tom", original).browser
    zoe = came(stage, "zoe", original).browser
    zoe.post("posts/1/comments", {"body": "Zoe objects.", "once": "1"})
    teacher = came(stage, "irena", original).browser
    teacher.post("desk/queue/1", {"mark": "3", "feedback": "Well said."})
    copy = copied(stage, original)
    new = came(stage, "irena", copy)
    assert choose(new.browser, "new").status_code == 303
    shown = everything(new.browser)
    for words in (WRITTEN, "Zoe objects.", "Well said.", "Okonkwo", "Hartmann"):
        assert words not in shown
    assert "No students are known yet" in shown
    old, made = blog(stage, came(stage, "irena", original).blog_id), blog(stage, new.blog_id)
    assert (made.rule, made.prompt, made.last_post_number) == (old.rule, old.prompt, 0)
    assert WRITTEN in tom.get("posts/1").text


def test_row_294_neither_course_sees_what_the_other_changes(either: Stage) -> None:
    stage = either
    original = old_term(stage)
    copy = copied(stage, original)
    new, old = came(stage, "irena", copy).browser, came(stage, "irena", original).browser
    choose(new, "new")
    new.post("prompt", {"prompt": "A prompt for the new term."})
    fields = {"maximum": "50", "post_points": "10", "comments": "4", "comment_points": "10"}
    assert new.post("desk/rule", fields).status_code == 303
    write(stage, copy, "zoe", "Of the new term.")
    assert "at most 20" in old.get("desk").text
    assert "A prompt for the new term." not in everything(old)
    assert "Of the new term." not in everything(old)
    old.post("prompt", {"prompt": "A late change of the old one."})
    assert "A late change" not in everything(came(stage, "irena", copy).browser)


def test_row_294_students_find_a_new_term_before_anything_is_chosen(either: Stage) -> None:
    stage = either
    copy = copied(stage, old_term(stage))
    zoe = came(stage, "zoe", copy)
    assert not zoe.is_asked
    assert PLAN["prompt"] in zoe.browser.get("").text
    assert WRITTEN not in everything(zoe.browser)
    assert zoe.browser.post("posts/new", {"title": "T", "body": "Begun at once.", "once": "1"}).status_code == 303
    teacher = came(stage, "irena", copy)
    assert (teacher.is_asked, teacher.blog_id) == (True, zoe.blog_id)


def test_row_294_what_somebody_has_written_meanwhile_stays(either: Stage) -> None:
    stage = either
    copy = copied(stage, old_term(stage))
    write(stage, copy, "zoe", "Begun at once.")
    teacher = came(stage, "irena", copy)
    page = teacher.browser.get("copy").text
    assert "Somebody has written here already" in page
    assert 'value="same"' not in page
    assert 'value="blank"' not in page
    for use in ("same", "blank"):
        refused = choose(teacher.browser, use)
        assert (refused.status_code, "stays as a new term" in refused.text) == (422, True)
    assert choose(teacher.browser, "new").status_code == 303
    assert "Begun at once." in came(stage, "irena", copy).browser.get("posts/1").text
    assert not came(stage, "irena", copy).is_asked


def test_row_294_a_new_term_is_chosen_once(either: Stage) -> None:
    copy = copied(either, old_term(either))
    teacher = came(either, "irena", copy)
    answer = choose(teacher.browser, "new")
    assert answer.headers["Location"].endswith("/?done=copy-new")
    assert "Begun afresh" in teacher.browser.get(answer.headers["Location"]).text
    again = came(either, "irena", copy)
    assert (again.is_asked, again.blog_id) == (False, teacher.blog_id)
    for use in ("same", "blank", "new"):
        assert choose(again.browser, use).status_code == 422
    assert PLAN["prompt"] in again.browser.get("").text


def test_row_294_blank_is_blank(either: Stage) -> None:
    copy = copied(either, old_term(either))
    teacher = came(either, "irena", copy)
    assert choose(teacher.browser, "blank").status_code == 303
    page = came(either, "irena", copy).browser
    assert PLAN["prompt"] not in everything(page)
    assert "at most 10" in page.get("desk").text
    assert not came(either, "irena", copy).is_asked


@pytest.mark.parametrize("use", ["", "SAME", "old", None])
def test_row_294_nothing_chosen_changes_nothing(stage_on_sqlite: Stage, use: str | None) -> None:
    copy = copied(stage_on_sqlite, old_term(stage_on_sqlite))
    teacher = came(stage_on_sqlite, "irena", copy)
    assert teacher.browser.post("copy", {"use": use} if use is not None else {}).status_code == 422
    assert came(stage_on_sqlite, "irena", copy).is_asked


@pytest.mark.parametrize("person", ["sam", "zoe", "observer"])
def test_row_294_only_a_teacher_chooses(stage_on_sqlite: Stage, person: str) -> None:
    stage = stage_on_sqlite
    copy = copied(stage, old_term(stage))
    somebody = came(stage, person, copy)
    assert not somebody.is_asked
    assert somebody.browser.get("copy").status_code == 403
    for use in ("new", "same", "blank"):
        assert choose(somebody.browser, use).status_code == 403
    assert came(stage, "irena", copy).is_asked


def test_row_294_who_does_not_teach_the_old_course_does_not_get_its_conversation(stage_on_sqlite: Stage) -> None:
    """An administrator, an assistant there, a student there and a stranger teach the new course."""
    stage = stage_on_sqlite
    original = old_term(stage)
    came(stage, "sam", original)
    copy = copied(stage, original)
    for person in ("sam", "tom", "zoe"):
        teacher = came(stage, person, copy, roles=[INSTRUCTOR])
        assert teacher.is_asked
        page = teacher.browser.get("copy").text
        assert 'value="same"' not in page
        assert "only by someone who teaches in that course too" in page
        assert choose(teacher.browser, "same").status_code == 403
    assert came(stage, "irena", copy).is_asked


def test_row_294_who_has_left_the_old_course_does_not_get_its_conversation(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    original = old_term(stage)
    copy = copied(stage, original)
    stage.clockwork.read_rosters()
    stage.school.unenrol("irena")
    stage.clock.ahead += timedelta(minutes=6)
    stage.clockwork.read_rosters()
    teacher = came(stage, "irena", copy)
    assert teacher.is_asked
    assert choose(teacher.browser, "same").status_code == 403


def test_row_294_same_conversation_opens_the_old_blog(either: Stage) -> None:
    stage = either
    original = old_term(stage)
    old = came(stage, "irena", original)
    copy = copied(stage, original)
    zoe = came(stage, "zoe", copy)
    teacher = came(stage, "irena", copy)
    blogs = number_of_blogs(stage)
    assert choose(teacher.browser, "same").status_code == 303
    assert number_of_blogs(stage) == blogs - 1
    assert WRITTEN in teacher.browser.get("posts/1").text
    assert WRITTEN in zoe.browser.get("posts/1").text
    after = came(stage, "irena", copy)
    assert (after.is_asked, after.blog_id) == (False, old.blog_id)
    assert after.arrived.blog_title == came(stage, "irena", original).arrived.blog_title
    assert choose(teacher.browser, "blank").status_code == 422
    assert PLAN["prompt"] in blog(stage, old.blog_id).prompt


def test_row_294_a_blog_laid_out_beside_the_copy_follows_it(either: Stage) -> None:
    """The teacher takes the copied blog for a second link before deciding what the copy is to be."""
    stage = either
    original = old_term(stage)
    old = came(stage, "irena", original)
    copy = copied(stage, original)
    teacher = came(stage, "irena", copy)
    browser = opened(stage, placement="link_selection", course_id=copy.course_id)
    answer = chosen(stage, browser, take=(f"same-{teacher.blog_id}",))
    assert choose(teacher.browser, "same").status_code == 303
    (item,) = taken_by_lms(stage, answer, copy.course_id).items
    assert came(stage, "irena", stage.school.save_item(item)).blog_id == old.blog_id


def test_row_294_to_share_a_copy_decides_what_it_is(either: Stage) -> None:
    """Else somebody in the second course could lead the people of the third on into the first."""
    stage = either
    original = old_term(stage)
    second = copied(stage, original)
    third = copied(stage, second)
    assert came(stage, "irena", second).is_asked
    assert choose(came(stage, "irena", third).browser, "same").status_code == 303
    stranger = came(stage, "sam", third, roles=[INSTRUCTOR])
    assert not stranger.is_asked
    for person in ("sam", "irena"):
        for activity in (second, third):
            teacher = came(stage, person, activity, roles=[INSTRUCTOR])
            assert not teacher.is_asked
            assert choose(teacher.browser, "same").status_code == 422
    assert WRITTEN not in everything(came(stage, "irena", third).browser)


def test_row_294_a_duplicate_can_go_back_to_its_twin(either: Stage) -> None:
    stage = either
    original = old_term(stage)
    first = came(stage, "irena", original)
    duplicate = stage.school.duplicate_activity(original.id)
    choose(came(stage, "irena", duplicate).browser, "same")
    assert came(stage, "zoe", duplicate).blog_id == first.blog_id
    assert came(stage, "irena", original).arrived.blog_title == original.title


# --- columns (295, 296) ---


def test_rows_295_and_296_the_copys_score_goes_to_the_copys_column(either: Stage) -> None:
    """And no column is ever made by the tool: the LMS has copied its own."""
    stage = either
    original = old_term(stage)
    stage.send_scores()
    copy = copied(stage, original)
    came(stage, "irena", copy)
    columns = [(column.id, column.tag, column.resource_id) for column in stage.school.columns(copy.course_id)]
    write(stage, copy, "tom", "Tom, once more.")
    write(stage, copy, "zoe", "Zoe, of the new term alone.")
    tom_before = score(stage, original, "tom")
    stage.send_scores()
    assert (score(stage, copy, "tom"), score(stage, copy, "zoe")) == (8, 8)
    assert (score(stage, original, "tom"), score(stage, original, "zoe")) == (tom_before, None)
    assert [(column.id, column.tag, column.resource_id) for column in stage.school.columns(copy.course_id)] == columns
    posts = [call.url for call in stage.school.calls if call.method == "POST" and "/line" in call.url]
    assert len(posts) == 3
    assert all(url.partition("?")[0].endswith("/scores") for url in posts)


def test_row_296_before_and_after_the_choice_it_is_the_same_column(stage: Stage) -> None:
    original = old_term(stage)
    copy = copied(stage, original)
    write(stage, copy, "zoe", "Before the choice.")
    stage.send_scores()
    assert score(stage, copy, "zoe") == 8
    choose(came(stage, "irena", copy).browser, "new")
    assert (score(stage, original, "zoe"), score(stage, original, "tom")) == (None, 8)


def test_row_296_in_one_conversation_everybody_is_scored_in_their_own_course(stage: Stage) -> None:
    original = old_term(stage)
    copy = copied(stage, original)
    choose(came(stage, "irena", copy).browser, "same")
    write(stage, copy, "zoe", "Zoe, from the new course.")
    write(stage, original, "matt", "Matt, from the old course.")
    stage.send_scores()
    assert [score(stage, original, person) for person in ("tom", "matt", "zoe")] == [8, 8, None]
    assert [score(stage, copy, person) for person in ("tom", "matt", "zoe")] == [None, None, 8]
    names = ("Tom Okonkwo", "Matt Lindqvist", "Zoë Hartmann")
    desks = [came(stage, "irena", place).browser.get("desk").text for place in (original, copy)]
    assert [[desk.count(f">{name}<") for name in names] for desk in desks] == [[1, 1, 0], [0, 0, 1]]


def test_row_296_who_teaches_in_one_of_two_courses_grades_its_students_alone(stage: Stage) -> None:
    """They share the conversation, not the right to grade: not by page, by queue, by number or by trying again."""
    original = old_term(stage)
    copy = copied(stage, original)
    choose(came(stage, "irena", copy).browser, "same")
    toms = came(stage, "tom", original).browser
    toms.post("posts/1/comments", {"body": "Tom, from the old course.", "once": "1"})
    stage.send_scores()
    other = came(stage, "sam", copy, roles=[INSTRUCTOR]).browser
    with stage.tool.database.reading() as session:
        tom = session.scalar(select(Person.id).where(Person.lti_sub == stage.school.sub_of("tom")))
        comment = session.scalar(select(Comment.id).where(Comment.author_id == tom))
    before = score(stage, original, "tom")
    assert other.get("posts/1").status_code == 200
    assert other.get(f"desk/people/{tom}").status_code == 404
    assert other.post(f"desk/people/{tom}/score", {"points": "1"}).status_code == 404
    assert other.post(f"desk/queue/{comment}", {"mark": "3"}).status_code == 404
    assert "Tom Okonkwo" not in other.get("gradebook").text + other.get("desk").text + other.get("desk/queue").text
    stage.send_scores()
    assert score(stage, original, "tom") == before


@pytest.mark.parametrize("studies_in", ["old", "new"])
def test_row_296_who_teaches_in_one_course_and_learns_in_the_other(stage: Stage, studies_in: str) -> None:
    """The score goes to where they learn, not to the column of the course that they teach."""
    original = old_term(stage)
    copy = copied(stage, original)
    choose(came(stage, "irena", copy).browser, "same")
    learns, teaches = (original, copy) if studies_in == "old" else (copy, original)
    came(stage, "zoe", teaches, roles=[INSTRUCTOR])
    student = came(stage, "zoe", learns, roles=[LEARNER]).browser
    student.post("posts/new", {"title": "T", "body": "Of a student who teaches.", "once": "1"})
    stage.send_scores()
    assert (score(stage, learns, "zoe"), score(stage, teaches, "zoe")) == (8, None)


def test_row_296_who_has_left_the_old_course_is_scored_in_the_new_one(stage: Stage) -> None:
    original = old_term(stage)
    copy = copied(stage, original)
    came(stage, "zoe", original)
    choose(came(stage, "irena", copy).browser, "same")
    stage.clockwork.read_rosters()
    stage.school.enrol(1, ["irena", "tom"])
    stage.school.enrol(copy.course_id, ["irena", "zoe"])
    stage.clock.ahead += timedelta(minutes=6)
    stage.clockwork.read_rosters()
    stage.clock.ahead = timedelta()  # Canvas takes nothing from the future
    write(stage, copy, "zoe", "Zoe repeats the course.")
    stage.send_scores()
    assert (score(stage, copy, "zoe"), score(stage, original, "zoe")) == (8, None)


def test_row_296_a_choice_that_comes_after_a_correction(stage_on_sqlite: Stage) -> None:
    """A score that a teacher set in the empty copy does not keep it from being led to the old conversation."""
    stage = stage_on_sqlite
    original = old_term(stage)
    copy = copied(stage, original)
    zoe = came(stage, "zoe", copy)
    teacher = came(stage, "irena", copy)
    corrected = teacher.browser.post(f"desk/people/{zoe.arrived.person_id}/score", {"points": "5"})
    assert corrected.status_code == 303
    assert choose(teacher.browser, "same").status_code == 303
    stage.send_scores()
    assert came(stage, "zoe", copy).browser.get("my-participation").status_code == 200
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 1
