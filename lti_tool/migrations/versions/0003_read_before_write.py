"""What the gradebook was seen to show, conflicts with it, each attempt to send a score, and holding scores back."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from lti_tool.column_types import PlainText, Points, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, UtcTime(timezone=True), nullable=True)


def _one_of(name: str, *values: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Enum(*values, native_enum=False, create_constraint=False, length=40), nullable=True)


def upgrade() -> None:
    with op.batch_alter_table("blog") as table:
        table.add_column(_time("scores_held_since"))
    with op.batch_alter_table("gradebook_score") as table:
        table.add_column(sa.Column("accepted_column", PlainText(), nullable=True))
        table.add_column(sa.Column("seen_points", sa.Double(), nullable=True))
        table.add_column(sa.Column("seen_maximum", sa.Double(), nullable=True))
        table.add_column(_time("seen_changed_at"))
        table.add_column(_time("seen_at"))
        table.add_column(_one_of("settled", "kept", "replace", "locked"))
    # Scores taken before are compared from now on too, where there is but one column that can have taken them.
    op.execute(
        "UPDATE gradebook_score SET accepted_column = (SELECT min(lti_line_item_url) FROM placement "
        "WHERE placement.blog_id = gradebook_score.blog_id HAVING count(DISTINCT lti_line_item_url) = 1) "
        "WHERE accepted_at IS NOT NULL"
    )
    op.create_table(
        "send_attempt",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("score_id", sa.Integer(), sa.ForeignKey("gradebook_score.id"), nullable=False, index=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("points", Points(), nullable=False),
        sa.Column("maximum", Points(), nullable=False),
        _one_of("outcome", "accepted", "not known", "refused", "conflict"),
        sa.Column("words", PlainText(), nullable=False, server_default=""),
    )


def downgrade() -> None:
    op.drop_table("send_attempt")
    # The states that come with this revision are what the one before calls sent.
    op.execute("UPDATE gradebook_score SET state = 'sent' WHERE state IN ('confirmed', 'conflict', 'locked')")
    op.execute("UPDATE gradebook_score SET state = 'waiting', due_at = wanted_at WHERE state = 'not due'")
    with op.batch_alter_table("blog") as table:
        table.drop_column("scores_held_since")
    with op.batch_alter_table("gradebook_score") as table:
        for name in ("settled", "seen_at", "seen_changed_at", "seen_maximum", "seen_points", "accepted_column"):
            table.drop_column(name)
