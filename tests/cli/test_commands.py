"""Each command answers --help, does what it says, and tells in one line what it cannot do."""

import json
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy import select, update

from lti_tool.cli import main
from lti_tool.errors import LmsUnreachable
from lti_tool.gradebook.claiming import claim_due
from lti_tool.gradebook.outbox import want_score
from lti_tool.gradebook.outcomes import Result, record_results
from lti_tool.lti.keys import kid_from
from lti_tool.models import Blog, Comment, GradebookScore, Post, SyncState
from tests.a_school import NOW, a_blog, a_comment, a_post, a_student, course_of
from tests.cli.conftest import CommandLine
from tests.gradebook.an_outbox import a_score
from tests.importing.pages import page
from tests.stage import Stage

ADDRESSES = {
    "--authorize-url": "https://lms.example.edu/authorize",
    "--token-url": "https://lms.example.edu/token",
    "--jwks-url": "https://lms.example.edu/jwks",
}
TEXT = page(
    "Anna Berg on April 4, 2019 at 10:12 am said:\nI don't agree with this reading of the speech, and here is why.",
    "Somebody on April 4, 2019 at 1:30 pm said:\nI do, for the reasons that the memoirs give us in such detail.",
)


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name)


ALL_COMMANDS = tuple(commands(main))


@pytest.mark.parametrize("path", ALL_COMMANDS, ids=" ".join)
def test_every_command_answers_help(line: CommandLine, path: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        said = line.ok(*path, option)
        assert said.startswith("Usage: ")
        assert len(said.split("\n\n")[1].strip()) > 10, "a sentence that says what it does"


def test_the_commands_that_others_script_against() -> None:
    stable = "demo; serve; worker; db upgrade; keys new; keys list; keys retire; platforms add; platforms list; " \
             "platforms disable; import; scores import; sync; doctor"  # fmt: skip
    assert {tuple(name.split()) for name in stable.split("; ")} <= set(ALL_COMMANDS)


def test_where_facts_are_printed_json_is_offered(line: CommandLine) -> None:
    for path in (("keys", "list"), ("platforms", "list"), ("import",), ("scores", "import"), ("sync",), ("doctor",)):
        assert "--json" in line.ok(*path, "--help")


def test_as_a_program_of_its_own(line: CommandLine) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "lti_tool", "keys", "list", "--json"], capture_output=True, text=True, check=True
    )
    assert (json.loads(run.stdout), run.stderr) == ([], "")
    failed = subprocess.run(
        [sys.executable, "-m", "lti_tool", "keys", "retire", "x"], capture_output=True, text=True, check=False
    )
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "Error: There is no key x. `lti-tool keys list` shows the keys.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["nonsense"], 2), (["keys", "retire"], 2), (["import", "no-such-file"], 2), (["platforms", "add"], 2),
     (["platforms", "disable", "x"], 2)],
)  # fmt: skip
def test_wrong_usage(line: CommandLine, arguments: list[str], code: int) -> None:
    result = line.run(*arguments)
    assert result.exit_code == code
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"port": "x"}, "LTI_TOOL_PORT: .*valid integer"),
        ({"public_url": "http://blog.example.edu"}, "LTI_TOOL_PUBLIC_URL: must be https"),
        ({"database_url": "nonsense", "secret_key": "0123456789abcdef"}, "LTI_TOOL_DATABASE_URL: must be"),
        (
            {"database_url": "postgresql+psycopg://x@127.0.0.1:1/x", "secret_key": "0123456789abcdef"},
            ".* Check LTI_TOOL_DATABASE_URL",
        ),
        ({"queue_url": "redis://127.0.0.1:1"}, "The queue cannot be opened: .* Check LTI_TOOL_QUEUE_URL"),
    ],
)
@pytest.mark.parametrize("command", ["sync", "serve", "platforms list", "db upgrade"])
def test_a_wrong_setting_is_one_line(
    in_a_folder: Callable[..., None], tmp_path: Path, settings: dict[str, str], says: str, command: str
) -> None:
    in_a_folder(**settings)
    assert re.match(says, CommandLine(tmp_path, "").problem(*command.split()))


