"""Which language a request is answered in: the one the LMS shows the person, else the browser's, else English."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

from flask import Flask, current_app, g, request
from markupsafe import Markup

from lti_tool.languages import Language, language_for, languages
from lti_tool.wording import Said


def language() -> Language:
    """The language of this request. It is asked for more than a hundred times a page."""
    found = g.get("language")
    return cast(Language, found) if found is not None else choose_language()


def choose_language(shown: str = "") -> Language:
    """Settle the language of this request, by the name of the one that the LMS shows if it said so."""
    known = cast(Mapping[str, Language], current_app.extensions["lti_tool_languages"])
    g.language = language_for([*([shown] if shown else []), *request.accept_languages.values()], known)
    return cast(Language, g.language)


def speak(app: Flask, clock: Callable[[], datetime]) -> None:
    """Teach the pages to say everything in the reader's language: sentences, times and numbers."""
    app.extensions["lti_tool_languages"] = languages()
    pages = app.jinja_env
    pages.add_extension("jinja2.ext.i18n")
    pages.policies["ext.i18n.trimmed"] = True
    cast(Any, pages).newstyle_gettext = True  # so `trans` lets these fill in and escape the values
    pages.globals.update(_=_sentence, gettext=_sentence, ngettext=_sentence_of_count, pgettext=_sentence_in_context)
    pages.finalize = _in_the_readers_language
    pages.globals["language"] = language
    pages.filters.update(said=_said, time=_time(clock), exact_time=_exact_time, until=_until(clock), points=_points)


def _sentence(text: str, /, **values: object) -> Markup:
    """A page's own sentence; what it is filled with is said in the same language, and escaped."""
    spoken = language()
    return _filled(spoken.sentences.ugettext(text), spoken, values) if values else _without_values(spoken, text)


def _sentence_in_context(context: str, text: str, /, **values: object) -> Markup:
    spoken = language()
    return _filled(spoken.sentences.upgettext(context, text), spoken, values)


def _sentence_of_count(one: str, other: str, num: int, /, **values: object) -> Markup:
    spoken = language()
    if not values:
        return _of_count_alone(spoken, one, other, num)
    return _filled(spoken.sentences.ungettext(one, other, num), spoken, {"num": num, **values})


@lru_cache(maxsize=4096)  # most sentences hold nothing, and a page says a hundred of them
def _without_values(spoken: Language, text: str) -> Markup:
    return _filled(spoken.sentences.ugettext(text), spoken, {})


@lru_cache(maxsize=4096)
def _of_count_alone(spoken: Language, one: str, other: str, num: int) -> Markup:
    return _filled(spoken.sentences.ungettext(one, other, num), spoken, {"num": num})


def _filled(sentence: str, spoken: Language, values: dict[str, object]) -> Markup:
    said = {name: spoken.translated(value) if isinstance(value, Said) else value for name, value in values.items()}
    return Markup(sentence) % said  # noqa: S704 — our own catalogues; the values are escaped


def _in_the_readers_language(value: object) -> object:
    return language().translated(value) if isinstance(value, Said) else value


def _said(sentence: str) -> str:
    """A sentence that goes into another, or one that was stored in English."""
    return language().translated(sentence)


def _time(clock: Callable[[], datetime]) -> Callable[[datetime], Markup]:
    return lambda moment: language().time_tag(moment, clock())


def _until(clock: Callable[[], datetime]) -> Callable[[datetime], str]:
    return lambda moment: language().until(moment, clock())


def _exact_time(moment: datetime) -> Markup:
    return language().exact_time_tag(moment)


def _points(value: Decimal | Fraction | None) -> str:
    return language().points(value)
