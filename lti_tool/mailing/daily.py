"""The daily round: who is to be told something, and one mail to each.

A person is claimed, in a transaction of its own, before their mail goes: killed between the two, one mail is lost and
none is sent twice, however many workers there are.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from lti_tool.database import Database
from lti_tool.languages import Language, language_for, languages
from lti_tool.mailing.letter import Envelope, digest_mail
from lti_tool.mailing.news import BlogNews, news_for
from lti_tool.mailing.sending import MailRefused, MailServer, MailServerGone, OpenServer, mail_server
from lti_tool.mailing.wishes import stop_token
from lti_tool.models import Course, Deployment, Membership, Person, Platform, Visit
from lti_tool.settings import Settings

MAKES_UP_FOR = timedelta(hours=6)  # a worker that was down at the hour; later than that, the next day will do
_AT_ONCE = 200

log = structlog.get_logger()


@dataclass(frozen=True)
class DailyDigest:
    """The round with what it needs: the mail server, the sender, the hour and its zone."""

    database: Database
    server: MailServer
    sender: str
    public_url: str
    secret: str
    hour: int
    zone: tzinfo
    clock: Callable[[], datetime]

    def __call__(self) -> int:
        """Send what is due today and was not sent yet, and return how many mails went. Safe to call at any time."""
        now = self.clock()
        begun = self._begun(now)
        if now - begun > MAKES_UP_FOR:
            return 0
        sent, after = 0, 0
        try:
            while people := self._candidates(begun, after):
                after = people[-1]
                with self.database.reading() as session:
                    told = {person_id: news for person_id in people if (news := news_for(session, person_id, now))}
                    spoken = _languages_of(session, told)
                self._claim([person_id for person_id in people if person_id not in told], begun, now)
                for _ in self._send(told, spoken, begun, now):
                    sent += 1
        except MailServerGone as problem:
            log.warning("mail_server_gone", why=str(problem))  # who was not claimed is due again at the next call
        if sent:
            log.info("digests_sent", mails=sent)
        return sent

    def _begun(self, now: datetime) -> datetime:
        """When the latest round began: the hour of today, or of yesterday while it is earlier."""
        local = now.astimezone(self.zone)
        today = local.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return today if today <= local else today - timedelta(days=1)

    def _candidates(self, begun: datetime, after: int) -> Sequence[int]:
        """The next people, by id, who have an address, want mail and were not looked at in this round."""
        people = (
            select(Person.id)
            .join(Membership, Membership.person_id == Person.id)
            .join(Course, Course.id == Membership.course_id)
            .join(Deployment, Deployment.id == Course.deployment_id)
            .join(Platform, Platform.id == Deployment.platform_id)
            .where(Person.id > after, Person.email.is_not(None), Person.email != "", *_due(begun))
            .where(Membership.left_at.is_(None), Membership.is_test.is_(False))
            .where(Platform.disabled_at.is_(None), Deployment.held_since.is_(None))
        )
        with self.database.reading() as session:
            return session.scalars(people.distinct().order_by(Person.id).limit(_AT_ONCE)).all()

    def _claim(self, people: Sequence[int], begun: datetime, now: datetime) -> frozenset[int]:
        """Take these people for this round; those come back whom no other worker had taken."""
        if not people:
            return frozenset()
        with self.database.writing() as session:
            return _claimed(session, people, begun, now)

    def _send(
        self, told: dict[int, tuple[BlogNews, ...]], spoken: dict[int, Language], begun: datetime, now: datetime
    ) -> Iterator[int]:
        """Send these mails over one connection, each in its reader's language; gives whom each went to.

        Raises MailServerGone.
        """
        if not told:
            return
        with self.server.open() as server:
            for person_id, news in told.items():
                if not self._claim([person_id], begun, now):
                    continue
                if self._send_one(server, person_id, news, spoken[person_id], now):
                    yield person_id

    def _send_one(
        self, server: OpenServer, person_id: int, news: tuple[BlogNews, ...], language: Language, now: datetime
    ) -> bool:
        try:
            server.send(digest_mail(self._envelope(person_id), news, language, self.zone, now))
        except (MailRefused, ValueError) as problem:
            log.warning("mail_refused", person=person_id, why=str(problem) if isinstance(problem, MailRefused) else "")
            return False
        return True

    def _envelope(self, person_id: int) -> Envelope:
        with self.database.reading() as session:
            address = session.get_one(Person, person_id).email or ""
        stop = f"{self.public_url}/digest/stop/{stop_token(self.secret, person_id)}"
        host = urlsplit(self.public_url).hostname
        return Envelope(self.sender, address, stop, f"<{secrets.token_urlsafe(16)}@{host}>")


def daily_digest(settings: Settings, database: Database, clock: Callable[[], datetime]) -> DailyDigest | None:
    """Return the round as the settings have it, None where no mail server is set."""
    server = mail_server(settings)
    if server is None:
        return None
    return DailyDigest(
        database, server, settings.mail_from or "", settings.public_url, settings.secret(), settings.digest_hour,
        ZoneInfo(settings.digest_zone), clock,
    )  # fmt: skip


def _languages_of(session: Session, people: Collection[int]) -> dict[int, Language]:
    """What the LMS showed each at their latest visit; English where it did not say, or no visit is left."""
    visits = select(Visit.person_id, Visit.locale).where(Visit.person_id.in_(people)).order_by(Visit.created_at)
    shown = dict(session.execute(visits).all())
    return {person_id: language_for([shown.get(person_id, "")], languages()) for person_id in people}


def _due(begun: datetime) -> tuple[ColumnElement[bool], ...]:
    """Wanted, and in this round neither sent nor found needless, for whichever of a person's courses."""
    other = aliased(Membership)
    return (
        Membership.wants_digest.is_(True),
        or_(Membership.digest_sent_at.is_(None), Membership.digest_sent_at < begun),
        ~exists().where(other.person_id == Membership.person_id, other.digest_sent_at >= begun),
    )


def _claimed(session: Session, people: Sequence[int], begun: datetime, now: datetime) -> frozenset[int]:
    taking = (
        update(Membership)
        .where(Membership.person_id.in_(people), *_due(begun))
        .values(digest_sent_at=now)
        .returning(Membership.person_id)
        .execution_options(synchronize_session=False)
    )
    return frozenset(session.scalars(taking))
