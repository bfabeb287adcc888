"""Importing posts into a blog from the command line, and exporting a whole blog."""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TextIO

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.app import build_tool, require_schema
from lti_tool.cli.root import as_json, chosen_blog, main, with_tool
from lti_tool.errors import SetUpProblem
from lti_tool.exporting.page import page_pieces
from lti_tool.exporting.rows import Wishes, blog_to_export
from lti_tool.exporting.whole import whole_lines
from lti_tool.exporting.wxr import wxr_lines
from lti_tool.importing.bulk import Choice, is_stored, make_ready, store_ready
from lti_tool.importing.formats import (
    FIRST_BYTES,
    ArchivedComment,
    ArchivedPost,
    FoundComment,
    FoundPost,
    Standing,
    Writer,
    format_of,
    posts_in,
    read_posts,
)
from lti_tool.importing.importer import approved_as_found, store_import
from lti_tool.importing.matching import match_writers, writers_in
from lti_tool.importing.pictures import Ledger, Pictures, told
from lti_tool.models import Membership, Role
from lti_tool.participation.scoring import rescore_all
from lti_tool.settings import read_settings
from lti_tool.tool import Tool, utc_now
from lti_tool.worker import Clockwork

LARGEST_FILE = 4_000_000_000
_INTERRUPTED = 130
_PIECES = {"json": whole_lines, "wxr": wxr_lines, "html": page_pieces}


@main.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--blog", "blog_id", type=int, help="Number of the blog to import into; not needed if there is one.")
@click.option("--dry-run", is_flag=True, help="Store nothing; show what is found.")
@click.option(
    "--with", "more", type=click.Choice(["pending", "trash"]), multiple=True,
    help="Of a whole blog, bring in also what waited there for approval, or was thrown away. Can be said twice.",
)  # fmt: skip
@click.option("--count", is_flag=True, help="Let a whole blog count at once, without a teacher's approval.")
@click.option("--fetch-pictures", is_flag=True, help="Fetch the pictures of a whole blog from where they stand now.")
@as_json
def import_file(
    file: BinaryIO,
    blog_id: int | None,
    dry_run: bool,
    more: tuple[str, ...],
    count: bool,
    fetch_pictures: bool,
    as_json: bool,
) -> None:
    """Import a blog (WordPress, Blogger, a feed, a saved page, our own export) or the text of one copied page.

    Every guess is taken as it is. Started again after a stop, it goes on where it was.
    """
    if fetch_pictures and not read_settings().fetch_pictures:
        raise SetUpProblem("Fetching pictures is switched off.", "Set LTI_TOOL_FETCH_PICTURES=true to allow it.")
    with _from_its_start(file) as (content, is_archive):
        if not is_archive:
            _import_page(content, blog_id, dry_run=dry_run, as_json=as_json)
            return
        writers, total = _show(content, as_json=as_json)
        if not dry_run:
            content.seek(0)
            standings = frozenset({Standing.SHOWN, *(Standing(one) for one in more)})
            _store_archive(
                content, total, blog_id, writers, standings, uncounted=not count, fetch_pictures=fetch_pictures
            )


@main.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", atomic=True), default="-")
@click.option("--blog", "blog_id", type=int, help="Number of the blog; not needed if there is one.")
@click.option("--format", "kind", type=click.Choice(sorted(_PIECES)), default="json", show_default=True,
              help="json: everything; wxr: for WordPress; html: one page to read.")  # fmt: skip
@click.option("--pseudonyms", is_flag=True, help="Name nobody, and leave out what not everybody may read.")
@click.option("--keys", is_flag=True, help="Put the LMS's own ids of people beside their names.")
@with_tool
def export(
    tool: Tool, _clockwork: Clockwork, file: TextIO, blog_id: int | None, kind: str, pseudonyms: bool, keys: bool
) -> None:
    """Write a whole blog into a file (or out, without one). JSON and WXR can be imported again without loss."""
    wishes = Wishes(pseudonyms=pseudonyms, keys=keys, only_public=kind == "html")
    with tool.database.reading() as session:
        blog = blog_to_export(session, chosen_blog(session, blog_id).id, wishes)
        for piece in _PIECES[kind](blog):
            file.write(piece)


@contextmanager
def _from_its_start(file: BinaryIO) -> Iterator[tuple[BinaryIO, bool]]:
    """The file to be read twice, and whether it is an archive. What comes through a pipe is put by first."""
    with tempfile.TemporaryFile() as copy:
        if not file.seekable():
            while piece := file.read(1 << 20):
                copy.write(piece)
            copy.seek(0)
            file = copy
        is_archive = format_of(file.read(FIRST_BYTES)).is_archive
        file.seek(0)
        yield file, is_archive


def _import_page(file: BinaryIO, blog_id: int | None, *, dry_run: bool, as_json: bool) -> None:
    posts = read_posts(file)
    if as_json:
        _print_json([_found_as_json(post) for post in posts])
    else:
        for post in posts:
            _print_found(post)
    if not dry_run:
        for post in posts:
            click.echo(_store(post, blog_id), err=as_json)


def _store(found: FoundPost, blog_id: int | None) -> str:
    tool, clockwork = build_tool(read_settings())
    require_schema(tool.database)
    with tool.database.writing() as session:
        blog = chosen_blog(session, blog_id)
        post = store_import(session, blog.id, approved_as_found(session, blog.course_id, found), utc_now())
        rescore_all(session, blog.id, utc_now())
        said = f"Stored as post {post.number} of blog {blog.id}, {blog.title}, with {post.live_comments} comments."
    clockwork.ring()
    return said


