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

from lti_tool.mailing.news import BlogNews
from lti_tool.participation.duties import Duties, Duty
from lti_tool.wording import day

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


def digest_mail(envelope: Envelope, news: Sequence[BlogNews], zone: tzinfo, now: datetime) -> EmailMessage:
    """Return the mail as text and as simple HTML. Raises ValueError for an address that no mail can go to."""
    sections = [(f"{one.blog} ({one.course})" if one.course else one.blog, _sentences(one, zone)) for one in news]
    message = EmailMessage(policy=_POLICY)
    message["From"] = envelope.sender
    message["To"] = _checked(envelope.recipient)
    message["Subject"] = _subject(news)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = envelope.mail_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message["List-Unsubscribe"] = f"<{envelope.stop_address}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message.set_content(_as_text(sections, envelope.stop_address))
    message.add_alternative(str(_as_html(sections, envelope.stop_address)), subtype="html")
    return message


def _checked(address: str) -> str:
    if not (_ADDRESS.fullmatch(address) and address.isascii()):
        raise ValueError("not an address that any server takes")
    try:
        return str(Address(addr_spec=address))
    except MessageError:
        raise ValueError("not an address") from None


def _subject(news: Sequence[BlogNews]) -> str:
    """No name stands in it: subjects are shown on locked screens."""
    where = _in_one_line(news[0].blog) if len(news) == 1 else f"{len(news)} class blogs"
    waits = any(one.duties is not None and not one.duties.is_done for one in news)
    return f"{where}: {'what is new, and what is to do' if waits else 'what is new'}"


def _sentences(news: BlogNews, zone: tzinfo) -> list[str]:
    said = []
    if news.comments:
        said.append(_number(news.comments, "new comment") + " for you: under your post, or in answer to you.")
    if news.mentions:
        said.append(_number(news.mentions, "new comment") + " with your name in.")
    if news.duties is not None:
        said += _owed(news.duties, zone)
    return said


def _owed(duties: Duties, zone: tzinfo) -> list[str]:
    said = []
    if duties.post is not None and not duties.post.is_done:
        said.append(f"Your own post is to be written{_by(duties.post, zone)}.")
    if duties.comments is not None and not duties.comments.is_done:
        more = " more" if duties.written else ""
        said.append(f"{_number(duties.comments.left, f'{more} comment'.strip())} to go{_by(duties.comments, zone)}.")
    if duties.waiting:
        names = list(duties.who_waits)
        shown = names[:_MOST_NAMES] + ([f"{len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else [])
        who = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
        until = _by(duties.answers, zone) if duties.answers is not None else ""
        said.append(f"{who} {'waits' if len(names) == 1 else 'wait'} for your answer{until}.")
    return said


def _by(duty: Duty, zone: tzinfo) -> str:
    if duty.due_at is None:
        return ""
    there = duty.due_at.astimezone(zone)
    return f", {'late: it was due' if duty.is_late else 'by'} {there:%A} {day(there)}, {there:%H:%M} {there:%Z}"


def _number(count: int, what: str) -> str:
    return f"{'One' if count == 1 else count} {what}{'' if count == 1 else 's'}"


_OPEN = "To read and answer, open the blog from your course."
_STOP = "You get this at most once a day, because your course uses a class blog. To get no more of these:"


def _as_text(sections: Sequence[tuple[str, list[str]]], stop_address: str) -> str:
    parts = ["\n".join([_in_one_line(title), *(f"- {sentence}" for sentence in said)]) for title, said in sections]
    return "\n\n".join([*parts, _OPEN, f"{_STOP}\n{stop_address}\n"])


def _as_html(sections: Sequence[tuple[str, list[str]]], stop_address: str) -> Markup:
    parts = [
        Markup("<h2>{}</h2><ul>{}</ul>").format(title, Markup("").join(Markup("<li>{}</li>").format(s) for s in said))
        for title, said in sections
    ]
    return Markup(
        '<!doctype html><html lang="en"><body>{}<p>{}</p><p><small>{} <a href="{}">stop</a></small></p>'
    ).format(Markup("").join(parts), _OPEN, _STOP, stop_address) + Markup("</body></html>")


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
