"""The digest as an e-mail: pure, what to tell in, a message out. Holds no link that needs a visit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from markupsafe import Markup

from lti_tool.languages import Language
from lti_tool.mailing.news import BlogNews
from lti_tool.participation.duties import Duties, Duty
from lti_tool.wording import Said, say, say_count

_MOST_NAMES = 5
# A long address in a header is left whole: by default it would be encoded, and no mail program could press it.
_POLICY = SMTP.clone(max_line_length=900)
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


@dataclass(frozen=True)
class Envelope:
    """Who sends to whom, and the address that stops these mails. `mail_id` is the whole Message-ID."""

    sender: str
    recipient: str
    stop_address: str
    mail_id: str


def digest_mail(
    envelope: Envelope, news: Sequence[BlogNews], language: Language, zone: tzinfo, now: datetime
) -> EmailMessage:
    """Return the mail as text and as simple HTML. Raises ValueError for an address that no mail can go to."""
    sections = [
        (f"{one.blog} ({one.course})" if one.course else one.blog, _sentences(one, language, zone)) for one in news
    ]
    message = EmailMessage(policy=_POLICY)
    message["From"] = envelope.sender
    message["To"] = _checked(envelope.recipient)
    message["Subject"] = language.translated(_subject(news))
    message["Date"] = format_datetime(now)
    message["Message-ID"] = envelope.mail_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message["List-Unsubscribe"] = f"<{envelope.stop_address}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message.set_content(_as_text(sections, envelope.stop_address, language))
    message.add_alternative(str(_as_html(sections, envelope.stop_address, language)), subtype="html")
    return message


def _checked(address: str) -> str:
    if not (_ADDRESS.fullmatch(address) and address.isascii()):
        raise ValueError("not an address that any server takes")
    try:
        return str(Address(addr_spec=address))
    except MessageError:
        raise ValueError("not an address") from None


def _subject(news: Sequence[BlogNews]) -> Said:
    """No name stands in it: subjects are shown on locked screens."""
    waits = any(one.duties is not None and not one.duties.is_done for one in news)
    if len(news) == 1:
        blog = _in_one_line(news[0].blog)
        return (
            say("%(blog)s: what is new, and what is to do", blog=blog)
            if waits
            else say("%(blog)s: what is new", blog=blog)
        )
    if waits:
        return say_count(
            "%(count)s class blog: what is new, and what is to do",
            "%(count)s class blogs: what is new, and what is to do",
            len(news),
        )
    return say_count("%(count)s class blog: what is new", "%(count)s class blogs: what is new", len(news))


def _sentences(news: BlogNews, language: Language, zone: tzinfo) -> list[str]:
    said = []
    if news.comments:
        said.append(
            say_count(
                "One new comment for you: under your post, or in answer to you.",
                "%(count)s new comments for you: under your post, or in answer to you.",
                news.comments,
            )
        )
    if news.mentions:
        said.append(
            say_count("One new comment with your name in.", "%(count)s new comments with your name in.", news.mentions)
        )
    if news.duties is not None:
        said += _owed(news.duties, language, zone)
    return [language.translated(one) for one in said]


def _owed(duties: Duties, language: Language, zone: tzinfo) -> list[Said]:
    said = []
    if duties.post is not None and not duties.post.is_done:
        said.append(_post_owed(duties.post, language, zone))
    if duties.comments is not None and not duties.comments.is_done:
        said.append(_comments_owed(duties.comments, bool(duties.written), language, zone))
    if duties.waiting:
        said.append(_answers_owed(duties.who_waits, duties.answers, language, zone))
    return said


def _post_owed(duty: Duty, language: Language, zone: tzinfo) -> Said:
    day = _day(duty, language, zone)
    if not day:
        return say("Your own post is to be written.")
    if duty.is_late:
        return say("Your own post is to be written, late: it was due %(day)s.", day=day)
    return say("Your own post is to be written, by %(day)s.", day=day)


def _comments_owed(duty: Duty, has_begun: bool, language: Language, zone: tzinfo) -> Said:
    day = _day(duty, language, zone)
    if has_begun:
        if not day:
            return say_count("One more comment to go.", "%(count)s more comments to go.", duty.left)
        if duty.is_late:
            return say_count(
                "One more comment to go, late: it was due %(day)s.",
                "%(count)s more comments to go, late: it was due %(day)s.",
                duty.left,
                day=day,
            )
        return say_count(
            "One more comment to go, by %(day)s.", "%(count)s more comments to go, by %(day)s.", duty.left, day=day
        )
    if not day:
        return say_count("One comment to go.", "%(count)s comments to go.", duty.left)
    if duty.is_late:
        return say_count(
            "One comment to go, late: it was due %(day)s.",
            "%(count)s comments to go, late: it was due %(day)s.",
            duty.left,
            day=day,
        )
    return say_count("One comment to go, by %(day)s.", "%(count)s comments to go, by %(day)s.", duty.left, day=day)


def _answers_owed(waiting: Sequence[str], duty: Duty | None, language: Language, zone: tzinfo) -> Said:
    names, day = _names(waiting, language), _day(duty, language, zone) if duty is not None else ""
    if not day:
        return say_count(
            "%(names)s waits for your answer.", "%(names)s wait for your answer.", len(waiting), names=names
        )
    if duty is not None and duty.is_late:
        return say_count(
            "%(names)s waits for your answer, late: it was due %(day)s.",
            "%(names)s wait for your answer, late: it was due %(day)s.",
            len(waiting),
            names=names,
            day=day,
        )
    return say_count(
        "%(names)s waits for your answer, by %(day)s.",
        "%(names)s wait for your answer, by %(day)s.",
        len(waiting),
        names=names,
        day=day,
    )


def _names(names: Sequence[str], language: Language) -> str:
    """The first of them, and how many more there are."""
    shown, more = list(names[:_MOST_NAMES]), len(names) - _MOST_NAMES
    if more > 0:
        # NOTE: more people, at the end of a list of names
        shown.append(language.translated(say_count("%(count)s more", "%(count)s more", more)))
    return language.listed(shown)


def _day(duty: Duty, language: Language, zone: tzinfo) -> str:
    return "" if duty.due_at is None else language.day_and_time(duty.due_at.astimezone(zone))


_OPEN = say("To read and answer, open the blog from your course.")
_STOP = say("You get this at most once a day, because your course uses a class blog. To get no more of these:")
# NOTE: a link that stops e-mails
_LINK = say("stop")


def _as_text(sections: Sequence[tuple[str, list[str]]], stop_address: str, language: Language) -> str:
    parts = ["\n".join([_in_one_line(title), *(f"- {sentence}" for sentence in said)]) for title, said in sections]
    return "\n\n".join([*parts, language.translated(_OPEN), f"{language.translated(_STOP)}\n{stop_address}\n"])


def _as_html(sections: Sequence[tuple[str, list[str]]], stop_address: str, language: Language) -> Markup:
    parts = [
        Markup('<h2 dir="auto">{}</h2><ul>{}</ul>').format(
            title, Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in said)
        )
        for title, said in sections
    ]
    return Markup(
        '<!doctype html><html lang="{}" dir="{}"><body><div dir="{}">{}'
        '<p>{}</p><p><small>{} <a href="{}">{}</a></small></p></div></body></html>'
    ).format(
        language.code, language.direction, language.direction, Markup("").join(parts), language.translated(_OPEN),
        language.translated(_STOP), stop_address, language.translated(_LINK),
    )  # fmt: skip


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
