"""How a reason says whom a comment speaks to, and by which words that is seen."""

from lti_tool.importing.formats.page_reading.salutations import Address, Kind
from lti_tool.wording import say


def calls(address: Address, who: str = "") -> str:
    """Return what follows “It …” in a reason; `who` stands there in place of the bare name."""
    name, phrase = who or address.name, address.phrase
    # NOTE: the six that end in “by name” follow “It …”, which is a comment, or the name of the post's author
    match address.kind:
        case Kind.GREETING:
            return say("greets %(name)s by name (“%(phrase)s”)", name=name, phrase=phrase)
        case Kind.THANKS:
            return say("thanks %(name)s by name (“%(phrase)s”)", name=name, phrase=phrase)
        case Kind.PRAISE:
            return say("praises %(name)s by name (“%(phrase)s”)", name=name, phrase=phrase)
        case Kind.NAME_FIRST:
            return say("speaks to %(name)s by name (“%(phrase)s”)", name=name, phrase=phrase)
        case Kind.NAME_ONLY:
            return say("begins with the name of %(name)s by name (“%(phrase)s”)", name=name, phrase=phrase)
        case Kind.AT:
            return say("turns to %(name)s by name (“%(phrase)s”)", name=name, phrase=phrase)


def as_author(name: str) -> str:
    # NOTE: goes into another sentence: “It greets Anna, the post's author, by name”
    return say("%(name)s, the post's author,", name=name)