@pytest.mark.parametrize("command", ["sync", "serve", "worker", "platforms list", "db rebuild-threads"])
def test_without_tables_the_next_step_is_named(in_a_folder: Callable[..., None], tmp_path: Path, command: str) -> None:
    said = CommandLine(tmp_path, "").problem(*command.split())
    assert said == "The database has no tables yet. Run `lti-tool db upgrade`."


def test_db_upgrade_in_an_empty_folder(in_a_folder: Callable[..., None], tmp_path: Path) -> None:
    line = CommandLine(tmp_path, f"sqlite:///{tmp_path / 'var' / 'lti_tool.sqlite3'}")
    for _ in range(2):
        assert line.ok("db", "upgrade") == "The database is up to date.\n"
    assert line.json("sync") == line.json("platforms", "list") == []
    with line.database().writing() as session:
        a_blog(session)


def test_serving_needs_a_key(line: CommandLine) -> None:
    assert line.problem("serve") == "There is no key in keys. Run `lti-tool keys new`."


def test_keys_come_and_go(line: CommandLine) -> None:
    assert line.json("keys", "list") == []
    old = line.ok("keys", "new").strip()
    path = line.folder / "keys" / f"{old}.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert line.problem("keys", "retire", old).startswith("This is the only key.")
    new = line.ok("keys", "new").strip()
    listed = line.json("keys", "list")
    assert [(key["kid"], key["signs"]) for key in listed] == [(new, True), (old, False)]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*\+00:00$", key["made"]) for key in listed)
    assert line.ok("keys", "list").splitlines()[0].endswith("  signs")
    assert line.ok("keys", "retire", old) == f"Moved to keys/retired/{old}.pem.\n"
    assert [key["kid"] for key in line.json("keys", "list")] == [new]
    assert not path.exists()


def test_no_kid_looks_like_an_option() -> None:
    """One thumbprint in 64 begins with a hyphen, and `keys retire` would refuse it."""
    assert kid_from("-kQ-_x") == "kQ-_x"
    assert kid_from("_k-Qx-") == "_k-Qx-"