def _show(file: BinaryIO, *, as_json: bool) -> tuple[Counter[Writer], int]:
    """Read an archive to its end, show what is in it, and return who wrote how much, and the number of posts."""
    writers: Counter[Writer] = Counter()
    facts: list[dict[str, Any]] = []
    lines: list[str] = []  # shown at the end: of a file that turns out to be broken nothing is shown
    total = 0
    for total, post in enumerate(posts_in(file, LARGEST_FILE), 1):  # noqa: B007  # the last one is what is wanted
        if isinstance(post, ArchivedPost):
            writers.update(writers_in(post))
        if as_json:
            facts.append(_found_as_json(post))
        else:
            lines.append(f"{post.title}, by {post.author or 'an unnamed author'}: {len(post.comments)} comments")
            lines += [f"! {warning}" for warning in post.warnings]
    if as_json:
        _print_json(facts)
    elif lines:
        click.echo("\n".join(lines))
    return writers, total


def _store_archive(
    file: BinaryIO,
    total: int,
    blog_id: int | None,
    writers: Counter[Writer],
    standings: frozenset[Standing],
    *,
    uncounted: bool,
    fetch_pictures: bool,
) -> None:
    """Store post by post, a bar showing how far it is."""
    tool, clockwork = build_tool(read_settings())
    require_schema(tool.database)
    with tool.database.reading() as session:
        blog = chosen_blog(session, blog_id)
        blog_id, title = blog.id, blog.title
        matches = match_writers(session, blog.course_id, writers)
        pictures = _pictures(tool, session, blog.course_id) if fetch_pictures else None
    choice = Choice({one: match.person_id for one, match in matches.items()}, standings, uncounted)
    stored: Counter[str] = Counter()
    try:
        with click.progressbar(posts_in(file, LARGEST_FILE), length=total, label="Storing", file=sys.stderr) as posts:
            for post in posts:
                stored.update(_store_post(tool, blog_id, post, choice, pictures))
    except KeyboardInterrupt:
        click.echo("\nStopped. What is stored is whole; started again, the import goes on behind it.", err=True)
        sys.exit(_INTERRUPTED)
    for told_of in told(pictures.ledger) if pictures else ():
        click.echo(f"! {told_of}", err=True)
    if not uncounted:
        with tool.database.writing() as session:
            rescore_all(session, blog_id, utc_now())
        clockwork.ring()
    waits = (
        " They count once a teacher approves them, on the blog's import page." if uncounted and stored["new"] else ""
    )
    click.echo(
        f"Blog {blog_id}, {title}: {stored['new']} posts stored with {stored['comments']} comments, "
        f"{stored['old']} were there before, {stored['left out']} left out.{waits}",
        err=True,
    )


def _pictures(tool: Tool, session: Session, course_id: int) -> Pictures | None:
    """What fetches them; whose writer is nobody of the course is its first teacher's. Raises SetUpProblem."""
    members = session.scalars(select(Membership).where(Membership.course_id == course_id).order_by(Membership.id))
    teacher = next((one.person_id for one in members if one.role is Role.TEACHER), None)
    if teacher is None:
        raise SetUpProblem(
            "Nobody teaches in this course yet who could have the pictures.", "Let a teacher open the blog once."
        )
    return Pictures(tool.fetch_picture, Ledger(), teacher) if tool.fetch_picture else None


def _store_post(
    tool: Tool, blog_id: int, post: FoundPost, choice: Choice, pictures: Pictures | None
) -> Counter[str]:  # fmt: skip
    ready = None
    if isinstance(post, ArchivedPost):
        fetching = pictures if pictures and not is_stored(tool.database, blog_id, post) else None
        ready = make_ready(post, choice, fetching)
    if ready is None:
        return Counter({"left out": 1})
    for note in ready.notes:
        click.echo(f"! {note}", err=True)
    with tool.database.writing() as session:
        stored = store_ready(session, blog_id, ready, utc_now())
    if pictures and not stored.is_new:
        pictures.forget(ready.pictures)
    return Counter({"new": 1, "comments": stored.comments}) if stored.is_new else Counter({"old": 1})


def _print_json(found: list[dict[str, Any]]) -> None:
    click.echo(json.dumps(found[0] if len(found) == 1 else {"posts": found}, ensure_ascii=False, indent=2))


def _found_as_json(post: FoundPost) -> dict[str, Any]:
    archived: dict[str, Any] = {}
    if isinstance(post, ArchivedPost):
        published = post.published_at.isoformat() if post.published_at else None
        archived = {"standing": post.standing.value, "published_at": published}
    return {
        "title": post.title,
        "subtitle": post.subtitle,
        "author": post.author,
        "author_reason": post.author_reason,
        "body": list(post.body),
        "sources": list(post.sources),
        "stated_comments": post.stated_comments,
        "comments": [_comment_as_json(comment) for comment in post.comments],
        "warnings": list(post.warnings),
        **archived,
    }


def _comment_as_json(comment: FoundComment) -> dict[str, Any]:
    facts = {name: getattr(comment, name) for name in ("number", "parent", "author", "text", "reason")}
    if isinstance(comment, ArchivedComment):
        facts["standing"] = comment.standing.value
        facts["written_at"] = comment.written_at.isoformat() if comment.written_at else None
    return facts


def _print_found(post: FoundPost) -> None:
    click.echo(f"{post.title}\n{post.subtitle or ''}\nby {post.author or 'an unnamed author'}")
    click.echo(f"{len(post.body)} paragraphs, {len(post.sources)} sources, {len(post.comments)} comments")
    for comment in post.comments:
        place = f"answers {comment.parent}" if comment.parent else "top level"
        click.echo(f"  {comment.number}. {comment.author or 'unnamed'}, {place}: {comment.reason}")
    for warning in post.warnings:
        click.echo(f"! {warning}")
