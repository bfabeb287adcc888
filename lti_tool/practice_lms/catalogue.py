"""What the school knows of its courses, their activities and who is enrolled."""

from collections.abc import Iterable

from . import courses, gradebook
from .course import FIRST_COURSE, Activity, Course
from .gradebook import Column
from .people import Person
from .store import Store


class NotHere(LookupError):
    """The school has no such person, course, activity, tool or gradebook column."""


class Catalogue:
    """The part of the school that has courses."""

    store: Store

    @property
    def enrolled(self) -> tuple[Person, ...]:
        """Who is in a course into which nobody was enrolled by name."""
        raise NotImplementedError

    def person(self, key: str) -> Person:
        raise NotImplementedError

    def courses(self) -> tuple[Course, ...]:
        with self.store.reading() as db:
            return tuple(courses.all_courses(db))

    def course(self, course_id: int = FIRST_COURSE.id) -> Course:
        with self.store.reading() as db:
            course = courses.course_with_id(db, course_id)
        if course is None:
            raise NotHere(f"there is no course {course_id}")
        return course

    def sources_of(self, course: Course) -> tuple[Course, ...]:
        """What the course was copied from, newest first."""
        if course.copied_from is None:
            return ()
        with self.store.reading() as db:
            return tuple(courses.sources(db, course))

    def copy_course(self, course_id: int | None = None) -> Course:
        """A new course with the same activities and columns; without people's grades."""
        source = self.course(course_id or FIRST_COURSE.id)
        with self.store.writing() as db:
            return courses.copy_course(db, source)

    # Activities

    def activities(self, course_id: int | None = None) -> tuple[Activity, ...]:
        """The activities of one course, or of all."""
        with self.store.reading() as db:
            return tuple(courses.activities_in(db, course_id))

    def activity_numbered(self, activity_id: int) -> Activity | None:
        with self.store.reading() as db:
            return courses.activity_with_id(db, activity_id)

    def activity(self, activity_id: int) -> Activity:
        activity = self.activity_numbered(activity_id)
        if activity is None:
            raise NotHere(f"there is no activity {activity_id}")
        return activity

    def add_activities(self, drafts: Iterable[Activity]) -> tuple[Activity, ...]:
        """Keep new activities, all or none."""
        with self.store.writing() as db:
            return tuple(courses.add_activity(db, draft) for draft in drafts)

    def duplicate_activity(self, activity_id: int) -> Activity:
        """The same activity once more in its course."""
        original = self.activity(activity_id)
        with self.store.writing() as db:
            return courses.duplicate_activity(db, original)

    def publish(self, activity_id: int, published: bool = True) -> None:
        """Canvas: show an assignment to students, or hide it."""
        self.activity(activity_id)
        with self.store.writing() as db:
            courses.set_published(db, activity_id, published)

    def columns(self, course_id: int = FIRST_COURSE.id) -> list[Column]:
        with self.store.reading() as db:
            return gradebook.columns_in(db, course_id)

    def column_of(self, activity_id: int) -> Column:
        """The column the LMS made with the activity."""
        with self.store.reading() as db:
            for column in gradebook.all_columns(db):
                if column.activity_id == activity_id:
                    return column
        raise NotHere(f"activity {activity_id} has no column")

    # Enrolment

    def enrol(self, course_id: int, person_keys: Iterable[str]) -> None:
        """From now on exactly these people are in the course; before, everybody of the school was."""
        self.course(course_id)
        with self.store.writing() as db:
            db.execute("DELETE FROM enrolments WHERE course_id = ?", (course_id,))
            rows = [(course_id, key) for key in dict.fromkeys(person_keys)]
            db.executemany("INSERT INTO enrolments VALUES (?, ?)", rows)

    def people_in(self, course_id: int) -> tuple[Person, ...]:
        with self.store.reading() as db:
            rows = db.execute("SELECT person_key FROM enrolments WHERE course_id = ? ORDER BY rowid", (course_id,))
            keys = [row["person_key"] for row in rows]
        return tuple(self.person(key) for key in keys) or self.enrolled

    def students_in(self, course_id: int) -> tuple[Person, ...]:
        return tuple(person for person in self.people_in(course_id) if person.is_gradable)

    def is_left_out(self, course_id: int, person: Person) -> bool:
        """Whether people were enrolled by name, and somebody who is usually in every course was not."""
        people = self.people_in(course_id)
        return people != self.enrolled and person in self.enrolled and person not in people
