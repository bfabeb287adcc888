"""Reading and grading: how somebody has threads laid out."""

import sqlalchemy as sa
from alembic import op

from lti_tool.column_types import PlainText

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("membership") as table:
        table.add_column(sa.Column("thread_order", PlainText(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("membership") as table:
        table.drop_column("thread_order")
