"""Launches whose keys come from a server of the test's own, now and a day later."""

from datetime import timedelta

from joserfc.jwk import RSAKey
from sqlalchemy import update

from lti_tool.models import Platform
from tests.certification.key_server import KeyServer
from tests.certification.launches import Attempt, begun
from tests.stage import Stage


def launch_with(stage: Stage, server: KeyServer, key: RSAKey, **header: object) -> Attempt:
    """A launch whose keys come from `server`, signed by `key`."""
    server.stand_in(stage)
    attempt = begun(stage)
    attempt.header = {"kid": key.kid, **header}
    return attempt


def let_a_day_pass(stage: Stage) -> None:
    """Make the keys due to be read again. The clock stays: a token of now would be too old on a later day."""
    long_ago = stage.tool.clock() - timedelta(hours=25)
    with stage.tool.database.writing() as session:
        session.execute(update(Platform).values(key_set_read_at=long_ago, key_set_tried_at=long_ago))
