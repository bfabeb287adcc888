"""What watches over the tool is told whether it lives and whether it can work."""

from dataclasses import replace
from pathlib import Path

from lti_tool.app import create_app
from lti_tool.database import Database
from lti_tool.lti.keys import Keyring
from tests.stage import Stage


def test_alive_and_ready(open_house: Stage) -> None:
    browser = open_house.browser()
    assert browser.get("/healthz").json() == {"status": "ok"}
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"problems": [], "status": "ok"})


def test_alive_but_not_ready(open_house: Stage, tmp_path: Path) -> None:
    broken = replace(
        open_house.tool,
        database=Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}"),
        keyring=Keyring(tmp_path / "no-keys"),
    )
    client = create_app(broken).test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.get_json() == {"status": "not ready", "problems": ["database: OperationalError", "keys: none"]}
    broken.database.close()
