"""The way back, links that lead to nothing, Student View, and who is shut out (rows 92, 93, 102, 103 and 269)."""

from datetime import timedelta

import pytest
import requests
from sqlalchemy import func, select, update

from lti_tool.models import Deployment, GradebookScore, Membership, PlannedBlog, Platform, Post, Role
from tests.certification.dialogue import ANOTHER_BLOG, link_made, opened
from tests.certification.evidence import PURL
from tests.certification.launches import begun, changed, let_in
from tests.stage import ScriptBrowser, Stage

BACK = 'class="back"'
ROSTER_AGAIN = timedelta(minutes=6)


def presented(stage: Stage, person: str = "irena", **presentation: str) -> ScriptBrowser:
    """A visit whose launch says how it wants to be shown."""
    attempt = begun(stage, person)
    attempt.claims = changed(attempt.claims, {"launch_presentation": presentation})
    let_in(attempt)
    return attempt.browser


# --- the way back (92) ---


@pytest.mark.parametrize("page", ["", "desk", "gradebook", "posts/new", "desk/rule", "no-such-page-of-the-blog"])
def test_row_92_every_page_leads_back_to_the_course(door: Stage, page: str) -> None:
    browser = presented(door, return_url="https://lms.example.test/courses/1?a=1&b=2")
    answer = browser.get(page)
    shown = f'<a {BACK} href="https://lms.example.test/courses/1?a=1&amp;b=2" target="_top">Back to the course</a>'
    assert (shown in answer.text) == (answer.status_code == 200)


def test_row_92_what_the_lms_itself_says_is_the_way_back(either: Stage) -> None:
    for person in ("irena", "tom"):
        browser = either.launched(person)
        address = either.school.claims_for(person, 1, "n")[PURL + "launch_presentation"]["return_url"]
        assert f'{BACK} href="{address.replace("&", "&amp;")}"' in browser.get().text


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//evil.example.test", "/relative", ""],
)
def test_row_92_an_address_that_is_none_is_no_way_back(door: Stage, address: str) -> None:
    page = presented(door, return_url=address).get("desk")
    assert page.status_code == 200
    assert BACK not in page.text
    assert "script:alert" not in page.text.lower()


def test_row_92_plain_http_only_where_the_lms_is_registered_so(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    assert BACK in presented(stage, return_url="http://lms.example.test/courses/1").get("desk").text
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).values(authorize_url="https://lms.example.test/authorize"))
    assert BACK not in presented(stage, return_url="http://lms.example.test/courses/1").get("desk").text
    assert BACK in presented(stage, return_url="https://lms.example.test/courses/1").get("desk").text


def test_row_92_an_address_cannot_leave_its_attribute(door: Stage) -> None:
    page = presented(door, return_url='https://lms.example.test/"><script>alert(1)</script>').get("desk").text
    assert "<script>alert" not in page
    assert "&#34;&gt;&lt;script&gt;" in page


def test_row_92_without_an_address_there_is_no_way_back_to_press(door: Stage) -> None:
    assert BACK not in presented(door, document_target="window").get("desk").text


def test_row_92_only_a_frame_is_asked_for_another_height(door: Stage) -> None:
    """The page cannot know where it is shown before it is there, and Canvas says “iframe” of a window too."""
    browser = presented(door, document_target="window", return_url="https://lms.example.test/")
    assert "frameResize" not in browser.get("desk").text
    script = requests.get(f"{door.tool_url}/static/frame.js", timeout=5).text
    guard = script.index("if (window.parent !== window) {")
    assert guard < script.index("lti.frameResize")
    assert script.count("postMessage") == 1
    assert script.rstrip().endswith("}")
    assert "\n}\n" not in script[guard:].rstrip()


@pytest.mark.parametrize("target", ["window", "frame", "iframe", "hologram"])
def test_row_92_how_it_is_shown_takes_nothing_away(door: Stage, target: str) -> None:
    browser = presented(door, document_target=target, locale="es", width="abc", height="-1")
    assert browser.get("desk").status_code == 200


