"""Who is in the course: everybody that the school began with and has added, until somebody is taken out or put in."""

import json
import threading
from collections.abc import Callable, Iterable

from .people import OTHERS, PEOPLE, Person, added_student
from .store import Store


class Enrolment:
    """People by key and by the LMS's id. Changes are kept in the folder; safe to use from several threads."""

    def __init__(self, store: Store, accent_name: str) -> None:
        self._store = store
        self._lock = threading.Lock()
        self.others = OTHERS[accent_name]
        self._load()

    def _load(self) -> None:
        added = int(self._store.fact("added_students", "0"))
        everyone = [*PEOPLE, *(added_student(count) for count in range(1, added + 1))]
        self._people = {person.key: person for person in everyone}
        self._gone = self._keys("unenrolled")
        self._listed = self._keys("enrolled_others")
        inside = [person for person in everyone if person.key not in self._gone]
        self._inside = (*inside, *(person for person in self.others if person.key in self._listed))
        self._keys_by_id: dict[str, str] = {}

    def _keys(self, fact: str) -> set[str]:
        return set(json.loads(self._store.fact(fact, "[]")))

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody of the course, those included that have been taken out."""
        return tuple(self._people.values())

    @property
    def inside(self) -> tuple[Person, ...]:
        """Who is enrolled now."""
        return self._inside

    def with_key(self, key: str) -> Person | None:
        return self._people.get(key) or next((person for person in self.others if person.key == key), None)

    def key_by(self, id_of: Callable[[Person], str]) -> dict[str, str]:
        """Everybody's key by the id that the LMS has for them; worked out once."""
        if not self._keys_by_id:
            self._keys_by_id = {id_of(person): person.key for person in (*self.people, *self.others)}
        return self._keys_by_id

    def is_gone(self, person: Person) -> bool:
        """Whether somebody of the course has been taken out."""
        return person.key in self._gone

    def add_students(self, number: int) -> tuple[Person, ...]:
        """Enrol that many more invented students."""
        with self._lock:
            before = int(self._store.fact("added_students", "0"))
            self._store.set_fact("added_students", str(before + number))
            self._load()
        return tuple(added_student(count) for count in range(before + 1, before + number + 1))

    def take_out(self, person: Person) -> None:
        with self._lock:
            self._keep(self._gone | ({person.key} & set(self._people)), self._listed - {person.key})

    def put_in(self, person: Person) -> None:
        """Enrol again, or for the first time one of the others."""
        with self._lock:
            other = {person.key} - set(self._people)
            self._keep(self._gone - {person.key}, self._listed | other)

    def _keep(self, gone: Iterable[str], listed: Iterable[str]) -> None:
        self._store.set_fact("unenrolled", json.dumps(sorted(gone)))
        self._store.set_fact("enrolled_others", json.dumps(sorted(listed)))
        self._load()
