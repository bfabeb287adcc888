"""What is owed, as a student and a teacher see it, and the switch and the address that stop the e-mails."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from lti_tool.app import create_app
from lti_tool.mailing.wishes import stop_token
from lti_tool.models import Blog, BlogShape, Comment, Membership, Person
from tests.stage import ScriptBrowser, Stage, free_port, served


def words(html: str) -> str:
    """The text of a page on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def to_do(browser: ScriptBrowser, path: str = "posts/1") -> str:
    """What stands above the thread."""
    box = re.search(r'<p class="to-do">(.*?)</p>', browser.get(path).text, re.DOTALL)
    assert box is not None
    return words(box[1])


def wrote(browser: ScriptBrowser, title: str = "A post") -> None:
    assert browser.post("posts/new", {"title": title, "body": "Some words.", "once": title}).status_code == 303


def said(browser: ScriptBrowser, body: str, answers: int | None = None, post: int = 1) -> None:
    form = {"body": body, "once": body} | ({"answers": str(answers)} if answers else {})
    assert browser.post(f"posts/{post}/comments", form).status_code == 303


def asked(stage: Stage, **changes: object) -> None:
    with stage.tool.database.writing() as session:
        for name, value in changes.items():
            setattr(session.query(Blog).one(), name, value)


def test_a_student_sees_what_is_owed_and_who_waits(stage: Stage) -> None:
    zoe, tom, jose = (stage.launched(name) for name in ("zoe", "tom", "jose"))
    wrote(zoe)
    assert to_do(tom).startswith("Your own post to go. Write it · 2 comments on others' posts to go. Write one")
    assert "Find a post" in to_do(zoe)
    said(tom, "Hello")
    said(jose, "Hear, hear")
    assert "One more comment on others' posts to go. Write one" in to_do(tom)
    assert "Tom Okonkwo and José Álvarez wait for your answer. Answer Tom Okonkwo" in to_do(zoe)
    link = re.search(r'href="([^"]+)">Answer Tom', zoe.get("posts/1").text)
    assert link is not None
    assert unescape(link[1]).endswith("/posts/1?reply=1#c1")
    said(zoe, "Thank you, Tom", answers=1)
    assert "José Álvarez waits for your answer. Answer José Álvarez" in to_do(zoe)
    said(zoe, "And José", answers=2)
    assert "wait" not in to_do(zoe)

    asked(stage, shape=BlogShape.STAFF, owed_comments=1)
    assert to_do(tom).startswith("Nothing is owed: all is done.")
    asked(stage, owed_comments=0, answers_owed=False)
    assert to_do(tom).startswith("Nothing is asked of you here.")
    asked(stage, opens_at=stage.clock() + timedelta(days=2))
    assert to_do(zoe).startswith("Writing opens on")


def test_the_checklist_fills_and_says_what_is_late(stage: Stage) -> None:
    zoe, tom = stage.launched("zoe"), stage.launched("tom")
    wrote(zoe)
    now = stage.clock()
    asked(stage, posts_due_at=now - timedelta(hours=3), comments_due_at=now + timedelta(days=3),
          answers_due_at=now + timedelta(days=5))  # fmt: skip
    page = tom.get("my-participation").text
    assert '<li class="is-late">Your own post, <span class="late">late</span>: due' in page
    assert "Comments on others' posts: 0 of 2, by" in words(page)
    said(tom, "Hello")
    assert "1 of 2, by" in words(tom.get("my-participation").text)
    assert "Answer Tom Okonkwo #1, written just now" in words(zoe.get("my-participation").text)
    wrote(tom, "Mine")
    page = tom.get("my-participation").text
    assert '<li class="is-done">Your own post: <a' in page
    said(tom, "Once more")
    assert "What there is to do all done" in words(tom.get("my-participation").text)


def test_a_teacher_sees_who_owes_what(stage: Stage) -> None:
    zoe, tom, teacher = (stage.launched(name) for name in ("zoe", "tom", "irena"))
    wrote(zoe)
    said(tom, "Hello")
    asked(stage, comments_due_at=stage.clock() + timedelta(minutes=1), owed_comments=1)
    stage.clock.ahead = timedelta(minutes=2)
    page = words(teacher.get("desk/duties").text)
    assert "2 of 2 owe something" in page
    assert "Tom Okonkwo none yet 1 of 1 – just now" in page.replace(" 2 minutes ago", " just now")
    assert "Zoë Hartmann written 0 of 1 1 Tom Okonkwo , " in page
    assert '<span class="late">0 of 1</span>' in teacher.get("desk/duties").text
    wrote(tom, "Mine")
    assert "1 of 2 owe something" in words(teacher.get("desk/duties").text)
    only = words(teacher.get("desk/duties?owing=1").text)
    assert "Zoë Hartmann" in only
    assert "written 1 of 1" not in only

    file = teacher.get("desk/duties.csv")
    assert file.headers["Content-Disposition"].startswith("attachment")
    lines = file.text.splitlines()
    assert lines[0].startswith("name,post,comments,comments owed,waiting for an answer,owes something,late")
    assert lines[1].startswith("Tom Okonkwo,2,1,1,0,no,no,")
    assert lines[2].startswith("Zoë Hartmann,1,0,1,1,yes,yes,")
    with stage.tool.database.writing() as session:
        session.query(Person).filter_by(given_name="Tom").one().name = "=1+1"
    assert "'=1+1,2" in teacher.get("desk/duties.csv").text


