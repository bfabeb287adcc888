"""Rows 105, 265, 266, 283: every page under a visit, tried by whoever has no business there."""

import pytest
from werkzeug.routing import Rule

from lti_tool.models import Person
from tests.certification.launches import begun, changed, let_in
from tests.stage import ScriptBrowser, Stage

VISIT = "/v/<visit_key>"
STAFF_ROOMS = ("desk", "importing", "import_runs", "exporting", "gradebook", "duties", "groups", "class_settings")
FOREIGN_ID = 987_654
# Staff pages of one course with no id in their address show that course alone.
NUMBERS = ("number", "comment_number", "comment_id", "person_id", "group_id", "report_id")


def rules_of(stage: Stage) -> list[tuple[Rule, str]]:
    """Each route of a visit with each of its methods."""
    rules = [rule for rule in stage.app.url_map.iter_rules() if rule.rule.startswith(VISIT)]
    return [(rule, method) for rule in rules for method in ("GET", "POST") if method in (rule.methods or ())]


def send(browser: ScriptBrowser, rule: Rule, method: str, home: str, number: int) -> int:
    path = rule.rule.replace(VISIT, home)
    for name in NUMBERS:
        path = path.replace(f"<int:{name}>", str(number))
    assert "<" not in path, f"{rule.rule} has an argument that this test does not know"
    fields = {"body": "x", "title": "x", "mark": "2", "points": "3"}
    answer = browser.get(path) if method == "GET" else browser.post(path, fields)
    return answer.status_code


def with_a_thread(stage: Stage, context: str) -> tuple[ScriptBrowser, ScriptBrowser]:
    """A course of its own with a teacher, a student, a post and a comment: the two browsers."""
    browsers = []
    for person in ("irena", "tom"):
        attempt = begun(stage, person)
        attempt.claims = changed(attempt.claims, {"context": {"id": context}, "resource_link": {"id": f"r-{context}"}})
        let_in(attempt)
        browsers.append(attempt.browser)
    teacher, student = browsers
    assert student.post("posts/new", {"title": "T", "body": f"Secret of {context}.", "once": "p"}).status_code == 303
    assert student.post("posts/1/comments", {"body": f"Secret reply in {context}.", "once": "c"}).status_code == 303
    return teacher, student


def test_row_266_there_are_routes_to_try(door: Stage) -> None:
    assert len(rules_of(door)) > 20


@pytest.mark.parametrize("who", ["nobody", "another_visit"])
def test_rows_266_and_267_a_strangers_visit_key_gives_401_everywhere(door: Stage, who: str) -> None:
    home = door.launched("irena").home
    stranger = door.browser() if who == "nobody" else door.launched("tom")
    for rule, method in rules_of(door):
        assert send(stranger, rule, method, home, 1) == 401, (rule.rule, method)


def test_row_267_a_visit_that_never_was_gives_401_everywhere(door: Stage) -> None:
    browser = door.launched("irena")
    for rule, method in rules_of(door):
        assert send(browser, rule, method, "/v/AAAAAAAAAAAA", 1) == 401, (rule.rule, method)


def test_row_105_students_and_onlookers_get_403_on_every_page_of_staff(door: Stage) -> None:
    student = door.launched("tom")
    onlooker = begun(door, "isaiah")
    onlooker.claims = changed(onlooker.claims, {"roles": [], "sub": "onlooker"})
    let_in(onlooker)
    staff = [(rule, method) for rule, method in rules_of(door) if rule.endpoint.partition(".")[0] in STAFF_ROOMS]
    assert len(staff) > 10
    for rule, method in staff:
        for browser in (student, onlooker.browser):
            assert send(browser, rule, method, browser.home, 1) == 403, (rule.rule, method)


def test_row_105_an_assistant_neither_corrects_scores_nor_changes_the_rule(door: Stage) -> None:
    assistant = door.launched("sam")
    assert assistant.get("desk").status_code == 200
    assert assistant.post("desk/people/1/score", {"points": "3"}).status_code == 403
    assert assistant.post("desk/rule", {}).status_code == 403


def test_rows_265_and_266_numbers_that_do_not_exist_give_404(door: Stage) -> None:
    teacher = door.launched("irena")
    for rule, method in rules_of(door):
        if "<int:" in rule.rule:
            status = send(teacher, rule, method, teacher.home, FOREIGN_ID)
            assert status in (404, 422), (rule.rule, method, status)
            assert status == 404 or rule.endpoint == "writing.comment"  # the text is given back with the reason


