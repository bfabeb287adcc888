"""Fetching an old blog's pictures: offered where the operator allows it, done where the teacher ticks it."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Response
from PIL import Image as Picture
from sqlalchemy import func, select

from lti_tool.app import build_tool
from lti_tool.errors import NoPicture, PictureNotFetched
from lti_tool.importing.runs import carry_on_imports
from lti_tool.lti.connection import Connection
from lti_tool.lti.pictures import picture_fetcher
from lti_tool.models import Image
from lti_tool.settings import Settings
from tests.lti.scripted_lms import ScriptedLms, scripted_lms
from tests.stage import ScriptBrowser, Stage
from tests.web.forms import fields_of
from tests.web.test_bulk_import import WORDPRESS, uploaded

AT = "https://img.example.org/bridge.jpg"
TICK = 'name="pictures"'


@pytest.fixture(scope="module")
def site() -> Iterator[ScriptedLms]:
    with scripted_lms() as server:
        yield server


def allowed(stage: Stage, *, private: bool = True) -> None:
    fetch = picture_fetcher(Connection(allow_private=private), 100_000, seconds=5)
    stage.app.extensions["lti_tool"] = replace(stage.tool, fetch_picture=fetch)


def begun(stage: Stage, site: ScriptedLms, **ticks: str) -> tuple[ScriptBrowser, str]:
    teacher = stage.launched("irena")
    made = io.BytesIO()
    Picture.new("RGB", (30, 20)).save(made, "PNG")
    site.reset()
    at = site.will_say("/bridge.jpg", Response(made.getvalue()))
    page = uploaded(teacher, WORDPRESS.replace(AT.encode(), at.encode()))
    sent = teacher.post(f"{page}/store", fields_of(teacher.get(page).text) | ticks)
    assert sent.status_code == 303, sent.text
    return teacher, page


def stored_pictures(stage: Stage) -> int:
    with stage.tool.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Image)) or 0


def test_where_it_is_not_allowed_there_is_no_tick_and_none_helps(stage: Stage, site: ScriptedLms) -> None:
    teacher = stage.launched("irena")
    page = teacher.get(uploaded(teacher)).text
    assert TICK not in page
    assert "nothing is fetched from elsewhere" in page
    begun(stage, site, pictures="1")
    fetch = picture_fetcher(Connection(allow_private=True), 100_000, seconds=5)
    carry_on_imports(stage.tool.database, stage.clock, fetch=fetch)
    assert stored_pictures(stage) == 0
    assert not site.heard


def test_from_the_tick_to_the_picture_in_the_post(stage: Stage, site: ScriptedLms) -> None:
    allowed(stage)
    teacher, page = begun(stage, site, pictures="1")
    assert not site.heard, "the worker fetches, not the request"
    fetch = stage.app.extensions["lti_tool"].fetch_picture
    carry_on_imports(stage.tool.database, stage.clock, fetch=fetch)
    assert "1 picture was fetched and is kept here." in teacher.get(page).text
    read = teacher.get("posts/1").text
    assert 'alt="The bridge in winter"' in read
    assert site.url not in read
    key = read.split("images?key=")[1].split('"')[0]
    shown = teacher.get(f"images?key={key}")
    assert shown.headers["Content-Type"] == "image/webp"


def test_it_is_offered_unticked(stage: Stage, site: ScriptedLms) -> None:
    allowed(stage)
    teacher = stage.launched("irena")
    page = uploaded(teacher)
    shown = teacher.get(page).text
    assert TICK in shown
    assert "pictures" not in fields_of(shown)
    begun(stage, site)
    carry_on_imports(stage.tool.database, stage.clock, fetch=stage.app.extensions["lti_tool"].fetch_picture)
    assert stored_pictures(stage) == 0


def test_in_earnest_no_private_address_is_called_though_the_lms_has_one(stage: Stage, site: ScriptedLms) -> None:
    """The file names a host on this machine, as a hostile one would."""
    assert stage.tool.settings.allow_private_addresses
    allowed(stage, private=False)
    teacher, page = begun(stage, site, pictures="1")
    carry_on_imports(stage.tool.database, stage.clock, fetch=stage.app.extensions["lti_tool"].fetch_picture)
    assert not site.heard
    assert "for their address is not one that may be called: 1." in teacher.get(page).text
    assert f'href="{site.url}/bridge.jpg"' in teacher.get("posts/1").text


def test_the_tool_as_it_is_built_refuses_private_addresses(tmp_path: Path, sqlite_url: str) -> None:
    settings = Settings(database_url=sqlite_url, keys_dir=tmp_path / "keys", allow_private_addresses=True,
                        fetch_pictures=True, queue_url=f"sqlite:///{tmp_path / 'q.sqlite3'}")  # fmt: skip
    tool, _ = build_tool(settings)
    assert tool.fetch_picture is not None
    with pytest.raises(PictureNotFetched) as problem:
        tool.fetch_picture("http://localhost/x.png")
    assert problem.value.why is NoPicture.REFUSED
    tool.database.close()
