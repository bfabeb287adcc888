"""How Alembic runs here: on a connection that the caller opened, in its transaction."""

from alembic import context
from sqlalchemy import text

from lti_tool.models import Base

_LOCK = 7_351_044  # any number, the same for all: two upgrades at once wait for each other on PostgreSQL

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()