@pytest.mark.parametrize(("locale", "html"), [("es", 'lang="es" dir="ltr"'), ("ar", 'lang="ar" dir="rtl"')])
def test_row_92_the_page_is_in_the_language_that_the_launch_names(door: Stage, locale: str, html: str) -> None:
    browser = presented(door, locale=locale)
    assert f"<html {html}>" in browser.get("", headers={"Accept-Language": "en"}).text


# --- a link that leads to nothing (93) ---


def test_row_93_a_link_whose_blog_nobody_knows_opens_a_blank_one(stage: Stage) -> None:
    attempt = begun(stage, "irena")
    attempt.claims = changed(attempt.claims, {"custom": {"blog": "a-key-that-never-was"}})
    arrived = let_in(attempt)
    page = attempt.browser.get()
    assert (page.status_code, arrived.blog_title in page.text) == (200, True)
    assert "There is no post here yet" in page.text
    assert let_in(begun(stage, "tom")).blog_id == arrived.blog_id


def test_row_93_what_was_laid_out_and_then_removed_opens_a_blank_blog(stage: Stage) -> None:
    """The LMS's form stayed open for half a year."""
    activity = link_made(stage, ANOTHER_BLOG)
    stage.clock.ahead = timedelta(days=181)
    stage.clockwork.tidy()
    stage.clock.ahead = timedelta()
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PlannedBlog)) == 0
    page = stage.launched("irena", activity.id).get()
    assert page.status_code == 200
    assert "Week 3: Stalin&#39;s heirs" in page.text
    assert ANOTHER_BLOG["prompt"] not in page.text


STRANGE_KEYS = [
    5,
    None,
    "",
    "$ResourceLink.id",
    {"a": 1},
    ["x"],
    "x" * 5000,
    "a\x00b",
    "é 🧵",
    "'; DROP TABLE blog; --",
]


@pytest.mark.parametrize("key", STRANGE_KEYS, ids=lambda key: repr(key)[:20])
def test_row_93_a_key_of_any_kind(stage: Stage, key: object) -> None:
    for link in ("one", "two"):
        attempt = begun(stage, "irena")
        place = {"resource_link": {"id": link}, "context": {"id": link}}
        attempt.claims = changed(attempt.claims, {"custom": {"blog": key}, **place})
        response = attempt.post()
        assert response.status_code == 303, response.text


def test_row_93_a_page_that_is_gone_leads_back_to_the_blog(door: Stage) -> None:
    """And so to the course."""
    browser = presented(door, return_url="https://lms.example.test/courses/1")
    gone = browser.get("posts/99")
    assert gone.status_code == 404
    assert "Back to the blog" in gone.text
    assert BACK in gone.text


# --- Student View (102) ---


def test_row_102_a_test_student_writes_and_is_neither_scored_nor_listed(stage: Stage) -> None:
    tester = stage.launched("teststudent")
    assert tester.post("posts/new", {"title": "A try", "body": "Does it work?", "once": "1"}).status_code == 303
    assert tester.post("posts/1/comments", {"body": "It does, says the test.", "once": "2"}).status_code == 303
    teacher = stage.launched("irena")
    assert "Does it work?" in teacher.get("posts/1").text
    desk = teacher.get("desk").text
    assert "Test Student" not in desk.replace(nav_of(desk), "")
    assert "Nothing waits for a mark" in desk
    queue = teacher.get("desk/queue").text
    assert "It does, says the test." not in queue
    with stage.tool.database.reading() as session:
        person_id = session.scalars(select(Membership.person_id).where(Membership.is_test)).one()
        assert session.scalar(select(func.count()).select_from(GradebookScore)) == 0
    for path in (f"desk/people/{person_id}", "desk/queue?comment=1"):
        assert teacher.get(path).status_code == 404
    assert teacher.post(f"desk/people/{person_id}/score", {"points": "5"}).status_code == 404
    assert teacher.post("desk/queue/1", {"mark": "3"}).status_code == 404
    stage.send_scores()
    assert stage.school.grades(stage.school.column_of(1).id) == {}
    assert "Test Student" not in teacher.get("gradebook").text


def nav_of(page: str) -> str:
    return page[page.index("<nav") : page.index("</nav>")]


