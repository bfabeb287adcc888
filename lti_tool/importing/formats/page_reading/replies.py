"""Who answers whom: rules from the surest sign to the weakest, each with the sentence that says which sign it used.

The comments are gone through in page order; the first rule that has a verdict on a comment decides. An answer that
calls its addressee by name also names the writer of the comment it answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from lti_tool.importing.formats.page_reading.conversation import (
    Conversation,
    conversation_of,
    gives_thanks,
    place_of_answer,
)
from lti_tool.importing.formats.page_reading.names import same_person
from lti_tool.importing.formats.page_reading.post_author import PostAuthor
from lti_tool.importing.formats.page_reading.salutations import Address, Kind
from lti_tool.importing.formats.page_reading.spoken_to import as_author, calls
from lti_tool.importing.formats.page_reading.turns import Role, Turn
from lti_tool.wording import say

ENOUGH_WEAK_SIGNS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one comment; ``calls`` is the name that it gives to the writer of the parent."""

    role: Role
    parent: Turn | None
    reason: str
    calls: Address | None = None


def hold_conversation(turns: Sequence[Turn], author: PostAuthor | None, is_in_post: Callable[[str], bool]) -> None:
    """Gives each turn its role, parent, writer and reason."""
    talk = conversation_of(turns, author, is_in_post)
    for turn in turns:
        verdict = next(verdict for rule in RULES if (verdict := rule(talk, turn)))
        _apply(talk, turn, verdict)
        talk.known.add(turn)


def _apply(talk: Conversation, turn: Turn, verdict: Verdict) -> None:
    turn.role, turn.parent, turn.reason = verdict.role, verdict.parent, verdict.reason
    if verdict.role is Role.ANSWER:
        if turn.writer is None and talk.author:
            turn.writer = talk.author.name
        if verdict.parent:
            verdict.parent.answered = True
    if verdict.calls and verdict.parent and verdict.parent.writer is None:
        call, named = verdict.calls, verdict.parent
        named.writer = call.name
        # NOTE: calls is “greets Tom by name (“Hi Tom”)”, or another way to speak to somebody
        named.writer_reason = say(
            "The reply to it (comment %(number)s) %(calls)s.", number=turn.number, calls=calls(call)
        )
        talk.known.add(named)


def shown_as_reply(talk: Conversation, turn: Turn) -> Verdict | None:
    """The page itself says what is answered: “in reply to Tom”, or the comment is indented under another."""
    to = turn.byline.in_reply_to if turn.byline else None
    parent = talk.known.turn_of(to) if to else None
    if parent is None and talk.by_indent:
        parent, to = talk.by_indent.get(turn.number), None
    if parent is None:
        return _shown_at_the_left(talk)
    address = talk.address(turn)
    speaks_to_parent = address is not None and parent.writer is None and not talk.is_author(address.name)
    unknown = turn.writer is None and turn.byline is None
    by_author = talk.is_author(turn.writer) or gives_thanks(talk, turn) or (unknown and speaks_to_parent)
    call = address if by_author and address and not talk.is_author(address.name) else None
    return Verdict(Role.ANSWER if by_author else Role.PEER, parent, _how_shown(parent, to, call), call)


def _how_shown(parent: Turn, to: str | None, call: Address | None) -> str:
    number = parent.number
    if call and to:
        return say(
            "The page says it is in reply to %(name)s (comment %(number)s), and it %(calls)s.",
            name=to,
            number=number,
            calls=calls(call),
        )
    if call:
        return say(
            "The page shows it indented under that one (comment %(number)s), and it %(calls)s.",
            number=number,
            calls=calls(call),
        )
    if to:
        return say("The page says it is in reply to %(name)s (comment %(number)s).", name=to, number=number)
    return say("The page shows it indented under that one (comment %(number)s).", number=number)


def _shown_at_the_left(talk: Conversation) -> Verdict | None:
    if not talk.by_indent:
        return None
    return Verdict(Role.COMMENT, None, say("The page indents replies, and this stands at the left: it is on the post."))


def by_the_author(talk: Conversation, turn: Turn) -> Verdict | None:
    """The byline names the post's author."""
    if not talk.is_author(turn.writer):
        return None
    address = talk.address(turn)
    named = talk.known.turn_of(address.name) if address else None
    if address and named and not talk.is_author(address.name):
        reason = say(
            "%(author)s %(calls)s: an answer to comment %(number)s.",
            author=talk.author_shown,
            calls=calls(address, named.writer or ""),
            number=named.number,
        )
        return Verdict(Role.ANSWER, named, reason)
    parent = place_of_answer(talk, turn)
    if parent is None:
        return Verdict(Role.COMMENT, None, say("The post's author says more before anybody else has spoken."))
    return Verdict(
        Role.ANSWER,
        parent,
        say("It is the post's author's and stands after comment %(number)s (by its place only).", number=parent.number),
    )


