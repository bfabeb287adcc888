"""The tool's keys on disk: new, listed, retired, and never seen by anybody else (rows 243-247)."""

import os
import threading
from pathlib import Path

import pytest

from lti_tool.errors import SetUpProblem
from lti_tool.lti.keys import Keyring, key_files, new_key, retire_key

PUBLIC = {"kty", "n", "e", "kid", "alg", "use"}


def make_older(path: Path, seconds: int) -> None:
    """Two keys made by one test have the same age on a coarse clock."""
    made = path.stat().st_mtime - seconds
    os.utime(path, (made, made))


def test_without_a_key_the_tool_says_how_to_make_one(empty_folder: Path) -> None:
    keyring = Keyring(empty_folder)
    assert keyring.public_set() == {"keys": []}
    with pytest.raises(SetUpProblem) as caught:
        keyring.signing_key()
    assert "keys new" in caught.value.do


def test_a_new_key_signs_and_the_old_one_is_still_shown(empty_folder: Path) -> None:
    keyring = Keyring(empty_folder)
    first = new_key(empty_folder)
    assert keyring.signing_key().kid == first.kid
    make_older(first.path, 10)
    second = new_key(empty_folder)
    assert keyring.signing_key().kid == second.kid
    assert [key["kid"] for key in keyring.public_set()["keys"]] == [second.kid, first.kid]
    assert [file.kid for file in key_files(empty_folder)] == [second.kid, first.kid]


def test_the_key_set_shows_public_members_only(empty_folder: Path) -> None:
    new_key(empty_folder)
    (key,) = Keyring(empty_folder).public_set()["keys"]
    assert set(key) <= PUBLIC | {"key_ops"}
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert "PRIVATE" not in repr(Keyring(empty_folder).public_set())


def test_a_kid_is_the_name_of_its_file_and_never_given_twice(empty_folder: Path) -> None:
    kids = [new_key(empty_folder).kid for _ in range(3)]
    assert len(set(kids)) == 3
    assert {path.name for path in empty_folder.iterdir()} == {f"{kid}.pem" for kid in kids}


def test_only_the_owner_can_read_a_key(empty_folder: Path) -> None:
    assert new_key(empty_folder).path.stat().st_mode & 0o777 == 0o600


def test_a_retired_key_is_shown_no_longer_but_kept(empty_folder: Path) -> None:
    keyring = Keyring(empty_folder)
    first, second = new_key(empty_folder), new_key(empty_folder)
    assert len(keyring.public_set()["keys"]) == 2
    kept = retire_key(empty_folder, first.kid)
    assert kept.is_file()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [key["kid"] for key in keyring.public_set()["keys"]] == [second.kid]


@pytest.mark.parametrize("kid", ["unknown", "", "../keys", "/etc/passwd", "retired/x"])
def test_an_unknown_key_is_not_retired(empty_folder: Path, kid: str) -> None:
    new_key(empty_folder)
    with pytest.raises(SetUpProblem):
        retire_key(empty_folder, kid)


def test_the_only_key_is_not_retired(empty_folder: Path) -> None:
    only = new_key(empty_folder)
    with pytest.raises(SetUpProblem, match="only key"):
        retire_key(empty_folder, only.kid)
    assert only.path.is_file()


def test_a_tool_that_runs_never_reads_half_a_key(empty_folder: Path) -> None:
    """Keys are made while requests for the key set come in."""
    new_key(empty_folder)
    keyring, problems, done = Keyring(empty_folder), list[Exception](), threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                keyring.public_set()
            except Exception as problem:
                problems.append(problem)

    thread = threading.Thread(target=look)
    thread.start()
    for _ in range(5):
        new_key(empty_folder)
    done.set()
    thread.join()
    assert not problems
    assert len(keyring.public_set()["keys"]) == 6
