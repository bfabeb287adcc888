"""Moodle 4.5: line items and results, as mod/lti/services.php of 4.5.6 was measured to answer."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, request

from ..answers import html_page, json_answer, tidy_number
from ..gradebook import (
    Column,
    Grade,
    blank_grade,
    column_numbered,
    columns_in,
    grades_in,
    insert_column,
    keep_grade,
    update_column,
)
from ..places import here
from ..refusals import ServiceRefusal
from ..scopes import (
    LINEITEM,
    LINEITEM_READ,
    LINEITEM_TYPE,
    LINEITEMS_TYPE,
    RESULT_READ,
    RESULTS_TYPE,
    SCORE,
    SCORE_TYPE,
)
from ..services import guard, lose_the_reply, require_scope, whole_number
from . import moodle_roster, moodle_scores
from .moodle_addresses import ITEMS, asking_tool, lineitem_url, lineitems_url
from .moodle_answers import refuse, require_accept, require_content_type

if TYPE_CHECKING:
    from ..school import PracticeSchool

BASE = ITEMS
ITEM = ITEMS + "/<int:column_id>/lineitem"


def _right_tool(school: "PracticeSchool") -> None:
    if g.course is None:
        raise refuse(404, "Not Found: Course doesn't exist")
    if school.tool_numbered(asking_tool()) is None:
        raise refuse(401, "Unauthorized")


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else {}


def _item(school: "PracticeSchool", column: Column) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": lineitem_url(school, column.id),
        "label": column.label,
        "scoreMaximum": tidy_number(column.maximum),
        "resourceId": column.resource_id,
        "tag": column.tag,
    }
    if column.link_activity_id is not None:
        item |= {"resourceLinkId": str(column.link_activity_id), "ltiLinkId": str(column.link_activity_id)}
    activity = school.activity_numbered(column.activity_id) if column.activity_id else None
    if activity and activity.submission_review:
        item["submissionReview"] = activity.submission_review
    return item


def _found(school: "PracticeSchool", column_id: int) -> Column:
    with school.store.reading() as db:
        column = column_numbered(db, column_id)
    if column is None:
        raise refuse(404, f"Not Found: Grade item {column_id} doesn't exist")
    return column


def _matching(columns: list[Column]) -> list[Column]:
    wanted = request.args
    return [
        column
        for column in columns
        if wanted.get("resource_link_id") in (None, str(column.link_activity_id))
        and wanted.get("resource_id") in (None, column.resource_id)
        and wanted.get("tag") in (None, column.tag)
    ]


def _broken_link(school: "PracticeSchool", limit: int, start: int, total: int) -> str:
    """Moodle's AGS paging links: curly quotes sent as UTF-8 bytes, and `&amp;` between the parameters."""
    steps = {"first": 0, "canonical": start, "last": max(total - 1, 0)}
    if start + limit < total:
        steps["next"] = start + limit
    here = f"{lineitems_url(school)}&amp;limit={limit}&amp;from="
    text = ", ".join(f"<{here}{at}>; rel=\u201c{name}\u201d" for name, at in steps.items())
    return text.encode().decode("latin-1")


def _list_items(school: "PracticeSchool") -> Response:
    with school.store.reading() as db:
        columns = _matching(columns_in(db, here().id))
    limit, start, link = whole_number("limit"), whole_number("from") or 0, ""
    if limit:
        link = _broken_link(school, limit, start, len(columns))
        columns = columns[start : start + limit]
    return json_answer([_item(school, column) for column in columns], LINEITEMS_TYPE, link=link)


def _column_from(school: "PracticeSchool", body: dict[str, Any], old: Column | None = None) -> Column:
    """What a POST or PUT describes; a PUT that leaves out link, tag or resourceId clears them."""
    try:
        label, maximum = str(body["label"]), float(body["scoreMaximum"])
    except (KeyError, TypeError, ValueError):
        raise refuse(400, "No label or Score Maximum" if old is None else "Bad Request") from None
    if len(label) > 255:
        raise ServiceRefusal(html_page(502))
    linked = body.get("resourceLinkId") or body.get("ltiLinkId")
    if linked and not (str(linked).isdigit() and school.activity_numbered(int(linked))):
        raise refuse(403, "Forbidden")
    link = int(linked) if linked else None
    resource_id, tag = str(body.get("resourceId") or ""), str(body.get("tag") or "")
    kept = old or Column(0, None, None, "", 0, course_id=here().id)
    return replace(kept, link_activity_id=link, label=label, maximum=maximum, resource_id=resource_id, tag=tag)