def added(line: CommandLine, *deployments: str, **changes: str) -> list[str]:
    """The arguments that register a platform, with changes by option name."""
    given = {"--name": "Our LMS", "--issuer": "https://lms.example.edu", "--client-id": "abc", **ADDRESSES}
    given |= {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    options = [part for pair in given.items() for part in pair]
    return ["platforms", "add", *options, *(part for one in deployments for part in ("--deployment-id", one))]


def test_platforms_are_added_and_never_overwritten(line: CommandLine) -> None:
    assert line.ok(*added(line, "1", "2")) == "Platform 1, Our LMS: deployment 1, 2 added.\n"
    assert line.problem(*added(line, "1")) == "Platform 1, Our LMS, is registered already. Nothing is changed."
    assert line.ok(*added(line, "2", "3", "3")) == "Platform 1, Our LMS: deployment 3 added.\n"
    said = line.problem(*added(line, "9", token_url="https://evil.example/token"))
    assert said.startswith(
        "Platform 1, Our LMS, has this issuer and client id but other addresses. Nothing is changed."
    )
    assert line.ok(*added(line, "1", client_id="def", name="Their LMS")).startswith("Platform 2, Their LMS")
    assert line.json("platforms", "list") == [
        {"id": 1, "name": "Our LMS", "issuer": "https://lms.example.edu", "client_id": "abc",
         "deployment_ids": ["1", "2", "3"], "held_deployment_ids": [], "family": "", "disabled": False},
        {"id": 2, "name": "Their LMS", "issuer": "https://lms.example.edu", "client_id": "def",
         "deployment_ids": ["1"], "held_deployment_ids": [], "family": "", "disabled": False},
    ]  # fmt: skip
    assert "1  Our LMS  https://lms.example.edu  client abc  deployments 1, 2, 3" in line.ok("platforms", "list")


@pytest.mark.parametrize("option", ["authorize_url", "token_url", "jwks_url"])
@pytest.mark.parametrize("address", ["http://lms.example.edu/x", "http://127.0.0.1/x", "nonsense", "ftp://x/y", ""])
def test_only_addresses_that_may_be_called(line: CommandLine, option: str, address: str) -> None:
    said = line.problem(*added(line, "1", **{option: address}))
    assert said.startswith(f"--{option.replace('_', '-')} {address}")
    assert line.json("platforms", "list") == []


def test_a_platform_is_disabled(line: CommandLine) -> None:
    line.ok(*added(line, "1"))
    assert line.ok("platforms", "disable", "1") == "Our LMS is disabled.\n"
    assert line.json("platforms", "list")[0]["disabled"] is True
    assert "DISABLED" in line.ok("platforms", "list")
    assert line.problem("platforms", "disable", "7").startswith("There is no platform 7.")


def test_import_dry_run(line: CommandLine) -> None:
    (line.folder / "page.txt").write_text(TEXT)
    found = line.json("import", "page.txt", "--dry-run")
    assert set(found) == {"title", "subtitle", "author", "author_reason", "body", "sources", "stated_comments",
                          "comments", "warnings"}  # fmt: skip
    assert found["title"] == "On the Thaw"
    assert [set(comment) for comment in found["comments"]] == [{"number", "parent", "author", "text", "reason"}] * 2
    assert [(comment["number"], comment["parent"], comment["author"]) for comment in found["comments"]] == [
        (1, None, "Anna Berg"),
        (2, None, "Somebody"),
    ]
    said = line.ok("import", "page.txt", "--dry-run")
    assert "On the Thaw" in said
    assert "2 comments" in said
    assert "1. Anna Berg, top level" in said
    with line.database().reading() as session:
        assert session.scalars(select(Post)).all() == []


def test_a_dry_run_needs_no_database(in_a_folder: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(TEXT)
    line = CommandLine(tmp_path, "")
    assert line.json("import", "page.txt", "--dry-run")["title"] == "On the Thaw"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.txt"]


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "The file is empty."), (b"%PDF-1.7", "The file is a PDF document, not text.")]
)
def test_a_file_that_is_no_page(line: CommandLine, content: bytes, says: str) -> None:
    (line.folder / "page.txt").write_bytes(content)
    assert line.problem("import", "page.txt", "--dry-run").startswith(says)
    assert line.problem("import", "page.txt").startswith(says)


def test_import_into_the_only_blog(line: CommandLine) -> None:
    (line.folder / "page.txt").write_text(TEXT)
    with line.database().writing() as session:
        blog = a_blog(session)
        anna = a_student(session, course_of(session, blog), "Anna Berg")
    assert "Stored as post 1 of blog 1, Class blog, with 2 comments." in line.ok("import", "page.txt")
    with line.database().reading() as session:
        comments = session.scalars(select(Comment).order_by(Comment.number)).all()
        assert [comment.author_id for comment in comments] == [anna, None]
    result = line.run("import", "page.txt")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: This text has been imported into this blog before.")


