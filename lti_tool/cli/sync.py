"""`lti-tool sync`: what the gradebooks should show and what they took, and sending what is not there yet."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import Any

import click
from sqlalchemy.orm import Session

from lti_tool.cli.root import as_json, main, print_facts, with_tool
from lti_tool.gradebook.by_hand import make_waiting_due
from lti_tool.gradebook.delivery import DeliveryReport
from lti_tool.gradebook.gauges import found_there_since, refused_by_cause, scores_by_state, scores_left
from lti_tool.gradebook.ledger import LedgerLine, ledger
from lti_tool.gradebook.preview import PreviewLine, preview
from lti_tool.models import SyncState
from lti_tool.tool import Tool
from lti_tool.worker import Clockwork

_LOOK_SECONDS = 0.25
_LINE_SECONDS = 5.0
_INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT
_STOPPED = "Stopped. Nothing is lost: what was not sent goes with the worker's next round, or with the next sync."

Shows = Callable[[int, int], None]


@main.command()
@click.option("--now", is_flag=True, help="Send all that is due or waits for a retry, and return when done.")
@click.option("--dry-run", is_flag=True, help="Send nothing; read the gradebooks and show who would get what.")
@as_json
@with_tool
def sync(tool: Tool, clockwork: Clockwork, now: bool, dry_run: bool, as_json: bool) -> None:
    """Show what the gradebooks should show and what they took; with --now, send what is not there yet."""
    if dry_run:
        lines = preview(tool.database, tool.gradebook)
        print_facts([_preview_as_json(line) for line in lines], as_json, _preview_text)
        return
    if now:
        for line in _sync_now(tool, clockwork):
            click.echo(line, err=as_json)
    with tool.database.reading() as session:
        facts = [_ledger_as_json(line) for line in ledger(session)]
    print_facts(facts, as_json, _ledger_text)


def _sync_now(tool: Tool, clockwork: Clockwork) -> list[str]:
    """Send what can be sent, read the columns, and return the summary, a sentence each."""
    began = tool.clock()
    with tool.database.writing() as session:
        make_waiting_due(session, began)
    with tool.database.reading() as session:
        total = scores_left(session, began).now
    try:
        with _progress(total) as shows:
            report = _send_and_show(tool, clockwork, total, shows)
        clockwork.check_all()
    except KeyboardInterrupt:
        click.echo(f"\n{_STOPPED}", err=True)
        sys.exit(_INTERRUPTED)
    with tool.database.reading() as session:
        return list(_summary(session, report, began, tool.clock()))


def _send_and_show(tool: Tool, clockwork: Clockwork, total: int, shows: Shows) -> DeliveryReport:
    """Send in a thread of its own; how much is left stands in the database, whoever sends it."""
    with _ctrl_c() as stopped, ThreadPoolExecutor(1, thread_name_prefix="sync") as pool:
        run = pool.submit(clockwork.send_all, lambda: not stopped.is_set())
        try:
            while not stopped.is_set() and wait([run], _LOOK_SECONDS).not_done:
                total = _show(tool, total, shows)
            if stopped.is_set():  # what is being sent at this instant is still brought to its end
                raise KeyboardInterrupt
        finally:
            stopped.set()
    _show(tool, total, shows)
    return run.result()


@contextmanager
def _ctrl_c() -> Iterator[Event]:
    """Tell of the first Ctrl-C by an event: as an exception it can come where Python drops it, amid some clean-up."""
    pressed = Event()

    def note(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        pressed.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _show(tool: Tool, total: int, shows: Shows) -> int:
    with tool.database.reading() as session:
        left = scores_left(session, tool.clock()).now
    total = max(total, left)  # others are wanted meanwhile
    shows(total - left, total)
    return total


@contextmanager
def _progress(total: int) -> Iterator[Shows]:
    """A bar on a terminal; elsewhere a line now and then, and none where it is quickly done."""
    if not total or not sys.stderr.isatty():
        yield lines_now_and_then(_LINE_SECONDS)
        return
    with click.progressbar(length=total, label="Sending", file=sys.stderr, show_pos=True, width=30) as bar:

        def shows(done: int, total: int) -> None:
            bar.length = total
            bar.update(max(0, done - bar.pos))

        yield shows


def lines_now_and_then(seconds: float) -> Shows:
    """Return what writes a line at most once in so many seconds."""
    last = time.monotonic()

    def shows(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            click.echo(f"{done} of {total} done", err=True)

    return shows


def _summary(session: Session, report: DeliveryReport, began: datetime, now: datetime) -> Iterator[str]:
    """What this run did, then what is not in the gradebook all the same, and who can mend it."""
    states, left, there = scores_by_state(session), scores_left(session, now), found_there_since(session, began)
    words = f"{report.sent} sent, {report.waiting} to be tried again, {report.refused} refused"
    yield words + (f", {report.conflicts} in conflict." if report.conflicts else ".")
    if there:
        yield f"Of those sent {there} had arrived before."
    if left.next_attempt is not None:
        seconds = max(0, round((left.next_attempt - now).total_seconds()))
        at = left.next_attempt.strftime("%H:%M:%S")
        yield f"Waiting for a retry: {left.later}, the first at {at} UTC (in {seconds} s)."
    if left.now:
        yield f"Still under way, or due since: {left.now}."
    for one in refused_by_cause(session):
        yield f"{one.state.value.capitalize()} ({one.scores}): {one.cause} {one.to_do}".rstrip()
    if states[SyncState.CONFLICT]:
        yield f"In conflict: {states[SyncState.CONFLICT]}. The blog's gradebook page asks the teacher."
    if states[SyncState.NOT_DUE]:
        yield f"Not due, held back or withdrawn: {states[SyncState.NOT_DUE]}."


def _ledger_as_json(line: LedgerLine) -> dict[str, Any]:
    return {
        "blog": line.blog_id,
        "person": line.person_key,
        "name": line.name,
        "wanted": None if line.wanted is None else float(line.wanted),
        "maximum": float(line.maximum),
        "lms_shows": line.lms_shows,
        "state": line.state.value,
        "cause": line.cause,
        "attempts": line.attempts,
        "next_attempt": line.next_attempt.isoformat() if line.next_attempt else None,
    }


def _ledger_text(one: dict[str, Any]) -> str:
    shows = "nothing yet" if one["lms_shows"] is None else one["lms_shows"]
    cause = f": {one['cause']}" if one["cause"] else ""
    score = f"{one['wanted']} / {one['maximum']}"
    return f"blog {one['blog']}  {one['name']}  {score}  LMS took {shows}  {one['state']}{cause}"


def _preview_as_json(line: PreviewLine) -> dict[str, Any]:
    shows = line.shows
    return {
        "blog": line.blog_id,
        "person": line.person_key,
        "name": line.name,
        "lms_shows": None if shows is None else shows.points,
        "lms_maximum": None if shows is None else shows.maximum,
        "is_read": line.is_read,
        "wanted": float(line.wanted),
        "maximum": float(line.maximum),
        "effect": line.effect.value,
        "why": line.why,
    }


def _preview_text(one: dict[str, Any]) -> str:
    old = f"{one['lms_shows']:g} / {one['lms_maximum']:g}" if one["lms_shows"] is not None else "nothing"
    why = f": {one['why']}" if one["why"] else ""
    old = old if one["is_read"] else "not known"
    return f"blog {one['blog']}  {one['name']}  {old} -> {one['wanted']:g} / {one['maximum']:g}  {one['effect']}{why}"
