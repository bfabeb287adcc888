"""Say on the comment itself whether it is marked, so that what waits for a mark is counted from one index."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("comment", sa.Column("is_marked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE comment SET is_marked = TRUE WHERE id IN (SELECT comment_id FROM mark)")
    op.drop_index("ix_comment_author_id_post_id", "comment")
    op.create_index("ix_comment_author_id_post_id", "comment", ["author_id", "post_id", "deleted_at", "is_marked"])


def downgrade() -> None:
    op.drop_index("ix_comment_author_id_post_id", "comment")
    op.drop_column("comment", "is_marked")
    op.create_index("ix_comment_author_id_post_id", "comment", ["author_id", "post_id"])
