"""The parts of the tests that Python's package index does not hold: a Chromium, and the PostgreSQL and Redis programs.

`python -m tests.system_parts` makes sure of them before a test run: what the system has is taken; else Debian's package
is installed when root; for the browser, else Playwright's own. Tests find the parts by the same functions,
`find_chromium`, `find_postgres` and `find_redis`, so that what was announced is what is used.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

PROJECT_FOLDER = Path(__file__).parent.parent
NO_CHROMIUM = (
    "no Chromium that runs was found: install Debian's package chromium, or run .venv/bin/playwright install chromium"
)
NO_DRIVER = "Playwright's driver does not start: install Debian's package libatomic1"
NO_POSTGRES = "no PostgreSQL programs were found: install Debian's package postgresql (it need not be running)"
NO_REDIS = "no redis-server was found: install Debian's package redis-server (it need not be running)"


def main() -> int:
    """Make sure of all parts, and say in a line each what will be used. In CI a missing part is a failure."""
    if not playwright_starts():
        _install_driver_library()
    chromium = find_chromium() or _installed_chromium()
    postgres = find_postgres() or _installed_postgres()
    redis = find_redis() or _installed_redis()
    if not playwright_starts():
        print(f"Playwright: {NO_DRIVER}")
    print(f"Chromium: {chromium or NO_CHROMIUM}")
    print(f"PostgreSQL: {postgres or NO_POSTGRES}")
    print(f"Redis: {redis or NO_REDIS}")
    if chromium and postgres and redis and playwright_starts():
        return 0
    print("In CI all tests must run." if in_ci() else "Tests that need what is missing will be skipped.")
    return 1 if in_ci() else 0


def in_ci() -> bool:
    """Whether this is a CI run, where no test may be skipped for want of a part."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def unavailable(reason: str) -> NoReturn:
    """End the test that needs a missing part: skipped at a contributor's desk, failed in CI."""
    if in_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@cache
def playwright_starts() -> bool:
    """Whether the driver that comes with Playwright runs: it links to a library that a bare Debian lacks."""
    return _run_playwright("--version").returncode == 0


@cache
def find_chromium() -> Path | None:
    """The first Chromium or Chrome that really starts."""
    return next((path for path in _chromium_candidates() if _runs(path, "Chrom")), None)


@cache
def find_postgres() -> Path | None:
    """The folder of a complete set of PostgreSQL's server programs."""
    return next((folder for folder in _postgres_candidates() if _is_complete(folder)), None)


@cache
def find_redis() -> Path | None:
    """Redis's server program."""
    found = shutil.which("redis-server")
    return Path(found) if found and _runs(Path(found), "Redis server") else None


def _chromium_candidates() -> Iterator[Path]:
    for name in ("chromium", "google-chrome-stable", "google-chrome", "chromium-browser"):
        found = shutil.which(name)
        # A snap may not read a profile outside its own folders, so Playwright cannot drive it.
        if found and "snap" not in Path(found).resolve().parts:
            yield Path(found)
    yield from _playwright_chromium()


def _playwright_chromium() -> Iterator[Path]:
    """Playwright's own Chromium of exactly the revision that this Playwright asks for."""
    plan = _output("playwright", "install", "--dry-run", "--only-shell", "chromium")
    for folder in re.findall(r"Install location:\s+(\S.*)", plan):
        yield from Path(folder).glob("chrome*/*headless[_-]shell")


def _runs(program: Path, expected: str) -> bool:
    """Whether `--version` answers as expected. On Ubuntu chromium-browser may be a stub that only names its snap."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and expected in answer.stdout and any(c.isdigit() for c in answer.stdout)


def _postgres_candidates() -> Iterator[Path]:
    """Folders that may hold the programs: PATH first, then Debian's, newest first, then what pg_config names."""
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda folder: int("0" + re.sub(r"\D", "", folder.parent.name)), reverse=True)
    yield from (Path("/usr/local/bin"), Path("/usr/local/pgsql/bin"))
    if shutil.which("pg_config"):
        yield Path(_output("pg_config", "--bindir").strip())


def _is_complete(folder: Path) -> bool:
    return _runs(folder / "postgres", "PostgreSQL") and _runs(folder / "initdb", "PostgreSQL")


def _installed_chromium() -> Path | None:
    """Install Debian's Chromium, or else Playwright's own, and return what is there afterwards."""
    # The fonts are for names in Cyrillic, Greek, Arabic and Hebrew on the pages.
    if not _is_ubuntu():
        _install_packages("chromium", "fonts-liberation", "fonts-dejavu-core")
    if found := _look_again():
        return found
    print("Installing Playwright's own Chromium")
    # On the systems Playwright knows, root can also have it install the libraries that its Chromium links to.
    with_libraries = ["--with-deps"] if os.geteuid() == 0 and shutil.which("apt-get") else []
    done = _run_playwright("install", *with_libraries, "--only-shell", "chromium")
    if done.returncode != 0:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "rror" in line]
        print("Playwright could not install its Chromium" + (f": {said[0].strip()}" if said else ""))
    return _look_again()


def _install_driver_library() -> None:
    _install_packages("libatomic1")
    playwright_starts.cache_clear()


def _look_again() -> Path | None:
    find_chromium.cache_clear()
    return find_chromium()


def _is_ubuntu() -> bool:
    """Ubuntu's chromium package only installs a snap, which cannot be used here."""
    try:
        return platform.freedesktop_os_release().get("ID") == "ubuntu"
    except OSError:
        return False


def _installed_postgres() -> Path | None:
    """Install Debian's PostgreSQL and leave no server running: the tests start their own."""
    had_clusters = shutil.which("pg_lsclusters") is not None
    _install_packages("postgresql")
    find_postgres.cache_clear()
    folder = find_postgres()
    if folder and not had_clusters and shutil.which("pg_dropcluster"):
        # The package has just made an empty cluster, named main, and may have started it.
        subprocess.run(["pg_dropcluster", "--stop", folder.parent.name, "main"], capture_output=True, check=False)
    return folder


def _installed_redis() -> Path | None:
    """Install Debian's Redis and leave no server running: the tests start their own."""
    _install_packages("redis-server")
    find_redis.cache_clear()
    found = find_redis()
    if found and shutil.which("systemctl"):
        subprocess.run(["systemctl", "disable", "--now", "redis-server"], capture_output=True, check=False)
    return found


def _install_packages(*names: str) -> None:
    sys.stdout.flush()
    subprocess.run([PROJECT_FOLDER / "setup" / "debian_packages", *names], check=False)


def _run_playwright(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "playwright", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _output(program: str, *arguments: str) -> str:
    """What a program prints, or nothing when it fails."""
    if program == "playwright":
        return _run_playwright(*arguments).stdout
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    sys.exit(main())
