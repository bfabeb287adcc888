"""A district of its own for each test, in the database that all share."""

import pytest

from lti_tool.database import Database
from tests.identity.a_district import District, a_district


@pytest.fixture
def district(shared_database: Database) -> District:
    return a_district(shared_database)
