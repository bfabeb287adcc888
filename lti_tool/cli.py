"""The command line: the only place where an error becomes an exit code. Every command answers --help."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, BinaryIO, TypeVar

import click
from sqlalchemy import select

from lti_tool.app import build_tool, require_schema
from lti_tool.blog.comments import rebuild_paths
from lti_tool.doctor import examine
from lti_tool.errors import NotFound, SetUpProblem, ToolError
from lti_tool.gradebook.ledger import LedgerLine, ledger
from lti_tool.gradebook.outbox import make_waiting_due
from lti_tool.importing.formats import FoundPost, read_posts
from lti_tool.importing.importer import approved_as_found, store_import
from lti_tool.logs import set_up_logs
from lti_tool.lti.connection import AddressRefused
from lti_tool.lti.keys import key_files, new_key, retire_key
from lti_tool.migrations import upgrade
from lti_tool.models import Blog, Deployment, Platform, Post
from lti_tool.participation.scoring import rescore_all
from lti_tool.server import Server
from lti_tool.settings import read_settings
from lti_tool.tool import Tool, utc_now
from lti_tool.worker import Clockwork

R = TypeVar("R")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON.")


class OneLineErrors(click.Group):
    """Turns our errors into one clear line and exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ToolError as problem:
            raise click.ClickException(f"{problem.what} {problem.do}".strip()) from None


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lti-tool")
def main() -> None:
    """A class blog inside the LMS: launched by LTI 1.3, graded at a desk, its scores kept in the gradebook."""