@pytest.mark.parametrize("number", [0, 2**31, 10**30])
def test_row_278_absurd_numbers_give_404(stage: Stage, number: int) -> None:
    """Also those that no column of a database holds."""
    teacher = stage.launched("irena")
    for rule, method in rules_of(stage):
        if "<int:" in rule.rule:
            assert send(teacher, rule, method, teacher.home, number) in (404, 405, 422), (rule.rule, method)
    for query in (f"desk/queue?comment={number}", f"desk/queue?after={number}", f"?at={number}"):
        assert teacher.get(query).status_code < 500, query
    for query in (f"posts/1?at={number}", f"posts/1?reply={number}", f"posts/1?answers={number}", "posts/1?after=x"):
        assert teacher.get(query).status_code in (200, 303, 404), query
    assert teacher.post("gradebook/try-again", {"person": str(number)}).status_code == 303


def test_rows_265_and_266_the_ids_of_another_course_give_404(stage_on_sqlite: Stage) -> None:
    """The other course has a student, a comment and posts that this teacher's own course has not."""
    stage = stage_on_sqlite
    with_a_thread(stage, "theirs")
    mine = begun(stage, "irena")
    mine.claims = changed(mine.claims, {"context": {"id": "mine"}, "resource_link": {"id": "r-mine"}})
    let_in(mine)
    with stage.tool.database.reading() as session:
        student_id = session.query(Person.id).where(Person.lti_sub == stage.school.sub_of("tom")).scalar()
    for rule, method in rules_of(stage):
        if "<int:" not in rule.rule:
            continue
        number = student_id if "person_id" in rule.rule else 1
        status = send(mine.browser, rule, method, mine.browser.home, number)
        assert status in (404, 422), (rule.rule, method, status)
    for path in ("", "desk", "gradebook", "desk/queue", "desk/queue?comment=1", "import", "gradebook/table"):
        page = mine.browser.get(path)
        assert "Secret" not in page.text
        assert "Okonkwo" not in page.text


def test_row_285_a_student_can_neither_mark_nor_score(stage_on_sqlite: Stage) -> None:
    _, student = with_a_thread(stage_on_sqlite, "c1")
    for path, fields in (
        ("desk/queue/1", {"mark": "3"}), ("desk/people/2/score", {"points": "10"}), ("desk/rule", {"maximum": "1"}),
        ("gradebook/try-again", {}), ("import/store", {"title": "x"}),
    ):  # fmt: skip
        assert student.post(path, fields).status_code == 403, path


def test_row_266_somebody_elses_writing_is_not_mine_to_change(stage_on_sqlite: Stage) -> None:
    teacher, _ = with_a_thread(stage_on_sqlite, "c1")
    other = begun(stage_on_sqlite, "isaiah")
    other.claims = changed(other.claims, {"context": {"id": "c1"}, "resource_link": {"id": "r-c1"}})
    let_in(other)
    for browser in (other.browser, teacher):
        for path in ("posts/1/comments/1/edit", "posts/1/comments/1/delete", "posts/1/edit"):
            assert browser.post(path, {"body": "Changed", "title": "Changed"}).status_code in (403, 404), path
    page = teacher.get("posts/1").text
    assert "Secret reply in c1." in page
    assert "Changed" not in page


def test_row_266_no_address_of_the_tool_is_without_a_guard(door: Stage) -> None:
    """Whatever stands outside a visit is known by name: a new route must choose where it belongs."""
    outside = {rule.rule for rule in door.app.url_map.iter_rules() if not rule.rule.startswith(VISIT)}
    known = {"/lti/login", "/lti/launch", "/.well-known/jwks.json", "/healthz", "/readyz", "/static/<path:filename>"}
    known |= {"/lti/prove"}  # a launch once more, from our own page alone
    known |= {"/lti/setup", "/lti/config.json"}  # public values
    known |= {"/metrics"}  # counts; LTI_TOOL_METRICS_TOKEN guards it (tests/web/test_metrics.py)
    known |= {"/digest/stop/<token>"}  # a signed address in an e-mail (tests/web/test_duties.py)
    known |= {"/lti/register", "/choose/<request_key>/", "/choose/<request_key>/cancel", "/window/<ticket_key>"}
    assert outside <= known
