"""Columns that the tool makes or misses, when scores are due, excused people, and access tokens shared by processes."""

import sqlalchemy as sa
from alembic import op

from lti_tool.column_types import PlainText, Points, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_PLACEMENT_TIMES = ("column_made_at", "column_asked_until", "column_gone_at")


def upgrade() -> None:
    with op.batch_alter_table("placement") as table:
        table.add_column(sa.Column("lti_line_items_url", PlainText(), nullable=True))
        table.add_column(sa.Column("twin_columns", sa.JSON(), nullable=False, server_default="[]"))
        for name in _PLACEMENT_TIMES:
            table.add_column(sa.Column(name, UtcTime(timezone=True), nullable=True))
    with op.batch_alter_table("blog") as table:
        table.add_column(sa.Column("scores_due_at", UtcTime(timezone=True), nullable=True))
    with op.batch_alter_table("correction") as table:
        table.alter_column("grader_id", existing_type=sa.Integer(), nullable=True)
        table.alter_column("points", existing_type=Points(), nullable=True)
    # Withdrawn was one word for two things: nothing was ever sent, or the gradebook shows what counts no more.
    withdrawn = "UPDATE gradebook_score SET state = '{}' WHERE state = 'withdrawn' AND accepted_points IS {}"
    op.execute(withdrawn.format("not due", "NULL"))
    op.execute(withdrawn.format("needs the teacher", "NOT NULL"))
    op.create_table(
        "service_token",
        sa.Column("platform_id", sa.Integer(), sa.ForeignKey("platform.id"), primary_key=True),
        sa.Column("lti_deployment_id", PlainText(), primary_key=True),
        sa.Column("scope", PlainText(), primary_key=True),
        sa.Column("sealed", PlainText(), nullable=True),
        sa.Column("ends_at", UtcTime(timezone=True), nullable=True),
        sa.Column("asked_until", UtcTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("service_token")
    op.execute("UPDATE gradebook_score SET state = 'withdrawn' WHERE points IS NULL")
    op.execute("UPDATE gradebook_score SET state = 'needs the teacher' WHERE state = 'gone'")
    # The schema before knows nobody excused and no operator: what it cannot say goes, and the rule counts again.
    op.execute("DELETE FROM correction WHERE grader_id IS NULL OR points IS NULL")
    with op.batch_alter_table("correction") as table:
        table.alter_column("points", existing_type=Points(), nullable=False)
        table.alter_column("grader_id", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("blog") as table:
        table.drop_column("scores_due_at")
    with op.batch_alter_table("placement") as table:
        for name in (*_PLACEMENT_TIMES, "twin_columns", "lti_line_items_url"):
            table.drop_column(name)
