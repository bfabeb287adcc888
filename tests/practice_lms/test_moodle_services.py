"""Moodle's grade and roster services: the measured oddities."""

from typing import Any

import pytest

LIST = "application/vnd.ims.lis.v2.lineitemcontainer+json"
ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ROSTER = "/mod/lti/services.php/CourseSection/2/bindings/1/memberships"
LINEITEMS = "/mod/lti/services.php/2/lineitems?type_id=1"
T = "2026-11-20T10:00:{:02d}Z"


def test_stored_score_has_an_empty_body(moodle: Any) -> None:
    answer = moodle.push("isaiah", 7.5, T.format(0), comment="Good")
    assert (answer.status_code, answer.data) == (200, b"")
    assert (moodle.grade("isaiah").score, moodle.grade("isaiah").comment) == (7.5, "Good")


def test_same_second_is_refused(moodle: Any) -> None:
    moodle.push("isaiah", 7, "2026-11-20T10:00:00.100Z")
    answer = moodle.push("isaiah", 8, "2026-11-20T10:00:00.900Z")
    assert (answer.status_code, answer.data) == (409, b"[]")
    assert moodle.grade("isaiah").score == 7


@pytest.mark.parametrize("progress", ["NotReady", "Pending", "PendingManual", "Failed"])
def test_anything_but_fully_graded_wipes(moodle: Any, progress: str) -> None:
    moodle.push("isaiah", 7, T.format(0), comment="Good")
    assert moodle.push("isaiah", 9, T.format(1), gradingProgress=progress).status_code == 200
    assert (moodle.grade("isaiah").score, moodle.grade("isaiah").comment) == (None, "")
    assert moodle.results() == []


def test_missing_score_wipes(moodle: Any) -> None:
    moodle.push("isaiah", 7, T.format(0))
    assert moodle.push("isaiah", None, T.format(1)).status_code == 200
    assert moodle.grade("isaiah").score is None


def test_comment_is_replaced_each_time(moodle: Any) -> None:
    moodle.push("isaiah", 7, T.format(0), comment="Good")
    moodle.push("isaiah", 8, T.format(1))
    assert moodle.grade("isaiah").comments == ()


def test_score_is_rescaled_and_capped(moodle: Any) -> None:
    moodle.push("isaiah", 70, T.format(0), scoreMaximum=100)
    assert moodle.grade("isaiah").score == 7
    moodle.push("isaiah", 12, T.format(1))
    assert moodle.grade("isaiah").score == 10
    moodle.push("isaiah", -5, T.format(2))
    assert moodle.grade("isaiah").score == 0


@pytest.mark.parametrize("who", ["irena", "sam"])
def test_staff_get_no_score(moodle: Any, who: str) -> None:
    answer = moodle.push(who, 7, T.format(0))
    assert (answer.status_code, answer.data) == (400, b"[]")


@pytest.mark.parametrize("at", ["", "yesterday", "1795429650", 1795429650])
def test_bad_timestamps(moodle: Any, at: Any) -> None:
    assert moodle.push("isaiah", 7, at).status_code == 400


def test_user_id_that_is_no_number_is_fatal(moodle: Any) -> None:
    assert moodle.push("isaiah", 7, T.format(0), userId="abc").status_code == 502


def test_refused_score_in_pretty_json_seems_accepted(moodle: Any) -> None:
    body = '{\n"userId": "99999", "timestamp": "2026-11-20T10:00:00Z", "scoreGiven": 1, "scoreMaximum": 10,\n'
    body += '"activityProgress": "Completed", "gradingProgress": "FullyGraded"}'
    kind = "application/vnd.ims.lis.v1.score+json"
    answer = moodle.call("POST", moodle.below("scores"), body, Content_Type=kind)
    assert (answer.status_code, answer.data) == (200, b"[]")


def test_refused_as_200(moodle: Any) -> None:
    moodle.school.faults.set("refused_as_200")
    answer = moodle.push("irena", 7, T.format(0))
    assert (answer.status_code, answer.data) == (200, b"[]")
    assert moodle.push("isaiah", 7, T.format(0)).data == b""