def test_row_102_a_change_of_the_rule_scores_no_test_student_either(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    stage.launched("teststudent").post("posts/new", {"title": "A try", "body": "Does it work?", "once": "1"})
    fields = {"maximum": "50", "post_points": "10", "comments": "4", "comment_points": "10"}
    assert stage.launched("irena").post("desk/rule", fields).status_code == 303
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(GradebookScore)) == 0


def test_row_102_the_roster_makes_no_student_of_the_tester(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    stage.school.reenrol("teststudent")
    teacher = stage.launched("irena")
    stage.clockwork.read_rosters()
    desk = teacher.get("desk").text
    assert "Tom Okonkwo" in desk
    assert "Test Student" not in desk
    stage.launched("teststudent").post("posts/new", {"title": "A try", "body": "Does it work?", "once": "1"})
    stage.send_scores()
    assert stage.school.grades(stage.school.column_of(1).id) == {}


def test_row_102_the_testers_own_pages_open(door: Stage) -> None:
    tester = door.launched("teststudent")
    assert tester.get("my-participation").status_code == 200
    assert tester.get("desk").status_code == 403
    assert tester.get("posts/new").status_code == 200


def test_row_102_a_moodle_teacher_as_a_student_is_one_for_that_time(moodle_stage: Stage) -> None:
    """Moodle has no test student: the same person comes as a Learner, and then as a teacher again."""
    stage = moodle_stage
    for as_student, desk in ((False, 200), (True, 403), (False, 200)):
        attempt = begun(stage, "irena")
        attempt.claims = stage.school.claims_for("irena", 1, attempt.login.nonce, as_student=as_student)
        let_in(attempt)
        assert attempt.browser.get("desk").status_code == desk
    assert "Irena Novak" not in stage.launched("sam").get("desk").text.partition("<main")[2]


# --- mentors (103) ---


def test_row_103_an_observer_reads_and_sees_nobodys_marks(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    stage.launched("isaiah").post("posts/new", {"title": "By Isaiah", "body": "Of the learner observed.", "once": "1"})
    attempt = begun(stage, "observer")
    assert attempt.claims[PURL + "role_scope_mentor"] == [stage.school.sub_of("isaiah")]
    assert let_in(attempt).role is Role.OBSERVER
    assert attempt.browser.get("posts/1").status_code == 200
    for path in ("desk", "desk/queue", "gradebook", "my-participation", "posts/new", "import"):
        assert attempt.browser.get(path).status_code == 403
    assert attempt.browser.post("posts/1/comments", {"body": "Well done!"}).status_code == 403


# --- shut out meanwhile (269) ---


def hold(stage: Stage, held: bool = True) -> None:
    with stage.tool.database.writing() as session:
        session.execute(update(Deployment).values(held_since=stage.clock() if held else None))


def test_row_269_visits_of_a_deployment_that_is_held_later_end(stage: Stage) -> None:
    browsers = [stage.launched("irena"), stage.launched("tom"), opened(stage)]
    writer = browsers[1]
    hold(stage)
    for browser in browsers:
        answer = browser.get()
        assert (answer.status_code, "switched off for your LMS" in answer.text) == (403, True)
    assert writer.post("posts/new", {"title": "T", "body": "B", "once": "1"}).status_code == 403
    assert browsers[2].post("cancel").status_code == 403
    assert begun(stage).post().status_code == 403
    with stage.tool.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 0
    hold(stage, held=False)
    assert writer.get().status_code == 200


def test_row_269_another_deployment_of_the_platform_goes_on(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    with stage.tool.database.writing() as session:
        session.add(Deployment(platform_id=1, lti_deployment_id="D2"))
    other = begun(stage, lti_deployment_id="D2")
    other.claims = changed(other.claims, {"deployment_id": "D2"})
    let_in(other)
    ours = stage.launched("tom")
    with stage.tool.database.writing() as session:
        held = update(Deployment).where(Deployment.lti_deployment_id == "D2")
        session.execute(held.values(held_since=stage.clock()))
    assert other.browser.get("posts/new").status_code == 403
    assert ours.get("posts/new").status_code == 200


def read_rosters(stage: Stage) -> None:
    stage.clock.ahead += ROSTER_AGAIN
    stage.clockwork.read_rosters()


def test_row_269_visits_of_who_is_listed_no_more_end(either: Stage) -> None:
    stage = either
    tom, irena = stage.launched("tom"), stage.launched("irena")
    stage.clockwork.read_rosters()
    assert tom.get("posts/new").status_code == 200
    stage.school.unenrol("tom")
    assert tom.get("posts/new").status_code == 200
    read_rosters(stage)
    for answer in (tom.get("posts/new"), tom.post("posts/new", {"title": "T", "body": "B", "once": "1"})):
        assert (answer.status_code, "no longer lists you in this course" in answer.text) == (403, True)
    desk = irena.get("desk")
    assert (desk.status_code, "no longer listed" in desk.text) == (200, True)


def test_row_269_a_teacher_who_is_listed_no_more_can_neither_grade_nor_choose(stage: Stage) -> None:
    teacher = stage.launched("irena")
    question = opened(stage, "sam")
    stage.clockwork.read_rosters()
    for person in ("irena", "sam"):
        stage.school.unenrol(person)
    read_rosters(stage)
    assert teacher.get("desk").status_code == 403
    answer = question.post("", ANOTHER_BLOG)
    assert (answer.status_code, "JWT" in answer.text) == (403, False)


def test_row_269_the_lms_has_the_last_word_on_who_comes_back(either: Stage) -> None:
    """A new launch is newer than the list; the old tab stays shut until the list has them again."""
    stage = either
    stage.launched("irena")
    old_tab = stage.launched("tom")
    stage.clockwork.read_rosters()
    stage.school.unenrol("tom")
    read_rosters(stage)
    new_tab = stage.launched("tom")
    assert (old_tab.get("posts/new").status_code, new_tab.get("posts/new").status_code) == (403, 200)
    stage.school.reenrol("tom")
    read_rosters(stage)
    assert old_tab.get("posts/new").status_code == 200


def test_row_269_somebody_who_was_never_listed_is_not_shut_out(stage_on_sqlite: Stage) -> None:
    """An LMS's roster may leave out whom it lets in: administrators, observers, the test student."""
    stage = stage_on_sqlite
    visitors = [stage.launched(person) for person in ("teststudent", "observer", "irena")]
    stage.clockwork.read_rosters()
    read_rosters(stage)
    assert [visitor.get().status_code for visitor in visitors] == [200, 200, 200]


@pytest.mark.parametrize("fault", ["server_error", "roster_html", "roster_empty_list", "roster_members_null"])
def test_row_269_a_list_that_could_not_be_read_shuts_nobody_out(stage_on_sqlite: Stage, fault: str) -> None:
    stage = stage_on_sqlite
    tom = stage.launched("tom")
    stage.clockwork.read_rosters()
    stage.school.unenrol("tom")
    stage.school.faults.set(fault)
    read_rosters(stage)
    assert tom.get("posts/new").status_code == 200
    stage.school.faults.clear()
    read_rosters(stage)
    assert tom.get("posts/new").status_code == 403


def test_row_269_a_course_left_shuts_nobody_out_of_another(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    other = stage.school.copy_course()
    activity = stage.school.activities(other.id)[0]
    here, there = stage.launched("tom"), stage.launched("tom", activity.id)
    stage.launched("irena")
    stage.clockwork.read_rosters()
    stage.school.enrol(1, ["irena"])
    read_rosters(stage)
    assert (here.get("posts/new").status_code, there.get("posts/new").status_code) == (403, 200)


def test_row_269_a_window_taken_over_is_shut_as_its_frame_is(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    frame = stage.launched("tom")
    ticket = frame.post("window").json()["address"]
    window = stage.browser()
    arrived = window.get(ticket, headers={"Sec-Fetch-Site": "same-origin"})
    window.home = arrived.headers["Location"].rstrip("/")
    assert window.get("posts/new").status_code == 200
    unused = frame.post("window").json()["address"]
    hold(stage)
    assert window.get("posts/new").status_code == 403
    late = stage.browser()
    taken = late.get(unused, headers={"Sec-Fetch-Site": "same-origin"})
    assert late.get(taken.headers["Location"]).status_code == 403
