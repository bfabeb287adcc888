"""Importing posts into a blog from the command line."""

import json
from typing import Any, BinaryIO

import click

from lti_tool.app import build_tool, require_schema
from lti_tool.cli.root import as_json, chosen_blog, main
from lti_tool.importing.formats import FoundPost, read_posts
from lti_tool.importing.importer import approved_as_found, store_import
from lti_tool.participation.scoring import rescore_all
from lti_tool.settings import read_settings
from lti_tool.tool import utc_now


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
