"""The calls about columns as an LMS hears them, and what becomes of its answers (AGS 2.0, 3.2)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Response

from lti_tool.database import Database
from lti_tool.errors import LmsRefused, LmsUnreachable, Mender
from lti_tool.gradebook.columns import Link, LmsColumn, WantedColumn
from lti_tool.gradebook.gone import ColumnGone
from lti_tool.lti.connection import Connection
from lti_tool.lti.line_items import (
    LINE_ITEM_SCOPE,
    LINE_ITEM_TYPE,
    LINE_ITEMS_TYPE,
    MOST_PAGES,
    AgsColumns,
    LineItems,
)
from lti_tool.lti.platforms import Platforms
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.models import Platform
from tests.a_school import NOW
from tests.lti.scripted_lms import ScriptedLms

WHOLE = {
    "label": "Week 1", "scoreMaximum": 10, "resourceId": "blog-7", "tag": "participation", "resourceLinkId": "7",
    "ltiLinkId": "7", "https://lms.example/own": {"kept": True},
}  # fmt: skip


@pytest.fixture
def items(connection: Connection, tokens: ServiceTokens) -> LineItems:
    return LineItems(connection, tokens)


def answer(body: object, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(body), status, named, content_type=LINE_ITEM_TYPE)


def item(lms: ScriptedLms, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": f"{lms.url}/items/{number}", **WHOLE, **changes}


def listed(items: LineItems, lms: ScriptedLms, address: str, **filters: str) -> list[str]:
    """The last part of each column's address."""
    return [one.address.rpartition("/")[2] for one in items.listed(lms.facts(), "d", address, **filters)]


# --- looking them up ---


def test_the_list_is_asked_for_by_its_one_type_and_without_a_limit(lms: ScriptedLms, items: LineItems) -> None:
    """Moodle compares the whole header; with a limit its links to further pages are broken."""
    address = lms.will_say("/items", answer([item(lms)]))
    (found,) = items.listed(lms.facts(), "d", f"{address}?type_id=1", resource_link_id="a b", tag="participation")
    assert found == LmsColumn(f"{lms.url}/items/1", "Week 1", 10.0, "7", "blog-7", "participation")
    (heard,) = lms.calls_to("/items")
    assert (heard.method, heard.headers["Accept"]) == ("GET", LINE_ITEMS_TYPE)
    assert heard.address == "/items?type_id=1&resource_link_id=a+b&tag=participation"
    assert lms.calls_to("/token")[-1].form["scope"] == LINE_ITEM_SCOPE


def test_every_page_is_read(lms: ScriptedLms, items: LineItems) -> None:
    second = f'<{lms.url}/items/p2?per_page=1>; rel="next"'
    address = lms.will_say("/items", answer([item(lms, 1)], Link=second))
    lms.will_say("/items/p2", answer([item(lms, 2), item(lms, 1)]))
    assert listed(items, lms, address) == ["1", "2"]
    assert lms.calls_to("/items/p2")[0].headers["Accept"] == LINE_ITEMS_TYPE


def test_half_a_list_is_none(lms: ScriptedLms, items: LineItems) -> None:
    """Or a column on the page that failed would be made once more."""
    address = lms.will_say("/items", answer([item(lms)], Link=f'<{lms.url}/items/p2>; rel="next"'))
    lms.will_say("/items/p2", answer({}, 500))
    with pytest.raises(LmsUnreachable):
        items.listed(lms.facts(), "d", address)


def test_a_list_without_an_end(lms: ScriptedLms, items: LineItems) -> None:
    address = lms.will_say("/items", answer([item(lms)], Link=f'<{lms.url}/items>; rel="next"'))
    with pytest.raises(LmsUnreachable, match="no end"):
        items.listed(lms.facts(), "d", address)
    assert len(lms.calls_to("/items")) < MOST_PAGES


def test_no_page_is_read_elsewhere(lms: ScriptedLms, items: LineItems) -> None:
    address = lms.will_say("/items", answer([], Link='<http://127.0.0.1:9/items>; rel="next"'))
    with pytest.raises(LmsRefused, match="not one that the blog may call"):
        items.listed(lms.facts(), "d", address)


