"""A conversation under a post, as far as it is understood: who is known by name, who thanks, what stands where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lti_tool.importing.formats.page_reading.names import same_person
from lti_tool.importing.formats.page_reading.post_author import PostAuthor, is_about
from lti_tool.importing.formats.page_reading.salutations import Address, Kind
from lti_tool.importing.formats.page_reading.spoken_to import as_author
from lti_tool.importing.formats.page_reading.turns import KnownWriters, Role, Turn, parents_by_indent
from lti_tool.wording import say


@dataclass(slots=True)
class Conversation:
    """The turns in order and what is known so far."""

    turns: Sequence[Turn]
    author: PostAuthor | None
    is_in_post: Callable[[str], bool]
    known: KnownWriters = field(default_factory=KnownWriters)
    by_indent: dict[int, Turn] = field(default_factory=dict)
    thanks_ahead: dict[int, int] = field(default_factory=dict)

    @property
    def author_shown(self) -> str:
        return as_author(self.author.name) if self.author else self.author_short

    @property
    def author_short(self) -> str:
        return self.author.name if self.author else say("the post's author")

    def is_author(self, name: str | None) -> bool:
        return name is not None and self.author is not None and same_person(name, self.author.name)

    def is_by_other(self, turn: Turn) -> bool:
        """Whether the writer is known, and known not to be the post's author."""
        return turn.writer is not None and not self.is_author(turn.writer)

    def before(self, turn: Turn) -> Turn | None:
        return self.turns[turn.number - 2] if turn.number > 1 else None

    def after(self, turn: Turn) -> Turn | None:
        return self.turns[turn.number] if turn.number < len(self.turns) else None

    def address(self, turn: Turn) -> Address | None:
        """Whom a turn speaks to; nobody where the name is of the post's subject, or a bare one that is not known."""
        address = turn.speech.address
        if address is None or self.is_author(address.name):
            return address
        bare = address.kind is Kind.NAME_ONLY and self.known.turn_of(address.name) is None
        return None if bare or is_about(address, self.is_in_post) else address


def conversation_of(
    turns: Sequence[Turn], author: PostAuthor | None, is_in_post: Callable[[str], bool]
) -> Conversation:
    """The conversation before any rule has been applied. ``is_in_post`` tells the names that the post is about."""
    talk = Conversation(turns, author, is_in_post, by_indent=parents_by_indent(turns))
    talk.thanks_ahead = _thanks_ahead(talk)
    return talk


def _thanks_ahead(talk: Conversation) -> dict[int, int]:
    """How many answers that give thanks stand in a row from each turn on."""
    ahead: dict[int, int] = {len(talk.turns) + 1: 0}
    for turn in reversed(talk.turns):
        ahead[turn.number] = ahead[turn.number + 1] + 1 if gives_thanks(talk, turn) else 0
    return ahead


def gives_thanks(talk: Conversation, turn: Turn) -> bool:
    """Whether a turn thanks somebody other than the post's author, or thanks for a comment, as only its author does."""
    if turn.number == 1 or talk.is_by_other(turn):
        return False
    address = talk.address(turn)
    if address and (talk.is_author(address.name) or address.praises_post):
        return False
    return turn.speech.thanks_for_comment or (address is not None and address.kind is Kind.THANKS)


def place_of_answer(talk: Conversation, turn: Turn) -> Turn | None:
    """The comment that an answer belongs to by where it stands: the one above it, or, where answers stand in a row
    under comments in a row, the one at the same place in its row."""
    above: list[Turn] = []
    nearest: Turn | None = None
    for earlier in reversed(talk.turns[: turn.number - 1]):
        if earlier.role is Role.ANSWER or talk.is_author(earlier.writer):
            if above:
                break
            continue
        nearest = nearest or earlier
        if not earlier.answered:
            above.insert(0, earlier)
        elif nearest is not earlier or above:
            break
    if not above:
        return nearest
    return above[-min(len(above), max(1, talk.thanks_ahead[turn.number]))]
