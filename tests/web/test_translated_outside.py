"""The pages before and beside a visit, in the language that marks: launch, dialogue, registration, import, errors."""

import pytest
import requests
from sqlalchemy import update

from lti_tool.languages import languages
from lti_tool.mailing.wishes import stop_token
from lti_tool.models import Deployment
from tests.certification.dialogue import ANOTHER_BLOG, opened
from tests.certification.launches import begun
from tests.certification.registrations import at_practice_lms, invited
from tests.certification.test_storage import Storing
from tests.importing.test_formats import SAMPLES
from tests.stage import ScriptBrowser, Stage
from tests.web.forms import fields_of
from tests.web.test_importing import TEXT
from tests.web.test_translated import MARKED, unmarked

ARCHIVE = (SAMPLES / "wxr" / "conversation.xml").read_bytes()
IN_FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def stage(stage_on_sqlite: Stage) -> Stage:
    stage_on_sqlite.app.extensions["lti_tool_languages"] = {"en": MARKED}
    return stage_on_sqlite


@pytest.fixture
def teacher(stage: Stage) -> ScriptBrowser:
    browser = stage.launched("irena")
    stage.clockwork.read_rosters()
    return browser


def check(page: requests.Response, says: str, status: int = 200) -> requests.Response:
    assert page.status_code == status, page.text
    assert says in page.text
    assert unmarked(page.text) == []
    return page


def test_the_pages_of_a_launch(stage: Stage) -> None:
    login = {"iss": stage.lms_url, "login_hint": "LH-1", "target_link_uri": f"{stage.tool_url}/lti/launch"}
    asking = stage.browser().request("POST", "/lti/login", data=login, headers=IN_FRAME)
    check(asking, "⟦Open the blog in a window of its own⟧")
    storing = Storing(stage)
    check(storing.page, "⟦Opening the blog …⟧")
    check(storing.asked(), "⟦Your browser could not show that it was you who opened the blog⟧")
    check(stage.browser().get("/lti/login"), "⟦Your LMS sent an incomplete request to open the blog.⟧", 400)


def test_a_refusal_names_its_place(stage: Stage) -> None:
    attempt = begun(stage)
    with stage.tool.database.writing() as session:
        session.execute(update(Deployment).values(held_since=stage.clock()))
    check(attempt.post(), "⟦deployment id⟧", 403)


@pytest.mark.parametrize("several", [True, False])
def test_the_dialogue_for_new_links(stage: Stage, several: bool) -> None:
    browser = opened(stage, accept_multiple=several)
    check(browser.get(""), "⟦A new blog⟧")
    typed = {name: [value, value] for name, value in ANOTHER_BLOG.items()}
    check(browser.post("", {**typed, "add": "yes"}), "⟦New blog 2⟧")
    check(browser.post("", {}), "⟦Nothing is chosen yet.⟧", 422)
    check(browser.post("", ANOTHER_BLOG), "⟦Adding to the course …⟧")
    stage.launched("irena")
    check(opened(stage, accept_multiple=several).get(""), "⟦Or take a blog of this course⟧")


def test_the_dialogue_where_nothing_can_be_chosen(stage: Stage) -> None:
    check(opened(stage, "tom").get(""), "⟦Only teachers and their assistants add blogs to a course⟧", 403)
    browser = opened(stage, accept_types=["html"])
    check(browser.get(""), "⟦Your LMS does not take a blog in this place⟧")
    check(browser.post("cancel"), "⟦Going back …⟧")


def test_the_pages_of_a_registration(stage: Stage) -> None:
    frame = invited(stage)
    check(stage.browser().get("/lti/setup"), "⟦Set up the class blog by hand⟧")
    check(stage.browser().get(frame.address), "⟦This address is for your LMS⟧", 400)
    asked = check(at_practice_lms(stage, frame), "⟦Register the class blog with Canvas?⟧")
    check(frame.press(asked, confirmed="x"), "⟦The LMS has changed its addresses meanwhile.⟧", 400)
    check(frame.press(asked), "⟦The class blog is registered⟧")
    check(frame.press(asked), "⟦", 403)


def test_the_pages_beside_a_visit(stage: Stage) -> None:
    check(stage.browser().get("/nowhere"), "⟦There is no such page.⟧", 404)
    address = f"/digest/stop/{stop_token(stage.tool.settings.secret(), 1)}"
    check(stage.browser().get(address), "⟦No more e-mail from your class blogs?⟧")
    check(stage.browser().post(address), "⟦You get no more of these e-mails from the courses you are in⟧")
    check(stage.browser().get("/digest/stop/x"), "⟦This address is not whole.⟧", 404)


def test_the_import_of_a_page(teacher: ScriptBrowser) -> None:
    check(teacher.post("import", {"text": ""}), "⟦There is nothing to import yet.⟧", 422)
    check(
        teacher.post("import", files={"file": ("x.pdf", b"%PDF-1.7")}), "⟦The file is ⟦a PDF document⟧, not text.⟧", 422
    )
    preview = check(teacher.post("import", {"text": TEXT}), "⟦Person: ⟦the whole name of Tom Okonkwo⟧.⟧")
    fields = fields_of(preview.text)
    assert all(fields[f"author_{number}_reason"].startswith("⟦") for number in (1, 2, 3))
    check(teacher.post("import/store", fields | {"parent_1": "9"}), "⟦Comment 1 is said to answer 9", 422)
    assert teacher.post("import/store", fields | {"author_2_name": ""}).status_code == 303
    check(teacher.post("import", {"text": TEXT}), "⟦This text has been imported into this blog before.⟧")
    check(teacher.get("import/authors"), "⟦unnamed⟧")


def test_the_import_of_a_whole_blog(teacher: ScriptBrowser) -> None:
    run = teacher.post("import", files={"file": ("blog.xml", ARCHIVE)}).headers["Location"]
    page = check(teacher.get(run), "⟦nobody in this course is called Waits⟧")
    assert "⟦The bridge &amp; the river: ⟦2 left out that are no comments" in page.text
    assert "⟦In the whole file: left out, for they are no posts: ⟦1 of the kind “attachment”⟧.⟧" in page.text
    assert teacher.post(f"{run}/store", fields_of(page.text)).status_code == 303
    check(teacher.get(run), "⟦0 of 2 posts stored, with ⟦0 comments⟧⟧")
    teacher.stage.clockwork.carry_on_imports()
    check(teacher.get(run), "⟦Done: ⟦2 posts⟧ gone through, ⟦3 comments⟧ stored⟧")
    check(teacher.get("import/approve"), "⟦Count it⟧")
    again = teacher.post("import", files={"file": ("blog.xml", ARCHIVE)}).headers["Location"]
    assert teacher.post(f"{again}/store", fields_of(teacher.get(again).text)).status_code == 303
    teacher.stage.clockwork.carry_on_imports()
    check(teacher.get(again), "⟦The bridge &amp; the river: was brought in before.⟧")


def test_a_sentence_kept_in_one_language_is_read_in_another(teacher: ScriptBrowser) -> None:
    known = teacher.stage.app.extensions["lti_tool_languages"]
    known["en"] = languages()["en"]
    run = teacher.post("import", files={"file": ("blog.xml", ARCHIVE)}).headers["Location"]
    assert "nobody in this course is called Waits<" in teacher.get(run).text
    known["en"] = MARKED
    check(teacher.get(run), "⟦nobody in this course is called Waits⟧")
