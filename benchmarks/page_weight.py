"""What a reader's browser has to fetch for the first page of a thread, and how long the tool takes to make it.

python -m benchmarks.page_weight
"""

import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from benchmarks.scene import open_scene, open_thread

SIZES = (12, 200, 1_000)
ROUNDS = 30


def main() -> None:
    print(f"{'comments':>9} {'of':>8} {'page':>9} {'sent':>7} {'scripts, styles':>16} {'all sent':>9} {'ms':>6}")
    with tempfile.TemporaryDirectory() as folder, open_scene(Path(folder), f"sqlite:///{folder}/tool.sqlite3") as scene:
        for size in SIZES:
            thread = open_thread(scene, size)
            for who, visit in (("student", thread.student), ("teacher", thread.teacher)):
                page = Page(scene.app, f"/v/{visit.key}/posts/1", f"visit={visit.secret}")
                files = sum(len(page.fetch(file, "br")) for file in page.files())
                sent, times = len(page.fetch(page.path, "br")), statistics.median(page.times())
                print(
                    f"{size:9,} {who:>8} {len(page.fetch(page.path)):9,} {sent:7,} {files:16,} {sent + files:9,}"
                    f" {1000 * times:6.1f}"
                )


class Page:
    """A page asked for within this process, as one browser would."""

    def __init__(self, app: Flask, path: str, cookie: str) -> None:
        self._app, self.path, self._cookie = app, path, cookie

    def fetch(self, path: str, encoding: str = "identity") -> bytes:
        headers = {"Cookie": self._cookie, "Accept-Encoding": encoding}
        environ = EnvironBuilder(path=path, headers=headers).get_environ()
        body, status, _headers = run_wsgi_app(self._app.wsgi_app, environ, buffered=True)
        if not status.startswith("200"):
            raise RuntimeError(f"{path} answered {status}")
        return b"".join(body)

    def files(self) -> set[str]:
        return set(re.findall(r'(?:href|src)="(/static/[^"]+)"', self.fetch(self.path).decode()))

    def times(self) -> Iterator[float]:
        for _round in range(ROUNDS):
            began = time.perf_counter()
            self.fetch(self.path, "br")
            yield time.perf_counter() - began


if __name__ == "__main__":
    main()
