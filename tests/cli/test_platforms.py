"""`lti-tool platforms`: inviting an LMS, approving a place in it, allowing a host, and the list of what there is."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from lti_tool.lti.platforms import platform_facts
from lti_tool.lti.registration import open_invitation
from lti_tool.models import Deployment, Invitation, Platform
from tests.cli.conftest import CommandLine

PUBLIC = "https://blog.example.edu"


@pytest.fixture
def public(line: CommandLine, in_a_folder: Callable[..., None]) -> CommandLine:
    """A tool with a public address of its own."""
    in_a_folder(database_url=line.database_url, public_url=PUBLIC)
    return line


def invitation(line: CommandLine) -> Invitation:
    """The invitation that is stored last."""
    with line.database().reading() as session:
        row = session.scalars(select(Invitation).order_by(Invitation.id.desc())).first()
        assert row is not None
        session.expunge(row)
        return row


def code_in(address: str) -> str:
    return address.rpartition("invitation=")[2]


def test_invite_prints_the_address_alone(public: CommandLine) -> None:
    """So that it can be piped or copied as it is; the code itself is kept nowhere."""
    said = public.ok("platforms", "invite", "--name", "The school")
    assert re.fullmatch(rf"{PUBLIC}/lti/register\?invitation=[\w-]{{32,}}\n", said)
    row = invitation(public)
    assert (row.name, row.lti_issuer, row.accepts_new_deployments, row.used_at) == ("The school", None, False, None)
    assert code_in(said.strip()) not in repr(
        {column.name: getattr(row, column.name) for column in row.__table__.columns}
    )
    assert len({public.ok("platforms", "invite", "--name", "x") for _ in range(3)}) == 3


def test_invite_as_json(public: CommandLine) -> None:
    (one,) = public.json("platforms", "invite", "--name", "Škola", "--hours", "2")
    assert set(one) == {"address", "name", "expires"}
    assert one["name"] == "Škola"
    ends = datetime.fromisoformat(one["expires"])
    assert timedelta(hours=1, minutes=58) < ends - datetime.now(UTC) <= timedelta(hours=2)
    with public.database().reading() as session:
        invited = open_invitation(session, code_in(one["address"]), datetime.now(UTC))
    assert (invited.name, invited.lti_issuer, invited.accepts_new_deployments) == ("Škola", None, False)


def test_invite_for_one_issuer_and_by_rule(public: CommandLine) -> None:
    issuer = "https://canvas.instructure.com"
    public.ok("platforms", "invite", "--name", "x", "--issuer", issuer, "--accept-new-deployments")
    row = invitation(public)
    assert (row.lti_issuer, row.accepts_new_deployments) == (issuer, True)


@pytest.mark.parametrize(("hours", "good"), [("1", True), ("720", True), ("0", False), ("721", False), ("-1", False),
                                            ("1.5", False), ("x", False), ("", False)])  # fmt: skip
def test_how_long_an_invitation_may_be_good(public: CommandLine, hours: str, good: bool) -> None:
    result = public.run("platforms", "invite", "--name", "x", "--hours", hours)
    assert result.exit_code == (0 if good else 2), result.output
    if good:
        assert invitation(public).expires_at - invitation(public).created_at == timedelta(hours=int(hours))
    else:
        assert "--hours" in result.stderr
        assert "Traceback" not in result.stderr
        with public.database().reading() as session:
            assert session.scalars(select(Invitation)).all() == []


def test_an_invitation_is_good_for_a_day_unless_said_otherwise(public: CommandLine) -> None:
    public.ok("platforms", "invite", "--name", "x")
    assert invitation(public).expires_at - invitation(public).created_at == timedelta(hours=24)


def test_invite_needs_nothing(public: CommandLine) -> None:
    """The LMS is then called by its host."""
    (one,) = public.json("platforms", "invite")
    assert (one["name"], invitation(public).name) == ("", "")


def with_a_platform(line: CommandLine, *, held: tuple[str, ...] = (), name: str = "The school") -> int:
    """Store a platform with one deployment that is in, and others that wait."""
    now = datetime.now(UTC)
    with line.database().writing() as session:
        row = Platform(
            name=name, lti_issuer="https://lms.example.edu", lti_client_id=f"client of {name}",
            authorize_url="https://lms.example.edu/a", token_url="https://lms.example.edu/t",
            jwks_url="https://lms.example.edu/k", family="", created_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(Deployment(platform_id=row.id, lti_deployment_id="in", held_since=None))
        session.add_all(Deployment(platform_id=row.id, lti_deployment_id=one, held_since=now) for one in held)
        return row.id


def places(line: CommandLine, number: int) -> tuple[list[str], list[str]]:
    """Of one platform, as the list has it: the deployments that are in, and those that wait."""
    (one,) = [one for one in line.json("platforms", "list") if one["id"] == number]
    return one["deployment_ids"], one["held_deployment_ids"]


def test_the_list_says_what_waits(line: CommandLine) -> None:
    number = with_a_platform(line, held=("1:abc", "2:def"))
    assert places(line, number) == (["in"], ["1:abc", "2:def"])
    (said,) = line.ok("platforms", "list").splitlines()
    assert said.endswith("deployments in  WAITING FOR APPROVAL 1:abc, 2:def")


def test_approve_lets_that_one_in_and_no_other(line: CommandLine) -> None:
    first, second = with_a_platform(line, held=("1:abc", "2:def")), with_a_platform(line, held=("1:abc",), name="B")
    said = line.ok("platforms", "approve", str(first), "1:abc")
    assert said == f"Deployment 1:abc of platform {first} is approved.\n"
    assert places(line, first) == (["in", "1:abc"], ["2:def"])
    assert places(line, second) == (["in"], ["1:abc"])
    assert line.ok("platforms", "approve", str(first), "1:abc") == said, "again, and nothing changes"
    assert places(line, first) == (["in", "1:abc"], ["2:def"])


@pytest.mark.parametrize(("number", "place"), [("1", "nowhere"), ("1", ""), ("9", "1:abc"), ("1", "1:ABC")])
def test_approve_what_is_not_there(line: CommandLine, number: str, place: str) -> None:
    with_a_platform(line, held=("1:abc",))
    said = line.problem("platforms", "approve", number, place)
    assert said == f"Platform {number} has no deployment {place}. `lti-tool platforms list` shows them."
    assert places(line, 1) == (["in"], ["1:abc"])


def test_adding_what_waits_approves_it(line: CommandLine) -> None:
    """`platforms add` with a deployment that appeared by itself is the operator's word as well."""
    number = with_a_platform(line, held=("1:abc",))
    facts = {"--name": "x", "--issuer": "https://lms.example.edu", "--client-id": "client of The school"}
    facts |= {"--authorize-url": "https://lms.example.edu/a", "--token-url": "https://lms.example.edu/t"}
    facts |= {"--jwks-url": "https://lms.example.edu/k", "--deployment-id": "1:abc"}
    line.run("platforms", "add", *(part for pair in facts.items() for part in pair))
    assert places(line, number) == (["in", "1:abc"], [])