def test_staff_alone_see_the_list(open_house: Stage) -> None:
    student = open_house.launched("zoe")
    for path in ("desk/duties", "desk/duties.csv"):
        assert student.get(path).status_code == 403
        assert open_house.launched("sam").get(path).status_code == 200


def with_mail(stage: Stage) -> Stage:
    """The same tool on another port, with a mail server set."""
    port = free_port()
    url = f"http://localhost:{port}"
    settings = stage.tool.settings.model_copy(
        update={"smtp_host": "localhost", "mail_from": "b@example.edu", "public_url": url, "port": port}
    )
    tool = replace(stage.tool, settings=settings)
    return replace(stage, tool=tool, app=create_app(tool), tool_url=url)


def test_a_student_switches_the_mails_off_and_on(stage_on_sqlite: Stage) -> None:
    zoe = stage_on_sqlite.launched("zoe")
    assert "By e-mail" not in zoe.get("my-participation").text, "no mail is sent at all"
    mailing = with_mail(stage_on_sqlite)
    with served(mailing.app, mailing.tool.settings.port):
        there = mailing.browser()
        there.cookies, there.home = zoe.cookies, zoe.home
        assert "At most one e-mail a day" in words(there.get("my-participation").text)
        for sent, wants, says in (("", False, "You get no e-mail from this course."), ("yes", True, "At most one")):
            assert there.post("my-participation/digest", {"wants": sent}).status_code == 303
            assert says in words(there.get("my-participation").text)
            with mailing.tool.database.reading() as session:
                assert session.query(Membership).one().wants_digest is wants
        with mailing.tool.database.writing() as session:
            session.query(Person).one().email = None
        assert "The LMS does not share your e-mail address" in words(there.get("my-participation").text)


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}])
def test_one_press_in_the_mail_stops_it(stage_on_sqlite: Stage, headers: dict[str, str]) -> None:
    stage_on_sqlite.launched("zoe")
    stage_on_sqlite.launched("zoe", 2)
    stage_on_sqlite.launched("tom")
    with stage_on_sqlite.tool.database.reading() as session:
        zoe = session.query(Person).filter_by(given_name="Zoë").one().id
    address = f"/digest/stop/{stop_token(stage_on_sqlite.tool.settings.secret(), zoe)}"
    stranger = stage_on_sqlite.browser()

    def wants() -> dict[int, bool]:
        with stage_on_sqlite.tool.database.reading() as session:
            return {row.person_id: row.wants_digest for row in session.query(Membership)}

    asking = stranger.get(address)
    assert asking.status_code == 200
    assert "Zoë" not in asking.text
    assert all(wants().values()), "looking changes nothing"
    done = stranger.request("POST", address, data={"List-Unsubscribe": "One-Click"}, headers=headers)
    assert done.status_code == 200
    assert [person for person, wanted in wants().items() if not wanted] == [zoe]
    for broken in (
        address[:-1],
        address.replace(f"/{zoe}.", "/1.") if zoe != 1 else "/digest/stop/2.x",
        "/digest/stop/x",
    ):
        assert stranger.get(broken).status_code == 404
        assert stranger.request("POST", broken, headers=headers).status_code == 404


def test_hidden_comments_wait_for_nobody(stage_on_sqlite: Stage) -> None:
    zoe, tom = stage_on_sqlite.launched("zoe"), stage_on_sqlite.launched("tom")
    wrote(zoe)
    said(tom, "Hello")
    assert (
        "Tom Okonkwo waits" in words(zoe.get("my-participation").text)
        or "Answer Tom" in zoe.get("my-participation").text
    )
    with stage_on_sqlite.tool.database.writing() as session:
        session.query(Comment).one().hidden_at = stage_on_sqlite.clock()
    assert "Answer Tom" not in zoe.get("my-participation").text
