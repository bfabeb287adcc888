"""One token for all processes: asked for once, sealed where it is kept."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Response
from sqlalchemy import select

from lti_tool.database import Database
from lti_tool.errors import LmsUnreachable
from lti_tool.lti.connection import Connection
from lti_tool.lti.keys import Keyring
from lti_tool.lti.shared_tokens import SharedTokens
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.models import ServiceToken
from lti_tool.tool import utc_now
from tests.a_school import a_platform
from tests.lti.scripted_lms import ScriptedLms, token_answer

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
SECRET = "only-for-tests-0123456789"

Process = Callable[..., ServiceTokens]


@pytest.fixture
def process(database: Database, connection: Connection, keyring: Keyring) -> Process:
    """A function that makes what one more process has of its own."""
    with database.writing() as session:
        assert a_platform(session) == 1  # as the scripted one is called

    def start(secret: str = SECRET) -> ServiceTokens:
        return ServiceTokens(connection, keyring, SharedTokens(database, secret, utc_now))

    return start


def test_a_second_process_asks_for_none(lms: ScriptedLms, process: Process) -> None:
    assert process().token(lms.facts(), "D1", SCOPE) == process().token(lms.facts(), "D1", SCOPE) == "token-1"
    assert len(lms.calls_to("/token")) == 1


def test_processes_that_need_one_at_the_same_instant_ask_once(lms: ScriptedLms, process: Process) -> None:
    def slowly() -> Response:
        time.sleep(0.3)  # the LMS's, so that the others are waiting by then
        return token_answer("token-1")

    lms.will_say("/token", slowly)
    many = [process() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda one: one.token(lms.facts(), "D1", SCOPE), many))
    assert set(found) == {"token-1"}
    assert len(lms.calls_to("/token")) == 1


def test_a_refused_one_is_replaced_once_for_all(lms: ScriptedLms, process: Process) -> None:
    lms.will_say("/token", token_answer("token-1"), token_answer("token-2"))
    one, two = process(), process()
    old = one.token(lms.facts(), "D1", SCOPE)
    assert two.token(lms.facts(), "D1", SCOPE) == old
    new = one.token(lms.facts(), "D1", SCOPE, refused=old)
    assert (old, new) == ("token-1", "token-2")
    assert two.token(lms.facts(), "D1", SCOPE, refused=old) == new
    assert len(lms.calls_to("/token")) == 2


def test_it_is_sealed(lms: ScriptedLms, process: Process, database: Database) -> None:
    lms.will_say("/token", token_answer("token-1"), token_answer("token-2"))
    token = process().token(lms.facts(), "D1", SCOPE)
    with database.reading() as session:
        row = session.scalars(select(ServiceToken)).one()
    assert row.sealed
    assert token not in row.sealed
    assert row.asked_until is None
    assert process("another-secret-0123456789").token(lms.facts(), "D1", SCOPE) == "token-2"


def test_who_got_none_lets_the_next_ask(lms: ScriptedLms, process: Process, database: Database) -> None:
    lms.will_say("/token", Response("", 503), token_answer("token-2"))
    with pytest.raises(LmsUnreachable):
        process().token(lms.facts(), "D1", SCOPE)
    assert process().token(lms.facts(), "D1", SCOPE) == "token-2"