def hosts(line: CommandLine, number: int) -> list[str]:
    with line.database().reading() as session:
        return list(platform_facts(session.get_one(Platform, number)).service_hosts)


def test_allow_host_adds_one(line: CommandLine) -> None:
    number = with_a_platform(line)
    assert line.ok("platforms", "allow-host", str(number), "Api.Example.EDU") == (
        f"Platform {number} may have services at Api.Example.EDU.\n"
    )
    line.ok("platforms", "allow-host", str(number), "api.example.edu")
    line.ok("platforms", "allow-host", str(number), "api.example.edu:8443")
    assert hosts(line, number) == ["api.example.edu", "api.example.edu:8443"]


@pytest.mark.parametrize(
    "host",
    ["https://api.example.edu", "api.example.edu/path", "", " ", "a b", "user@api.example.edu", "api.example.edu:x",
     "api.example.edu:99999", "api.example.edu?x", "api.example.edu#x", "[", "*", "*.example.edu"],
)  # fmt: skip
def test_allow_host_takes_hosts_only(line: CommandLine, host: str) -> None:
    """What could never be the host of an address would look allowed, and never be."""
    number = with_a_platform(line)
    assert line.problem("platforms", "allow-host", str(number), host).startswith(f"“{host}” is not a host.")
    assert hosts(line, number) == []


def test_allow_host_of_no_platform(line: CommandLine) -> None:
    assert line.problem("platforms", "allow-host", "7", "api.example.edu").startswith("There is no platform 7.")


def test_an_lms_that_has_moved_can_be_registered_as_the_advice_says(line: CommandLine, tmp_path: Path) -> None:
    """What is told about other addresses must lead somewhere: anew with another client id, the old one disabled."""
    number = with_a_platform(line)
    facts: dict[str, Any] = {
        "--name": "x",
        "--issuer": "https://lms.example.edu",
        "--client-id": "client of The school",
    }
    facts |= {f"--{name}-url": f"https://new.example.edu/{name}" for name in ("authorize", "token", "jwks")}
    facts["--deployment-id"] = "in"

    def add() -> list[str]:
        return ["platforms", "add", *(part for pair in facts.items() for part in pair)]

    said = line.problem(*add())
    for words in ("another client id", "disable that platform"):
        assert words in said
    line.ok("platforms", "disable", str(number))
    facts["--client-id"] = "given anew"
    line.ok(*add())
    assert [one["disabled"] for one in line.json("platforms", "list")] == [True, False]


def test_the_list_shows_each_state(line: CommandLine) -> None:
    number = with_a_platform(line, held=("1:abc",))
    with line.database().writing() as session:
        session.execute(update(Platform).values(disabled_at=datetime.now(UTC), family="canvas"))
    (said,) = line.ok("platforms", "list").splitlines()
    assert "  DISABLED  WAITING FOR APPROVAL 1:abc" in said
    (one,) = line.json("platforms", "list")
    assert (one["id"], one["disabled"], one["family"]) == (number, True, "canvas")


def test_a_deployment_added_to_a_disabled_platform_is_not_called_added(line: CommandLine) -> None:
    number = with_a_platform(line)
    line.ok("platforms", "disable", str(number))
    facts = {"--name": "x", "--issuer": "https://lms.example.edu", "--client-id": "client of The school"}
    facts |= {"--authorize-url": "https://lms.example.edu/a", "--token-url": "https://lms.example.edu/t"}
    facts |= {"--jwks-url": "https://lms.example.edu/k", "--deployment-id": "another"}
    said = line.run("platforms", "add", *(part for pair in facts.items() for part in pair))
    assert "disabled" in said.output.lower()
