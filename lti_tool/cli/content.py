"""Commands about what the blogs hold: importing posts, and the scores on their way to the gradebook."""

import json
from typing import Any, BinaryIO

import click
from sqlalchemy import select

from lti_tool.app import build_tool, require_schema
from lti_tool.cli.root import as_json, main, print_facts, with_tool
from lti_tool.errors import NotFound
from lti_tool.gradebook.by_hand import make_waiting_due
from lti_tool.gradebook.ledger import LedgerLine, ledger
from lti_tool.importing.formats import FoundPost, read_posts
from lti_tool.importing.importer import approved_as_found, store_import
from lti_tool.models import Blog
from lti_tool.participation.scoring import rescore_all
from lti_tool.settings import read_settings
from lti_tool.tool import Tool, utc_now
from lti_tool.worker import Clockwork


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
        clockwork.check_all()
        words = f"{report.sent} sent, {report.waiting} to be tried again, {report.refused} refused"
        click.echo(words + (f", {report.conflicts} in conflict." if report.conflicts else "."), err=as_json)
    with tool.database.reading() as session:
        facts = [_ledger_as_json(line) for line in ledger(session)]
    print_facts(facts, as_json, _ledger_text)


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
    what = "Say into which blog." if blog_id is None else f"There is no blog {blog_id}."
    raise NotFound(what, f"--blog with one of: {listed}")


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
