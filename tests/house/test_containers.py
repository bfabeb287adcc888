"""The image and compose.yaml agree with the program: its settings, its commands, and the files it is built from."""

import re
from pathlib import PurePosixPath

import click
import pytest

from lti_tool.cli import main
from lti_tool.settings import Settings
from tests.system_parts import PROJECT_FOLDER

DOCKERFILE, COMPOSE, IGNORE = ((PROJECT_FOLDER / name).read_text()
                               for name in ("Dockerfile", "compose.yaml", ".dockerignore"))  # fmt: skip


def command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words of a command line name, and the words that are left."""
    found: click.Command = main
    while words and isinstance(found, click.Group) and words[0] in found.commands:
        found, words = found.commands[words[0]], words[1:]
    return found, words


@pytest.mark.parametrize("text", [DOCKERFILE, COMPOSE], ids=["Dockerfile", "compose.yaml"])
def test_they_name_settings_that_there_are(text: str) -> None:
    names = set(re.findall(r"LTI_TOOL_[A-Z_]+", text))
    assert names
    assert names <= {f"LTI_TOOL_{name.upper()}" for name in Settings.model_fields}


def test_they_run_commands_that_there_are() -> None:
    lists = [re.findall(r"[\w-]+", words) for words in re.findall(r"\[\"?lti-tool\"?,([^\]]*)\]", DOCKERFILE + COMPOSE)]
    lines = [words.split() for words in re.findall(r"lti-tool ([a-z -]+[a-z])", COMPOSE)]
    assert ["serve", "--no-worker"] in lists
    assert ["worker"] in lists
    assert ["db", "upgrade"] in lines
    assert ["keys", "new"] in lines
    for words in lists + lines:
        found, options = command(words)
        assert not isinstance(found, click.Group), words
        known = {option for one in found.params for option in [*one.opts, *one.secondary_opts]}
        assert set(options) <= known, words


def test_the_builder_gets_what_the_image_is_made_of_and_no_more() -> None:
    """Keys, databases and .env lie in the same folder."""
    first, *others = [line for line in IGNORE.splitlines() if line and not line.startswith("#")]
    assert first == "*"
    let_in = {line.removeprefix("!") for line in others if line.startswith("!")}
    copied = {
        PurePosixPath(name).parts[0]
        for words in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in words.split()
    }
    assert let_in == copied
    assert all((PROJECT_FOLDER / name).exists() for name in let_in)


def test_nothing_runs_as_root() -> None:
    assert re.search(r"^USER \d{4,}:\d{4,}$", DOCKERFILE, re.MULTILINE)
    for service in ("postgres", "redis"):
        own = re.search(rf"^  {service}:\n((?:    .*\n)+)", COMPOSE, re.MULTILINE)
        assert own
        assert re.search(r'^    user: "[1-9]\d+:[1-9]\d+"$', own[1], re.MULTILINE), service


@pytest.mark.parametrize("name", ["LTI_TOOL_PUBLIC_URL", "LTI_TOOL_SECRET_KEY", "POSTGRES_PASSWORD"])
def test_what_must_be_set_is_asked_for(name: str) -> None:
    """A secret with a default would be everybody's secret."""
    uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", COMPOSE)
    assert uses
    assert all(use.startswith(":?set it in .env") for use in uses)
