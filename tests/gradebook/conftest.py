"""An empty outbox: a worker takes whatever is due, so no test may find what another left."""

import pytest
from sqlalchemy import delete

from lti_tool.database import Database
from lti_tool.models import GradebookScore, SendAttempt
from tests.a_school import a_blog, a_student, course_of
from tests.gradebook.an_outbox import Outbox


@pytest.fixture
def outbox(shared_database: Database) -> Outbox:
    with shared_database.writing() as session:
        session.execute(delete(SendAttempt))
        session.execute(delete(GradebookScore))
        blog = a_blog(session)
        people = [a_student(session, course_of(session, blog), name) for name in ("Anna Berg", "Ben Cole")]
        return Outbox(shared_database, blog, people[0], people[1])