@pytest.mark.parametrize("kind", ["application/json", "APPLICATION/VND.IMS.LIS.V1.SCORE+JSON", ""])
def test_exact_content_type(moodle: Any, kind: str) -> None:
    assert moodle.call("POST", moodle.below("scores"), {}, Content_Type=kind).status_code == 400


def test_scores_after_the_question_mark(moodle: Any) -> None:
    kind = "application/vnd.ims.lis.v1.score+json"
    assert moodle.call("POST", moodle.lineitem() + "/scores", {}, Content_Type=kind).status_code == 400


def test_override_survives_pushes(moodle: Any) -> None:
    column = moodle.school.column_of(1).id
    moodle.school.set_grade_by_hand(column, "isaiah", 9, "By hand")
    later = moodle.school.clock().replace(year=2099).isoformat()
    assert moodle.push("isaiah", 4, later, comment="tool").status_code == 200
    grade = moodle.grade("isaiah")
    assert (grade.score, grade.comment, grade.changed_by, grade.overridden) == (9, "By hand", "irena", True)
    assert moodle.results()[0]["resultScore"] == 9


def test_push_older_than_the_override_is_refused(moodle: Any) -> None:
    moodle.school.set_grade_by_hand(moodle.school.column_of(1).id, "isaiah", 9)
    assert moodle.push("isaiah", 4, "2020-01-01T00:00:00Z").status_code == 409


def test_cleared_override_lets_the_tool_write_again(moodle: Any) -> None:
    column = moodle.school.column_of(1).id
    moodle.school.set_grade_by_hand(column, "isaiah", 9)
    moodle.school.set_grade_by_hand(column, "isaiah", None)
    assert moodle.push("isaiah", 4, T.format(0)).status_code == 200
    assert moodle.grade("isaiah").score == 4


def test_column_made_by_the_tool_has_no_override(moodle: Any) -> None:
    made = moodle.call("POST", LINEITEMS, {"label": "Extra", "scoreMaximum": 10}, Content_Type=ITEM).json
    column = moodle.school.columns()[-1].id
    moodle.school.set_grade_by_hand(column, "isaiah", 9)
    later = moodle.school.clock().replace(year=2099).isoformat()
    moodle.push("isaiah", 4, later, lineitem=made["id"])
    assert moodle.school.grade(column, "isaiah").score == 4
    moodle.push("isaiah", 4, later.replace("2099", "2100"), lineitem=made["id"], gradingProgress="NotReady")
    assert set(moodle.results(made["id"])[0]) == {"id", "userId"}


def test_locked_grade(moodle: Any) -> None:
    moodle.school.lock_grade(moodle.school.column_of(1).id, "isaiah")
    answer = moodle.push("isaiah", 4, T.format(0))
    assert (answer.status_code, answer.data) == (500, b"[]")


def test_results(moodle: Any) -> None:
    moodle.push("isaiah", 0, "2026-11-20T10:00:00Z", comment="c<b>")
    (result,) = moodle.results()
    assert result == {
        "id": moodle.below("results") + "&user_id=5",
        "userId": "5",
        "resultScore": 0,
        "resultMaximum": 10,
        "comment": "c<b>",
        "scoreOf": moodle.lineitem(),
        "timestamp": "2026-11-20T05:00:00-05:00",
    }
    assert moodle.results(user_id="6") == []


def test_results_cannot_be_limited(moodle: Any) -> None:
    answer = moodle.call("GET", moodle.below("results") + "&limit=2")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_list_of_line_items(moodle: Any) -> None:
    first = moodle.call("GET", LINEITEMS, Accept=LIST).json[0]
    assert first == {
        "id": moodle.lineitem(),
        "label": "Class blog: The Thaw",
        "scoreMaximum": 10,
        "resourceId": "",
        "tag": "",
        "resourceLinkId": "1",
        "ltiLinkId": "1",
    }
    for accept in ("*/*", "application/json", f"{LIST}, application/json"):
        assert moodle.call("GET", LINEITEMS, Accept=accept).status_code == 400
    assert moodle.call("GET", moodle.lineitem(), Accept="*/*").status_code == 200