@pytest.mark.parametrize("body", [{}, None, "x", {"lineItems": []}])
def test_what_is_no_list_is_no_answer(lms: ScriptedLms, items: LineItems, body: object) -> None:
    with pytest.raises(LmsUnreachable):
        items.listed(lms.facts(), "d", lms.will_say("/items", answer(body)))


def test_odd_entries_are_passed_over(lms: ScriptedLms, items: LineItems) -> None:
    odd = [None, "x", {"label": "no id"}, {"id": 7}, {"id": "items/7"}]
    bare = {"id": f"{lms.url}/items/2", "scoreMaximum": "12.5", "resourceLinkId": 7, "tag": None}
    (found,) = items.listed(lms.facts(), "d", lms.will_say("/items", answer([*odd, bare])))
    assert found == LmsColumn(f"{lms.url}/items/2", "", 12.5, "7", "", "")


@pytest.mark.parametrize("number", [None, "ten", True, [], 1e999])
def test_an_odd_maximum_is_none(lms: ScriptedLms, items: LineItems, number: object) -> None:
    (found,) = items.listed(lms.facts(), "d", lms.will_say("/items", answer([item(lms, scoreMaximum=number)])))
    assert found.maximum is None


# --- making one ---


def test_one_is_made(lms: ScriptedLms, items: LineItems) -> None:
    address = lms.will_say("/items", answer(item(lms), 201))
    made = items.make(lms.facts(), "d", address, {"label": "Week 1", "scoreMaximum": 10})
    assert made.address == f"{lms.url}/items/1"
    (heard,) = lms.calls_to("/items")
    assert (heard.method, json.loads(heard.body)) == ("POST", {"label": "Week 1", "scoreMaximum": 10})
    assert heard.headers["Content-Type"] == heard.headers["Accept"] == LINE_ITEM_TYPE


@pytest.mark.parametrize("body", [{}, [], None, {"id": 7}, {"id": "http://x/" + "y" * 2000}])
def test_an_unreadable_answer_may_be_one_that_was_made(lms: ScriptedLms, items: LineItems, body: object) -> None:
    with pytest.raises(LmsUnreachable):
        items.make(lms.facts(), "d", lms.will_say("/items", answer(body, 201)), {})


def test_one_that_is_elsewhere_is_not_taken(lms: ScriptedLms, items: LineItems) -> None:
    address = lms.will_say("/items", answer({"id": "https://elsewhere.example/items/1"}, 201))
    with pytest.raises(LmsRefused, match=r"elsewhere\.example"):
        items.make(lms.facts(), "d", address, {})


# --- changing one ---


def change(items: LineItems, lms: ScriptedLms, label: str | None, maximum: str) -> bool:
    return items.change(lms.facts(), "d", f"{lms.url}/items/1", label, Decimal(maximum))


def test_the_whole_item_goes_back(lms: ScriptedLms, items: LineItems) -> None:
    lms.will_say("/items/1", answer(item(lms)))
    assert change(items, lms, "Week one", "12.5")
    read, put = lms.calls_to("/items/1")
    assert (read.method, read.headers["Accept"]) == ("GET", LINE_ITEM_TYPE)
    assert (put.method, put.headers["Content-Type"]) == ("PUT", LINE_ITEM_TYPE)
    assert json.loads(put.body) == item(lms) | {"label": "Week one", "scoreMaximum": 12.5}


def test_a_label_is_changed_only_when_given(lms: ScriptedLms, items: LineItems) -> None:
    lms.will_say("/items/1", answer(item(lms)))
    assert change(items, lms, None, "20")
    assert json.loads(lms.calls_to("/items/1")[1].body) == item(lms) | {"scoreMaximum": 20}


def test_what_it_has_already_is_not_put(lms: ScriptedLms, items: LineItems) -> None:
    lms.will_say("/items/1", answer(item(lms, scoreMaximum=10.0)))
    assert not change(items, lms, "Week 1", "10.00")
    assert not change(items, lms, None, "10")
    assert [call.method for call in lms.calls_to("/items/1")] == ["GET", "GET"]


# --- answers ---

