"""Registration by invitation, deep linking, links apart from the blogs they open, course copies, platform storage."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from lti_tool.column_types import PlainText, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROLES = ("teacher", "assistant", "student", "observer")


def _time(name: str, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcTime(timezone=True), nullable=not required)


def _text(name: str, *, required: bool = False, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, PlainText(), nullable=not required, server_default=default)


def _no(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def upgrade() -> None:
    _make_invitation()
    _make_placement()
    _make_planned_blog()
    _make_link_request()
    _take_links_out_of_blogs()
    with op.batch_alter_table("course") as table:
        table.add_column(_time("roster_tried_at"))
        table.add_column(_text("roster_problem", required=True, default=""))
    with op.batch_alter_table("deployment") as table:
        table.add_column(_time("held_since"))
    with op.batch_alter_table("gradebook_score") as table:
        table.add_column(_time("worked_at"))
        table.add_column(_text("review_key"))
        table.create_unique_constraint(op.f("uq_gradebook_score_review_key"), ["review_key"])
    with op.batch_alter_table("login") as table:
        table.add_column(_text("storage_hash"))
        table.add_column(_text("storage_target"))
        table.add_column(_time("storage_asked_at"))
    with op.batch_alter_table("membership") as table:
        table.add_column(_time("left_at"))
        table.add_column(_no("is_test"))
        table.drop_column("launched_at")
    with op.batch_alter_table("platform") as table:
        table.add_column(_text("token_audience"))
        table.add_column(_no("accepts_new_deployments"))
        table.add_column(sa.Column("service_hosts", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(_time("key_set_fresh_until"))


def _make_invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("code_hash", required=True),
        _text("name", required=True),
        _text("lti_issuer"),
        sa.Column("accepts_new_deployments", sa.Boolean(), nullable=False),
        _time("created_at", required=True),
        _time("expires_at", required=True),
        _time("used_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitation_code_hash")),
    )


def _make_placement() -> None:
    op.create_table(
        "placement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        _text("lti_resource_link_id", required=True),
        sa.Column("blog_id", sa.Integer(), nullable=False),
        _text("lti_line_item_url"),
        sa.Column("lti_scopes", sa.JSON(), nullable=False),
        _time("created_at", required=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_placement_course_id")),
        sa.ForeignKeyConstraint(["blog_id"], ["blog.id"], name=op.f("fk_placement_blog_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
        sa.UniqueConstraint(
            "course_id", "lti_resource_link_id", name=op.f("uq_placement_course_id_lti_resource_link_id")
        ),
    )
    op.create_index(op.f("ix_placement_blog_id"), "placement", ["blog_id"])


def _make_planned_blog() -> None:
    op.create_table(
        "planned_blog",
        _text("content_key", required=True),
        sa.Column("course_id", sa.Integer(), nullable=False),
        _text("title", required=True),
        _text("prompt", required=True),
        _text("prompt_html", required=True),
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("same_as_id", sa.Integer(), nullable=True),
        _time("created_at", required=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_planned_blog_course_id")),
        sa.ForeignKeyConstraint(["same_as_id"], ["blog.id"], name=op.f("fk_planned_blog_same_as_id")),
        sa.PrimaryKeyConstraint("content_key", name=op.f("pk_planned_blog")),
    )
    op.create_index(op.f("ix_planned_blog_course_id"), "planned_blog", ["course_id"])


def _make_link_request() -> None:
    op.create_table(
        "link_request",
        _text("key", required=True),
        _text("secret_hash", required=True),
        sa.Column("in_address", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Enum(*_ROLES, native_enum=False, create_constraint=False, length=40), nullable=False),
        _text("lti_return_url", required=True),
        _text("lti_data"),
        sa.Column("takes_links", sa.Boolean(), nullable=False),
        sa.Column("takes_several", sa.Boolean(), nullable=False),
        sa.Column("takes_columns", sa.Boolean(), nullable=False),
        _text("frame_origins", required=True),
        _time("created_at", required=True),
        _time("expires_at", required=True),
        _time("answered_at"),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_link_request_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_link_request_person_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_link_request")),
    )
    op.create_index(op.f("ix_link_request_expires_at"), "link_request", ["expires_at"])


def _take_links_out_of_blogs() -> None:
    """Each blog had one link: it becomes a placement, and visits lead through it."""
    op.execute(
        "INSERT INTO placement (course_id, lti_resource_link_id, blog_id, lti_line_item_url, lti_scopes, created_at) "
        "SELECT course_id, lti_resource_link_id, id, lti_line_item_url, lti_scopes, created_at FROM blog"
    )
    with op.batch_alter_table("visit") as table:
        table.add_column(_no("in_address"))
        table.add_column(sa.Column("placement_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE visit SET placement_id = (SELECT placement.id FROM placement WHERE placement.blog_id = visit.blog_id)"
    )
    with op.batch_alter_table("visit") as table:
        table.alter_column("placement_id", existing_type=sa.Integer(), nullable=False)
        table.drop_constraint(op.f("fk_visit_blog_id"), type_="foreignkey")
        table.create_foreign_key(op.f("fk_visit_placement_id"), "placement", ["placement_id"], ["id"])
        table.drop_column("blog_id")
    with op.batch_alter_table("blog") as table:
        table.add_column(_text("content_key"))
        table.add_column(_text("prompt", required=True, default=""))
        table.add_column(_text("prompt_html", required=True, default=""))
        table.add_column(sa.Column("copied_from_id", sa.Integer(), nullable=True))
        table.add_column(_time("copy_settled_at"))
        table.drop_constraint(op.f("uq_blog_course_id_lti_resource_link_id"), type_="unique")
        table.create_index(op.f("ix_blog_content_key"), ["content_key"])
        table.create_index(op.f("ix_blog_course_id"), ["course_id"])
        table.create_foreign_key(op.f("fk_blog_copied_from_id"), "blog", ["copied_from_id"], ["id"])
        table.drop_column("lti_resource_link_id")
        table.drop_column("lti_line_item_url")
        table.drop_column("lti_scopes")


def downgrade() -> None:
    """Back to one link for each blog: the first one. Further links to the same blog are lost."""
    with op.batch_alter_table("platform") as table:
        for name in ("key_set_fresh_until", "service_hosts", "accepts_new_deployments", "token_audience"):
            table.drop_column(name)
    with op.batch_alter_table("membership") as table:
        table.add_column(_time("launched_at"))
        table.drop_column("is_test")
        table.drop_column("left_at")
    with op.batch_alter_table("login") as table:
        table.drop_column("storage_asked_at")
        table.drop_column("storage_target")
        table.drop_column("storage_hash")
    with op.batch_alter_table("gradebook_score") as table:
        table.drop_constraint(op.f("uq_gradebook_score_review_key"), type_="unique")
        table.drop_column("review_key")
        table.drop_column("worked_at")
    with op.batch_alter_table("deployment") as table:
        table.drop_column("held_since")
    with op.batch_alter_table("course") as table:
        table.drop_column("roster_problem")
        table.drop_column("roster_tried_at")
    _put_links_back_into_blogs()
    for name in ("link_request", "planned_blog", "placement", "invitation"):
        op.drop_table(name)


def _put_links_back_into_blogs() -> None:
    first = "(SELECT {column} FROM placement WHERE placement.blog_id = blog.id ORDER BY placement.id LIMIT 1)"
    with op.batch_alter_table("blog") as table:
        table.add_column(_text("lti_resource_link_id", required=True, default=""))
        table.add_column(_text("lti_line_item_url"))
        table.add_column(sa.Column("lti_scopes", sa.JSON(), nullable=False, server_default="[]"))
    op.execute(
        f"UPDATE blog SET lti_resource_link_id = {first.format(column='lti_resource_link_id')}, "  # noqa: S608
        f"lti_line_item_url = {first.format(column='lti_line_item_url')}, "
        f"lti_scopes = {first.format(column='lti_scopes')}"
    )
    with op.batch_alter_table("blog") as table:
        table.drop_constraint(op.f("fk_blog_copied_from_id"), type_="foreignkey")
        table.drop_index(op.f("ix_blog_course_id"))
        table.drop_index(op.f("ix_blog_content_key"))
        table.create_unique_constraint(
            op.f("uq_blog_course_id_lti_resource_link_id"), ["course_id", "lti_resource_link_id"]
        )
        for name in ("copy_settled_at", "copied_from_id", "prompt_html", "prompt", "content_key"):
            table.drop_column(name)
    with op.batch_alter_table("visit") as table:
        table.add_column(sa.Column("blog_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE visit SET blog_id = (SELECT placement.blog_id FROM placement WHERE placement.id = visit.placement_id)"
    )
    with op.batch_alter_table("visit") as table:
        table.alter_column("blog_id", existing_type=sa.Integer(), nullable=False)
        table.drop_constraint(op.f("fk_visit_placement_id"), type_="foreignkey")
        table.create_foreign_key(op.f("fk_visit_blog_id"), "blog", ["blog_id"], ["id"])
        table.drop_column("placement_id")
        table.drop_column("in_address")