def _create(school: "PracticeSchool") -> Response:
    body = _body()
    with school.store.writing() as db:
        column = insert_column(db, _column_from(school, body))
    return lose_the_reply(school, json_answer({**body, "id": lineitem_url(school, column.id)}, LINEITEM_TYPE, 201))


def _replace(school: "PracticeSchool", column_id: int) -> Response:
    old, body = _found(school, column_id), _body()
    new = _column_from(school, body, old)
    with school.store.writing() as db:
        update_column(db, new)
        if new.maximum != old.maximum:
            kept = grades_in(db, column_id)
            empty = [blank_grade(column_id, one, school.clock()) for one in _graded_people(school) if one not in kept]
            for grade in (*kept.values(), *empty):
                keep_grade(db, moodle_scores.rescaled(grade, old.maximum, new.maximum, school.clock()))
    return json_answer({**body, "id": lineitem_url(school, column_id)}, LINEITEM_TYPE)


def _graded_people(school: "PracticeSchool") -> list[str]:
    return [person.key for person in school.people_in(here().id) if person.is_gradable]


def _delete(school: "PracticeSchool", column_id: int) -> Response:
    """Works even on an activity's own column: the grades are gone with it."""
    _found(school, column_id)
    with school.store.writing() as db:
        db.execute("DELETE FROM columns WHERE id = ?", (column_id,))
    return Response("", 204, content_type="text/html; charset=utf-8")


def _result(school: "PracticeSchool", column: Column, grade: Grade) -> dict[str, Any]:
    sub = school.sub_of(grade.person_key)
    entry: dict[str, Any] = {"id": f"{lineitem_url(school, column.id, '/results')}&user_id={sub}", "userId": sub}
    if grade.score is None:
        return entry
    entry |= {"resultScore": tidy_number(grade.score), "resultMaximum": tidy_number(column.maximum)}
    if grade.comment:
        entry["comment"] = grade.comment
    moment = grade.posted_at or grade.changed_at
    stamp = moment.astimezone(moodle_scores.SERVER_ZONE).isoformat(timespec="seconds")
    return entry | {"scoreOf": lineitem_url(school, column.id), "timestamp": stamp}


def _results(school: "PracticeSchool", column_id: int) -> Response:
    """Graded people only; in a column the tool made, a wiped grade stays as an entry without a score."""
    column = _found(school, column_id)
    if "limit" in request.args:
        return html_page(404, "Exception - Call to a member function out() on null")
    with school.store.reading() as db:
        grades = grades_in(db, column_id).values()
    wanted = request.args.get("user_id")
    shown = [
        grade
        for grade in grades
        if (grade.score is not None or column.made_by_tool) and wanted in (None, school.sub_of(grade.person_key))
    ]
    return json_answer([_result(school, column, grade) for grade in shown], RESULTS_TYPE)


def services(school: "PracticeSchool") -> Blueprint:
    """The routes of mod/lti/services.php."""
    blueprint = guard(Blueprint("moodle_services", __name__), school)

    @blueprint.before_request
    def right_tool() -> None:
        _right_tool(school)

    @blueprint.route(BASE, methods=["GET", "POST"])
    def items() -> Response:
        if request.method == "POST":
            require_scope(school, LINEITEM)
            require_content_type(LINEITEM_TYPE)
            return _create(school)
        require_scope(school, LINEITEM, LINEITEM_READ)
        require_accept(LINEITEMS_TYPE)
        return _list_items(school)

    @blueprint.route(ITEM, methods=["GET", "PUT", "DELETE", "POST"])
    def item(column_id: int) -> Response:
        if request.method == "GET":
            require_scope(school, LINEITEM, LINEITEM_READ)
            require_accept(LINEITEM_TYPE, "*/*")
            return json_answer(_item(school, _found(school, column_id)), LINEITEM_TYPE)
        require_scope(school, LINEITEM)
        if request.method == "POST":
            raise refuse(400, f"No handler found for {request.path}")
        if request.method == "DELETE":
            return _delete(school, column_id)
        require_content_type(LINEITEM_TYPE)
        return _replace(school, column_id)

    _add_grades(blueprint, school)
    moodle_roster.add_roster(blueprint, school)
    return blueprint


def _add_grades(blueprint: Blueprint, school: "PracticeSchool") -> None:
    @blueprint.post(ITEM + "/scores")
    def scores(column_id: int) -> Response:
        require_scope(school, SCORE)
        require_content_type(SCORE_TYPE)
        return moodle_scores.receive(school, _found(school, column_id))

    @blueprint.get(ITEM + "/results")
    def results(column_id: int) -> Response:
        require_scope(school, RESULT_READ)
        require_accept(RESULTS_TYPE, "*/*")
        return _results(school, column_id)
