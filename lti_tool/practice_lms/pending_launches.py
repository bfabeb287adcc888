"""Launches that were begun and are not yet answered: kept under the secret part of their message hint."""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .school import PracticeSchool

HINT_SECONDS = 300


@dataclass(frozen=True)
class Launch:
    """Who opens which activity, and where it will show: remembered under the message hint.

    `review_of` names the person whose work is looked at (a submission review, SpeedGrader), `target_link_uri` an
    address other than the tool's usual one, and `as_student` a teacher who has switched role. With a `placement` it
    is a dialogue to choose content for the course. `client_id` is the tool opened, `deployment_id` another of its own.
    """

    person_key: str
    activity_id: int
    document_target: str
    review_of: str = ""
    target_link_uri: str = ""
    as_student: bool = False
    placement: str = ""
    course_id: int = 1
    client_id: str = ""
    deployment_id: str = ""


def remember(school: "PracticeSchool", launch: Launch) -> str:
    """Keep the launch for five minutes; the answer is the secret part of the message hint."""
    hint_id = str(secrets.randbelow(9 * 10**14) + 10**14)
    now = school.clock().timestamp()
    with school.store.writing() as db:
        db.execute("DELETE FROM launches WHERE expires_at < ?", (now,))
        row = (hint_id, json.dumps(asdict(launch)), now + HINT_SECONDS)
        db.execute("INSERT INTO launches (id, launch, expires_at) VALUES (?, ?, ?)", row)
    return hint_id


def pending(school: "PracticeSchool", hint_id: str) -> Launch | None:
    """The launch behind a hint that is neither used nor too old."""
    with school.store.reading() as db:
        row = db.execute(
            "SELECT launch FROM launches WHERE id = ? AND used = 0 AND expires_at > ?",
            (hint_id, school.clock().timestamp()),
        ).fetchone()
    return Launch(**json.loads(row["launch"])) if row else None


def use_up(school: "PracticeSchool", hint_id: str) -> bool:
    """Spend a hint; only one caller ever hears True."""
    with school.store.writing() as db:
        return db.execute("UPDATE launches SET used = 1 WHERE id = ? AND used = 0", (hint_id,)).rowcount == 1
