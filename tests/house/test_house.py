"""The house rules: what is configured, run or added is documented, rooms stay small, nobody reads a clock unasked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lti_tool.cli import main
from lti_tool.importing.formats import FORMATS
from lti_tool.participation.rules import RULES
from lti_tool.settings import Settings
from tests.system_parts import PROJECT_FOLDER

PROGRAM = PROJECT_FOLDER / "lti_tool"
TEMPLATES = PROJECT_FOLDER / "templates"
MODULES = sorted(PROGRAM.rglob("*.py"))
CORE = ("identity.py", "blog/", "gradebook/", "participation/", "importing/", "models/", "database.py", "wording.py")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def room(module: Path) -> str:
    return module.relative_to(PROGRAM).as_posix()


def docs() -> str:
    return "\n".join(path.read_text() for path in sorted((PROJECT_FOLDER / "docs").rglob("*.md")))


def operating() -> str:
    return (PROJECT_FOLDER / "docs" / "operating.md").read_text()


def commands(group: click.Group, path: str = "lti-tool") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def calls(module: Path) -> Iterator[tuple[str, int]]:
    """Each name with a dot in a module, such as `os.environ`, with its line."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node), node.lineno


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_is_documented_with_its_default(name: str) -> None:
    (row,) = [line for line in operating().splitlines() if line.startswith(f"| `LTI_TOOL_{name.upper()}` |")]
    field = Settings.model_fields[name]
    default = {True: "true", False: "false"}.get(field.default, field.default)
    assert default is None or f"| `{default}` |" in row
    assert field.description, "and says in the code what it is"


def test_no_setting_is_documented_that_there_is_not() -> None:
    known = {f"LTI_TOOL_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"LTI_TOOL_[A-Z_]+", docs())) <= known


@pytest.mark.parametrize(
    ("path", "command"), list(commands(main)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_command_is_documented(path: str, command: click.Command) -> None:
    rows = [line for line in operating().splitlines() if re.match(rf"\| `{path}( [A-Z]+)*` \|", line)]
    assert len(rows) == 1, path
    assert command.help, "and says what it does"


def test_no_command_is_documented_that_there_is_not() -> None:
    groups = {name for name, command in main.commands.items() if isinstance(command, click.Group)}
    known = {path.removeprefix("lti-tool ") for path, _ in commands(main)}
    for first, second in re.findall(r"lti-tool ([a-z]+)(?: ([a-z-]+))?", operating()):
        assert (f"{first} {second}" if first in groups else first) in known


def test_no_option_is_documented_that_there_is_not() -> None:
    known = {
        option for _, command in commands(main) for one in command.params for option in [*one.opts, *one.secondary_opts]
    }
    assert set(re.findall(r"(?<=[` ])--[a-z-]+", operating())) <= {*known, "--help"}


@pytest.mark.parametrize("name", [*(rule.name for rule in RULES), *(kind.name for kind in FORMATS)])
def test_each_rule_and_format_is_documented(name: str) -> None:
    assert f"`{name}`" in docs()


def test_each_event_for_an_alarm_is_logged() -> None:
    named = re.findall(r"^\| `([a-z_]+)` \|", operating(), re.MULTILINE)
    assert "fault" in named
    logged = "\n".join(module.read_text() for module in MODULES)
    assert [name for name in named if f'"{name}"' not in logged] == []


@pytest.mark.parametrize("module", MODULES, ids=room)
def test_modules_and_functions_stay_small(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not room(module).startswith("migrations/"):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("module", MODULES, ids=room)
def test_each_module_says_what_it_is_for(module: Path) -> None:
    text = module.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)) or "migrations/versions" in str(module)


def test_only_the_tool_reads_the_clock() -> None:
    found = {
        (room(module), name)
        for module in MODULES
        for name, _ in calls(module)
        if re.fullmatch(r"(datetime\.)?(datetime|date)\.(now|utcnow|today)", name)
        and not room(module).startswith("practice_lms/")
    }
    assert found == {("tool.py", "datetime.now")}


def test_core_rooms_measure_no_time_either() -> None:
    core = [module for module in MODULES if room(module).startswith(CORE)]
    assert len(core) > 20
    for module in core:
        assert not re.search(r"^\s*(import time|from time import|import random)", module.read_text(), re.MULTILINE)


def test_only_settings_and_demo_read_the_environment() -> None:
    found = {
        room(module)
        for module in MODULES
        for name, _ in calls(module)
        if name in ("os.environ", "os.getenv", "os.putenv") and not room(module).startswith("practice_lms/")
    }
    assert found <= {"settings.py", "demo.py"}
    for module in MODULES:
        assert "from os import" not in module.read_text(), room(module)


def test_every_template_is_rendered_and_every_rendered_one_is_there() -> None:
    there = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    views = "\n".join(module.read_text() for module in MODULES if room(module).startswith("web/"))
    rendered = set(re.findall(r'"([\w/]+\.html)"', views))
    used = set(rendered)
    for path in TEMPLATES.rglob("*.html"):
        used |= set(re.findall(r'{% (?:extends|include|from|import) "([\w/]+\.html)"', path.read_text()))
    assert rendered <= there
    assert there == used


def test_templates_trust_only_what_was_sanitised() -> None:
    """`|safe` and `|written` stand only after what `blog.text` made."""
    trusted = {
        match
        for path in TEMPLATES.rglob("*.html")
        for match in re.findall(r"([\w.\[\]]+)\s*\|\s*(?:safe|written)", path.read_text())
    }
    assert {name.split(".")[-1] for name in trusted} <= {"html", "prompt", "source"}
    for path in TEMPLATES.rglob("*.html"):
        assert "autoescape" not in path.read_text()


def test_links_between_documents_lead_somewhere() -> None:
    for path in [PROJECT_FOLDER / "README.md", *(PROJECT_FOLDER / "docs").rglob("*.md")]:
        for target in re.findall(r"(?<!!)\[[^]]*\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} -> {target}"