def test_list_paging_links_are_broken(moodle: Any) -> None:
    answer = moodle.call("GET", LINEITEMS + "&limit=1", Accept=LIST)
    link = answer.headers["Link"].encode("latin-1").decode()
    assert "rel=“next”" in link
    assert "&amp;limit=1" in link
    assert len(answer.json) == 1


def test_put_clears_what_it_leaves_out(moodle: Any) -> None:
    body = {"label": "Renamed", "scoreMaximum": 20}
    assert moodle.call("PUT", moodle.lineitem(), body, Content_Type=ITEM).status_code == 200
    column = moodle.school.column_of(1)
    assert (column.label, column.maximum, column.link_activity_id) == ("Renamed", 20, None)


def test_another_maximum_rescales_the_grades(moodle: Any) -> None:
    """As many per cent as before and changed now, so that an older score is refused; an override stays as typed.

    Whoever had no grade has a 0 now, as on the real one.
    """
    column = moodle.school.column_of(1).id
    moodle.push("isaiah", 5, T.format(0))
    moodle.school.set_grade_by_hand(column, "tom", 9)
    whole = moodle.call("GET", moodle.lineitem(), Accept=ITEM).json
    assert moodle.call("PUT", moodle.lineitem(), whole | {"scoreMaximum": 20}, Content_Type=ITEM).status_code == 200
    shown = {one["userId"]: (one["resultScore"], one["resultMaximum"]) for one in moodle.results()}
    assert (shown.pop(moodle.school.sub_of("isaiah")), shown.pop(moodle.school.sub_of("tom"))) == ((10, 20), (9, 20))
    assert set(shown.values()) == {(0, 20)}
    assert moodle.push("isaiah", 6, T.format(1)).status_code == 409
    whole = moodle.call("GET", moodle.lineitem(), Accept=ITEM).json
    assert moodle.call("PUT", moodle.lineitem(), whole | {"scoreMaximum": 1}, Content_Type=ITEM).status_code == 200
    assert moodle.grade("isaiah").score == 10


def test_deleted_line_item_leaves_the_launch(moodle: Any) -> None:
    assert moodle.call("DELETE", moodle.lineitem()).status_code == 204
    endpoint = moodle.school.claims_for("tom", 1, "n")["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    assert "lineitem" not in endpoint
    assert [column.activity_id for column in moodle.again().school.columns()] == [2]


def test_unauthorized_body(moodle: Any) -> None:
    answer = moodle.client.get(LINEITEMS)
    assert answer.status_code == 401
    assert set(answer.json) == {"status", "reason", "request"}


def test_roster(moodle: Any) -> None:
    members = {member["user_id"]: member for member in moodle.call("GET", ROSTER).json["members"]}
    assert members["4"]["roles"] == ["Learner"]
    assert members["3"]["roles"] == ["Instructor"]
    assert members["12"]["name"] == "Siobhán O'Connor"
    assert len(members) == len(moodle.school.people)


def test_roster_pages(moodle: Any) -> None:
    seen, url = [], f"{ROSTER}?limit=6"
    while url:
        answer = moodle.call("GET", url)
        seen += [member["user_id"] for member in answer.json["members"]]
        link = answer.headers.get("Link", "")
        url = link.partition("<")[2].partition(">")[0]
    assert len(seen) == len(set(seen)) == len(moodle.school.people)


def test_roster_of_an_unknown_link(moodle: Any) -> None:
    assert moodle.call("GET", f"{ROSTER}?rlid=99").status_code == 404
    assert moodle.call("GET", f"{ROSTER}?rlid=abc").status_code == 502
    assert moodle.call("GET", f"{ROSTER}?rlid=1").status_code == 200