def first_comment(talk: Conversation, turn: Turn) -> Verdict | None:
    if turn.number > 1:
        return None
    address = talk.address(turn)
    if address is None:
        return Verdict(Role.COMMENT, None, say("It is the first comment, so it can only be on the post."))
    who = as_author(address.name) if talk.is_author(address.name) else address.name
    reason = say("It %(calls)s and is the first comment, so it is on the post.", calls=calls(address, who))
    return Verdict(Role.COMMENT, None, reason)


def to_the_author(talk: Conversation, turn: Turn) -> Verdict | None:
    """A salutation to the post's author."""
    address = talk.address(turn)
    if address is None or not talk.is_author(address.name):
        return None
    called = calls(address, as_author(address.name))
    before = talk.before(turn)
    if before and _goes_on_with(turn, before):
        reason = say("It %(calls)s, right under the author's answer to the same person.", calls=called)
        return Verdict(Role.PEER, before, reason)
    return Verdict(Role.COMMENT, None, say("It %(calls)s, so it is a comment on the post.", calls=called))


def _goes_on_with(turn: Turn, before: Turn) -> bool:
    """Whether somebody speaks again right under the author's answer to that same person."""
    asked = before.parent.writer if before.role is Role.ANSWER and before.parent else None
    return asked is not None and turn.writer is not None and same_person(asked, turn.writer)


def thanks(talk: Conversation, turn: Turn) -> Verdict | None:
    """Thanks for a comment, or thanks to somebody by name: so speaks the post's author."""
    if not gives_thanks(talk, turn):
        return None
    address = talk.address(turn)
    named = talk.known.turn_of(address.name) if address else None
    parent = named if named and not named.answered else place_of_answer(talk, turn)
    if parent is None:
        return None
    if address:
        reason = say(
            "It %(calls)s, as %(author)s does, and answers comment %(number)s.",
            calls=calls(address),
            author=talk.author_shown,
            number=parent.number,
        )
        return Verdict(Role.ANSWER, parent, reason, address)
    reason = say(
        "It calls no name, but thanks for a comment, as the post's author does, and stands after comment %(number)s.",
        number=parent.number,
    )
    return Verdict(Role.ANSWER, parent, reason)


def to_a_commenter(talk: Conversation, turn: Turn) -> Verdict | None:
    """A salutation to somebody other than the author, without thanks: the author's answer, or a peer's reply."""
    address = talk.address(turn)
    if address is None or talk.is_author(address.name):
        return None
    named, before = talk.known.turn_of(address.name), talk.before(turn)
    called = calls(address)
    if named is None:
        unnamed = before if before and before.role is not Role.ANSWER and before.writer is None else None
        to_a_person = address.kind is not Kind.NAME_FIRST or turn.speech.says_you
        if unnamed is None or not to_a_person or talk.is_by_other(turn):
            return None
        # NOTE: “It greets Tom by name right under …”, the beginning of a sentence
        words = say("It %(calls)s right under a comment that nobody else is named for", calls=called)
        return _reply(talk, turn, unnamed, words, address)
    if talk.is_by_other(turn) or named is not before:
        reason = say(
            "It %(calls)s, who wrote comment %(number)s: a reply to that comment.", calls=called, number=named.number
        )
        return Verdict(Role.PEER, named, reason)
    # NOTE: “It greets Tom by name, who wrote …”, the beginning of a sentence
    words = say("It %(calls)s, who wrote the comment above", calls=called)
    return _reply(talk, turn, named, words, address)


def _reply(talk: Conversation, turn: Turn, parent: Turn, words: str, address: Address) -> Verdict:
    """An answer of the author, unless it speaks of the author as of a third person."""
    if talk.author and talk.author.name.split(" ")[0] in turn.text:
        # NOTE: beginning is “It greets Tom by name, who wrote the comment above”, or the like
        reason = say("%(beginning)s, and speaks of %(name)s as somebody else.", beginning=words, name=talk.author.name)
        return Verdict(Role.PEER, parent, reason, address)
    # NOTE: beginning is “It greets Tom by name, who wrote the comment above”, or the like
    reason = say(
        "%(beginning)s: taken for the answer of %(author)s to comment %(number)s (weaker than thanks).",
        beginning=words,
        author=talk.author_short,
        number=parent.number,
    )
    return Verdict(Role.ANSWER, parent, reason, address)


