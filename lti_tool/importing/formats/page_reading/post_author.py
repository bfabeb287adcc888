"""Who wrote the post: told by the page outright, else by whom the comments speak to."""

from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from lti_tool.importing.formats.lists import listed_in_part, listed_to_the_last
from lti_tool.importing.formats.page_reading.names import name_key, same_person
from lti_tool.importing.formats.page_reading.parts import AuthorLine
from lti_tool.importing.formats.page_reading.salutations import Address, Kind
from lti_tool.importing.formats.page_reading.turns import Turn
from lti_tool.wording import say, say_count

ENOUGH = 2
MOST_SHOWN = 3
POINTS = {Kind.GREETING: 2, Kind.NAME_FIRST: 2, Kind.PRAISE: 1, Kind.THANKS: 0, Kind.NAME_ONLY: 0, Kind.AT: -1}


@dataclass(frozen=True, slots=True)
class PostAuthor:
    """The author's name, and the sentence that says how it is known."""

    name: str
    reason: str


def post_author(turns: Sequence[Turn], line: AuthorLine | None, is_in_post: Callable[[str], bool]) -> PostAuthor | None:
    """The surest sign first. ``is_in_post`` tells names that the post itself is about: those prove nothing."""
    if line:
        return PostAuthor(line.name, say("The page says so: “%(line)s”.", line=line.line))
    marked = next((turn for turn in turns if turn.byline and turn.byline.by_post_author and turn.writer), None)
    if marked and marked.writer:
        return PostAuthor(
            marked.writer,
            say(
                "The page marks comment %(number)s by %(name)s as the post author's.",
                number=marked.number,
                name=marked.writer,
            ),
        )
    return _most_spoken_to(turns, is_in_post) or _thanking_writer(turns)


def _most_spoken_to(turns: Sequence[Turn], is_in_post: Callable[[str], bool]) -> PostAuthor | None:
    points: dict[str, int] = defaultdict(int)
    before: set[str] = set()
    for turn in turns:
        address = turn.speech.address
        if address and not is_about(address, is_in_post):
            points[_first_name(address.name)] += _points(turn, address, before)
        if turn.writer:
            before.add(_first_name(turn.writer))
    best = max(points, key=lambda key: points[key], default=None)
    if best is None or points[best] < ENOUGH:
        return None
    calls = [(turn, turn.speech.address) for turn in turns if turn.speech.address]
    return _named(best, [(t, a) for t, a in calls if a and _first_name(a.name) == best], turns)


def _first_name(name: str) -> str:
    return name_key(name).split(" ")[0]


def is_about(address: Address, is_in_post: Callable[[str], bool]) -> bool:
    """Whether the name belongs to the post's subject: “Stalin, you could say, …” speaks to nobody here."""
    proves_little = address.kind in {Kind.NAME_FIRST, Kind.NAME_ONLY, Kind.PRAISE} and not address.praises_post
    return proves_little and is_in_post(address.name)


def _points(turn: Turn, address: Address, before: Set[str]) -> int:
    """What one salutation says for its name being the author's; thanks for a comment say the contrary.

    A name among the writers before may as well be spoken to for the comment they wrote, which proves less.
    """
    if turn.writer and same_person(turn.writer, address.name):
        return 0
    first = 2 if turn.number == 1 else 0
    if address.praises_post:
        return 3 + first
    if turn.speech.thanks_for_comment:
        return -3
    if turn.speech.praises_post:
        return 3 + first
    return POINTS[address.kind] + first - 2 * turn.speech.praises_comment - (_first_name(address.name) in before)


def _named(key: str, calls: Sequence[tuple[Turn, Address]], turns: Sequence[Turn]) -> PostAuthor:
    """The fullest form of the name: the one a byline gives, else the longest that is called."""
    called = max((address.name for _, address in calls), key=len)
    full = next(
        (turn.writer for turn in turns if turn.writer and turn.byline and same_person(turn.writer, called)), called
    )
    # NOTE: how a comment speaks to somebody, in a list of such words
    said = [say("“%(words)s” in comment %(number)s", words=one.phrase, number=turn.number) for turn, one in calls]
    reason = say_count(
        "One comment speaks to %(name)s by name (%(list)s); this is weak evidence.",
        "%(count)s comments speak to %(name)s by name: %(list)s.",
        len(calls),
        name=called,
        list=listed_in_part(said, MOST_SHOWN),
    )
    return PostAuthor(full, reason)


def _thanking_writer(turns: Sequence[Turn]) -> PostAuthor | None:
    """A page with bylines but no salutations: whoever thanks others for their comments most, and at least twice."""
    thanks: dict[str, list[int]] = defaultdict(list)
    for turn in turns:
        if turn.writer and turn.speech.thanks_for_comment:
            thanks[turn.writer].append(turn.number)
    writer = max(thanks, key=lambda name: len(thanks[name]), default=None)
    if writer is None or len(thanks[writer]) < ENOUGH:
        return None
    reason = say(
        "%(name)s thanks others for their comments (comments %(list)s).",
        name=writer,
        list=listed_to_the_last([str(number) for number in thanks[writer]]),
    )
    return PostAuthor(writer, reason)
