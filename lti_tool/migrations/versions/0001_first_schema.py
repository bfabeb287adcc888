"""The first schema."""

import sqlalchemy as sa
from alembic import op

import lti_tool.column_types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "platform",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("lti_issuer", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("lti_client_id", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("authorize_url", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("token_url", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("jwks_url", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("family", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("disabled_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.Column("created_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.Column("key_set", sa.JSON(), nullable=True),
        sa.Column("key_set_read_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.Column("key_set_tried_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform")),
        sa.UniqueConstraint("lti_issuer", "lti_client_id", name=op.f("uq_platform_lti_issuer_lti_client_id")),
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("lti_deployment_id", lti_tool.column_types.PlainText(), nullable=False),
        sa.ForeignKeyConstraint(["platform_id"], ["platform.id"], name=op.f("fk_deployment_platform_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
        sa.UniqueConstraint(
            "platform_id", "lti_deployment_id", name=op.f("uq_deployment_platform_id_lti_deployment_id")
        ),
    )
    op.create_table(
        "login",
        sa.Column("state", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("nonce", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("target_link_uri", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("lti_deployment_id", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("expires_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.Column("used_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["platform_id"], ["platform.id"], name=op.f("fk_login_platform_id")),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_login")),
    )
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("lti_sub", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("name", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("given_name", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("family_name", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("email", lti_tool.column_types.PlainText(), nullable=True),
        sa.ForeignKeyConstraint(["platform_id"], ["platform.id"], name=op.f("fk_person_platform_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("platform_id", "lti_sub", name=op.f("uq_person_platform_id_lti_sub")),
    )
    op.create_table(
        "course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("lti_context_id", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("title", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("label", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("lti_memberships_url", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("roster_read_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("fk_course_deployment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("deployment_id", "lti_context_id", name=op.f("uq_course_deployment_id_lti_context_id")),
    )
    op.create_table(
        "blog",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("lti_resource_link_id", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("title", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("lti_line_item_url", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("lti_scopes", sa.JSON(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("last_post_number", sa.Integer(), nullable=False),
        sa.Column("created_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_blog_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blog")),
        sa.UniqueConstraint("course_id", "lti_resource_link_id", name=op.f("uq_blog_course_id_lti_resource_link_id")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column(
            "launched_role",
            sa.Enum("teacher", "assistant", "student", "observer", name="role", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column(
            "roster_role",
            sa.Enum("teacher", "assistant", "student", "observer", name="role", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("launched_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_membership_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("course_id", "person_id", name=op.f("uq_membership_course_id_person_id")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_person_id"), ["person_id"], unique=False)

    op.create_table(
        "correction",
        sa.Column("blog_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("grader_id", sa.Integer(), nullable=False),
        sa.Column("points", lti_tool.column_types.Points(), nullable=False),
        sa.Column("reason", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("corrected_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["blog_id"], ["blog.id"], name=op.f("fk_correction_blog_id")),
        sa.ForeignKeyConstraint(["grader_id"], ["person.id"], name=op.f("fk_correction_grader_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_correction_person_id")),
        sa.PrimaryKeyConstraint("blog_id", "person_id", name=op.f("pk_correction")),
    )
    op.create_table(
        "gradebook_score",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("blog_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("points", lti_tool.column_types.Points(), nullable=True),
        sa.Column("maximum", lti_tool.column_types.Points(), nullable=False),
        sa.Column("comment", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("wanted_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sent",
                "needs the teacher",
                "needs the LMS administrator",
                "withdrawn",
                name="syncstate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.Column("leased_until", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.Column("last_second", sa.BigInteger(), nullable=False),
        sa.Column("cause", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("to_do", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("accepted_points", lti_tool.column_types.Points(), nullable=True),
        sa.Column("accepted_maximum", lti_tool.column_types.Points(), nullable=True),
        sa.Column("accepted_comment", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("accepted_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["blog_id"], ["blog.id"], name=op.f("fk_gradebook_score_blog_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_gradebook_score_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gradebook_score")),
        sa.UniqueConstraint("blog_id", "person_id", name=op.f("uq_gradebook_score_blog_id_person_id")),
    )
    with op.batch_alter_table("gradebook_score", schema=None) as batch_op:
        batch_op.create_index(
            "ix_gradebook_score_due_at", ["due_at"], unique=False, sqlite_where=sa.text("due_at IS NOT NULL")
        )

    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("blog_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("title", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("subtitle", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("body", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("body_html", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("last_comment_number", sa.Integer(), nullable=False),
        sa.Column("live_comments", sa.Integer(), nullable=False),
        sa.Column("once", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("published_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.Column("edited_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.Column("imported_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_post_author_id")),
        sa.ForeignKeyConstraint(["blog_id"], ["blog.id"], name=op.f("fk_post_blog_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("blog_id", "number", name=op.f("uq_post_blog_id_number")),
        sa.UniqueConstraint("blog_id", "once", name=op.f("uq_post_blog_id_once")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_post_author_id"), ["author_id"], unique=False)

    op.create_table(
        "visit",
        sa.Column("key", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("secret_hash", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("blog_id", sa.Integer(), nullable=False),
        sa.Column("frame_origins", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("return_url", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("created_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.Column("expires_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["blog_id"], ["blog.id"], name=op.f("fk_visit_blog_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_visit_person_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_visit")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("path", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("answers_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", lti_tool.column_types.PlainText(), nullable=True),
        sa.Column("body", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("body_html", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("live_replies", sa.Integer(), nullable=False),
        sa.Column("is_marked", sa.Boolean(), nullable=False),
        sa.Column("once", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("written_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.Column("edited_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.Column("deleted_at", lti_tool.column_types.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answers_id"], ["comment.id"], name=op.f("fk_comment_answers_id")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_comment_author_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["comment.id"], name=op.f("fk_comment_parent_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_comment_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("post_id", "number", name=op.f("uq_comment_post_id_number")),
        sa.UniqueConstraint("post_id", "once", name=op.f("uq_comment_post_id_once")),
        sa.UniqueConstraint("post_id", "path", name=op.f("uq_comment_post_id_path")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_comment_author_id_post_id", ["author_id", "post_id", "deleted_at", "is_marked"], unique=False
        )

    op.create_table(
        "mark",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("grader_id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("feedback", lti_tool.column_types.PlainText(), nullable=False),
        sa.Column("marked_at", lti_tool.column_types.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_mark_comment_id")),
        sa.ForeignKeyConstraint(["grader_id"], ["person.id"], name=op.f("fk_mark_grader_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_mark")),
    )


def downgrade() -> None:
    op.drop_table("mark")
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index("ix_comment_author_id_post_id")

    op.drop_table("comment")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_expires_at"))

    op.drop_table("visit")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_author_id"))

    op.drop_table("post")
    with op.batch_alter_table("gradebook_score", schema=None) as batch_op:
        batch_op.drop_index("ix_gradebook_score_due_at", sqlite_where=sa.text("due_at IS NOT NULL"))

    op.drop_table("gradebook_score")
    op.drop_table("correction")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_person_id"))

    op.drop_table("membership")
    op.drop_table("blog")
    op.drop_table("course")
    op.drop_table("person")
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_expires_at"))

    op.drop_table("login")
    op.drop_table("deployment")
    op.drop_table("platform")
