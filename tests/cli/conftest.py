"""The command line run in a folder of its own, with settings of its own."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from lti_tool.cli import main
from lti_tool.database import Database
from lti_tool.settings import Settings


@dataclass
class CommandLine:
    """`lti-tool` in an empty folder whose database has its tables."""

    folder: Path
    database_url: str

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    def ok(self, *arguments: str) -> str:
        """Run a command that must succeed and return what it prints."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        assert result.exception is None
        return result.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def problem(self, *arguments: str, code: int = 1) -> str:
        """Run a command that must fail with one clear line and return the line."""
        result = self.run(*arguments)
        assert result.exit_code == code, result.output
        assert isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        (line,) = result.stderr.strip().splitlines()
        assert line.startswith("Error: ")
        return line.removeprefix("Error: ")

    def database(self) -> Database:
        return Database(self.database_url)


@pytest.fixture
def in_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """A function that sets the environment of the commands; at first none of the tool's settings is set."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LTI_TOOL_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)

    def set_settings(**settings: str) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(f"LTI_TOOL_{name.upper()}", value)

    return set_settings


@pytest.fixture
def line(in_a_folder: Callable[..., None], tmp_path: Path, sqlite_url: str) -> CommandLine:
    in_a_folder(database_url=sqlite_url)
    return CommandLine(tmp_path, sqlite_url)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """Each command sets up its own logs, on the runner's standard error; the tests after it have theirs."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
