"""Bringing in a post or a whole blog: paste or choose a file. A copied page is corrected here, then stored."""

from collections.abc import Mapping
from io import BytesIO
from typing import BinaryIO, cast

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.errors import ImportProblem, Rejected
from lti_tool.importing.approval import uncounted_total
from lti_tool.importing.formats import FIRST_BYTES, FoundPost, format_of, read_posts
from lti_tool.importing.importer import (
    ApprovedComment,
    ApprovedPost,
    Match,
    fingerprint,
    imported_before,
    match_comments,
    match_names,
    people_of,
    store_import,
    unmatched_comments,
)
from lti_tool.participation.scoring import rescore_all
from lti_tool.web import import_runs
from lti_tool.web.access import blueprint_for_visits, tool, visitor
from lti_tool.web.languages import language
from lti_tool.wording import say

room = blueprint_for_visits("importing", staff_only=True)
LARGEST_UPLOAD = import_runs.LARGEST_ARCHIVE + 1_000_000
LARGEST_FORM = 6_000_000
_MOST_FIELDS = 20_000


@room.before_request
def allow_large_forms() -> None:
    request.max_content_length = LARGEST_UPLOAD
    request.max_form_memory_size = LARGEST_FORM
    request.max_form_parts = _MOST_FIELDS


@room.get("/import")
def start() -> str:
    with tool().database.reading() as session:
        waiting = uncounted_total(session, visitor().blog_id)
    return render_template("importing/start.html", text="", waiting=waiting)


@room.post("/import")
def preview() -> str | Response | tuple[str, int]:
    """Show what was found, every guess with its reason and open to change; nothing is stored."""
    upload, text = request.files.get("file"), request.form.get("text", "")
    file = cast(BinaryIO, upload.stream) if upload and upload.filename else BytesIO(text.encode())
    first_bytes = file.read(FIRST_BYTES)
    file.seek(0)
    if not first_bytes.strip():
        nothing = Rejected(
            say("There is nothing to import yet."), say("Paste the page's text, or choose a file with it.")
        )
        return render_template("importing/start.html", text=text, problem=nothing), 422
    try:
        if format_of(first_bytes).is_archive:
            return import_runs.begin(file)
        found = read_posts(file)
    except ImportProblem as problem:
        return render_template("importing/start.html", text=text, problem=problem), 422
    with tool().database.reading() as session:
        return _preview(session, found[0])


@room.post("/import/store")
def store() -> Response | tuple[str, int]:
    who, now = visitor(), tool().clock()
    try:
        with tool().database.writing() as session:
            post = store_import(session, who.blog_id, _approved(request.form.to_dict()), now)
            number = post.number
            rescore_all(session, who.blog_id, now)
    except Rejected as problem:
        return _preview_page(request.form.to_dict(), problem), 422
    tool().ring()
    return redirect(url_for("blog.post", number=number, done="imported"), 303)


@room.get("/import/authors")
def authors() -> str:
    """The imported comments whose writers are not matched to people of the course yet."""
    with tool().database.reading() as session:
        comments = [
            (comment.id, post_number, comment.number, comment.author_name or say("unnamed"), comment.body_html)
            for comment, post_number in unmatched_comments(session, visitor().blog_id)
        ]
        people = sorted(_people(session).items(), key=lambda one: one[1].casefold())
    return render_template("importing/authors.html", comments=comments, people=people)


@room.post("/import/authors")
def save_authors() -> Response:
    who, now = visitor(), tool().clock()
    chosen = {_whole(field.removeprefix("author_")): _whole(value) for field, value in request.form.items()}
    with tool().database.writing() as session:
        people = _people(session)
        match_comments(
            session, who.blog_id, {comment: one for comment, one in chosen.items() if comment and one in people}
        )
        session.flush()
        rescore_all(session, who.blog_id, now)
    tool().ring()
    return redirect(url_for("desk.overview", done="authors"), 303)


def _preview(session: Session, found: FoundPost) -> str:
    who = visitor()
    twin = imported_before(session, who.blog_id, fingerprint(found))
    return _preview_page(_fields(session, found), twin=twin.number if twin else None)


def _preview_page(fields: dict[str, str], problem: Rejected | None = None, twin: int | None = None) -> str:
    """The form of everything found; after a problem it is shown again as the teacher had changed it."""
    with tool().database.reading() as session:
        people = sorted(_people(session).items(), key=lambda one: one[1].casefold())
    numbers = range(1, _comment_count(fields) + 1)
    return render_template(
        "importing/preview.html", fields=fields, numbers=numbers, people=people, problem=problem, twin=twin
    )


def _fields(session: Session, found: FoundPost) -> dict[str, str]:
    """What was found as the fields of the form; the reasons, in the reader's words, outlive a correction there."""
    names = [name for name in (found.author, *(comment.author for comment in found.comments)) if name]
    matches = match_names(session, visitor().course_id, names)
    fields = {
        "title": found.title,
        "subtitle": found.subtitle or "",
        "body": "\n\n".join(found.body),
        "sources": "\n".join(found.sources),
        "warnings": "\n".join(map(language().translated, found.warnings)),
        "comments": str(len(found.comments)),
        "fingerprint": fingerprint(found),
        **_author_fields("author", found.author, found.author_reason or "", matches),
    }
    for comment in found.comments:
        fields[f"text_{comment.number}"] = comment.text
        fields[f"parent_{comment.number}"] = str(comment.parent or "")
        fields |= _author_fields(f"author_{comment.number}", comment.author, comment.reason, matches)
    return fields


def _author_fields(field: str, name: str | None, reason: str, matches: dict[str, Match]) -> dict[str, str]:
    match = matches.get(name or "")
    return {
        field: str(match.person_id or "") if match else "",
        f"{field}_name": name or "",
        f"{field}_reason": language().translated(reason),
        f"{field}_match": language().translated(match.reason) if match else "",
    }


def _comment_count(fields: Mapping[str, str]) -> int:
    return min(_whole(fields.get("comments", "")) or 0, _MOST_FIELDS)


def _approved(form: dict[str, str]) -> ApprovedPost:
    numbers = [number for number in range(1, _comment_count(form) + 1) if not form.get(f"leave_out_{number}")]
    with tool().database.reading() as session:
        people = set(_people(session))
    author_id, author_name = _author(form, "author", people)
    return ApprovedPost(
        title=form.get("title", ""),
        subtitle=form.get("subtitle", ""),
        author_id=author_id,
        author_name=author_name,
        body=form.get("body", ""),
        sources=tuple(form.get("sources", "").splitlines()),
        comments=tuple(_approved_comment(form, number, people) for number in numbers),
        fingerprint=form.get("fingerprint", "")[:64],
    )


def _approved_comment(form: dict[str, str], number: int, people: set[int]) -> ApprovedComment:
    parent = _whole(form.get(f"parent_{number}", "").strip())
    author_id, author_name = _author(form, f"author_{number}", people)
    return ApprovedComment(number, parent, author_id, author_name, form.get(f"text_{number}", ""))


def _author(form: dict[str, str], field: str, people: set[int]) -> tuple[int | None, str | None]:
    """A person of this course, or only a name; an id from elsewhere is nobody."""
    name = " ".join(form.get(f"{field}_name", "").split())[:200] or None
    person_id = _whole(form.get(field, ""))
    return (person_id if person_id in people else None), name


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _people(session: Session) -> dict[int, str]:
    return {person.id: person.shown_name for person in people_of(session, visitor().course_id)}
