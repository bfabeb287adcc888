"""The address that answers with names while somebody types one."""

from lti_tool.blog.sight import pseudonym
from lti_tool.models import Blog
from tests.stage import ScriptBrowser, Stage


def names(browser: ScriptBrowser, typed: str) -> object:
    answer = browser.get("names", params={"typed": typed})
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def test_names_and_nothing_else(stage_on_sqlite: Stage) -> None:
    stage = stage_on_sqlite
    tom, irena = stage.launched("tom"), stage.launched("irena")
    stage.launched("hannah")
    assert names(tom, "hann") == {"names": ["Hannah Feld"]}
    assert names(tom, "x" * 5_000) == names(tom, "\0") == {"names": []}
    assert tom.get("names").json() == {"names": []}
    assert irena.post("class", {"shape": "class", "owed_comments": "2", "names_hidden": "on"}).status_code == 303
    assert names(tom, "hann") == {"names": []}
    with stage.tool.database.reading() as session:
        birds = {pseudonym(blog.names_key, number) for blog in session.query(Blog) for number in range(1, 9)}
    assert all(names(tom, bird) == {"names": []} for bird in birds)


def test_who_only_looks_on_is_told_none(stage_on_sqlite: Stage) -> None:
    stage_on_sqlite.launched("hannah")
    observer = stage_on_sqlite.launched("observer")
    assert observer.get("names", params={"typed": "hann"}).status_code == 403
