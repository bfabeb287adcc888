"""Commands that run the tool or look after its database and its health."""

import signal
import sys
import threading

import click
from sqlalchemy import select

from lti_tool.app import build_tool, require_schema
from lti_tool.blog.comments import rebuild_paths
from lti_tool.cli.root import as_json, main, print_facts, with_tool
from lti_tool.doctor import examine
from lti_tool.logs import set_up_logs
from lti_tool.migrations import upgrade
from lti_tool.models import Post
from lti_tool.server import Server
from lti_tool.settings import read_settings
from lti_tool.tool import Tool
from lti_tool.worker import Clockwork


@main.command()
@click.option("--port", type=int, default=8000, show_default=True, help="Port of the tool.")
@click.option("--lms-port", type=int, default=8001, show_default=True, help="Port of the practice LMS.")
@click.option("--accent", type=click.Choice(["canvas", "moodle"]), default="canvas", show_default=True)
def demo(port: int, lms_port: int, accent: str) -> None:
    """Run the tool with a practice LMS beside it, set up with a sample class."""
    from lti_tool.demo import run_demo  # only the demo needs what it needs

    sys.exit(run_demo(port, lms_port, accent, click.echo))


@main.command()
@click.option("--worker/--no-worker", default=None, help="Run the worker inside one process (default: on SQLite).")
def serve(worker: bool | None) -> None:
    """Serve the tool."""
    settings = read_settings()
    set_up_logs()
    tool, _ = build_tool(settings)
    require_schema(tool.database)
    tool.keyring.signing_key()
    tool.database.close()
    Server(settings, with_worker=settings.on_sqlite if worker is None else worker).run()


@main.command()
@with_tool
def worker(tool: Tool, clockwork: Clockwork) -> None:
    """Run a worker by itself; any number may run."""
    set_up_logs()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    consumer = clockwork.consumer()
    consumer.start()
    stop.wait()
    consumer.stop(graceful=True)


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Make the tables, or bring them to the newest schema."""
    tool, _ = build_tool(read_settings())
    upgrade(tool.database)
    click.echo("The database is up to date.")


@db.command("rebuild-threads")
@with_tool
def db_rebuild_threads(tool: Tool, _clockwork: Clockwork) -> None:
    """Make the order of every thread anew from who answered whom."""
    wrong = 0
    with tool.database.writing() as session:
        for post_id in session.scalars(select(Post.id)).all():
            wrong += rebuild_paths(session, post_id)
    click.echo(f"{wrong} places were wrong and are mended." if wrong else "Every place was right.")


@main.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check the set-up and say what is wrong."""
    tool, _ = build_tool(read_settings())
    findings = examine(tool)
    facts = [{"subject": one.subject, "good": one.good, "says": one.says} for one in findings]
    print_facts(facts, as_json, lambda one: f"{'ok   ' if one['good'] else 'WRONG'} {one['subject']}: {one['says']}")
    if not all(one.good for one in findings):
        sys.exit(1)
