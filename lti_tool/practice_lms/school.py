"""The practice school: people, gradebook, keys and memory behind the pages and services, and what tests ask of it."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from . import courses, deep_linking, gradebook, openings, pending_launches, registration, reviews
from .accents import ACCENTS, Accent
from .calls import CallRecord
from .catalogue import Catalogue
from .catalogue import NotHere as NotHere
from .content import ContentItem, DeepLinkingOutcome
from .course import FIRST_COURSE, Activity, ToolAddresses
from .enrolment import Enrolment
from .faults import Faults
from .gradebook import Grade
from .keys import Claims, PlatformKeys, sign
from .leaky_bucket import LeakyBucket
from .options import LOCALES, OneOf
from .pending_launches import Launch as Launch
from .people import Person
from .sharing import Privacy
from .store import Store
from .tool_keys import KeysOfTools
from .tool_shelf import ToolShelf


class PracticeSchool(Catalogue, ToolShelf):
    """Everything the practice LMS knows. `clock` may be replaced by tests that need another time.

    `privacy`, `profile` (Canvas) and `guests_allowed` (Moodle) are the administrator's and may be set at any time; so
    may `locale`, the language that everybody reads the LMS in, as launches say it.
    """

    privacy = Privacy()
    guests_allowed = False
    locale = OneOf(*LOCALES)

    def __init__(self, folder: Path, public_url: str, tool: ToolAddresses, accent: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.public_url = public_url.rstrip("/")
        self.tool = tool
        self.accent: Accent = ACCENTS[accent]
        self.store = Store(folder / "practice_lms.sqlite3")
        self.keys = PlatformKeys(folder)
        self.faults = Faults()
        self.calls = CallRecord()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.secret = self.store.fact("secret", secrets.token_hex(32))
        self.enrolment = Enrolment(self.store, accent)
        self.bucket = LeakyBucket()
        self.tool_keys = KeysOfTools()
        courses.seed_courses(self.store)

    # People

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody whom the course has, or had before they were taken out."""
        return self.enrolment.people

    @property
    def others(self) -> tuple[Person, ...]:
        """People that few courses have, such as an observer; not in the course unless they are enrolled."""
        return self.enrolment.others

    @property
    def enrolled(self) -> tuple[Person, ...]:
        """Who is in the course now: the roster."""
        return self.enrolment.inside

    @property
    def students(self) -> tuple[Person, ...]:
        return tuple(person for person in self.people if not person.is_staff)

    def person(self, key: str) -> Person:
        person = self.enrolment.with_key(key)
        if person is None:
            raise NotHere(f"nobody here has the key {key!r}")
        return person

    def person_with_sub(self, sub: str) -> Person | None:
        """Who has this LMS id, as launches and services say it in this accent."""
        key = self.enrolment.key_by(self.accent.sub).get(sub)
        return self.enrolment.with_key(key) if key else None

    def sub_of(self, person_key: str) -> str:
        return self.accent.sub(self.person(person_key))

    def add_students(self, number: int) -> tuple[Person, ...]:
        """Enrol that many more invented students (for load tests); they stay after a restart."""
        return self.enrolment.add_students(number)

    def unenrol(self, person_key: str) -> None:
        """Take somebody out of the course: they vanish from the roster; what they did in the gradebook is kept."""
        self.enrolment.take_out(self.person(person_key))

    def reenrol(self, person_key: str) -> None:
        """Put somebody back into the course, or one of the others in for the first time."""
        self.enrolment.put_in(self.person(person_key))

    # Gradebook

    def grades(self, column_id: int) -> dict[str, Grade]:
        """The grades of a column, by person key."""
        with self.store.reading() as db:
            return gradebook.grades_in(db, column_id)

    def grade(self, column_id: int, person_key: str) -> Grade | None:
        with self.store.reading() as db:
            return gradebook.grade_of(db, column_id, person_key)

    def set_grade_by_hand(
        self, column_id: int, person_key: str, score: float | None, comment: str = "", by: str = "irena"
    ) -> Grade:
        """A teacher types a grade into the gradebook; None clears the cell and lets the tool write there again."""
        self.person(person_key)
        now = self.clock()
        with self.store.writing() as db:
            column = gradebook.column_numbered(db, column_id)
            if column is None:
                raise NotHere(f"there is no column {column_id}")
            old = gradebook.grade_of(db, column_id, person_key) or gradebook.blank_grade(column_id, person_key, now)
            typed = replace(old, score=score, changed_at=now, changed_by=by)
            grade = self.accent.edited_by_hand(column, typed, comment)
            gradebook.keep_grade(db, grade)
        return grade

    def lock_grade(self, column_id: int, person_key: str, locked: bool = True) -> None:
        """Lock one cell: the LMS then refuses what the tool sends for it."""
        now = self.clock()
        with self.store.writing() as db:
            old = gradebook.grade_of(db, column_id, person_key) or gradebook.blank_grade(column_id, person_key, now)
            gradebook.keep_grade(db, replace(old, locked=locked))

    # Launches

    def remember_launch(self, launch: Launch) -> str:
        """Keep who opens what for five minutes; the answer is the secret part of the message hint."""
        return pending_launches.remember(self, launch)

    def pending_launch(self, hint_id: str) -> Launch | None:
        """The launch behind a hint that is neither used nor too old."""
        return pending_launches.pending(self, hint_id)

    def use_up(self, hint_id: str) -> bool:
        """Spend a hint; only one caller ever hears True."""
        return pending_launches.use_up(self, hint_id)

    # Registration and deep linking

    def registration_link(self, tool_url: str, update: str = "") -> str:
        """What an administrator's frame opens to register a tool, or to update the one with this client id (Moodle)."""
        known = self.tool_known_as(update) if update else None
        return registration.registration_link(self, tool_url, known)

    def deep_linking_claims(
        self,
        person_key: str,
        nonce: str,
        placement: str = "assignment_selection",
        course_id: int = FIRST_COURSE.id,
        **settings_changes: Any,
    ) -> Claims:
        """The exact claims of a dialogue to choose content, whoever it is; changed settings, None takes one out."""
        place = (self.tool_in_use, self.person(person_key), self.course(course_id))
        claims = self.accent.deep_linking_claims(self, *place, nonce, placement)
        return deep_linking.with_changes(claims, settings_changes)

    def deep_linking_return(
        self, jwt: str, data: str | None = None, course_id: int = FIRST_COURSE.id
    ) -> DeepLinkingOutcome:
        """What the LMS makes of the tool's answer. `data` is that of the return address (Canvas), to be used once."""
        return self.accent.deep_linking_outcome(self, jwt, data, self.course(course_id))

    def save_item(self, item: ContentItem) -> Activity:
        """Press Save in the form that an item has filled in; ItemRefused when the LMS objects."""
        return deep_linking.save_items(self, (item,))[0]

    # Signing

    @property
    def platform_key(self) -> RSAKey:
        """The private key that signs launches now."""
        return self.keys.current

    def claims_for(
        self,
        person_key: str,
        activity_id: int,
        nonce: str,
        document_target: str = "iframe",
        deployment_id: str = "",
        as_student: bool = False,
    ) -> Claims:
        """The exact claims a launch by this person carries in this accent; perhaps from another deployment.

        `as_student` is a teacher of Moodle's who has switched role.
        """
        options = {"deployment_id": deployment_id, "as_student": as_student}
        launch = Launch(person_key, activity_id, document_target, **options)  # type: ignore[arg-type]
        return openings.claims_of(self, launch, nonce)

    def review_claims(self, person_key: str, for_person_key: str, activity_id: int, nonce: str) -> Claims:
        """Moodle's LtiSubmissionReviewRequest for somebody's work, whoever asks."""
        return openings.claims_of(self, Launch(person_key, activity_id, "iframe", review_of=for_person_key), nonce)

    def speedgrader_claims(self, person_key: str, activity_id: int, for_person_key: str, nonce: str) -> Claims:
        """Canvas's launch to the address that the tool stored with somebody's submission."""
        launch = reviews.preview_launch(self, person_key, activity_id, for_person_key)
        return openings.claims_of(self, launch, nonce)

    def sign(self, claims: Claims, header: dict[str, object] | None = None, key: RSAKey | None = None) -> str:
        """Sign claims as the platform does; `header` entries replace the usual ones and `key` the platform's key."""
        signer = key or self.platform_key
        usual: dict[str, object] = {"typ": "JWT", "alg": "RS256", "kid": self.platform_key.kid}
        merged = {**usual, **(header or {})}
        return sign(claims, {name: value for name, value in merged.items() if value is not None}, signer)

    def digest(self, text: str) -> str:
        """40 hex digits that stay the same for the same text in this folder."""
        return hashlib.sha256(f"{self.secret}:{text}".encode()).hexdigest()[:40]
