"""Builds the tool from its settings; the only place that knows all rooms."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import cast

from flask import Flask, Response, g, request
from flask_compress import Compress
from sqlalchemy import inspect
from werkzeug.wsgi import FileWrapper

from lti_tool.bell import open_queue
from lti_tool.blog.images import LARGEST_BYTES
from lti_tool.database import Database
from lti_tool.errors import SetUpProblem
from lti_tool.lti.checks import Gate
from lti_tool.lti.connection import Connection
from lti_tool.lti.grades import AgsGradebook
from lti_tool.lti.keys import Keyring
from lti_tool.lti.line_items import AgsColumns, LineItems
from lti_tool.lti.pictures import picture_fetcher
from lti_tool.lti.platforms import PlatformKeys, Platforms
from lti_tool.lti.roster import Roster
from lti_tool.lti.shared_tokens import SharedTokens
from lti_tool.lti.tokens import ServiceTokens
from lti_tool.mailing.daily import daily_digest
from lti_tool.settings import Settings
from lti_tool.tool import Tool, utc_now
from lti_tool.web import (
    access,
    blog,
    catching_up,
    class_settings,
    columns,
    copying,
    desk,
    digest,
    drafts,
    duties,
    exporting,
    gradebook,
    groups,
    health,
    images,
    import_runs,
    importing,
    launch,
    linking,
    mentions,
    moderation,
    participation,
    registration,
    score_file,
    window,
    writing,
)
from lti_tool.web.errors import add_error_pages
from lti_tool.web.languages import speak
from lti_tool.web.numbers import RowNumber
from lti_tool.web.same_origin import refuse_foreign_posts
from lti_tool.web.security_headers import add_security_headers
from lti_tool.worker import Clockwork

LARGEST_FORM = 1_000_000
_ROOMS = (
    launch.room, registration.room, linking.room, copying.room, blog.room, writing.room, mentions.room,
    catching_up.room, class_settings.room, moderation.room, drafts.room, images.room, importing.room, import_runs.room,
    exporting.room, desk.room, duties.room, groups.room, digest.room,
    score_file.room, participation.room, gradebook.room, columns.room, window.room, window.arriving, health.room,
)  # fmt: skip


def build_tool(settings: Settings, clock: Callable[[], datetime] = utc_now) -> tuple[Tool, Clockwork]:
    """Build the parts once for a process, and the clockwork that runs them in time."""
    database = Database(settings.database_url)
    connection = Connection(allow_private=settings.allow_private_addresses, ca_file=settings.ca_file)
    fetch_picture = None
    if settings.fetch_pictures:  # whatever platforms may be: a file's addresses are somebody else's word
        fetch_picture = picture_fetcher(Connection(allow_private=False, ca_file=settings.ca_file), LARGEST_BYTES)
    keyring = Keyring(settings.keys_dir)
    platforms = Platforms(database)
    tokens = ServiceTokens(connection, keyring, SharedTokens(database, settings.secret(), clock))
    gradebook_of_platforms = AgsGradebook(connection, platforms, tokens, settings.launch_url)
    roster = Roster(connection, tokens)
    keys = PlatformKeys(database, connection, clock)
    columns_of_platforms = AgsColumns(platforms, LineItems(connection, tokens))
    clockwork = Clockwork(
        open_queue(settings),
        database,
        gradebook_of_platforms,
        columns_of_platforms,
        roster,
        keys,
        clock,
        settings.sync_in_flight,
        daily_digest(settings, database, clock),
        fetch_picture,
    )
    tool = Tool(
        settings=settings,
        database=database,
        keyring=keyring,
        connection=connection,
        platforms=platforms,
        gate=Gate(database, platforms, keys),
        gradebook=gradebook_of_platforms,
        columns=columns_of_platforms,
        roster=roster,
        ring=clockwork.ring,
        clock=clock,
        fetch_picture=fetch_picture,
    )
    return tool, clockwork


def create_app(tool: Tool) -> Flask:
    """Return the web application around a built tool."""
    static_folder = Path(__file__).parent / "static"
    app = Flask("lti_tool", template_folder=str(templates_folder()), static_folder=str(static_folder))
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_FORM, MAX_FORM_MEMORY_SIZE=LARGEST_FORM, SEND_FILE_MAX_AGE_DEFAULT=86_400
    )
    # Pages are read on phones. Why compressing tells no secret: docs/decisions/0007-dependencies.md.
    app.config.update(COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_BR_LEVEL=5, COMPRESS_MIN_SIZE=1_000)
    app.config["COMPRESS_STREAMS"] = False  # they are left open (`_read_small_files_whole`)
    Compress(app)
    app.after_request(_read_small_files_whole)
    app.after_request(_ask_again_for_imported)
    app.extensions["lti_tool"] = tool
    app.url_map.converters["int"] = RowNumber
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.before_request(refuse_foreign_posts)
    app.after_request(add_security_headers)
    app.url_defaults(access.fill_in_visit)
    add_error_pages(app)
    for room in _ROOMS:
        app.register_blueprint(room)
    speak(app, tool.clock)
    _add_words(app, tool, _fingerprint(static_folder))
    return app


def _ask_again_for_imported(response: Response) -> Response:
    """A script that another one imports has no version in its address, and would be kept after it has changed."""
    if request.endpoint == "static" and "v" not in request.args:
        response.cache_control.max_age = None
        response.cache_control.no_cache = True
    return response


def _read_small_files_whole(response: Response) -> Response:
    """Let scripts and styles be compressed: of what is streamed Flask-Compress 1.25 leaves the file open."""
    if request.endpoint == "static" and response.status_code == 200:
        with closing(cast(FileWrapper, response.response)):
            response.direct_passthrough = False
            response.get_data()
    return response


def require_schema(database: Database) -> None:
    """Raise SetUpProblem while the database has not been set up."""
    if not inspect(database.engine).has_table("platform"):
        raise SetUpProblem("The database has no tables yet.", "Run `lti-tool db upgrade`.")


def templates_folder() -> Path:
    """The pages: beside the package in a checkout, inside it when installed from a wheel."""
    inside = Path(__file__).parent / "templates"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "templates"


def _add_words(app: Flask, tool: Tool, static_version: str) -> None:
    app.jinja_env.filters["written"] = images.written
    app.jinja_env.globals.update(static_version=static_version, now=tool.clock)
    # Without it, as in a checkout that was never set up, people write in plain fields.
    app.jinja_env.globals["has_editor"] = Path(app.static_folder or "", "built", "editor.js").is_file()
    app.context_processor(lambda: {"visitor": g.get("visitor"), "done": access.done()})


def _fingerprint(folder: Path) -> str:
    """A name for the present scripts and styles, so that browsers may keep them until they change."""
    content = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return hashlib.sha256(content).hexdigest()[:12]
