"""Rows 225, 259, 269, 279 and 281: what is used once, what ends, what is tidied away, and what never mixes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests
from sqlalchemy import func, select, update

from lti_tool.app import build_tool, create_app
from lti_tool.errors import Reason
from lti_tool.lti.registration import approve_deployment, invite
from lti_tool.models import Deployment, Invitation, LinkRequest, Login, Membership, Person, PlannedBlog, Platform, Visit
from tests.certification.course_lists import read_again
from tests.certification.dialogue import ANOTHER_BLOG, chosen, opened
from tests.certification.launches import begun, let_in, who
from tests.stage import ScriptBrowser, Stage, free_port, served
from tests.threads import at_once

LARGEST_COOKIE_HEADER = 8_190  # what gunicorn reads of one header
KEPT = timedelta(days=30)


def rows(stage: Stage, model: type) -> int:
    with stage.tool.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


# --- abandoned logins (225, 279) ---


def test_row_225_fifty_abandoned_logins_leave_fifty_small_cookies_for_ten_minutes(door: Stage) -> None:
    """None of them is taken back by the next, for any of them may still be under way; all fit into one request."""
    browser = door.browser()
    logins = [browser.begin_login() for _ in range(50)]
    assert len(browser.cookies) == 50
    for login in logins:
        (header,) = login.response.raw.headers.getlist("Set-Cookie")
        assert "max-age=600" in header.lower()
        assert len(header.partition(";")[0]) < 120
    assert sum(len(name) + len(value) + 3 for name, value in browser.cookies.items()) < LARGEST_COOKIE_HEADER
    attempt = begun(door, browser=browser)
    let_in(attempt)
    assert f"__Host-{attempt.login.state}" not in browser.cookies
    assert len(browser.cookies) == 51, "the fifty, and the visit's own"


def test_row_279_abandoned_logins_end_and_are_tidied_away(stage: Stage) -> None:
    before = rows(stage, Login)
    attempts = [begun(stage) for _ in range(20)]
    assert rows(stage, Login) == before + 20
    stage.clockwork.tidy()
    assert rows(stage, Login) == before + 20, "a login under way is not lost"
    stage.clock.ahead = timedelta(minutes=10, seconds=1)
    attempts[0].expect_refusal(Reason.STATE_EXPIRED)
    stage.clock.ahead = timedelta(hours=1, minutes=11)
    stage.clockwork.tidy()
    assert rows(stage, Login) == 0
    attempts[1].expect_refusal(Reason.STATE_UNKNOWN)


def test_row_279_refused_logins_store_nothing(door: Stage) -> None:
    before = rows(door, Login)
    for changes in (
        {"iss": "https://nobody.example.test"},
        {"client_id": "x"},
        {"target_link_uri": "https://evil.test"},
    ):
        assert door.browser().begin_login(**changes).response.status_code == 400
    assert rows(door, Login) == before


def test_row_279_a_nonce_from_outside_is_never_stored(door: Stage) -> None:
    login = door.browser().begin_login(nonce="chosen-by-an-attacker", state="chosen-by-an-attacker")
    assert "chosen" not in login.nonce + login.state
    with door.tool.database.reading() as session:
        assert session.scalar(select(func.count()).where(Login.nonce.contains("chosen"))) == 0


def test_row_279_nothing_that_ends_grows_without_end(stage: Stage) -> None:
    """Visits, dialogues and invitations go a month after their end, laid-out blogs that nobody placed later."""
    stage.launched("irena")
    chosen(stage, opened(stage), ANOTHER_BLOG)
    with stage.tool.database.writing() as session:
        invite(session, "A school", None, accepts_new_deployments=False, hours=24, now=stage.clock())
    ending = (Login, Visit, LinkRequest, Invitation)
    stage.clock.ahead = KEPT
    stage.clockwork.tidy()
    assert [rows(stage, model) > 0 for model in ending] == [False, True, True, True]
    stage.clock.ahead = KEPT + timedelta(days=2)
    stage.clockwork.tidy()
    assert [rows(stage, model) for model in ending] == [0, 0, 0, 0]
    assert rows(stage, PlannedBlog) == 1
    stage.clock.ahead = timedelta(days=181)
    stage.clockwork.tidy()
    assert rows(stage, PlannedBlog) == 0
    assert rows(stage, Person) == rows(stage, Membership) == 1


def test_row_279_what_is_placed_or_still_open_is_kept(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    browser = stage.launched("irena")
    stage.clock.ahead = timedelta(hours=11)
    stage.clockwork.tidy()
    assert browser.get("desk").status_code == 200


def test_row_279_tidying_is_the_workers_hourly_task(stage_on_sqlite: Stage) -> None:
    queue = stage_on_sqlite.clockwork._queue
    at = stage_on_sqlite.clock().replace(minute=17)
    assert "tidy_each_hour" in {task.name for task in queue.read_periodic(at)}
    assert "tidy_each_hour" not in {task.name for task in queue.read_periodic(at.replace(minute=18))}


# --- replay in other processes (259) ---


@contextmanager
def another_process(stage: Stage) -> Iterator[str]:
    """A second tool on the same database and keys, as another worker of the server has it; its address."""
    tool, _ = build_tool(stage.tool.settings, stage.clock)
    port = free_port()
    with served(create_app(tool), port):
        yield f"http://localhost:{port}"
    tool.database.close()


def post_at(address: str, form: dict[str, str], cookies: dict[str, str]) -> requests.Response:
    said = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = {"Cookie": said}
    return requests.post(f"{address}/lti/launch", data=form, headers=headers, allow_redirects=False, timeout=20)


def test_row_259_a_launch_is_used_up_for_every_process(stage: Stage) -> None:
    """At once in another process, and after all of them were started anew."""
    attempt = begun(stage)
    form, cookies = {"state": attempt.login.state, "id_token": attempt.token()}, dict(attempt.browser.cookies)
    with another_process(stage) as other:
        assert attempt.post(form["id_token"]).status_code == 303
        assert post_at(other, form, cookies).status_code == 401
    with another_process(stage) as restarted:
        assert post_at(restarted, form, cookies).status_code == 401
    assert rows(stage, Visit) == 1


def test_row_259_a_login_begun_in_one_process_ends_in_another_once(stage: Stage) -> None:
    attempt = begun(stage)
    form, cookies = {"state": attempt.login.state, "id_token": attempt.token()}, dict(attempt.browser.cookies)
    with another_process(stage) as one, another_process(stage) as two:
        addresses = [one, two, stage.tool_url] * 3
        answers = at_once(9, lambda number: post_at(addresses[number], form, cookies).status_code)
    assert sorted(answers) == [303] + [401] * 8
    assert rows(stage, Visit) == 1


# --- shut out (269) ---


def hold(stage: Stage) -> None:
    with stage.tool.database.writing() as session:
        session.execute(update(Deployment).values(held_since=stage.clock()))


def test_row_269_a_deployment_held_again_ends_visits_dialogues_and_launches(stage: Stage) -> None:
    teacher, chooser = stage.launched("irena"), opened(stage)
    assert (teacher.get("desk").status_code, chooser.get("").status_code) == (200, 200)
    hold(stage)
    for browser in (teacher, chooser):
        assert browser.get("").status_code == 403
        assert browser.post("", {"title": "x"}).status_code in (403, 405)
    begun(stage, "tom").expect_refusal(Reason.DEPLOYMENT_HELD)
    with stage.tool.database.writing() as session:
        approve_deployment(session, 1, session.scalars(select(Deployment.lti_deployment_id)).one())
    assert (teacher.get("desk").status_code, chooser.get("").status_code) == (200, 200)
    let_in(begun(stage, "tom"))


def test_row_269_a_deployment_held_again_is_asked_for_no_list_and_sent_no_score(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    stage.launched("irena")
    hold(stage)
    assert read_again(stage) == []


@pytest.mark.parametrize("accent", ["canvas", "moodle"])
def test_row_269_somebody_who_has_left_has_no_open_visit(request: pytest.FixtureRequest, accent: str) -> None:
    """The roster says so: neither LMS sends anything when somebody goes."""
    stage: Stage = request.getfixturevalue("stage_on_sqlite" if accent == "canvas" else "moodle_stage")
    student, another_tab, teacher = stage.launched("zoe"), stage.launched("zoe"), stage.launched("irena")
    stage.clockwork.read_rosters()
    stage.school.unenrol("zoe")
    stage.clock.ahead = timedelta(seconds=1)
    read_again(stage)
    for browser in (student, another_tab):
        for path in ("", "posts/new", "my-participation", "posts/1"):
            assert browser.get(path).status_code == 403, path
    assert teacher.get("desk").status_code == 200


def test_row_269_somebody_who_has_left_has_no_open_dialogue(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    stage.launched("sam")
    chooser = opened(stage, "sam")
    assert chooser.get("").status_code == 200
    stage.clockwork.read_rosters()
    stage.school.unenrol("sam")
    stage.clock.ahead = timedelta(seconds=1)
    read_again(stage)
    assert chooser.get("").status_code == 403
    assert chooser.post("", {"title": "x", "prompt": "", "maximum": "10"}).status_code == 403


def test_row_269_a_disabled_registration_launches_nothing_and_begins_no_login(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    under_way = begun(stage)
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).values(disabled_at=stage.clock()))
    under_way.expect_refusal(Reason.PLATFORM_DISABLED)
    assert stage.browser().begin_login().response.status_code == 403


# --- side by side (281) ---


def test_row_281_launches_side_by_side_each_open_their_own_visit(stage: Stage) -> None:
    """Begun in turn, ended at the same instant: nobody lands in another's."""
    keys = [person.key for person in stage.school.people][:8]
    attempts = [begun(stage, key) for key in keys]
    answers = at_once(8, lambda number: attempts[number].post().status_code)
    assert answers == [303] * 8
    for key, attempt in zip(keys, attempts, strict=True):
        assert who(attempt).sub == stage.school.sub_of(key)
        assert attempt.browser.get("desk").status_code == (200 if key in ("irena", "sam") else 403)
    assert len({attempt.browser.home for attempt in attempts}) == 8


def test_row_281_two_launches_in_one_browser_cross_each_other(stage_on_sqlite: Stage) -> None:
    """Two links opened at once: the second ends before the first."""
    browser: ScriptBrowser = stage_on_sqlite.browser()
    first, second = (begun(stage_on_sqlite, key, browser) for key in ("irena", "tom"))
    assert second.post().status_code == 303
    students, home = who(second), browser.home
    assert first.post().status_code == 303
    assert (students.sub, who(first).sub) == tuple(stage_on_sqlite.school.sub_of(key) for key in ("tom", "irena"))
    assert browser.home != home
