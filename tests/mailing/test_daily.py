"""One mail a person a day at most, whatever happens between, and none where nothing is new."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from lti_tool.database import Database
from lti_tool.mailing.daily import DailyDigest, daily_digest
from lti_tool.mailing.sending import MailServer, MailServerGone
from lti_tool.mailing.wishes import person_of_token, stop_token, want_digest
from lti_tool.models import Blog, Course, Membership, Mention, Person, Placement, Platform, Post, Visit
from lti_tool.settings import Settings
from tests.a_school import a_blog, a_comment, a_person, a_post, a_student, a_teacher, course_of
from tests.smtp_server import MailBox, mail_box

SIX = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECRET = "0123456789abcdef"


@dataclass
class Round:
    """A class whose mail goes to a server at hand; `now` is the tool's clock."""

    database: Database
    box: MailBox
    now: datetime = SIX
    people: dict[str, int] = field(default_factory=dict)
    blog_id: int = 0

    def digest(self) -> DailyDigest:
        settings = Settings(
            database_url="sqlite:///x.sqlite3", public_url="https://blog.example.edu", secret_key=SECRET,  # type: ignore[arg-type]
            smtp_host="127.0.0.1", smtp_port=self.box.port, smtp_starttls=False, mail_from="Class blog <b@example.edu>",
        )  # fmt: skip
        made = daily_digest(settings, self.database, lambda: self.now)
        assert made is not None
        return made

    def send(self) -> int:
        return self.digest()()

    def mails(self) -> list[str]:
        return sorted(str(mail["To"]) for mail in self.box.mails)

    def text(self, name: str) -> str:
        (mail,) = self.box.to(f"{name}@example.test")
        body = mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content())


def with_address(session: Session, person_id: int, name: str) -> int:
    session.get_one(Person, person_id).email = f"{name}@example.test"
    return person_id


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_box() as opened:
        yield opened


@pytest.fixture
def lesson(database: Database, box: MailBox) -> Round:
    """Anna has a post, under which Tom has written two hours ago."""
    made = Round(database, box)
    with database.writing() as session:
        made.blog_id = a_blog(session)
        course = course_of(session, made.blog_id)
        for name in ("Anna", "Tom", "Mei"):
            made.people[name] = with_address(session, a_student(session, course, name), name.lower())
        post = a_post(session, made.blog_id, made.people["Anna"])
        a_comment(session, post, made.people["Tom"], now=SIX - 2 * HOUR)
    return made


def comment(lesson: Round, author: str, answers: int | None = None) -> int:
    """A comment under Anna's post, now; `answers` is the number of another there."""
    with lesson.database.writing() as session:
        post_id = session.query(Post).filter_by(blog_id=lesson.blog_id, number=1).one().id
        made = a_comment(session, post_id, lesson.people[author], answers, f"Words at {lesson.now}", lesson.now)
        return made.id


def test_who_has_news_gets_one_mail_and_nobody_else(lesson: Round) -> None:
    assert lesson.send() == 1
    assert lesson.mails() == ["anna@example.test"]
    assert [lesson.send() for _ in range(3)] == [0, 0, 0]
    (mail,) = lesson.box.mails
    assert mail["From"] == "Class blog <b@example.edu>"
    assert mail["Subject"] == "Class blog: what is new, and what is to do"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = lesson.text("anna")
    assert "Class blog (Soviet History)" in text
    assert "- One new comment for you" in text
    assert "- 2 comments to go." in text
    assert "- Tom waits for your answer." in text
    html = mail.get_body(("html",))
    assert html is not None
    assert "<li>Tom waits for your answer.</li>" in html.get_content()


def test_the_next_day_says_only_what_is_new(lesson: Round) -> None:
    lesson.send()
    lesson.now += HOUR
    comment(lesson, "Mei")
    lesson.now += HOUR
    assert lesson.send() == 0, "once a day"
    lesson.now = SIX + DAY
    assert lesson.send() == 1
    assert len(lesson.box.mails) == 2
    body = lesson.box.mails[1].get_body(("plain",))
    assert body is not None
    assert "One new comment" in body.get_content()
    assert "Tom and Mei wait for your answer." in body.get_content()
    lesson.now = SIX + 2 * DAY
    assert lesson.send() == 0, "nothing is new"


def test_not_before_the_hour_nor_long_after(lesson: Round) -> None:
    lesson.now = SIX - HOUR
    assert lesson.send() == 0
    lesson.now = SIX + 7 * HOUR
    assert lesson.send() == 0
    lesson.now = SIX + 5 * HOUR
    assert lesson.send() == 1


