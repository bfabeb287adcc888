"""The languages of the interface: which one somebody reads, and saying sentences, times and numbers in it.

English stands in the code and the pages; each other language is one file of sentences, `translations/<code>.po`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from markupsafe import Markup

from lti_tool.wording import Said, points, say

_CODES = ("en", "es", "ar")
_Unit = Literal["second", "minute", "hour", "day"]
_STEPS: tuple[tuple[int, int, _Unit], ...] = ((60, 60, "minute"), (3600, 24, "hour"), (86_400, 7, "day"))
_SECONDS: tuple[int, int, _Unit] = (1, 60, "second")
_IN_SCRIPTS = ".js"


@dataclass(frozen=True, eq=False)
class Language:
    """One language: its code (BCP 47), its sentences, and those that the pages' scripts say, by English sentence."""

    code: str
    locale: Locale
    sentences: NullTranslations
    for_scripts: Mapping[str, str | list[str]] = field(default_factory=dict)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, as HTML's `dir` takes it."""
        return self.locale.text_direction

    def translated(self, sentence: str) -> str:
        """Return a sentence in this language; one that was stored is known again where it holds no values."""
        if not sentence:
            return sentence
        if not isinstance(sentence, Said):
            return self.sentences.ugettext(sentence)
        values = {name: self._value(value) for name, value in sentence.values.items()}
        if sentence.plural is None:
            return self.sentences.ugettext(sentence.template) % values
        return self.sentences.ungettext(sentence.template, sentence.plural, sentence.number) % values

    def _value(self, value: object) -> Any:
        return self.translated(value) if isinstance(value, Said) else value

    def ago(self, moment: datetime, now: datetime) -> str:
        """Return how long ago something was: "just now", "3 hours ago", and after a week the day."""
        seconds = (now - moment).total_seconds()
        if seconds < 60:
            return self.translated(say("just now"))
        for size, limit, unit in _STEPS:
            count = int(seconds // size)
            if count < limit:
                return _distance(-count, unit, self.locale)
        # NOTE: a day where "3 hours ago" stands otherwise
        return self.translated(say("%(day)s", day=self.day(moment)))

    def until(self, moment: datetime, now: datetime) -> str:
        """Return how long it is to a time: "in 20 seconds", "in 3 minutes"; "now" once it has come."""
        seconds = (moment - now).total_seconds()
        if seconds < 1:
            return self.translated(say("now"))
        for size, limit, unit in (_SECONDS, *_STEPS):
            count = round(seconds / size)
            if count < limit:
                return _distance(max(count, 1), unit, self.locale)
        return self.translated(say("on %(day)s", day=self.day(moment)))

    def day(self, moment: datetime) -> str:
        """Return the day: 14 March 2026."""
        return _day(moment.date(), self.locale)

    def day_and_time(self, moment: datetime) -> str:
        """Return day of the week, day, time and zone, all as the moment has them: Friday 14 March 2026, 23:59 CET."""
        day = format_date(moment, "EEEE d MMMM y" if self.code == "en" else "full", locale=self.locale)
        return f"{day}{'،' if self.code == 'ar' else ','} {moment:%H:%M} {moment:%Z}"

    def listed(self, names: Sequence[str]) -> str:
        """Return a list as a sentence holds it: Anna, Tom and Mei."""
        return format_list([self._value(name) for name in names], locale=self.locale)

    def exact(self, moment: datetime) -> str:
        """Return day, time and zone: 14 March 2026, 16:05 UTC."""
        return f"{self.day(moment)}{'،' if self.code == 'ar' else ','} {moment:%H:%M} UTC"

    def time_tag(self, moment: datetime, now: datetime) -> Markup:
        """Return a time as HTML: how long ago in words, exact for whoever points at it and where it is to come."""
        is_to_come = (moment - now).total_seconds() >= 60
        exact = _exact(self, moment)
        return _time_tag(moment, exact, exact if is_to_come else self.ago(moment, now))

    def exact_time_tag(self, moment: datetime) -> Markup:
        """Return a time as HTML in full; a script turns it into the reader's zone."""
        exact = _exact(self, moment)
        return _time_tag(moment, exact, exact)

    def points(self, value: Decimal | Fraction | None) -> str:
        """Return points as the language writes them: 7.5, or 7,5."""
        return points(value).replace(".", self.locale.number_symbols["latn"]["decimal"])


@cache
def languages() -> Mapping[str, Language]:
    """Return all languages by code, English first; the files are read once."""
    return {code: _language(code) for code in _CODES}


def language_for(wanted: Iterable[str], known: Mapping[str, Language]) -> Language:
    """Return the first known language that is wanted, named as an LMS or a browser does (`es-MX`, `es_mx`), or English.

    Dialects count as their language.
    """
    for name in wanted:
        code = name.replace("_", "-").split("-")[0].lower()
        if code in known:
            return known[code]
    return known["en"]


def _language(code: str) -> Language:
    if code == "en":
        return Language(code, Locale("en", "GB"), NullTranslations())
    with (Path(__file__).parent / "translations" / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    said = [message for message in catalogue if any(place.endswith(_IN_SCRIPTS) for place, _line in message.locations)]
    for_scripts = {_key(message.id): _translation(message.string) for message in said}
    return Language(code, Locale(code), Translations(compiled), for_scripts)


def _key(sentence: str | list[str] | tuple[str, ...]) -> str:
    """What a script asks by: the sentence, or that for one."""
    return sentence if isinstance(sentence, str) else sentence[0]


def _translation(forms: str | list[str] | tuple[str, ...] | None) -> str | list[str]:
    return forms if isinstance(forms, str) else list(forms or ())


@lru_cache(maxsize=1024)
def _distance(count: int, unit: _Unit, locale: Locale) -> str:
    # The threshold keeps Babel from taking another unit than the one asked for.
    delta = timedelta(**{f"{unit}s": count})
    return format_timedelta(delta, unit, threshold=1e9, add_direction=True, locale=locale)


@lru_cache(maxsize=1024)
def _day(day: date, locale: Locale) -> str:
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=8192)  # asked for each comment of each page
def _exact(language: Language, moment: datetime) -> str:
    return language.exact(moment)


@lru_cache(maxsize=8192)
def _time_tag(moment: datetime, exact: str, words: str) -> Markup:
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact, words)
