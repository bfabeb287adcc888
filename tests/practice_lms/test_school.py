"""People, persistence, concurrency, and the pages."""

import threading
from pathlib import Path
from typing import Any

import pytest

from lti_tool.practice_lms import create_practice_lms
from lti_tool.practice_lms.__main__ import main

GRADES = "/courses/3644/grades"


def visit(bench: Any, who: str) -> None:
    bench.client.post("/view-as", data={"person": who, "next": "/courses/3644"})


def test_everything_survives_a_restart(either: Any) -> None:
    school = either.school
    either.push("isaiah", 7, "2026-11-20T10:00:00Z", comment="Good")
    school.add_students(3)
    again = either.again().school
    assert again.columns() == school.columns()
    assert again.grades(1) == school.grades(1)
    assert again.platform_key.kid == school.platform_key.kid
    assert again.people == school.people
    assert [again.sub_of(person.key) for person in again.people] == [school.sub_of(p.key) for p in school.people]
    assert [person.key for person in again.add_students(1)] == ["student-0004"]


def test_key_is_made_once_and_kept_private(tmp_path: Path, tool: Any) -> None:
    kids = set()
    for _ in range(2):
        app = create_practice_lms(tmp_path / "new", "http://localhost:8001", tool.addresses)
        kids.add(app.extensions["practice_lms"].platform_key.kid)
    (pem,) = (tmp_path / "new").glob("*.pem")
    assert len(kids) == 1
    assert pem.stat().st_mode & 0o077 == 0


def test_names_of_every_kind(canvas: Any) -> None:
    names = {person.name for person in canvas.school.students}
    assert len(names) >= 14
    assert {"Zoë Hartmann", "José Álvarez", "Siobhán O'Connor", "Nguyễn Thị Lan", "王秀英", "Олена Шевченко"} <= names
    assert any(not person.family_name for person in canvas.school.students)
    assert all(person.email.endswith("@example.test") for person in canvas.school.people)


def test_parallel_pushes_lose_nothing(canvas: Any) -> None:
    students = canvas.school.add_students(24)
    canvas.token()
    statuses: list[int] = []

    def push(who: str) -> None:
        answer = canvas.app.test_client().post(
            canvas.below("scores").removeprefix("http://lms.example.test"),
            base_url="http://lms.example.test",
            json={
                "userId": canvas.school.sub_of(who),
                "timestamp": "2026-11-20T10:00:00Z",
                "scoreGiven": 4,
                "scoreMaximum": 10,
                "activityProgress": "Completed",
                "gradingProgress": "FullyGraded",
            },
            headers={"Authorization": f"Bearer {canvas.token()}"},
        )
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=push, args=(person.key,)) for person in students]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 24
    assert len(canvas.school.grades(1)) == 24


def test_visitor_is_asked_who_they_are(either: Any) -> None:
    answer = either.client.get(GRADES)
    assert answer.status_code == 302
    assert "next=" in answer.location
    assert "Олена Шевченко" in either.client.get("/").text


def test_signing_in_goes_back_to_this_site_only(canvas: Any) -> None:
    for target in ("https://evil.example.test/", "//evil.example.test/", "/\\evil.example.test"):
        answer = canvas.client.post("/view-as", data={"person": "tom", "next": target})
        assert answer.location == "/courses/3644"


def test_course_and_activity_pages(either: Any) -> None:
    visit(either, "tom")
    course = either.client.get("/courses/3644").text
    assert "Class blog: The Thaw" in course
    assert 'target="_blank"' in course
    page = either.client.get("/courses/3644/activities/1").text
    assert 'src="/courses/3644/activities/1/launch?as=tom"' in page
    assert "sandbox=" not in page.partition("<iframe")[2].partition(">")[0]
    blocked = either.client.get("/courses/3644/activities/1?sandbox=1").text
    assert 'sandbox="allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox"' in blocked
    assert either.client.get("/courses/3644/activities/3").status_code == 404


def test_student_sees_the_own_row_only(either: Any) -> None:
    either.push("tom", 7, "2026-11-20T10:00:00Z", comment="<b>Fine</b>")
    either.push("matt", 3, "2026-11-20T10:00:00Z", comment="secret")
    visit(either, "tom")
    page = either.client.get(GRADES).text
    assert "&lt;b&gt;Fine&lt;/b&gt;" in page
    assert "secret" not in page
    assert either.client.get(f"{GRADES}/1/tom").status_code == 403
    assert either.client.post(f"{GRADES}/1/tom", data={"score": "10"}).status_code == 403
    assert either.grade("tom").score == 7


def test_teacher_edits_and_clears_by_hand(either: Any) -> None:
    either.push("tom", 7, "2026-11-20T10:00:00Z")
    visit(either, "irena")
    assert "Class blog (tool)" in either.client.get(GRADES).text
    form = {"score": "8,5", "comment": "Better than that", "do": "save"}
    assert either.client.post(f"{GRADES}/1/tom", data=form).status_code == 303
    grade = either.grade("tom")
    assert (grade.score, grade.comment, grade.changed_by, grade.locked) == (8.5, "Better than that", "irena", False)
    assert "Dr. Irena Novak, " in either.client.get(GRADES).text
    either.client.post(f"{GRADES}/1/tom", data={"score": "8.5", "do": "clear"})
    assert either.grade("tom").score is None


@pytest.mark.parametrize("typed", ["ten", "nan", "inf", "-1"])
def test_nonsense_is_not_stored(canvas: Any, typed: str) -> None:
    visit(canvas, "irena")
    answer = canvas.client.post(f"{GRADES}/1/tom", data={"score": typed, "do": "save"})
    assert answer.status_code == 422
    assert "Please type a number" in answer.text
    assert canvas.grade("tom") is None


def test_grade_can_be_locked_on_the_page(moodle: Any) -> None:
    visit(moodle, "irena")
    moodle.client.post(f"{GRADES}/1/tom", data={"score": "8", "locked": "on", "do": "save"})
    later = moodle.school.clock().replace(year=2099).isoformat()
    assert moodle.push("tom", 1, later).status_code == 500


def test_port_in_use(tool: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", str(tool.server.port), "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
