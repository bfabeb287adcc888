"""The first page of a thread of 12, 1,000 and 10,000 comments, beside a bare Flask page that shows the same rows.

    python -m benchmarks.thread_page [--rounds 200]

Each contestant is asked once in every round, twice over: served by gunicorn over the loopback interface, as people meet
it, and by calling its WSGI application in this process, where nothing that all share brings the ratios nearer to 1.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bare_page import bare_app
from benchmarks.measuring import Rounds, run_rounds
from benchmarks.scene import SECRET, InProcess, Scene, Thread, open_scene, open_thread
from benchmarks.serving import Get, serving_app, serving_tool
from tests.postgres import running_server
from tests.stage import free_port
from tests.system_parts import find_postgres

SIZES = (12, 1_000, 10_000)
PEOPLE = ("student", "teacher")
PEERS = ("bare", "session", "models")
Ask = Callable[[], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", Path(folder), f"sqlite:///{folder}/tool.sqlite3", rounds)
        programs = find_postgres()
        if programs is None:
            print("\nPostgreSQL: not found on this machine, so not measured.")
            return
        with running_server(programs) as server:
            measure(f"PostgreSQL {server.version}", Path(folder), server.url(server.new_database()), rounds)


def measure(name: str, folder: Path, database_url: str, rounds: int) -> None:
    with open_scene(folder, database_url) as scene:
        threads = [open_thread(scene, size) for size in SIZES]
        scene.tidy_database()
        with served(scene, threads, database_url) as contestants:
            report(f"{name}, served by gunicorn", run_rounds(contestants, rounds))
        report(f"{name}, called in one process", run_rounds(in_process(scene, threads, database_url), rounds))


@contextmanager
def served(scene: Scene, threads: list[Thread], database_url: str) -> Iterator[dict[str, Ask]]:
    port = free_port()
    environment = {
        "LTI_TOOL_DATABASE_URL": database_url,
        "LTI_TOOL_SECRET_KEY": SECRET,
        "LTI_TOOL_KEYS_DIR": str(scene.tool.settings.keys_dir),
        "LTI_TOOL_QUEUE_URL": scene.tool.settings.queue_url or "",
        "LTI_TOOL_WORKERS": "1",
    }
    bare_place = "benchmarks.bare_page:bare_app_of_environment()"
    with (
        serving_tool(port, environment),
        serving_app(bare_place, {"BENCHMARK_DATABASE_URL": database_url}) as bare_port,
    ):
        yield contestants(threads, lambda *page: Get(bare_port, *page), lambda *page: Get(port, *page))


def in_process(scene: Scene, threads: list[Thread], database_url: str) -> dict[str, Ask]:
    bare = bare_app(database_url)
    return contestants(threads, lambda *page: InProcess(bare, *page), lambda *page: InProcess(scene.app, *page))


def contestants(threads: list[Thread], bare: Callable[..., Ask], tool: Callable[..., Ask]) -> dict[str, Ask]:
    """The pages to ask for, once it is sure that each shows the comments it should."""
    found: dict[str, Ask] = {}
    for thread in threads:
        found[f"bare {thread.comments}"] = bare(f"/posts/{thread.post_id}")
        found[f"session {thread.comments}"] = bare(f"/through-a-session/{thread.post_id}")
        found[f"models {thread.comments}"] = bare(f"/through-models/{thread.post_id}")
        for who, visit in zip(PEOPLE, (thread.student, thread.teacher), strict=True):
            found[f"{who} {thread.comments}"] = tool(f"/v/{visit.key}/posts/1", f"visit={visit.secret}")
    for name, ask in found.items():
        shown = ask().count('id="c') - (1 if name.startswith(PEOPLE) else 0)  # the section is called "comments"
        if shown != min(int(name.split()[1]), 50):
            raise RuntimeError(f"the page of {name} shows {shown} comments")
    return found


def report(where: str, rounds: Rounds) -> None:
    print(f"\n{where}: median, and in brackets the quarters on either side of it")
    print(f"{'comments':>9} {'of':>8} {'ms':>20}", *(f"{f'x {peer}':>20}" for peer in PEERS))
    for size in SIZES:
        for who in (*PEERS, *PEOPLE):
            name = f"{who} {size}"
            ratios = [rounds.ratio(name, f"{peer} {size}") for peer in PEERS]
            print(f"{size:9,} {who:>8} {rounds.milliseconds(name)!s:>20}", *(f"{ratio!s:>20}" for ratio in ratios))
    for name in ("bare", *PEOPLE):
        print(f"{name}: 10,000 comments / 1,000 comments = {rounds.ratio(f'{name} 10000', f'{name} 1000')} x,", end=" ")
        print(f"1,000 comments / 12 comments = {rounds.ratio(f'{name} 1000', f'{name} 12')} x")


if __name__ == "__main__":
    main()
