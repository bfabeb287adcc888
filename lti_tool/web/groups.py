"""The groups of a course: a teacher makes, fills and removes them; assistants may look."""

import secrets

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.errors import Rejected
from lti_tool.identity.groups import (
    Classmate,
    classmates,
    divided,
    group_with,
    groups_of,
    make_group,
    make_groups,
    remove_group,
    rename_group,
    set_members,
)
from lti_tool.web.access import blueprint_for_visits, require_teacher, tool, visitor
from lti_tool.web.languages import language
from lti_tool.web.numbers import row_number
from lti_tool.wording import say

room = blueprint_for_visits("groups", staff_only=True)


@room.get("/groups")
def page() -> str:
    """Every group with its members, and who is in none."""
    return _page()


@room.post("/groups")
def make() -> Response | tuple[str, int]:
    require_teacher()
    name = request.form.get("name", "")
    try:
        with tool().database.writing() as session:
            group_id = make_group(session, visitor().course_id, name)
    except Rejected as problem:
        return _page(problem, name), 422
    return redirect(url_for("groups.group", group_id=group_id), 303)


@room.get("/groups/<int:group_id>")
def group(group_id: int) -> str:
    """One group: its name, and the class to choose its members from; `find` shows only names that hold it."""
    return _group_page(group_id)


@room.post("/groups/<int:group_id>")
def rename(group_id: int) -> Response | tuple[str, int]:
    require_teacher()
    try:
        with tool().database.writing() as session:
            rename_group(session, visitor().course_id, group_id, request.form.get("name", ""))
    except Rejected as problem:
        return _group_page(group_id, problem), 422
    return redirect(url_for("groups.group", group_id=group_id, done="renamed"), 303)


@room.post("/groups/<int:group_id>/members")
def choose(group_id: int) -> Response | tuple[str, int]:
    """Have just those be members that are ticked; who was not on the page shown (`shown`) stays as they were."""
    require_teacher()
    course_id = visitor().course_id
    shown, ticked = (set(request.form.getlist(name, type=row_number)) for name in ("shown", "member"))
    try:
        with tool().database.writing() as session:
            before = group_with(session, course_id, group_id).members
            set_members(session, course_id, group_id, (before - shown) | ticked)
    except Rejected as problem:
        return _group_page(group_id, problem), 422
    find = request.form.get("find", "")
    return redirect(url_for("groups.group", group_id=group_id, done="members", find=find or None), 303)


@room.post("/groups/<int:group_id>/remove")
def remove(group_id: int) -> Response | tuple[str, int]:
    require_teacher()
    try:
        with tool().database.writing() as session:
            remove_group(session, visitor().course_id, group_id)
    except Rejected as problem:
        return _group_page(group_id, problem), 422
    return redirect(url_for("groups.page", done="removed"), 303)


@room.get("/groups/divide")
def divide() -> str | tuple[str, int]:
    """Show how the class would be divided into so many groups; nothing is stored."""
    require_teacher()
    count, mix = request.args.get("count", 0, type=row_number), request.args.get("mix", type=row_number)
    loose_only, name = bool(request.args.get("loose")), request.args.get("name")
    # NOTE: what new groups are called, with a number behind it
    name = language().translated(say("Group")) if name is None else name
    mix = secrets.randbelow(1_000_000) if mix is None else mix
    problem: Rejected | None = None
    hands: tuple[tuple[Classmate, ...], ...] = ()
    with tool().database.reading() as session:
        people = _who_may_be_dealt(session, loose_only=loose_only)
    if count:
        try:
            hands = divided(people, count, mix)
        except Rejected as found:
            problem = found
    page = render_template(
        "groups/divide.html", hands=hands, count=count, mix=mix, loose=loose_only, name=name, people=len(people),
        problem=problem,
    )  # fmt: skip
    return (page, 422) if problem else page


@room.post("/groups/divide")
def make_divided() -> Response | tuple[str, int]:
    """Make the groups just as they were shown: each field `group` holds the ids of one."""
    require_teacher()
    name, course_id = request.form.get("name", ""), visitor().course_id
    try:
        groups = [
            (f"{name} {number}", [row_number(one) for one in ids.split()])
            for number, ids in enumerate(request.form.getlist("group"), 1)
        ]
        with tool().database.writing() as session:
            make_groups(session, course_id, groups)
    except ValueError:
        return _page(Rejected(say("The groups could not be read."), say("Divide the class again."))), 422
    except Rejected as problem:
        return _page(problem), 422
    return redirect(url_for("groups.page", done="divided"), 303)


def _who_may_be_dealt(session: Session, *, loose_only: bool) -> list[Classmate]:
    """Students who are still in the course; perhaps only those who are in no group made by hand."""
    course_id = visitor().course_id
    placed = {
        one for group in groups_of(session, course_id) if loose_only and not group.is_from_lms for one in group.members
    }
    return [one for one in classmates(session, course_id) if not one.has_left and one.id not in placed]


def _page(problem: Rejected | None = None, name: str = "") -> str:
    with tool().database.reading() as session:
        groups, people = groups_of(session, visitor().course_id), classmates(session, visitor().course_id)
    placed = {one for group in groups for one in group.members}
    return render_template(
        "groups/page.html",
        rows=[(group, [one for one in people if one.id in group.members]) for group in groups],
        loose=[one for one in people if one.id not in placed and not one.has_left],
        people=len(people),
        problem=problem,
        name=name,
    )


def _group_page(group_id: int, problem: Rejected | None = None) -> str:
    find = " ".join(request.values.get("find", "").split())
    with tool().database.reading() as session:
        group = group_with(session, visitor().course_id, group_id)
        people = classmates(session, visitor().course_id)
    return render_template(
        "groups/group.html",
        group=group,
        people=[one for one in people if find.casefold() in one.name.casefold()],
        members=[one for one in people if one.id in group.members],
        find=find,
        problem=problem,
    )
