"""Canvas: line items, results and the roster, after Canvas's controllers in app/controllers/lti/ims."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from ..answers import json_answer
from ..course import Activity
from ..gradebook import Column, Grade, column_numbered, columns_in, grades_in, insert_column, update_column
from ..places import here
from ..refusals import ServiceRefusal
from ..scopes import (
    LINEITEM,
    LINEITEM_READ,
    LINEITEM_TYPE,
    LINEITEMS_TYPE,
    RESULT_READ,
    RESULTS_TYPE,
    ROSTER_READ,
    SCORE,
)
from ..services import guard, lose_the_reply, require_scope, whole_number
from . import canvas_scores
from .canvas_addresses import BASE, ROSTER, lineitem_url, lineitems_url, result_url, roster_url
from .canvas_people import course_roles, member
from .roster_pages import odd_link, page_size, paging_fault, roster_answer

if TYPE_CHECKING:
    from ..school import PracticeSchool

ITEM = BASE + "/<int:column_id>"
LINEITEMS_PER_PAGE = 10
MEMBERS_PER_PAGE = 50


def error(status: int, kind: str, message: str) -> Response:
    """Canvas's usual body of a refused call: `errors` is an object."""
    return json_answer({"errors": {"type": kind, "message": message}}, "application/json", status)


def _not_found() -> ServiceRefusal:
    body = {"errors": [{"message": "The specified resource does not exist."}]}
    return ServiceRefusal(json_answer(body, "application/json", 404))


def _found(school: "PracticeSchool", column_id: int) -> Column:
    with school.store.reading() as db:
        column = column_numbered(db, column_id)
    if column is None or column.course_id != here().id:
        raise _not_found()
    return column


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True) if "json" in (request.content_type or "") else None
    return body if isinstance(body, dict) else {}


def _link_id(column: Column) -> str | None:
    if column.link_activity_id is None:
        return None
    return Activity(column.link_activity_id, "", "", "").canvas_resource_link_id


def _item(school: "PracticeSchool", column: Column) -> dict[str, Any]:
    item = {
        "id": lineitem_url(school, column.id),
        "scoreMaximum": float(column.maximum),
        "label": column.label,
        "resourceId": column.resource_id or None,
        "tag": column.tag or None,
        "resourceLinkId": _link_id(column),
    }
    return {name: value for name, value in item.items() if value is not None}


def _matching(columns: list[Column]) -> list[Column]:
    wanted = request.args
    return [
        column
        for column in columns
        if wanted.get("resource_link_id") in (None, _link_id(column))
        and wanted.get("resource_id") in (None, column.resource_id)
        and wanted.get("tag") in (None, column.tag)
    ]


def _page_links(base: str, page: int, size: int, total: int) -> str:
    """Canvas's Link header: current, next, prev, first, last; `limit` has become `per_page`."""
    last = max(math.ceil(total / size), 1)
    numbers = {"current": page, "first": 1, "last": last}
    if page < last:
        numbers["next"] = page + 1
    if page > 1:
        numbers["prev"] = page - 1
    kept = {name: value for name, value in request.args.items() if name not in ("page", "per_page", "limit")}
    return ",".join(
        f'<{base}?{urlencode({**kept, "page": number, "per_page": size})}>; rel="{name}"'
        for name, number in numbers.items()
    )


def _page(default: int, cap: int) -> tuple[int, int]:
    size = min(whole_number("limit") or whole_number("per_page") or default, cap)
    return whole_number("page") or 1, size


def _list_items(school: "PracticeSchool") -> Response:
    with school.store.reading() as db:
        columns = _matching(columns_in(db, here().id))
    page, size = _page(LINEITEMS_PER_PAGE, 100)
    shown = columns[(page - 1) * size : page * size]
    link = _page_links(lineitems_url(school), page, size, len(columns))
    return json_answer([_item(school, column) for column in shown], LINEITEMS_TYPE, link=link)


def _maximum(body: dict[str, Any]) -> float:
    try:
        return float(body["scoreMaximum"])
    except (KeyError, TypeError, ValueError):
        message = "param is missing or the value is empty: scoreMaximum"
        raise ServiceRefusal(json_answer({"errors": [{"message": message}]}, "application/json", 400)) from None


def _assignments(school: "PracticeSchool") -> list[Activity]:
    """Links that are not assignments take no line items."""
    return [activity for activity in school.activities(here().id) if activity.graded]


def _create(school: "PracticeSchool") -> Response:
    """Without resourceLinkId a new assignment; with it an extra line item that gets no gradebook column."""
    body = _body()
    maximum, linked, link_activity = _maximum(body), body.get("resourceLinkId"), None
    if linked:
        link_activity = next((a.id for a in _assignments(school) if a.canvas_resource_link_id == linked), None)
        if link_activity is None:
            raise _not_found()
    label, resource_id, tag = (str(body.get(name) or "") for name in ("label", "resourceId", "tag"))
    with school.store.writing() as db:
        column = Column(0, None, link_activity, label, maximum, resource_id, tag, not linked, here().id)
        column = insert_column(db, column)
    return lose_the_reply(school, json_answer(_item(school, column), LINEITEM_TYPE, 201))


