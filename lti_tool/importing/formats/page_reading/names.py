"""What can be a person's name, in any script, told by the letters alone.

Scripts with capitals must begin a name with one; scripts without (Chinese, Arabic, Georgian …) cannot, so any of their
words may be a name. Words that begin sentences in comments and are no names are listed.
"""

import unicodedata
from typing import NamedTuple


def words(listed: str) -> frozenset[str]:
    """A set of words, written as a line of text."""
    return frozenset(listed.split())


PARTICLES = words(
    """
    al ap bat ben bin bint da de del della den der di dos du el ibn la le ten ter van von y zu
    """
)
TITLES = words("dr prof professor mr mrs ms mx miss sir madam")
APOSTROPHES = "'’ʼ"
HYPHENS = "-‐‑"
CONTRACTIONS = frozenset({"s", "m", "re", "ve", "ll", "d", "t"})
LONGEST_NAME = 60

NOT_NAMES = words(
    """
    a about above absolutely actually additionally after afternoon again agree agreed ah all almost also
    although amazing american americans an and another any anyone are as at author awesome awful back basically
    be beautiful because before being best better blog both bravo brilliant buddy but by can certainly cheers
    class classmate classmates clearly colleagues comment comments completely congrats congratulations cool
    correct could day dear december definitely despite detailed did different do does dude during each either
    especially essay european even evening every everybody everyone exactly excellent fabulous fair fantastic
    fascinating february finally first folk folks for friday friend friends from fun further furthermore gang
    german given glad god good gosh great greetings group guy guys haha have having he hello hence her here hey
    hi his history honestly how however i if impressive in incredible indeed informative initially insightful
    instead interesting interestingly is it its january job july just kind kudos lastly later like lol long look
    lots love loved lovely man many march marvelous mate maybe me meanwhile monday more moreover morning most
    mostly much my nah neat never nevertheless new next nice no nobody none nope not nothing november now
    october of off oh ok okay old omg on once one only or other our out outstanding over overall part peers
    perfect perhaps personally plus point post posts probably professor professors question quick quite rather
    read reader readers reading really regarding reply right russian russians same saturday second secondly
    seems september she short similarly simply since so solid some something sometimes sorry soviet soviets spot
    still story strong student students stuff such sunday super superb superbly sure teacher team terrific than
    thank thanks that the their them then there therefore these they thing think third this thorough those
    though thoughtful three through thursday thus to too topic totally true truly tuesday two ultimately
    unfortunately unlike until up us very was we wednesday week welcome well were what whatever when where
    whereas whether which while who whoever whole whose why with within without wonderful work would wow writer
    writing y'all yeah yep yes yesterday yet you your yours yup
    """
)


class Name(NamedTuple):
    """A name as the text writes it, and the form by which it is compared."""

    shown: str
    key: str


def name_key(shown: str) -> str:
    """The name for comparison: no accents, no case, one kind of apostrophe, no title."""
    plain = unicodedata.normalize("NFKD", shown).replace("’", "'").replace("ʼ", "'")
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    words = [word for word in letters.replace(".", " ").split() if word not in TITLES]
    return " ".join(words)


def same_person(one: str, other: str) -> bool:
    """Whether two names can mean one person: equal, or one is the first or last word of the other."""
    first, second = name_key(one).split(), name_key(other).split()
    if not first or not second:
        return False
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) == 1:
        return shorter[0] in (longer[0], longer[-1])
    return longer[: len(shorter)] == shorter or (shorter[0], shorter[-1]) == (longer[0], longer[-1])


def is_title(word: str) -> bool:
    return word.rstrip(".").casefold() in TITLES


def is_name_word(word: str) -> bool:
    """Whether one word can be part of a name: “O’Brien”, “José”, “Jean-Luc”, “美玲”; not “Great”, “I’m”, “NKVD”."""
    return _has_name_shape(word) and word.casefold() not in NOT_NAMES and not (len(word) > 2 and word.isupper())


def _has_name_shape(word: str) -> bool:
    if not word or len(word) > 40 or not _begins_as_name(word[0]) or not all(map(_is_name_letter, word)):
        return False
    before, mark, after = _split_at_apostrophe(word)
    return not mark or (len(before) > 0 and len(after) > 0 and after.casefold() not in CONTRACTIONS)


def is_name(text: str) -> bool:
    """Whether a whole text can be a name: one to five name words, particles, initials and a title allowed."""
    words = text.replace(",", " ").split()
    if not 1 <= len(words) <= 5 or len(text) > LONGEST_NAME:
        return False
    main = [word.strip("“”\"'().") for word in words if not _is_small_part(word)]
    return bool(main) and is_name_word(main[0]) and all(map(_has_name_shape, main))


def _is_small_part(word: str) -> bool:
    """A title, a particle or an initial: part of a name, but no name by itself."""
    bare = word.rstrip(".")
    return (
        is_title(word)
        or word in PARTICLES
        or (len(bare) == 1 and bare.isupper())
        or word in {"Jr.", "Sr.", "II", "III"}
    )


def _begins_as_name(letter: str) -> bool:
    return unicodedata.category(letter) in {"Lu", "Lt", "Lo"}


def _is_name_letter(letter: str) -> bool:
    return letter in APOSTROPHES or letter in HYPHENS or unicodedata.category(letter)[0] in "LM"


def _split_at_apostrophe(word: str) -> tuple[str, str, str]:
    for apostrophe in APOSTROPHES:
        if apostrophe in word:
            return word.rpartition(apostrophe)
    return word, "", ""