def test_a_day_by_which_something_is_owed_is_told_before_and_when_it_is_past(lesson: Round) -> None:
    with lesson.database.writing() as session:
        session.get_one(Blog, lesson.blog_id).comments_due_at = SIX + 5 * DAY + HOUR
    counts = []
    for day in range(8):
        lesson.now = SIX + day * DAY
        before = len(lesson.box.to("mei@example.test"))
        lesson.send()
        counts.append(len(lesson.box.to("mei@example.test")) - before)
    assert counts == [0, 0, 0, 0, 1, 0, 1, 0]
    early, late = (str(mail.get_body(("plain",)).get_content()) for mail in lesson.box.to("mei@example.test"))  # type: ignore[union-attr]
    assert "2 comments to go, by Saturday 7 March 2026, 07:00 UTC." in early
    assert "2 comments to go, late: it was due Saturday 7 March 2026, 07:00 UTC." in late


def test_being_answered_and_being_named_are_news(lesson: Round) -> None:
    lesson.send()
    lesson.now += HOUR
    named = comment(lesson, "Anna", answers=1)
    with lesson.database.writing() as session:
        session.add(Mention(comment_id=named, person_id=lesson.people["Mei"]))
    lesson.now = SIX + DAY
    lesson.send()
    assert lesson.mails() == ["anna@example.test", "mei@example.test", "tom@example.test"]
    assert "One new comment for you" in lesson.text("tom")
    assert "One new comment with your name in." in lesson.text("mei")


def test_all_blogs_of_a_person_in_one_mail(lesson: Round) -> None:
    with lesson.database.writing() as session:
        first = session.get_one(Course, course_of(session, lesson.blog_id))
        second = a_blog(session)
        session.get_one(Blog, second).title = "Another blog"
        session.add(Membership(course_id=course_of(session, second), person_id=lesson.people["Anna"],
                               launched_role=session.query(Membership).first().launched_role))  # type: ignore[union-attr]  # fmt: skip
        post = a_post(session, second, lesson.people["Anna"])
        a_comment(session, post, a_teacher(session, course_of(session, second)), now=SIX - HOUR)
        assert first.id != course_of(session, second)
    assert lesson.send() == 1
    assert lesson.box.mails[0]["Subject"].startswith("2 class blogs: ")
    assert "Irena Novak waits" in lesson.text("anna")
    assert "Tom waits" in lesson.text("anna")


def test_staff_are_told_of_answers_and_owe_nothing(lesson: Round) -> None:
    with lesson.database.writing() as session:
        teacher = with_address(session, a_teacher(session, course_of(session, lesson.blog_id)), "irena")
        post = a_post(session, lesson.blog_id, teacher)
        a_comment(session, post, lesson.people["Mei"], now=SIX - HOUR)
    lesson.send()
    assert "One new comment" in lesson.text("irena")
    assert "to go" not in lesson.text("irena")
    assert lesson.box.to("irena@example.test")[0]["Subject"] == "Class blog: what is new"


def visit(lesson: Round, person: str, locale: str, at: datetime) -> None:
    with lesson.database.writing() as session:
        link = session.query(Placement).filter_by(blog_id=lesson.blog_id).one()
        session.add(
            Visit(key=f"{person} {at}", secret_hash="", person_id=lesson.people[person], placement_id=link.id,
                  frame_origins="", locale=locale, created_at=at, expires_at=at + HOUR)
        )  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "html"),
    [
        ((), 'lang="en" dir="ltr"'),
        (("",), 'lang="en" dir="ltr"'),
        (("fr-CA",), 'lang="en" dir="ltr"'),
        (("es-MX",), 'lang="es" dir="ltr"'),
        (("es", "ar"), 'lang="ar" dir="rtl"'),
        (("ar", "en_gb"), 'lang="en" dir="ltr"'),
    ],
)
def test_in_the_language_that_the_latest_visit_showed(lesson: Round, shown: tuple[str, ...], html: str) -> None:
    visit(lesson, "Tom", "ar", SIX - HOUR)
    # Stored the latest first, so that no order of rows passes for an order of visits.
    for age, locale in enumerate(reversed(shown)):
        visit(lesson, "Anna", locale, SIX - DAY - age * HOUR)
    assert lesson.send() == 1
    body = lesson.box.mails[0].get_body(("html",))
    assert body is not None
    assert f"<html {html}>" in body.get_content()


@pytest.mark.parametrize("change", ["no_address", "unwanted", "left", "test", "disabled", "not_open"])
def test_who_gets_none(lesson: Round, change: str) -> None:
    with lesson.database.writing() as session:
        anna = lesson.people["Anna"]
        place = update(Membership).where(Membership.person_id == anna)
        if change == "no_address":
            session.get_one(Person, anna).email = None
        elif change == "unwanted":
            want_digest(session, anna, wants=False)
        elif change == "left":
            session.execute(place.values(left_at=SIX))
        elif change == "test":
            session.execute(place.values(is_test=True))
        elif change == "disabled":
            session.execute(update(Platform).values(disabled_at=SIX))
        else:
            session.get_one(Blog, lesson.blog_id).opens_at = SIX + DAY
    assert lesson.send() == 0