CALLS: dict[str, Callable[[LineItems, ScriptedLms], object]] = {
    "read": lambda items, lms: items.read(lms.facts(), "d", f"{lms.url}/items/1"),
    "change": lambda items, lms: items.change(lms.facts(), "d", f"{lms.url}/items/1", "x", Decimal(5)),
    "delete": lambda items, lms: items.delete(lms.facts(), "d", f"{lms.url}/items/1"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [404, 410])
def test_one_that_is_gone(lms: ScriptedLms, items: LineItems, call: str, status: int) -> None:
    lms.will_say("/items/1", answer({}, status))
    with pytest.raises(ColumnGone) as caught:
        CALLS[call](items, lms)
    assert (caught.value.status, caught.value.mender) == (status, Mender.TEACHER)


def test_gone_between_reading_and_writing(lms: ScriptedLms, items: LineItems) -> None:
    lms.will_say("/items/1", answer(item(lms)), answer({}, 404))
    with pytest.raises(ColumnGone):
        change(items, lms, "x", "5")


def test_no_list_is_no_column_gone(lms: ScriptedLms, items: LineItems) -> None:
    """A 404 to a list or to making one is not about the link's column."""
    lms.will_say("/items", answer({}, 404))
    for call in (lambda: items.listed(lms.facts(), "d", f"{lms.url}/items"),
                 lambda: items.make(lms.facts(), "d", f"{lms.url}/items", {})):  # fmt: skip
        with pytest.raises(LmsRefused) as caught:
            call()
        assert not isinstance(caught.value, ColumnGone)


@pytest.mark.parametrize("status", [401, 403, 405])
def test_one_that_may_not_be_deleted(lms: ScriptedLms, items: LineItems, status: int) -> None:
    """Canvas says 401 with nothing in it of a column that came with an assignment."""
    lms.will_say("/items/1", Response("", status))
    with pytest.raises(LmsRefused, match="does not let the blog delete this column") as caught:
        CALLS["delete"](items, lms)
    assert caught.value.mender is Mender.TEACHER


def test_deleted(lms: ScriptedLms, items: LineItems) -> None:
    lms.will_say("/items/1", Response("", 204))
    CALLS["delete"](items, lms)
    assert [call.method for call in lms.calls_to("/items/1")] == ["DELETE"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_busy_lms_is_asked_again_later(lms: ScriptedLms, items: LineItems, call: str, status: int) -> None:
    lms.will_say("/items/1", answer({}, status, Retry_After="30"))
    with pytest.raises(LmsUnreachable) as caught:
        CALLS[call](items, lms)
    assert (caught.value.retry_after_seconds, caught.value.status) == (30, status)


def test_throttling_that_looks_like_a_refusal(lms: ScriptedLms, items: LineItems) -> None:
    address = lms.will_say("/items", Response("403 Forbidden (Rate Limit Exceeded)", 403))
    with pytest.raises(LmsUnreachable):
        items.listed(lms.facts("canvas"), "d", address)


def test_a_concluded_course(lms: ScriptedLms, items: LineItems) -> None:
    address = lms.will_say("/items", answer({"errors": {"message": "This course has concluded. AGS requests"}}, 422))
    with pytest.raises(LmsRefused, match="concluded") as caught:
        items.listed(lms.facts("canvas"), "d", address)
    assert caught.value.mender is Mender.TEACHER


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_right_that_was_not_given(lms: ScriptedLms, items: LineItems, status: int) -> None:
    address = lms.will_say("/items", answer({}, status))
    with pytest.raises(LmsRefused, match="does not let the blog make or change columns") as caught:
        items.make(lms.facts(), "d", address, {})
    assert caught.value.mender is Mender.ADMINISTRATOR


def test_a_web_page_is_no_column(lms: ScriptedLms, items: LineItems) -> None:
    lms.will_say("/items/1", Response("<!doctype html>", 200))
    with pytest.raises(LmsUnreachable):
        CALLS["read"](items, lms)
    with pytest.raises(LmsUnreachable):
        CALLS["change"](items, lms)


@pytest.mark.parametrize("address", ["https://elsewhere.example/items", "http://[broken", "", "ftp://x/items"])
def test_no_token_goes_elsewhere(lms: ScriptedLms, items: LineItems, address: str) -> None:
    platform = lms.facts()
    calls: tuple[Callable[[], object], ...] = (
        lambda: items.listed(platform, "d", address),
        lambda: items.make(platform, "d", address, {}),
        lambda: items.read(platform, "d", address),
        lambda: items.change(platform, "d", address, None, Decimal(5)),
        lambda: items.delete(platform, "d", address),
    )
    for call in calls:
        with pytest.raises(LmsRefused):
            call()
    assert lms.heard == []


# --- of whichever platform a link is ---


@dataclass
class Columns:
    """One registered platform of a family, and a link of it."""

    lms: ScriptedLms
    service: AgsColumns
    link: Link


@pytest.fixture
def columns_of(lms: ScriptedLms, items: LineItems, sqlite_url: str) -> Iterator[Callable[..., Columns]]:
    database = Database(sqlite_url)

    def columns(family: str = "", *, is_disabled: bool = False) -> Columns:
        facts = lms.facts(family)
        with database.writing() as session:
            row = Platform(
                name=facts.name, lti_issuer=facts.lti_issuer, lti_client_id=facts.lti_client_id, family=family,
                authorize_url=facts.authorize_url, token_url=facts.token_url, jwks_url=facts.jwks_url,
                created_at=NOW, disabled_at=NOW if is_disabled else None,
            )  # fmt: skip
            session.add(row)
            session.flush()
            link = Link(row.id, "d", (LINE_ITEM_SCOPE,), lms.will_say("/items", answer(item(lms), 201)), "link-7")
        return Columns(lms, AgsColumns(Platforms(database), items), link)

    yield columns
    database.close()


@pytest.mark.parametrize("family", ["canvas", "moodle", "brightspace", ""])
def test_a_new_column_carries_our_key_and_where_it_is_taken_its_link(
    columns_of: Callable[..., Columns], family: str
) -> None:
    columns = columns_of(family)
    made = columns.service.make(columns.link, WantedColumn("Week 1", Decimal("12.50"), "blog-7"))
    assert made == f"{columns.lms.url}/items/1"
    (heard,) = columns.lms.calls_to("/items")
    of_link = {} if family == "canvas" else {"resourceLinkId": "link-7"}
    assert json.loads(heard.body) == {
        "scoreMaximum": 12.5, "label": "Week 1", "resourceId": "blog-7", "tag": "participation", **of_link,
    }  # fmt: skip


def test_a_long_title_is_cut_to_what_the_lms_takes(columns_of: Callable[..., Columns]) -> None:
    columns = columns_of("moodle")
    columns.service.make(columns.link, WantedColumn("ж" * 900, Decimal(10), "blog-7"))
    (heard,) = columns.lms.calls_to("/items")
    label = json.loads(heard.body)["label"]
    assert 200 < len(label) <= 255
    columns.lms.will_say("/items/1", answer(item(columns.lms, label=label)))
    assert not columns.service.change(columns.link, f"{columns.lms.url}/items/1", "ж" * 900, Decimal(10))


def test_it_is_looked_up_by_link_and_by_our_key(columns_of: Callable[..., Columns]) -> None:
    columns = columns_of()
    columns.lms.will_say("/items", answer([]))
    columns.service.listed(columns.link, of_link=True)
    columns.service.listed(columns.link, content_key="blog-7")
    columns.service.listed(columns.link)
    assert [call.address.partition("?")[2] for call in columns.lms.calls_to("/items")] == [
        "resource_link_id=link-7", "resource_id=blog-7&tag=participation", "",
    ]  # fmt: skip


@pytest.mark.parametrize("lacks", [{"scopes": ()}, {"columns_address": None}])
def test_without_the_right_nobody_is_asked(columns_of: Callable[..., Columns], lacks: dict[str, Any]) -> None:
    columns = columns_of()
    link = replace(columns.link, **lacks)
    assert columns.service.may_manage(columns.link)
    assert not columns.service.may_manage(link)
    for call in (columns.service.listed, lambda link: columns.service.read(link, f"{columns.lms.url}/items/1")):
        with pytest.raises(LmsRefused, match="does not let the blog"):
            call(link)
    assert columns.lms.heard == []


def test_nothing_is_asked_of_a_platform_that_is_switched_off(columns_of: Callable[..., Columns]) -> None:
    columns = columns_of(is_disabled=True)
    with pytest.raises(LmsRefused, match="switched off"):
        columns.service.make(columns.link, WantedColumn("Week 1", Decimal(10), "blog-7"))
    assert columns.lms.heard == []
