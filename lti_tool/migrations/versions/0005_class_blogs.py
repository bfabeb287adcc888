"""Class blogs: who writes and who sees whom, dates, drafts, revisions, images, what was read, reports and mentions."""

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

from lti_tool.column_types import PlainText, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BLOG_DATES = ("opens_at", "posts_due_at", "comments_due_at", "answers_due_at")
_BLOG_CHOICES = ("write_first", "names_hidden", "groups_apart", "answers_owed")
_COUNTING = ["author_id", "post_id", "deleted_at", "is_marked"]
_HIDDEN = ("hidden_at", "hidden_by_id", "hidden_why")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcTime(timezone=True), nullable=nullable)


def _row_of(table: str, name: str, *, nullable: bool = False, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey(f"{table}.id"), nullable=nullable, **options)


def _switch(name: str, *, on: bool) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true() if on else sa.false())


def upgrade() -> None:
    with op.batch_alter_table("blog") as table:
        table.add_column(sa.Column("shape", sa.String(length=40), nullable=False, server_default="class"))
        table.add_column(sa.Column("owed_comments", sa.Integer(), nullable=False, server_default="2"))
        for name in _BLOG_CHOICES:
            table.add_column(_switch(name, on=name == "answers_owed"))
        for name in _BLOG_DATES:
            table.add_column(_time(name))
        table.add_column(sa.Column("names_key", PlainText(), nullable=False, server_default=""))
    blog = sa.table("blog", sa.column("id"), sa.column("names_key"))
    for (blog_id,) in op.get_bind().execute(sa.select(blog.c.id)).all():
        op.execute(blog.update().where(blog.c.id == blog_id).values(names_key=secrets.token_urlsafe(16)))
    with op.batch_alter_table("membership") as table:
        table.add_column(_switch("wants_digest", on=True))
        table.add_column(_time("digest_sent_at"))
    with op.batch_alter_table("visit") as table:
        table.add_column(sa.Column("locale", PlainText(), nullable=False, server_default=""))
    with op.batch_alter_table("post") as table:
        table.add_column(_switch("uncounted", on=False))
        for name in ("withdrawn_at", "locked_at"):
            table.add_column(_time(name))
    for name in ("post", "comment"):
        with op.batch_alter_table(name) as table:
            for moment in ("pinned_at", "hidden_at"):
                table.add_column(_time(moment))
            table.add_column(_row_of("person", "hidden_by_id", nullable=True))
            table.add_column(sa.Column("hidden_why", PlainText(), nullable=False, server_default=""))
            if name == "comment":
                table.add_column(_row_of("person", "private_to_id", nullable=True))
    op.drop_index("ix_comment_author_id_post_id", "comment")
    op.create_index("ix_comment_author_id_post_id", "comment", [*_COUNTING, "hidden_at"])
    is_pinned = sa.text("pinned_at IS NOT NULL")
    op.create_index("ix_comment_pinned", "comment", ["post_id"], postgresql_where=is_pinned, sqlite_where=is_pinned)
    op.create_index("ix_comment_answers_id_author_id", "comment", ["answers_id", "author_id"])
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "course_group",
        _id(),
        _row_of("course", "course_id"),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("lti_key", PlainText(), nullable=True),
        sa.UniqueConstraint("course_id", "name"),
    )
    op.create_table(
        "group_member",
        _row_of("course_group", "group_id", primary_key=True),
        _row_of("person", "person_id", primary_key=True, index=True),
    )
    op.create_table(
        "revision",
        _id(),
        _row_of("post", "post_id", index=True),
        _row_of("comment", "comment_id", nullable=True, index=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        _time("replaced_at", nullable=False),
    )
    op.create_table(
        "writing_draft",
        _id(),
        _row_of("person", "person_id"),
        _row_of("blog", "blog_id"),
        sa.Column("place", PlainText(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _time("saved_at", nullable=False),
        sa.UniqueConstraint("person_id", "blog_id", "place"),
    )
    op.create_table(
        "image",
        _id(),
        sa.Column("key", PlainText(), nullable=False, unique=True),
        _row_of("blog", "blog_id", index=True),
        _row_of("person", "owner_id"),
        sa.Column("media_type", PlainText(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _time("made_at", nullable=False),
    )
    op.create_table(
        "reading",
        _row_of("person", "person_id", primary_key=True),
        _row_of("post", "post_id", primary_key=True),
        sa.Column("ranges", sa.JSON(), nullable=False),
        _time("read_at", nullable=False),
    )
    op.create_table(
        "mention",
        _row_of("comment", "comment_id", primary_key=True),
        _row_of("person", "person_id", primary_key=True, index=True),
    )
    op.create_table(
        "report",
        _id(),
        _row_of("post", "post_id", index=True),
        _row_of("comment", "comment_id", nullable=True),
        _row_of("person", "reporter_id"),
        sa.Column("why", PlainText(), nullable=False),
        _time("made_at", nullable=False),
        _time("settled_at"),
        _row_of("person", "settled_by_id", nullable=True),
    )
    op.create_table(
        "import_run",
        _id(),
        _row_of("blog", "blog_id", index=True),
        _row_of("person", "person_id"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("found", "choices")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("posts", "comments")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("posts_done", "comments_done")),
        _time("made_at", nullable=False),
        *(_time(name) for name in ("begun_at", "leased_until", "ended_at")),
    )


def downgrade() -> None:
    op.drop_table("import_run")
    for name in ("report", "mention", "reading", "image", "writing_draft", "revision", "group_member", "course_group"):
        op.drop_table(name)
    op.drop_index("ix_comment_answers_id_author_id", "comment")
    op.drop_index("ix_comment_pinned", "comment")
    op.drop_index("ix_comment_author_id_post_id", "comment")
    op.create_index("ix_comment_author_id_post_id", "comment", _COUNTING)
    with op.batch_alter_table("comment") as table:
        for column in ("private_to_id", *_HIDDEN, "pinned_at"):
            table.drop_column(column)
    with op.batch_alter_table("post") as table:
        for column in (*_HIDDEN, "pinned_at", "locked_at", "withdrawn_at", "uncounted"):
            table.drop_column(column)
    with op.batch_alter_table("visit") as table:
        table.drop_column("locale")
    with op.batch_alter_table("membership") as table:
        for column in ("digest_sent_at", "wants_digest"):
            table.drop_column(column)
    with op.batch_alter_table("blog") as table:
        for column in (*_BLOG_DATES, *_BLOG_CHOICES, "names_key", "owed_comments", "shape"):
            table.drop_column(column)