def test_two_workers_at_once_send_one(lesson: Round) -> None:
    with lesson.database.writing() as session:
        course = course_of(session, lesson.blog_id)
        for number in range(20):
            person = with_address(session, a_person(session, course, f"P {number}"), f"p{number}")
            post = a_post(session, lesson.blog_id, person)
            a_comment(session, post, lesson.people["Mei"], now=SIX - HOUR)
    at_once = threading.Barrier(3)

    def work() -> None:
        at_once.wait()
        lesson.send()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lesson.mails()) == len(set(lesson.mails())) == 21


def test_killed_before_the_server_has_it_one_mail_is_lost_and_none_sent_twice(lesson: Round) -> None:
    class Killed(BaseException):
        """Nothing catches it, as nothing catches kill -9."""

    class Dying(MailServer):
        def open(self):  # type: ignore[no-untyped-def]
            real = super().open()

            class Once:
                def __enter__(self):  # type: ignore[no-untyped-def]
                    real.__enter__()
                    return self

                def __exit__(self, *_: object) -> None:
                    real.__exit__(None, None, None)

                def send(self, _mail: object) -> None:
                    raise Killed

            return Once()

    comment(lesson, "Anna", answers=1)
    with pytest.raises(Killed):
        replace(lesson.digest(), server=Dying("127.0.0.1", lesson.box.port, starttls=False))()
    assert lesson.mails() == []
    assert lesson.send() == 1, "of two, the one that had begun is lost"
    assert lesson.send() == 0


def test_a_server_that_is_gone_costs_nobody_their_mail(lesson: Round) -> None:
    gone = replace(lesson.digest(), server=MailServer("127.0.0.1", 1, starttls=False))
    with capture_logs() as logged:
        assert gone() == 0
    assert [line["event"] for line in logged] == ["mail_server_gone"]
    assert lesson.send() == 1


def test_a_refused_address_holds_up_no_other(lesson: Round) -> None:
    comment(lesson, "Anna", answers=1)
    lesson.now += timedelta(minutes=1)
    lesson.box.refuses.add("anna@example.test")
    with capture_logs() as logged:
        assert lesson.send() == 1
    assert lesson.mails() == ["tom@example.test"]
    assert [(line["event"], line.get("person")) for line in logged] == [
        ("mail_refused", lesson.people["Anna"]), ("digests_sent", None),
    ]  # fmt: skip
    assert "example" not in repr(logged)
    assert "Tom" not in repr(logged)


@pytest.mark.parametrize("address", ["a@b\nBcc: x@example.test", "nobody", "ä@example.test", "a@b@c", " "])
def test_an_address_that_is_none_sends_nothing(lesson: Round, address: str) -> None:
    with lesson.database.writing() as session:
        session.get_one(Person, lesson.people["Anna"]).email = address
    assert lesson.send() == 0
    assert lesson.box.mails == []


def test_names_and_titles_are_text(lesson: Round) -> None:
    with lesson.database.writing() as session:
        session.get_one(Person, lesson.people["Tom"]).name = "<b>Tom</b>"
        session.get_one(Blog, lesson.blog_id).title = "Line\r\nBcc: evil@example.test"
    lesson.send()
    (mail,) = lesson.box.mails
    assert mail["Bcc"] is None
    html = mail.get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;Tom&lt;/b&gt;" in html.get_content()


def test_the_address_that_stops_it(lesson: Round) -> None:
    lesson.send()
    (mail,) = lesson.box.mails
    address = re.fullmatch(r"<https://blog\.example\.edu/digest/stop/(\S+)>", mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address is not None
    assert person_of_token(SECRET, address[1]) == lesson.people["Anna"]


@pytest.mark.parametrize("token", ["", "1", "1.", "1.x", "١.x", "x.y", "1.ü", "9" * 500])
def test_no_other_address_stops_anything(token: str) -> None:
    whole = stop_token(SECRET, 1)
    assert person_of_token(SECRET, whole) == 1
    assert person_of_token(SECRET, token) is None
    assert person_of_token(SECRET, whole.replace("1.", "2.", 1)) is None
    assert person_of_token("another secret", whole) is None


def test_signing_in(box: MailBox) -> None:
    box.login = ("blog", "s3cret")
    with MailServer("127.0.0.1", box.port, "blog", "s3cret", starttls=False).open():
        pass
    with (
        pytest.raises(MailServerGone) as problem,
        MailServer("127.0.0.1", box.port, "blog", "wrong", starttls=False).open(),
    ):
        pass
    assert str(problem.value) == "SMTPAuthenticationError 535"
    with pytest.raises(MailServerGone), MailServer("127.0.0.1", box.port).open():
        pass  # it cannot encrypt