def test_import_says_which_blogs_there_are(line: CommandLine) -> None:
    (line.folder / "page.txt").write_text(TEXT)
    assert "There is no blog yet." in line.run("import", "page.txt").stderr
    with line.database().writing() as session:
        a_blog(session)
        a_blog(session)
    result = line.run("import", "page.txt")
    assert result.exit_code == 1
    assert "--blog with one of: 1 Class blog (Soviet History); 2 Class blog (Soviet History)" in result.stderr
    assert line.run("import", "page.txt", "--blog", "3").exit_code == 1
    result = line.run("import", "page.txt", "--blog", "2", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["title"] == "On the Thaw"
    assert "Stored as post 1 of blog 2" in result.stderr
    with line.database().reading() as session:
        assert [row.last_post_number for row in session.scalars(select(Blog).order_by(Blog.id))] == [0, 1]


def test_sync_prints_the_ledger(line: CommandLine) -> None:
    with line.database().writing() as session:
        blog = a_blog(session)
        course = course_of(session, blog)
        for name, points in (("Anna Berg", "1.33"), ("Ben Cole", "10")):
            want_score(session, blog, a_student(session, course, name), a_score(points), NOW)
        (delivery,) = claim_due(session, NOW, 45)
        record_results(session, [Result(delivery, LmsUnreachable("The LMS is asleep."))], NOW)
    first, second = line.json("sync")
    assert list(first) == ["blog", "person", "name", "wanted", "maximum", "lms_shows", "state", "cause", "attempts",
                           "next_attempt"]  # fmt: skip
    assert first | {"person": "", "next_attempt": ""} == {
        "blog": 1, "person": "", "name": "Anna Berg", "wanted": 1.33, "maximum": 10.0, "lms_shows": None,
        "state": "waiting", "cause": "The LMS is asleep.", "attempts": 1, "next_attempt": "",
    }  # fmt: skip
    assert first["person"].startswith("sub-")
    assert first["next_attempt"].startswith("2026-03-02T09:00:")
    assert (second["name"], second["cause"], second["attempts"]) == ("Ben Cole", "", 0)
    text = line.ok("sync")
    assert "blog 1  Anna Berg  1.33 / 10.0  LMS took nothing yet  waiting: The LMS is asleep." in text


def test_rebuilding_threads(line: CommandLine) -> None:
    with line.database().writing() as session:
        post = a_post(session, a_blog(session))
        for answers in (None, 1, 2):
            a_comment(session, post, answers=answers)
    assert line.ok("db", "rebuild-threads") == "Every place was right.\n"
    with line.database().writing() as session:
        session.execute(update(Comment).where(Comment.number > 1).values(path=Comment.path + "9"))
    assert line.ok("db", "rebuild-threads") == "2 places were wrong and are mended.\n"
    with line.database().reading() as session:
        assert session.scalars(select(Comment.path).order_by(Comment.number)).all() == [
            "000001",
            "000001000002",
            "000001000002000003",
        ]


def findings(line: CommandLine, code: int) -> dict[str, list[tuple[bool, str]]]:
    result = line.run("doctor", "--json")
    assert result.exit_code == code, result.output
    by_subject: dict[str, list[tuple[bool, str]]] = {}
    for one in json.loads(result.stdout):
        assert set(one) == {"subject", "good", "says"}
        by_subject.setdefault(one["subject"], []).append((one["good"], one["says"]))
    return by_subject


def test_the_doctor_in_an_empty_folder(in_a_folder: Callable[..., None], tmp_path: Path) -> None:
    line = CommandLine(tmp_path, "")
    found = findings(line, code=1)
    assert found["keys"] == [(False, "There is none in keys: run `lti-tool keys new`.")]
    assert found["database"] == [(False, "Its schema is not the newest: run `lti-tool db upgrade`.")]
    line.ok("db", "upgrade")
    line.ok("keys", "new")
    found = findings(line, code=1)
    assert found["platforms"] == [(False, "None is registered: run `lti-tool platforms invite`, or `platforms add`.")]
    assert found["database"][0][0] is found["keys"][0][0] is True
    said = line.run("doctor")
    assert said.exit_code == 1
    assert "WRONG platforms: None is registered" in said.stdout
    assert "ok    database: " in said.stdout


def test_the_doctor_looks_at_keys_and_platforms(line: CommandLine, in_a_folder: Callable[..., None]) -> None:
    kid = line.ok("keys", "new").strip()
    (line.folder / "keys" / f"{kid}.pem").chmod(0o644)
    in_a_folder(allow_private_addresses="true")
    nowhere = {"token_url": "http://127.0.0.1:1/token", "jwks_url": "http://127.0.0.1:1/jwks"}
    line.ok(*added(line, "1", **nowhere))
    found = findings(line, code=1)
    assert found["keys"][0] == (False, f"keys/{kid}.pem can be read by others: run `chmod 600 keys/{kid}.pem`.")
    key_set, token = found["platform Our LMS"]
    assert key_set[0] is False
    assert "http://127.0.0.1:1/jwks" in key_set[1]
    assert token[0] is True
    in_a_folder(allow_private_addresses="false")
    for good, says in findings(line, code=1)["platform Our LMS"]:
        assert not good
        assert "LTI_TOOL_ALLOW_PRIVATE_ADDRESSES=true" in says


def test_the_doctor_finds_a_sound_set_up_sound(stage_on_sqlite: Stage, in_a_folder: Callable[..., None]) -> None:
    settings = stage_on_sqlite.tool.settings
    in_a_folder(
        database_url=settings.database_url,
        keys_dir=str(settings.keys_dir),
        public_url=settings.public_url,
        allow_private_addresses="true",
    )
    line = CommandLine(Path(), settings.database_url)
    found = findings(line, code=0)
    assert all(good for each in found.values() for good, _ in each)
    assert found["scores"] == [(True, "none is stuck")]
    with line.database().writing() as session:
        blog = a_blog(session)
        want_score(session, blog, a_student(session, course_of(session, blog)), a_score("1"), NOW)
    assert findings(line, code=1)["scores"] == [
        (False, "Some have been due for over five minutes: is a worker running?")
    ]
    with line.database().writing() as session:
        session.execute(update(GradebookScore).values(state=SyncState.NEEDS_TEACHER, due_at=None))
    assert findings(line, code=1)["scores"][0][1].startswith("1 need somebody")


def test_sync_now_sends_and_returns(stage_on_sqlite: Stage, in_a_folder: Callable[..., None]) -> None:
    settings = stage_on_sqlite.tool.settings
    in_a_folder(database_url=settings.database_url, keys_dir=str(settings.keys_dir), allow_private_addresses="true")
    line = CommandLine(Path(), settings.database_url)
    student = stage_on_sqlite.launched("tom")
    student.post("posts/new", {"title": "A post", "body": "Words.", "once": "a"})
    result = line.run("sync", "--now", "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == "1 sent, 0 to be tried again, 0 refused.\n"
    (one,) = json.loads(result.stdout)
    assert (one["wanted"], one["lms_shows"], one["state"], one["next_attempt"]) == (4.0, 4.0, "confirmed", None)
    assert stage_on_sqlite.school.grades(stage_on_sqlite.school.column_of(1).id)["tom"].score == 4.0


def test_a_whole_blog_goes_in_and_out(line: CommandLine, tmp_path: Path) -> None:
    """Read, stored, started again without doubling, and written out as each kind of file."""
    database = line.database()
    with database.writing() as session:
        blog = a_blog(session)
    sample = Path(__file__).parent.parent / "importing" / "samples" / "wxr" / "conversation.xml"
    found = line.json("import", str(sample), "--dry-run")["posts"]
    assert [(one["title"], len(one["comments"])) for one in found] == [("The bridge & the river", 5), ("A draft", 0)]
    assert "example.edu" not in json.dumps([one["comments"][2]["author"] for one in found[:1]])
    first, second = (line.run("import", str(sample), "--with", "pending") for _ in range(2))
    assert f"Blog {blog}, Class blog: 2 posts stored with 4 comments, 0 were there before, 0 left out." in first.stderr
    assert "0 posts stored with 0 comments, 2 were there before" in second.stderr
    with database.reading() as session:
        assert [post.uncounted for post in session.scalars(select(Post))] == [True, True]
    for kind in ("json", "wxr", "html"):
        line.ok("export", "--format", kind, str(tmp_path / kind))
        assert "The bridge" in (tmp_path / kind).read_text()
    assert "Ben Cole" not in line.ok("export", "--pseudonyms")
    assert "2 were there before" in line.run("import", str(tmp_path / "json")).stderr
    assert "cut off" in line.problem("import", str(_cut(sample, tmp_path)))
    database.close()


def test_a_whole_blog_counts_at_once_if_the_operator_says_so(line: CommandLine) -> None:
    database = line.database()
    with database.writing() as session:
        a_blog(session)
    sample = Path(__file__).parent.parent / "importing" / "samples" / "feed" / "simple.rss"
    line.ok("import", str(sample), "--count")
    with database.reading() as session:
        assert [post.uncounted for post in session.scalars(select(Post))] == [False, False]
    database.close()


def _cut(sample: Path, folder: Path) -> Path:
    short = folder / "short.xml"
    short.write_bytes(sample.read_bytes()[:-100])
    return short
