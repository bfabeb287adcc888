"""What is the same in every test and slow to make is made once for each process: it took a third of the suite's time.

Every stage still builds its own applications and opens its own database. What they share is only what Flask, Jinja and
SQLAlchemy make out of our source: compiled addresses, compiled pages and compiled statements; nothing that a test could
change, and nothing that a test has stored.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.engine import Dialect
from werkzeug.routing import Rule

from lti_tool.database import Database

_address_builders: dict[object, Callable[..., tuple[str, str]]] = {}
_dialects: dict[str, Dialect] = {}
_statements: dict[Any, Any] = {}  # SQLAlchemy's keys name the dialect and the statement


class _CompiledRule(Rule):
    """Werkzeug compiles two functions for each rule, which build its addresses."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        converters = tuple((name, type(converter)) for name, converter in self._converters.items())
        rule = (self.rule, self.subdomain, repr(self.defaults), converters, append_unknown)
        if rule not in _address_builders:
            _address_builders[rule] = super()._compile_builder(append_unknown)
        return _address_builders[rule]


class _CompiledPages(BytecodeCache):
    """Jinja asks by a page's file and checks what it gets against the page's text."""

    def __init__(self) -> None:
        self._pages: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._pages:
            bucket.bytecode_from_string(self._pages[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._pages[bucket.key] = bucket.bytecode_to_string()


def share_what_flask_compiles() -> None:
    """From now on every application of this process takes compiled addresses and pages from those before it."""
    Flask.url_rule_class = _CompiledRule
    Flask.jinja_options = {"bytecode_cache": _CompiledPages()}


def share_compiled_statements(database: Database) -> None:
    """Let this database, just opened, take compiled statements from those of its kind before it."""
    for engine in (database.engine, database.reading_engine):
        engine.dialect = _dialect_like(engine)
        engine.update_execution_options(compiled_cache=_statements)


def _dialect_like(engine: Engine) -> Dialect:
    """The first dialect of this kind, which has asked its database what it needs to know."""
    if engine.dialect.name not in _dialects:
        engine.connect().close()
        _dialects[engine.dialect.name] = engine.dialect
    return _dialects[engine.dialect.name]
