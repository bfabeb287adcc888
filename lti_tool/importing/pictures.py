"""Pictures of an old blog: found in its texts, fetched before a post is stored, and stored together with it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote, urlsplit

from lti_tool.blog.images import LARGEST_BYTES, MadePicture, made_anew, new_fetched_key
from lti_tool.errors import NoPicture, PictureNotFetched, Rejected
from lti_tool.importing.formats import ArchivedPost, Writer
from lti_tool.importing.formats.markdown import ALT_OF_NONE
from lti_tool.wording import say, say_count

MOST_PICTURES = 2_000  # addresses asked in one run
MOST_OF_A_POST = 100
MOST_BYTES = 500_000_000
_MOST_SILENCES = 3  # of one site, before it is asked no more
Fetch = Callable[[str], bytes]

_IN_TEXT = re.compile(
    r"(?<![`\\])(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"  # code is left as it is
    r"|(?<!\\)!\[(?P<alt>(?:[^\[\]\\\n]|\\.){0,2000})\]"
    r"\((?:<(?P<wrapped>https?://[^<>\s]{1,2000})>|(?P<bare>https?://[^\s<>()]{1,2000}))\)",
    re.DOTALL,
)
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_ENDING = re.compile(r"(?:-\d+x\d+|-scaled)?\.\w{1,5}\Z")
_BY_A_CAMERA = re.compile(r"(?:img|dsc[nf]?|pict?|image|photo|screenshot|untitled|download|unnamed)?[\W\d_]*\Z", re.I)


@dataclass
class Ledger:
    """What became of the pictures of a run: keys by address (as a hash; "" for one not had), bytes, and counts."""

    keys: dict[str, str] = field(default_factory=dict)
    read: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    unnamed: int = 0

    def as_json(self) -> dict[str, Any]:
        return {"keys": dict(self.keys), "read": self.read, "missed": dict(self.missed), "unnamed": self.unnamed}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "Ledger":
        return cls(dict(facts["keys"]), facts["read"], Counter(facts["missed"]), facts["unnamed"])

    @property
    def stored(self) -> int:
        return sum(1 for key in self.keys.values() if key)


@dataclass(frozen=True)
class Taken:
    """A picture that was fetched for a post and is stored with it."""

    key: str
    owner_id: int
    picture: MadePicture


class Pictures:
    """Fetches the pictures of a run's posts, each address once. `tick` is called after each, which can take long.

    A picture is its writer's own, or `else_owner`'s where that is nobody of the course.
    """

    def __init__(
        self, fetch: Fetch, ledger: Ledger, else_owner: int, tick: Callable[[], None] = lambda: None
    ) -> None:  # fmt: skip
        self._fetch = fetch
        self._tick = tick
        self._else_owner = else_owner
        self._silences: Counter[str] = Counter()
        self.ledger = ledger

    def brought(
        self, post: ArchivedPost, people: Mapping[Writer, int | None]
    ) -> tuple[ArchivedPost, tuple[Taken, ...]]:  # fmt: skip
        """Return the post with the pictures that could be had named by their keys, and those to store with it.

        Fetches, so no transaction may be open.
        """
        taken: list[Taken] = []
        tried = 0
        for writer, text in _texts(post):
            for address in dict.fromkeys(addresses_in(text)):
                if _mark(address) in self.ledger.keys:
                    continue
                tried += 1
                if picture := self._had(address, tried):
                    key = self.ledger.keys[_mark(address)] = new_fetched_key()
                    taken.append(Taken(key, people.get(writer) or self._else_owner, picture))
        return self._with_keys(post), tuple(taken)

    def forget(self, taken: tuple[Taken, ...]) -> None:
        """Take back what was fetched for a post that is not stored after all."""
        gone = {one.key for one in taken}
        self.ledger.keys = {mark: key for mark, key in self.ledger.keys.items() if key not in gone}

    def _had(self, address: str, tried: int) -> MadePicture | None:
        try:
            return made_anew(self._read(address, tried))
        except PictureNotFetched as problem:
            why = problem.why
        except Rejected:
            why = NoPicture.NOT_SHOWN
        self.ledger.missed[why.value] += 1
        if why is not NoPicture.TOO_MANY:  # those would be without number
            self.ledger.keys[_mark(address)] = ""
        return None

    def _read(self, address: str, tried: int) -> bytes:
        ledger, site = self.ledger, _site(address)
        if len(ledger.keys) >= MOST_PICTURES or ledger.read >= MOST_BYTES or tried > MOST_OF_A_POST:
            raise PictureNotFetched(NoPicture.TOO_MANY)
        if self._silences[site] >= _MOST_SILENCES:
            raise PictureNotFetched(NoPicture.UNREACHABLE)
        try:
            content = self._fetch(address)
        except PictureNotFetched as problem:
            self._silences[site] += problem.why is NoPicture.UNREACHABLE
            ledger.read += LARGEST_BYTES if problem.why is NoPicture.TOO_LARGE else 0
            raise
        finally:
            self._tick()
        self._silences[site] = 0
        ledger.read += len(content)
        return content

    def _with_keys(self, post: ArchivedPost) -> ArchivedPost:
        def named(found: re.Match[str]) -> str:
            address = found["wrapped"] or found["bare"]
            key = self.ledger.keys.get(_mark(address)) if address else None
            if not key:
                return found[0]
            alt = " ".join(found["alt"].split())
            if alt in ("", ALT_OF_NONE):
                self.ledger.unnamed += 1
                alt = said_by_address(address)
            return f"![{alt}](image:{key})"

        def changed(text: str) -> str:
            return _IN_TEXT.sub(named, text)

        comments = tuple(one if one.plain else replace(one, text=changed(one.text)) for one in post.archived_comments)
        body = post.body if post.plain else tuple(changed("\n\n".join(post.body)).split("\n\n"))
        return replace(post, body=body, comments=comments)


def addresses_in(text: str) -> Iterator[str]:
    """The addresses of the pictures elsewhere that a text in Markdown shows."""
    for found in _IN_TEXT.finditer(text):
        if address := found["wrapped"] or found["bare"]:
            yield address


def pictures_of(post: ArchivedPost) -> int:
    """Return how many pictures elsewhere a post and its comments show."""
    return sum(sum(1 for _ in addresses_in(text)) for _, text in _texts(post))


def told(ledger: Ledger) -> tuple[str, ...]:
    """What became of the pictures, in sentences: counts, never an address."""
    sentences = {
        NoPicture.UNREACHABLE: lambda n: say("Pictures that stay links, for their site did not answer: %(number)s.",
                                             number=n),
        NoPicture.NOT_THERE: lambda n: say("Pictures that stay links, for they are not there any more: %(number)s.",
                                           number=n),
        NoPicture.TOO_LARGE: lambda n: say("Pictures that stay links, for they have over %(most)s MB: %(number)s.",
                                           most=LARGEST_BYTES // 1_000_000, number=n),
        NoPicture.NOT_SHOWN: lambda n: say("Pictures that stay links, for they are no JPEG, PNG, GIF or WebP file, or "
                                           "have too many pixels: %(number)s.", number=n),
        NoPicture.REFUSED: lambda n: say("Pictures that stay links, for their address is not one that may be called: "
                                         "%(number)s.", number=n),
        NoPicture.TOO_MANY: lambda n: say(
            "Pictures that stay links, for one import fetches at most %(most)s, %(of_a_post)s of a post, and "
            "%(size)s MB in all: %(number)s.",
            most=MOST_PICTURES, of_a_post=MOST_OF_A_POST, size=MOST_BYTES // 1_000_000, number=n,
        ),
    }  # fmt: skip
    said = [sentences[why](ledger.missed[why.value]) for why in NoPicture if ledger.missed[why.value]]
    if ledger.unnamed:
        said.append(
            say(
                "Pictures that had no description, and are called by the names of their files: %(number)s. Say what "
                "they show where you can.",
                number=ledger.unnamed,
            )
        )
    fetched = say_count(
        "%(count)s picture was fetched and is kept here.", "%(count)s pictures were fetched and are kept here.",
        ledger.stored,
    )  # fmt: skip
    return (fetched, *said) if ledger.keys else ()


def said_by_address(address: str) -> str:
    """Return words for a picture that has none: those of its file's name, unless a camera gave it."""
    name = _ENDING.sub("", unquote(urlsplit(address).path).rpartition("/")[2])
    words = " ".join(re.findall(r"[^\W_]+", name))[:80].strip()
    if _BY_A_CAMERA.match(words) or not _LETTERS.search(words) or re.fullmatch(r"[0-9a-fA-F ]+|\S{25,}", words):
        return ALT_OF_NONE
    return f"{ALT_OF_NONE}: {words}"


def _texts(post: ArchivedPost) -> Iterator[tuple[Writer, str]]:
    if not post.plain:
        yield post.writer, "\n\n".join(post.body)
    for one in post.archived_comments:
        if not one.plain and one.deleted_at is None:
            yield one.writer, one.text


def _mark(address: str) -> str:
    return blake2b(address.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _site(address: str) -> str:
    return address.split("/", 3)[2].lower()
