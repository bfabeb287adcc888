"""A class for tests of gradebook columns: what the practice LMS has, what the tool knows, and the teacher's buttons."""

import json
import sqlite3
from datetime import timedelta
from typing import Any

import requests
from sqlalchemy import select

from lti_tool.models import Blog, Placement
from lti_tool.practice_lms.calls import Call
from lti_tool.practice_lms.gradebook import Column, insert_column
from tests.stage import ScriptBrowser, Stage
from tests.sync.test_conflicts import Class

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
RESOURCE_LINK = "https://purl.imsglobal.org/spec/lti/claim/resource_link"
OTHER_ACTIVITY = 2


class ClassWithColumns(Class):
    """One activity's blog; `with_column` says whether the LMS has made a column for the activity."""

    def __init__(self, stage: Stage, *, with_column: bool) -> None:
        self.stage, self.school = stage, stage.school
        stage.school.clock = stage.clock
        if not with_column:
            self.delete(self.lms_own().id)
        self.teacher = stage.launched("irena")
        stage.launched("tom")
        stage.clockwork.read_rosters()
        self.school.calls.clear()

    # The LMS

    def lms_own(self) -> Column:
        """The column that the LMS made with the activity."""
        found: Column | None = self.school.column_of(1)
        assert found is not None
        return found

    def columns(self) -> list[Column]:
        """All columns of the course but the other activity's."""
        return [one for one in self.school.columns() if one.activity_id != OTHER_ACTIVITY]

    def only(self) -> Column:
        (column,) = self.columns()
        return column

    def delete(self, column_id: int) -> None:
        """Somebody deletes a column in the LMS, with all that stands in it."""
        with self.school.store.writing() as db:
            db.execute("DELETE FROM columns WHERE id = ?", (column_id,))

    def delete_for_now(self, column_id: int) -> dict[str, list[sqlite3.Row]]:
        """The same, to be taken back."""
        with self.school.store.writing() as db:
            kept = {
                "columns": db.execute("SELECT * FROM columns WHERE id = ?", (column_id,)).fetchall(),
                "grades": db.execute("SELECT * FROM grades WHERE column_id = ?", (column_id,)).fetchall(),
            }
            db.execute("DELETE FROM columns WHERE id = ?", (column_id,))
        return kept

    def take_back(self, kept: dict[str, list[sqlite3.Row]]) -> None:
        with self.school.store.writing() as db:
            for table, rows in kept.items():
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    db.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row))

    def put(self, **facts: Any) -> Column:
        """A column that stands in the LMS, whoever made it."""
        facts = {"activity_id": None, "link_activity_id": None, "label": "Class blog", "maximum": 10} | facts
        with self.school.store.writing() as db:
            return insert_column(db, Column(0, **facts))

    def make_graded(self) -> Column:
        """The teacher makes the activity graded in the LMS, which gives it a column of its own."""
        return self.put(activity_id=1, link_activity_id=1, label="Class blog: The Thaw")

    def shown_in(self, column_id: int, person: str = "tom") -> float | None:
        grade = self.school.grade(column_id, person)
        return None if grade is None else grade.score

    def types_in(self, column_id: int, person: str, points: float | None) -> None:
        self.stage.clock.ahead += timedelta(seconds=2)
        self.school.set_grade_by_hand(column_id, person, points)

    def item_calls(self, method: str) -> list[Call]:
        """The calls about columns themselves since the last clearing."""
        below = ("/scores", "/results")
        return [
            call
            for call in self.school.calls
            if call.method == method
            and ("line_items" in call.url or "lineitem" in call.url)
            and not any(word in call.url for word in below)
        ]

    def last_put(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.item_calls("PUT")[-1].body)
        return body

    # The tool

    def placement(self) -> Placement:
        with self.stage.tool.database.reading() as session:
            return session.scalars(select(Placement)).one()

    def content_key(self) -> str:
        with self.stage.tool.database.reading() as session:
            blog = session.scalars(select(Blog)).one()
            return f"blog-{blog.content_key or blog.id}"

    def night(self) -> None:
        self.stage.clock.ahead += timedelta(seconds=2)
        self.stage.clockwork.check_all()

    def press(self, button: str, browser: ScriptBrowser | None = None, keep: str = "") -> requests.Response:
        return (browser or self.teacher).post(f"gradebook/column/{button}", {"keep": keep})

    def done(self, button: str, keep: str = "") -> str:
        """Press it, and return what the page then says was done."""
        answer = self.press(button, keep=keep)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].rpartition("done=")[2]

    def made(self) -> Column:
        """The column that the blog makes at the teacher's word, where there is none."""
        assert self.done("make") == "column-made"
        return self.only()

    def page(self) -> str:
        return self.teacher.get("gradebook").text

    def out_of(self, maximum: int) -> None:
        """The teacher gives the blog another maximum."""
        form = {"maximum": str(maximum), "post_points": "4", "comments": "3", "comment_points": "2"}
        assert self.teacher.post("desk/rule", form).status_code == 303

    def renamed(self, title: str) -> None:
        """Somebody opens the blog after the link got another title in the LMS."""
        self.opens("irena", **{RESOURCE_LINK: {**self.claim(RESOURCE_LINK), "title": title}})

    def claim(self, name: str) -> dict[str, Any]:
        """What a launch by the teacher says under a name."""
        found: Any = self.school.claims_for("irena", 1, "n")[name]
        return dict(found)

    def opens(self, person: str, **claims: Any) -> ScriptBrowser:
        """Somebody opens the blog; in the present, for no launch of another time is let in."""
        ahead, self.stage.clock.ahead = self.stage.clock.ahead, timedelta()
        browser = self.stage.browser()
        arrived = browser.launch(person, 1, **claims)
        self.stage.clock.ahead = ahead
        assert arrived.status_code == 303, arrived.text
        return browser
