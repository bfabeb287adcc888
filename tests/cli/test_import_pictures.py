"""`lti-tool import --fetch-pictures`: refused where it is not allowed, and what became of the pictures is said."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from lti_tool.models import Post
from tests.a_school import a_blog, a_teacher, course_of
from tests.cli.conftest import CommandLine
from tests.importing.test_formats import SAMPLES
from tests.lti.scripted_lms import ScriptedLms, scripted_lms

WORDPRESS = SAMPLES / "wxr" / "conversation.xml"


@pytest.fixture(scope="module")
def site() -> Iterator[ScriptedLms]:
    with scripted_lms() as server:
        yield server


def test_switched_off_it_is_refused(line: CommandLine) -> None:
    said = line.problem("import", str(WORDPRESS), "--fetch-pictures")
    assert "LTI_TOOL_FETCH_PICTURES" in said


def test_what_became_of_the_pictures_is_said(
    line: CommandLine, in_a_folder: Callable[..., None], site: ScriptedLms
) -> None:
    in_a_folder(fetch_pictures="true", allow_private_addresses="true")
    file = line.folder / "blog.xml"
    file.write_bytes(WORDPRESS.read_bytes().replace(b"https://img.example.org", site.url.encode()))
    with line.database().writing() as session:
        blog = a_blog(session)
    assert "Nobody teaches" in line.run("import", str(file), "--fetch-pictures").stderr
    with line.database().writing() as session:
        a_teacher(session, course_of(session, blog))
    result = line.run("import", str(file), "--fetch-pictures")
    assert result.exit_code == 0, result.output
    assert "for their address is not one that may be called: 1." in result.stderr
    assert site.url not in result.stderr
    assert not site.heard
    with line.database().reading() as session:
        assert f"![The bridge in winter](<{site.url}/bridge.jpg>)" in session.scalars(select(Post.body)).first()