def _change(school: "PracticeSchool", column_id: int) -> Response:
    old, body = _found(school, column_id), _body()
    new = replace(
        old,
        label=str(body.get("label", old.label)),
        maximum=_maximum(body) if "scoreMaximum" in body else old.maximum,
        resource_id=str(body.get("resourceId", old.resource_id) or ""),
        tag=str(body.get("tag", old.tag) or ""),
    )
    with school.store.writing() as db:
        update_column(db, new)
    return json_answer(_item(school, new), LINEITEM_TYPE)


def _delete(school: "PracticeSchool", column_id: int) -> Response:
    """A line item that came with an assignment cannot be deleted: 401 with an empty body."""
    if not _found(school, column_id).made_by_tool:
        return Response("", 401)
    with school.store.writing() as db:
        db.execute("DELETE FROM columns WHERE id = ?", (column_id,))
    return Response("", 204)


def _result(school: "PracticeSchool", column: Column, grade: Grade) -> dict[str, Any]:
    """The gradebook's score, a teacher's included, rescaled to the maximum the tool used last.

    It is kept when a score comes or a teacher types one, so that another maximum of the column changes nothing in it.
    """
    person = school.person(grade.person_key)
    entry: dict[str, Any] = {
        "id": result_url(school, column.id, person),
        "scoreOf": lineitem_url(school, column.id),
        "userId": person.canvas_id,
    }
    if grade.score is not None:
        score = canvas_scores.result_score(grade, column) if grade.result_score is None else grade.result_score
        entry |= {"resultScore": score, "resultMaximum": float(grade.posted_maximum or column.maximum)}
    if grade.comment:
        entry["comment"] = grade.comment
    return entry


def _results(school: "PracticeSchool", column_id: int) -> Response:
    """Only rows that the tool made by posting; a student graded by the teacher alone has none."""
    column = _found(school, column_id)
    with school.store.reading() as db:
        grades = [grade for grade in grades_in(db, column_id).values() if grade.posted_at is not None]
    if wanted := request.args.get("user_id"):
        grades = [grade for grade in grades if school.sub_of(grade.person_key) == wanted]
    page, size = _page(LINEITEMS_PER_PAGE, 100)
    shown = grades[(page - 1) * size : page * size]
    link = _page_links(f"{lineitem_url(school, column_id)}/results", page, size, len(grades))
    return json_answer([_result(school, column, grade) for grade in shown], RESULTS_TYPE, link=link)


def _roster(school: "PracticeSchool") -> Response:
    course = here()
    context_id = course.canvas_context_id
    links = {context_id, *(activity.canvas_resource_link_id for activity in school.activities(course.id))}
    if request.args.get("rlid", context_id) not in links:
        raise ServiceRefusal(error(400, "bad_request", "Requested ResourceLink was not found"))
    people = list(school.people_in(course.id))
    if role := request.args.get("role"):
        people = [person for person in people if role in course_roles(person)]
    page, size = _page(MEMBERS_PER_PAGE, MEMBERS_PER_PAGE)
    link = _page_links(roster_url(school), page, size, len(people))
    if paging := paging_fault(school):
        size = page_size(paging)
        more = page * size < len(people)
        link = odd_link(paging, f"{roster_url(school)}?page={page + 1}&per_page={size}") if more else ""
    context = {"id": context_id, "label": course.code, "title": course.title}
    shown = [member(school, person) for person in people[(page - 1) * size : page * size]]
    return roster_answer(school, {"id": request.url, "context": context, "members": shown}, link)


def _require(school: "PracticeSchool", *any_of: str) -> None:
    """The scope first; then a course that has concluded refuses every call of AGS, reading too."""
    require_scope(school, *any_of)
    if school.faults.take("course_concluded", request.path):
        words = "This course has concluded. AGS requests will no longer be accepted for this course."
        raise ServiceRefusal(error(422, "unprocessable_entity", words))


def services(school: "PracticeSchool") -> Blueprint:
    """The routes under /api/lti/courses/."""
    blueprint = guard(Blueprint("canvas_services", __name__), school)

    @blueprint.before_request
    def course_must_exist() -> Response | None:
        return error(404, "not_found", "Context not found") if g.course is None else None

    @blueprint.route(BASE, methods=["GET", "POST"])
    def items() -> Response:
        if request.method == "POST":
            _require(school, LINEITEM)
            return _create(school)
        _require(school, LINEITEM, LINEITEM_READ)
        return _list_items(school)

    @blueprint.route(ITEM, methods=["GET", "PUT", "DELETE"])
    def item(column_id: int) -> Response:
        if request.method == "GET":
            _require(school, LINEITEM, LINEITEM_READ)
            return json_answer(_item(school, _found(school, column_id)), LINEITEM_TYPE)
        _require(school, LINEITEM)
        return _delete(school, column_id) if request.method == "DELETE" else _change(school, column_id)

    @blueprint.post(ITEM + "/scores")
    def scores(column_id: int) -> Response:
        _require(school, SCORE)
        return canvas_scores.receive(school, _found(school, column_id), _body())

    @blueprint.get(ITEM + "/results")
    def results(column_id: int) -> Response:
        _require(school, RESULT_READ)
        return _results(school, column_id)

    @blueprint.get(ROSTER)
    def roster() -> Response:
        require_scope(school, ROSTER_READ)
        return _roster(school)

    return blueprint
