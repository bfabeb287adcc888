"""Choosing content: the request and the checks of the answer in both accents, and what becomes of the items."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from lti_tool.practice_lms import CLIENT_ID
from lti_tool.practice_lms.content import ItemRefused
from tests.practice_lms.a_launch import AGS, CLAIM, answered, form_of, launched, visit
from tests.practice_lms.a_tool import (
    DL,
    SETTINGS,
    URL,
    come_back,
    data_of,
    link_item,
    response_jwt,
    return_url,
    saved,
    use_registered,
)

LINE = {"scoreMaximum": 25, "label": "Week 3", "resourceId": "post-9", "tag": "participation"}
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MOODLE_SETTINGS = {
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["frame", "iframe", "window"],
    "accept_copy_advice": False,
    "accept_multiple": True,
    "accept_unsigned": False,
    "auto_create": False,
    "can_confirm": False,
    "title": "Class blog",
    "text": "",
}


def opened(bench: Any, who: str = "irena", placement: str = "assignment_selection") -> dict[str, str]:
    page = bench.client.get(f"/courses/3644/deep-linking?placement={placement}&as={who}").text
    return form_of(page)[1]


def outcome_of(bench: Any, *items: dict[str, Any], placement: str = "assignment_selection", **changes: Any) -> Any:
    data = data_of(return_url(bench, placement)) if bench.accent == "canvas" else None
    return bench.school.deep_linking_return(response_jwt(bench, *items, **changes), data)


def onward(page: str) -> str:
    """Where the dialogue sends the whole window."""
    found = re.search(r'<a id="onward" href="([^"]+)" target="_top">', page)
    assert found, page
    return unescape(found[1])


def test_moodle_request(moodle: Any) -> None:
    start = opened(moodle)
    claims = launched(moodle, start)
    settings = claims[SETTINGS]
    address = settings.pop("deep_link_return_url")
    assert settings == MOODLE_SETTINGS
    assert address.startswith(f"{URL}/mod/lti/contentitem_return.php?course=2&id=1&sesskey=")
    assert claims[CLAIM + "message_type"] == "LtiDeepLinkingRequest"
    assert claims[CLAIM + "launch_presentation"] == {"locale": "en"}
    assert set(claims[AGS]) == {"scope", "lineitems"}
    assert NRPS in claims
    assert not {CLAIM + "resource_link", DL + "data"} & set(claims)
    assert start["lti_message_hint"].startswith('{"launchid":"ltilaunch_ContentItemSelectionRequest')


@pytest.mark.parametrize(
    ("placement", "multiple", "auto"),
    [
        ("assignment_selection", False, False),
        ("link_selection", True, False),
        ("course_assignments_menu", True, False),
        ("module_index_menu_modal", True, True),
    ],
)
def test_canvas_request(canvas: Any, placement: str, multiple: bool, auto: bool) -> None:
    claims = launched(canvas, opened(canvas, placement=placement))
    settings = claims[SETTINGS]
    assert settings.pop("deep_link_return_url").startswith(f"{URL}/courses/3644/deep_linking_response?data=")
    assert settings == {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_media_types": "application/vnd.ims.lti.v1.ltilink",
        "accept_multiple": multiple,
        "auto_create": auto,
    }
    assert claims["https://www.instructure.com/placement"] == placement
    assert claims[CLAIM + "custom"]["canvas_assignment_id"] == "$Canvas.assignment.id"
    assert set(claims[AGS]) == {"scope", "lineitems"}
    assert CLAIM + "resource_link" not in claims
    assert {"height", "width"} <= set(claims[CLAIM + "launch_presentation"])


def test_settings_can_be_changed_for_a_test(either: Any) -> None:
    claims = either.school.deep_linking_claims("irena", "n1", accept_lineitem=False, accept_types=["link"], text=None)
    assert claims["nonce"] == "n1"
    settings: Any = claims[SETTINGS]
    assert (settings["accept_lineitem"], settings["accept_types"]) == (False, ["link"])
    assert "text" not in settings


def test_a_student_may_not_choose(either: Any) -> None:
    page = answered(either, opened(either, "tom"))
    assert page.status_code == {"moodle": 404, "canvas": 401}[either.accent]
    if either.accent == "moodle":
        assert "Manage activities" in page.text
    claims = either.school.deep_linking_claims("tom", "n")
    assert any(role.endswith("#Learner") for role in claims[CLAIM + "roles"])


def test_registered_tool_has_an_address_of_its_own_for_choosing(either: Any) -> None:
    use_registered(either)
    chosen = either.tool.addresses.launch_url.replace("/launch", "/choose")
    assert opened(either)["target_link_uri"] == chosen
    assert either.school.deep_linking_claims("irena", "n")[CLAIM + "target_link_uri"] == chosen


def test_canvas_offers_only_registered_placements(canvas: Any) -> None:
    visit(canvas, "irena")
    assert "module_index_menu_modal" in canvas.client.get("/courses/3644/activities/new").text
    use_registered(canvas)
    page = canvas.client.get("/courses/3644/activities/new").text
    assert "(link_selection)" in page
    assert "(assignment_selection)" in page
    assert "module_index_menu_modal" not in page


def test_moodle_tool_without_deep_linking(moodle: Any) -> None:
    use_registered(moodle, messages=[{"type": "LtiResourceLinkRequest"}])
    visit(moodle, "irena")
    assert "<iframe" not in moodle.client.get("/courses/3644/activities/new").text


def test_a_dialogue_is_the_teachers(either: Any) -> None:
    visit(either, "tom")
    assert "Add an activity" not in either.client.get("/courses/3644").text
    assert either.client.get("/courses/3644/activities/new").status_code == 403
    visit(either, "irena")
    assert "Add an activity" in either.client.get("/courses/3644").text
    page = either.client.get("/courses/3644/activities/new").text
    assert re.search(r'<iframe class="dialogue"[^>]* src="/courses/3644/deep-linking\?placement=', page)


def test_one_item_waits_for_save(either: Any) -> None:
    before = either.school.activities()
    url = f"{either.tool.addresses.launch_url}/7"
    item = link_item(text="Read <b>this</b>", url=url, lineItem=LINE)
    answer = come_back(either, return_url(either), response_jwt(either, item, **{DL + "msg": "1 blog added"}))
    assert answer.status_code == 200
    assert either.school.activities() == before
    visit(either, "irena")
    path = onward(answer.text)
    form = either.client.get(path).text
    assert "1 blog added" in form
    assert "Read &lt;b&gt;this" in form
    title = {"moodle": "On the Thaw", "canvas": "Week 3"}[either.accent]
    assert f'name="title" value="{title}"' in form
    typed = {"do": "save", "title": title, "description": "Edited", "maximum": "20"}
    assert either.client.post(path, data=typed).status_code == 303
    assert either.client.post(path, data=typed).status_code == 404
    made = either.school.activities()[-1]
    assert (made.title, made.description, made.maximum, made.url) == (title, "Edited", 20, url)
    assert made.custom == {"blog": "7"}
    assert either.school.column_of(made.id).tag == "participation"


def test_cancel_makes_nothing(either: Any) -> None:
    path = onward(come_back(either, return_url(either), response_jwt(either, link_item())).text)
    visit(either, "irena")
    either.client.post(path, data={"do": "cancel"})
    assert len(either.school.activities()) == 2
    assert either.client.get(path).status_code == 404


def test_saving_is_the_teachers(either: Any) -> None:
    path = onward(come_back(either, return_url(either), response_jwt(either, link_item())).text)
    visit(either, "tom")
    assert either.client.post(path, data={"do": "save"}).status_code == 403
    visit(either, "irena")
    assert either.client.post(path, data={"do": "save"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert len(either.school.activities()) == 2


def test_moodle_saves_several_with_one_button(moodle: Any) -> None:
    items = [link_item("A", lineItem={"scoreMaximum": 5}), link_item("B")]
    path = onward(come_back(moodle, return_url(moodle), response_jwt(moodle, *items)).text)
    visit(moodle, "irena")
    assert "Save and return" in moodle.client.get(path).text
    moodle.client.post(path, data={"do": "save"})
    a, b = moodle.school.activities()[2:]
    assert [(x.title, x.graded) for x in (a, b)] == [("A", True), ("B", False)]
    assert [column.label for column in moodle.school.columns()][2:] == ["A"]


def test_moodle_refuses_a_long_title_and_makes_nothing(moodle: Any) -> None:
    long = link_item("T" * 256)
    with pytest.raises(ItemRefused):
        saved(moodle, long)
    path = onward(come_back(moodle, return_url(moodle), response_jwt(moodle, link_item("Fine"), long)).text)
    visit(moodle, "irena")
    answer = moodle.client.post(path, data={"do": "save"})
    assert answer.status_code == 422
    assert len(moodle.school.activities()) == 2
    assert saved(moodle, link_item("T" * 255))[0].title == "T" * 255


def test_moodle_keeps_and_ignores(moodle: Any) -> None:
    review = {"url": "http://tool.example.test/review", "custom": {"action": "review"}}
    (made,) = saved(moodle, link_item(lineItem={**LINE, "submissionReview": review}))
    column = moodle.school.column_of(made.id)
    assert (column.label, column.maximum) == ("On the Thaw", 25)
    assert (column.resource_id, column.tag) == ("post-9", "participation")
    claims: Any = moodle.school.claims_for("isaiah", made.id, "n")
    item = moodle.call("GET", claims[AGS]["lineitem"]).json
    assert (item["scoreMaximum"], item["resourceLinkId"], item["submissionReview"]) == (25, str(made.id), review)
    assert moodle.push("isaiah", 5, "2026-11-20T10:00:00Z", claims[AGS]["lineitem"]).status_code == 200
    assert moodle.grade("isaiah", made.id).score == 12.5


def test_moodle_without_line_item_or_title(moodle: Any) -> None:
    (made,) = saved(moodle, {"type": "ltiResourceLink"})
    assert (made.title, made.url, made.graded) == ("Class blog", "", False)
    claims: Any = moodle.school.claims_for("isaiah", made.id, "n")
    assert "lineitem" not in claims[AGS]
    assert claims[CLAIM + "target_link_uri"] == moodle.tool.addresses.launch_url


def test_launch_of_what_was_chosen(either: Any) -> None:
    use_registered(either)
    url = f"{either.tool.addresses.launch_url}/posts/7"
    custom = {"blog": "7", "history": "link", "who": "$User.id"}
    iss = either.school.tool_in_use.client_id
    (made,) = saved(either, link_item(url=url, custom=custom, lineItem=LINE), iss=iss)
    claims: Any = either.school.claims_for("isaiah", made.id, "n")
    assert claims[CLAIM + "target_link_uri"] == url
    sent = claims[CLAIM + "custom"]
    assert (sent["blog"], sent["who"]) == ("7", either.school.sub_of("isaiah"))
    assert sent["history"] == {"moodle": "", "canvas": "link"}[either.accent]
    assert claims[AGS]["lineitem"].startswith(URL)
    ids = {either.school.claims_for("isaiah", number, "n")[CLAIM + "resource_link"]["id"] for number in (1, made.id)}
    assert len(ids) == 2


def test_moodle_sends_names_with_capitals_twice(moodle: Any) -> None:
    (made,) = saved(moodle, link_item(custom={"CamelCase": "1", "with-dash": "2"}))
    custom: Any = moodle.school.claims_for("isaiah", made.id, "n")[CLAIM + "custom"]
    assert [custom[name] for name in ("CamelCase", "camelcase", "with-dash", "with_dash")] == ["1", "1", "2", "2"]


def test_canvas_assignment_is_unpublished(canvas: Any) -> None:
    (made,) = saved(canvas, link_item(lineItem=LINE))
    assert (made.title, made.published, made.maximum) == ("Week 3", False, 25)
    claims: Any = canvas.school.claims_for("isaiah", made.id, "n")
    assert claims[CLAIM + "custom"]["assignment_published"] == "false"
    refused = canvas.push("isaiah", 5, "2026-11-20T10:00:00Z", claims[AGS]["lineitem"])
    assert (refused.status_code, "still unpublished" in refused.text) == (422, True)
    visit(canvas, "tom")
    assert "Week 3" not in canvas.client.get("/courses/3644").text
    assert canvas.client.get(f"/courses/3644/activities/{made.id}").status_code == 404
    visit(canvas, "irena")
    assert "unpublished" in canvas.client.get("/courses/3644").text
    canvas.client.post(f"/courses/3644/activities/{made.id}/publish", data={"published": "1"})
    assert canvas.push("isaiah", 5, "2026-11-20T10:00:00Z", claims[AGS]["lineitem"]).status_code == 200
    assert canvas.school.claims_for("isaiah", made.id, "n")[CLAIM + "custom"]["assignment_published"] == "true"


def test_canvas_module_creates_at_once_what_it_can(canvas: Any) -> None:
    items = [
        link_item("Graded", lineItem={"scoreMaximum": 4}),
        link_item("Reading"),
        link_item("Wrong", lineItem={"label": "no maximum"}),
    ]
    name = {"https://canvas.instructure.com/lti/module_name": "Blogs"}
    url = return_url(canvas, "module_index_menu_modal")
    page = come_back(canvas, url, response_jwt(canvas, *items, **name)).text
    made = canvas.school.activities()[2:]
    assert [(x.title, x.week, x.graded, x.published) for x in made] == [
        ("Graded", "Blogs", True, False),
        ("Reading", "Blogs", False, False),
    ]
    visit(canvas, "irena")
    course = canvas.client.get(onward(page)).text
    assert "lineItem.scoreMaximum is a required field" in course
    plain: Any = canvas.school.claims_for("isaiah", made[1].id, "n")
    assert "lineitem" not in plain[AGS]
    assert plain[CLAIM + "custom"]["canvas_assignment_id"] == "$Canvas.assignment.id"


def test_canvas_item_without_maximum_is_refused(canvas: Any) -> None:
    outcome = outcome_of(canvas, link_item(lineItem={"label": "x"}))
    with pytest.raises(ItemRefused, match=r"lineItem\.scoreMaximum is a required field"):
        canvas.school.save_item(outcome.items[0])


def test_canvas_takes_the_first_where_one_is_asked_for(canvas: Any) -> None:
    path = onward(come_back(canvas, return_url(canvas), response_jwt(canvas, link_item("A"), link_item("B"))).text)
    visit(canvas, "irena")
    canvas.client.post(path, data={"do": "save", "title": "A"})
    assert [(x.title, x.graded) for x in canvas.school.activities()[2:]] == [("A", True)]


@pytest.mark.parametrize("items", [[], None])
def test_nothing_chosen(either: Any, items: Any) -> None:
    changes = {DL + "content_items": items, DL + "errormsg": "Nothing was selected"}
    page = come_back(either, return_url(either), response_jwt(either, **changes))
    visit(either, "irena")
    path = onward(page.text)
    assert path.startswith("/courses/3644?said=")
    assert "Nothing was selected" in either.client.get(path).text
    assert len(either.school.activities()) == 2


def error_type(answer: Any) -> str:
    ((entries),) = answer.json["errors"].values()
    return str(entries[0]["type"])


def test_canvas_answers_once(canvas: Any) -> None:
    url = return_url(canvas)
    assert come_back(canvas, url, response_jwt(canvas, link_item())).status_code == 200
    again = come_back(canvas, url, response_jwt(canvas, link_item()))
    assert (again.status_code, error_type(again)) == (400, "already_used")
    assert again.json["errors"]["data_jwt"][0]["attribute"] == "?data=JWT"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"iss": "nobody"}, "Client not found"),
        ({"aud": "https://other.example.test"}, "the 'aud' is invalid"),
        ({"aud": None}, "the following assertions are missing: aud"),
        ({"nonce": None}, "the following assertions are missing: nonce"),
        ({"exp": timedelta(seconds=-5)}, "the JWT has expired"),
        ({"iat": timedelta(seconds=-400)}, "the 'iat' must be less than 5 minutes old"),
        ({"iat": timedelta(seconds=400)}, "the 'iat' must not be in the future"),
    ],
)
def test_canvas_refusals(canvas: Any, changes: Any, kind: str) -> None:
    url = return_url(canvas)
    answer = come_back(canvas, url, response_jwt(canvas, link_item(), **changes))
    assert (answer.status_code, error_type(answer)) == (400, kind)
    assert come_back(canvas, url, response_jwt(canvas, link_item())).status_code == 200


def test_canvas_refusals_of_other_kinds(canvas: Any) -> None:
    url, other = return_url(canvas), RSAKey.generate_key(2048)
    assert error_type(come_back(canvas, url, "nonsense")) == "JWT format is invalid"
    assert error_type(come_back(canvas, url, response_jwt(canvas, key=other))) == "JWT verification failure"
    canvas.tool.public = []
    canvas.school.tool_keys.at(canvas.tool.addresses.jwks_url)._keys.keys.clear()
    assert error_type(come_back(canvas, url, response_jwt(canvas))) == "JWT verification failure"
    broken = come_back(canvas, url[:-3], response_jwt(canvas))
    assert (broken.status_code, error_type(broken)) == (400, "presence_required")
    assert canvas.school.deep_linking_return(response_jwt(canvas)).refusal == "presence_required"


def test_canvas_takes_a_nonce_once_and_an_audience_in_a_list(canvas: Any) -> None:
    same = {"nonce": "once", "aud": [URL, "x"]}
    assert not outcome_of(canvas, link_item(), **same).refused
    assert outcome_of(canvas, link_item(), **same).refusal == "the 'nonce' has already been used"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "wrong"},
        {"nonce": None},
        {"exp": None},
        {CLAIM + "deployment_id": "9"},
        {CLAIM + "message_type": "Other"},
    ],
)
def test_moodle_looks_at_little(moodle: Any, changes: Any) -> None:
    assert len(outcome_of(moodle, link_item(), **changes).items) == 1


def test_moodle_refusals(moodle: Any) -> None:
    url = return_url(moodle)
    for changes, words in (
        ({"exp": timedelta(seconds=-5)}, "Expired token"),
        ({"iss": "other"}, "Consumer key is incorrect."),
        ({"key": RSAKey.generate_key(2048)}, "Exception"),
    ):
        answer = come_back(moodle, url, response_jwt(moodle, link_item(), **changes))
        assert (answer.status_code, words in answer.text) == (404, True)
    assert come_back(moodle, url, "nonsense").status_code == 404
    wrong_session = url.partition("sesskey=")[0] + "sesskey=0000000000"
    assert come_back(moodle, wrong_session, response_jwt(moodle, link_item())).status_code == 404


def test_items_are_read_without_trust(either: Any) -> None:
    strange = ["text", {"type": 7, "custom": [], "lineItem": "x", "title": None}]
    (item,) = outcome_of(either, **{DL + "content_items": strange}).items
    assert (item.type, item.title, item.custom, item.line_item) == ("7", "", {}, None)


def test_chosen_activities_survive_a_restart(either: Any) -> None:
    saved(either, link_item(custom={"unicode": "Ленин"}, lineItem=LINE))
    again = either.again().school
    assert again.activities() == either.school.activities()
    assert again.activities()[-1].custom == {"unicode": "Ленин"}
    assert either.school.tool_in_use.client_id == CLIENT_ID


def test_canvas_dialogue_is_open_for_an_hour(canvas: Any) -> None:
    url, now = return_url(canvas), canvas.school.clock()
    canvas.school.clock = lambda: now.replace(year=now.year + 1)
    assert error_type(come_back(canvas, url, response_jwt(canvas, link_item()))) == "presence_required"