def takes_up_a_peer(talk: Conversation, turn: Turn) -> Verdict | None:
    """“I agree with Tom”, where Tom is somebody who commented before."""
    for name in turn.speech.peers:
        named = talk.known.turn_of(name)
        if named and not talk.is_author(name) and named.writer != turn.writer:
            reason = say(
                "It takes up by name what %(name)s wrote in comment %(number)s.",
                name=named.writer,
                number=named.number,
            )
            return Verdict(Role.PEER, named, reason)
    return None


def goes_on(talk: Conversation, turn: Turn) -> Verdict | None:
    """“You're welcome”, or the same person again, right under the author's answer."""
    before = talk.before(turn)
    if before is None or before.role is not Role.ANSWER:
        return None
    if turn.speech.replies_to_thanks:
        reason = say("It replies to the thanks in comment %(number)s, right above.", number=before.number)
        return Verdict(Role.PEER, before, reason)
    if _goes_on_with(turn, before):
        return Verdict(
            Role.PEER,
            before,
            say("The same person speaks again right under the author's answer (by its place only)."),
        )
    return None


def named_or_praising(talk: Conversation, turn: Turn) -> Verdict | None:
    """Written by somebody else than the author, or praising the post: a comment on it."""
    if talk.is_by_other(turn):
        reason = say("It speaks to no other commenter, so it is taken for a comment on the post.")
        return Verdict(Role.COMMENT, None, reason)
    if turn.speech.praises_post and not turn.speech.of_own_post:
        return Verdict(Role.COMMENT, None, say("It speaks of the post as another's, so it is a comment on the post."))
    return None


def by_its_place(talk: Conversation, turn: Turn) -> Verdict | None:
    """No word tells: after an answer a new comment begins, and before thanks stands the comment that is thanked for."""
    before, after = talk.before(turn), talk.after(turn)
    if before and before.role is Role.ANSWER:
        reason = say(
            "Weak evidence, by its place only: it stands after the author's answer (comment %(number)s), so it is "
            "taken for a new comment on the post.",
            number=before.number,
        )
        return Verdict(Role.COMMENT, None, reason)
    if after and gives_thanks(talk, after):
        reason = say(
            "Weak evidence, by its place only: comment %(number)s gives thanks for it, so it is taken for a comment on "
            "the post.",
            number=after.number,
        )
        return Verdict(Role.COMMENT, None, reason)
    return None


def answer_by_weak_signs(talk: Conversation, turn: Turn) -> Verdict | None:
    """An answer that calls nobody: after a question, beginning like an answer, speaking of the own post, in turn."""
    before = talk.before(turn)
    if before is None or before.role is Role.ANSWER or talk.is_author(before.writer):
        return None
    signs = [(points, sign) for points, sign in _weak_signs(talk, turn, before) if points]
    if sum(points for points, _ in signs) < ENOUGH_WEAK_SIGNS:
        return None
    # NOTE: signs is a list such as “it begins with “Yes”; comment 3 asks a question”
    reason = say(
        "It calls nobody by name. Weak evidence that it is the answer of %(author)s to comment %(number)s: %(signs)s.",
        author=talk.author_short,
        number=before.number,
        # NOTE: signs by which something is known, one after the other
        signs=reduce(lambda one, two: say("%(one)s; %(two)s", one=one, two=two), [sign for _, sign in signs]),
    )
    return Verdict(Role.ANSWER, before, reason)


def _weak_signs(talk: Conversation, turn: Turn, before: Turn) -> list[tuple[int, str]]:
    after, opening = talk.after(turn), turn.speech.opens_as_answer
    alternates = talk.thanks_ahead.get(turn.number + 2, 0) > 0 and after is not None and not gives_thanks(talk, after)
    return [
        (2 * (opening is not None), say("it begins with “%(words)s”", words=opening)),
        (2 * before.speech.asks, say("comment %(number)s asks a question", number=before.number)),
        (3 * turn.speech.of_own_post, say("it speaks of the post as its own")),
        (1 * alternates, say("comments and answers take turns on this page")),
    ]


def on_the_post(_: Conversation, __: Turn) -> Verdict | None:
    """Where nothing tells otherwise, a comment is on the post."""
    return Verdict(
        Role.COMMENT, None, say("Nothing shows that it answers another comment, so it is taken for one on the post.")
    )


Rule = Callable[[Conversation, Turn], Verdict | None]

RULES: tuple[Rule, ...] = (
    shown_as_reply,
    by_the_author,
    first_comment,
    to_the_author,
    thanks,
    to_a_commenter,
    takes_up_a_peer,
    goes_on,
    named_or_praising,
    by_its_place,
    answer_by_weak_signs,
    on_the_post,
)
"""The surest sign first."""