def with_tool(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the built tool and its clockwork as first arguments, once the database is set up."""

    @wraps(command)
    def run(*args: object, **kwargs: object) -> R:
        tool, clockwork = build_tool(read_settings())
        require_schema(tool.database)
        return command(tool, clockwork, *args, **kwargs)

    return run


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


@main.group()
def keys() -> None:
    """The tool's own keys."""


@keys.command("new")
def keys_new() -> None:
    """Make a key; from now on it signs, and older ones are still published."""
    click.echo(new_key(read_settings().keys_dir).kid)


@keys.command("list")
@as_json
def keys_list(as_json: bool) -> None:
    """List the keys, the one that signs first."""
    files = key_files(read_settings().keys_dir)
    facts = [
        {"kid": file.kid, "made": datetime.fromtimestamp(file.made_at, UTC).isoformat(), "signs": place == 0}
        for place, file in enumerate(files)
    ]
    _print(facts, as_json, lambda one: f"{one['kid']}  {one['made'][:16]}{'  signs' if one['signs'] else ''}")


@keys.command("retire")
@click.argument("kid")
def keys_retire(kid: str) -> None:
    """Publish a key no longer (it is moved to retired/)."""
    click.echo(f"Moved to {retire_key(read_settings().keys_dir, kid)}.")


@main.group()
def platforms() -> None:
    """The LMSs that may launch the tool."""


@platforms.command("add")
@click.option("--name", required=True)
@click.option("--issuer", required=True)
@click.option("--client-id", required=True)
@click.option("--deployment-id", "deployment_ids", required=True, multiple=True, help="May be given several times.")
@click.option("--authorize-url", required=True)
@click.option("--token-url", required=True)
@click.option("--jwks-url", required=True)
@with_tool
def platforms_add(tool: Tool, _clockwork: Clockwork, deployment_ids: tuple[str, ...], **facts: str) -> None:
    """Register an LMS. What is registered already is never overwritten."""
    for option in ("authorize_url", "token_url", "jwks_url"):
        _check_address(tool, option, facts[option])
    click.echo(_add_platform(tool, facts, deployment_ids))


@platforms.command("list")
@as_json
@with_tool
def platforms_list(tool: Tool, _clockwork: Clockwork, as_json: bool) -> None:
    """List the registered LMSs."""
    with tool.database.reading() as session:
        deployments = list(session.execute(select(Deployment.platform_id, Deployment.lti_deployment_id)))
        facts = [
            {
                "id": row.id,
                "name": row.name,
                "issuer": row.lti_issuer,
                "client_id": row.lti_client_id,
                "deployment_ids": [lti_id for platform_id, lti_id in deployments if platform_id == row.id],
                "family": row.family,
                "disabled": row.disabled_at is not None,
            }
            for row in session.scalars(select(Platform).order_by(Platform.id))
        ]
    _print(facts, as_json, _platform_line)


@platforms.command("disable")
@click.argument("platform_id", type=int)
@with_tool
def platforms_disable(tool: Tool, _clockwork: Clockwork, platform_id: int) -> None:
    """Shut an LMS out: no launch, no open visit, no score."""
    with tool.database.writing() as session:
        row = session.get(Platform, platform_id)
        if row is None:
            raise SetUpProblem(f"There is no platform {platform_id}.", "`lti-tool platforms list` shows them.")
        row.disabled_at = tool.clock()
    click.echo(f"{row.name} is disabled.")


@main.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--blog", "blog_id", type=int, help="Number of the blog to import into; not needed if there is one.")
@click.option("--dry-run", is_flag=True, help="Store nothing; show what is found.")
@as_json
def import_file(file: BinaryIO, blog_id: int | None, dry_run: bool, as_json: bool) -> None:
    """Import a copied class blog page (a text file), every guess taken as it is."""
    posts = read_posts(file)
    if as_json:
        found = [_found_as_json(post) for post in posts]
        click.echo(json.dumps(found[0] if len(found) == 1 else {"posts": found}, ensure_ascii=False, indent=2))
    else:
        for post in posts:
            _print_found(post)
    if not dry_run:
        for post in posts:
            click.echo(_store(post, blog_id), err=as_json)


@main.command()
@click.option("--now", is_flag=True, help="Send all that is due or waits for a retry, and return when done.")
@as_json
@with_tool
def sync(tool: Tool, clockwork: Clockwork, now: bool, as_json: bool) -> None:
    """Show what the gradebooks should show and what they took; with --now, send what is not there yet."""
    if now:
        with tool.database.writing() as session:
            make_waiting_due(session, tool.clock())
        report = clockwork.send_all()
        click.echo(f"{report.sent} sent, {report.waiting} to be tried again, {report.refused} refused.", err=as_json)
    with tool.database.reading() as session:
        facts = [_ledger_as_json(line) for line in ledger(session)]
    _print(facts, as_json, _ledger_text)


@main.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check the set-up and say what is wrong."""
    tool, _ = build_tool(read_settings())
    findings = examine(tool)
    facts = [{"subject": one.subject, "good": one.good, "says": one.says} for one in findings]
    _print(facts, as_json, lambda one: f"{'ok   ' if one['good'] else 'WRONG'} {one['subject']}: {one['says']}")
    if not all(one.good for one in findings):
        sys.exit(1)


def _print(facts: Iterable[dict[str, Any]], as_json: bool, line: Callable[[dict[str, Any]], str]) -> None:
    if as_json:
        click.echo(json.dumps(list(facts), ensure_ascii=False, indent=2))
        return
    for one in facts:
        click.echo(line(one))


def _check_address(tool: Tool, option: str, address: str) -> None:
    try:
        tool.connection.check(address)
    except AddressRefused:
        raise SetUpProblem(
            f"--{option.replace('_', '-')} {address} is not https.",
            "Use https; for an LMS on this machine or a private network set LTI_TOOL_ALLOW_PRIVATE_ADDRESSES=true.",
        ) from None


def _add_platform(tool: Tool, facts: dict[str, str], deployment_ids: tuple[str, ...]) -> str:
    known = {"lti_issuer": facts.pop("issuer"), "lti_client_id": facts.pop("client_id")}
    with tool.database.writing() as session:
        row = session.scalar(select(Platform).filter_by(**known))
        if row is None:
            row = Platform(**known, **facts, family="", created_at=tool.clock())
            session.add(row)
            session.flush()
        elif any(getattr(row, name) != value for name, value in facts.items() if name != "name"):
            raise SetUpProblem(
                f"Platform {row.id}, {row.name}, has this issuer and client id but other addresses.",
                "Nothing is changed. Disable it first if it is to be replaced.",
            )
        there = set(session.scalars(select(Deployment.lti_deployment_id).where(Deployment.platform_id == row.id)))
        new = [one for one in dict.fromkeys(deployment_ids) if one not in there]
        session.add_all(Deployment(platform_id=row.id, lti_deployment_id=one) for one in new)
        if not new:
            raise SetUpProblem(f"Platform {row.id}, {row.name}, is registered already.", "Nothing is changed.")
        return f"Platform {row.id}, {row.name}: deployment {', '.join(new)} added."


def _platform_line(one: dict[str, Any]) -> str:
    state = "  DISABLED" if one["disabled"] else ""
    places = ", ".join(one["deployment_ids"])
    return f"{one['id']}  {one['name']}  {one['issuer']}  client {one['client_id']}  deployments {places}{state}"


def _store(found: FoundPost, blog_id: int | None) -> str:
    tool, clockwork = build_tool(read_settings())
    require_schema(tool.database)
    with tool.database.writing() as session:
        blog = _blog_to_import_into(list(session.scalars(select(Blog).order_by(Blog.id))), blog_id)
        post = store_import(session, blog.id, approved_as_found(session, blog.course_id, found), utc_now())
        rescore_all(session, blog.id, utc_now())
        said = f"Stored as post {post.number} of blog {blog.id}, {blog.title}, with {post.live_comments} comments."
    clockwork.ring()
    return said


def _blog_to_import_into(blogs: list[Blog], blog_id: int | None) -> Blog:
    if blog_id is None and len(blogs) == 1:
        return blogs[0]
    for blog in blogs:
        if blog.id == blog_id:
            return blog
    if not blogs:
        raise NotFound("There is no blog yet.", "Open one from a course page first; a launch makes it.")
    listed = "; ".join(f"{blog.id} {blog.title} ({blog.course.title})" for blog in blogs)
    raise NotFound("Say into which blog.", f"--blog with one of: {listed}")


def _found_as_json(post: FoundPost) -> dict[str, Any]:
    return {
        "title": post.title,
        "subtitle": post.subtitle,
        "author": post.author,
        "author_reason": post.author_reason,
        "body": list(post.body),
        "sources": list(post.sources),
        "stated_comments": post.stated_comments,
        "comments": [
            {name: getattr(comment, name) for name in ("number", "parent", "author", "text", "reason")}
            for comment in post.comments
        ],
        "warnings": list(post.warnings),
    }


def _print_found(post: FoundPost) -> None:
    click.echo(f"{post.title}\n{post.subtitle or ''}\nby {post.author or 'an unnamed author'}")
    click.echo(f"{len(post.body)} paragraphs, {len(post.sources)} sources, {len(post.comments)} comments")
    for comment in post.comments:
        place = f"answers {comment.parent}" if comment.parent else "top level"
        click.echo(f"  {comment.number}. {comment.author or 'unnamed'}, {place}: {comment.reason}")
    for warning in post.warnings:
        click.echo(f"! {warning}")


def _ledger_as_json(line: LedgerLine) -> dict[str, Any]:
    return {
        "blog": line.blog_id,
        "person": line.person_key,
        "name": line.name,
        "wanted": None if line.wanted is None else float(line.wanted),
        "maximum": float(line.maximum),
        "lms_shows": None if line.accepted is None else float(line.accepted),
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
