"""A blog as a class uses it, through its pages: settings, writing before reading, moderation, what is new."""

import io
import re

import pytest
from PIL import Image as Picture

from lti_tool.blog.sight import pseudonym
from tests.stage import ScriptBrowser, Stage

EVERYTHING_OFF = {"shape": "class", "owed_comments": "2"}


@pytest.fixture
def blog(stage_on_sqlite: Stage) -> "Blog":
    return Blog(stage_on_sqlite)


class Blog:
    """Irena teaches; Hannah has written a post, on which Tom has commented (#1)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.irena, self.hannah, self.tom, self.michael = (
            stage.launched(person) for person in ("irena", "hannah", "tom", "michael")
        )
        self.publish(self.hannah, "The kitchen radio")
        self.comment(self.tom, "I heard it too.")

    def publish(self, browser: ScriptBrowser, title: str) -> None:
        answer = browser.post("posts/new", {"title": title, "body": "It ticked.", "once": title})
        assert answer.status_code == 303, answer.text

    def comment(self, browser: ScriptBrowser, body: str, answers: int | None = None, **more: str) -> int:
        form = {"body": body, "once": body, **({"answers": str(answers)} if answers else {}), **more}
        answer = browser.post("posts/1/comments", form)
        assert answer.status_code == 303, answer.text
        return int(re.findall(r"#c(\d+)$", answer.headers["Location"])[0])

    def choose(self, **choices: str) -> None:
        assert self.irena.post("class", EVERYTHING_OFF | choices).status_code == 303


def test_writing_before_reading(blog: Blog) -> None:
    blog.choose(write_first="on")
    page = blog.michael.get("?all=1").text
    assert "The kitchen radio" not in page
    assert "you write before you read" in page
    assert blog.michael.get("posts/1").status_code == 404
    assert blog.michael.post("posts/1/comments", {"body": "Blind", "once": "b"}).status_code in (404, 422)
    blog.publish(blog.michael, "Mine")
    assert "The kitchen radio" in blog.michael.get("?all=1").text


def test_where_staff_write_students_do_not_post(blog: Blog) -> None:
    blog.choose(shape="staff")
    assert "Write a post" not in blog.tom.get("?all=1").text
    assert blog.tom.get("posts/new").status_code == 403
    refused = blog.tom.post("posts/new", {"title": "T", "body": "B", "once": "c"})
    assert refused.status_code == 403
    assert "the teacher writes the posts" in refused.text
    blog.publish(blog.irena, "By staff")


def test_before_it_opens_students_write_nothing(blog: Blog) -> None:
    blog.choose(opens_at="2099-01-01T09:00")
    refused = blog.tom.post("posts/1/comments", {"body": "Too soon", "once": "s"})
    assert refused.status_code == 422
    assert "has not opened yet" in refused.text
    assert "Too soon" in refused.text
    blog.comment(blog.irena, "Staff prepare")


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"owed_comments": "many"}, "not a number"),
        ({"owed_comments": "51"}, "0 to 50"),
        ({"posts_due_at": "2026-05-02T09:00", "comments_due_at": "2026-05-01T09:00"}, "Comments are due before posts"),
        ({"posts_due_at": "soon"}, "not a day and a time"),
    ],
)
def test_settings_that_cannot_be(blog: Blog, choices: dict[str, str], says: str) -> None:
    answer = blog.irena.post("class", EVERYTHING_OFF | choices)
    assert answer.status_code == 422
    assert says in answer.text
    assert blog.tom.post("class", EVERYTHING_OFF).status_code == 403


def test_dates_are_kept_in_the_zone_they_were_typed_in(blog: Blog) -> None:
    blog.choose(posts_due_at="2026-05-01T09:00", posts_due_at_behind_utc="-120")
    assert 'data-utc="2026-05-01T07:00:00+00:00"' in blog.irena.get("class").text


def test_hidden_names(blog: Blog) -> None:
    blog.choose(names_hidden="on")
    page = blog.michael.get("posts/1").text
    assert "Tom" not in page
    assert "Hannah" not in page
    assert "Tom" in blog.irena.get("posts/1").text
    for path in ("new", "search?q=ticked", "posts/1/comments/1/more", "participation", "?all=1"):
        assert not re.search("Tom|Hannah", blog.michael.get(path).text), path


def test_hidden_with_a_reason_and_shown_again(blog: Blog) -> None:
    assert blog.irena.post("posts/1/comments/1/hide", {"why": " "}).status_code == 422
    assert blog.tom.post("posts/1/comments/1/hide", {"why": "x"}).status_code == 403
    assert blog.irena.post("posts/1/comments/1/hide", {"why": "Names a neighbour"}).status_code == 303
    assert "I heard it too" not in blog.michael.get("posts/1").text
    assert "Names a neighbour" not in blog.michael.get("posts/1").text
    assert "Names a neighbour" in blog.tom.get("posts/1").text
    assert blog.michael.get("search?q=heard").text.count("<mark>") == 0
    assert blog.irena.post("posts/1/comments/1/show").status_code == 303
    assert "I heard it too" in blog.michael.get("posts/1").text


def test_a_report_waits_until_staff_settle_it(blog: Blog) -> None:
    assert blog.michael.post("posts/1/comments/1/report", {"why": ""}).status_code == 422
    assert blog.michael.post("posts/1/comments/1/report", {"why": "Not about the radio"}).status_code == 303
    page = blog.irena.get("reports").text
    assert "Not about the radio" in page
    assert "Michael" in page
    assert blog.michael.get("reports").status_code == 403
    number = re.findall(r"/reports/(\d+)/settle", page)[0]
    assert blog.irena.post(f"reports/{number}/settle").status_code == 303
    assert "Not about the radio" not in blog.irena.get("reports").text


def test_a_private_answer(blog: Blog) -> None:
    number = blog.comment(blog.irena, "Between us: well seen.", 1, private="1")
    assert "Between us" in blog.tom.get("posts/1").text
    assert "Between us" not in blog.michael.get("posts/1").text
    assert blog.michael.get(f"posts/1/comments/{number}/more").status_code == 404
    assert blog.michael.post(f"posts/1/comments/{number}/report", {"why": "x"}).status_code == 404
    blog.comment(blog.tom, "Not a secret", 1, private="1")
    assert "Not a secret" in blog.michael.get("posts/1").text, "students have no private answers"


def test_a_closed_conversation(blog: Blog) -> None:
    assert blog.tom.post("posts/1/lock", {"on": "1"}).status_code == 403
    assert blog.irena.post("posts/1/lock", {"on": "1"}).status_code == 303
    page = blog.tom.get("posts/1").text
    assert "This conversation is closed" in page
    assert "<textarea" not in page
    refused = blog.tom.post("posts/1/comments", {"body": "But", "once": "x"})
    assert refused.status_code == 422
    blog.comment(blog.irena, "A last word")
    assert blog.irena.post("posts/1/lock").status_code == 303
    blog.comment(blog.tom, "Open again")


def test_pinned(blog: Blog) -> None:
    blog.comment(blog.michael, "Second")
    assert blog.irena.post("posts/1/comments/2/pin", {"on": "1"}).status_code == 303
    assert "Pinned: #2" in blog.tom.get("posts/1").text
    blog.publish(blog.tom, "Newer")
    assert blog.irena.post("posts/1/pin", {"on": "1"}).status_code == 303
    titles = re.findall(r'<h2><a href="[^"]+"><bdi>([^<]+)</bdi></a>', blog.tom.get("?all=1").text)
    assert titles == ["The kitchen radio", "Newer"]


def test_a_post_taken_back_and_published_again(blog: Blog) -> None:
    assert blog.tom.post("posts/1/withdraw").status_code == 403
    assert blog.hannah.post("posts/1/withdraw").status_code == 303
    assert blog.tom.get("posts/1").status_code == 404
    assert "taken back" in blog.hannah.get("posts/1").text
    assert blog.hannah.post("posts/1/publish-again").status_code == 303
    assert blog.tom.get("posts/1").status_code == 200


def test_staff_see_what_it_said_before(blog: Blog) -> None:
    blog.tom.post("posts/1/comments/1/edit", {"body": "I never heard it."})
    page = blog.irena.get("posts/1/comments/1/more").text
    assert "I never heard it" in page
    assert "I heard it too" in page
    assert "I heard it too" not in blog.michael.get("posts/1/comments/1/more").text


def test_what_is_new_and_the_way_from_one_to_the_next(blog: Blog) -> None:
    blog.hannah.get("posts/1")
    assert "everything" in blog.hannah.get("new").text
    assert blog.hannah.get("posts/1/news?since=1").json() == {"count": 0}
    for body in ("Two", "Three"):
        blog.comment(blog.michael, body)
    assert blog.hannah.get("posts/1/news?since=1").json() == {"count": 2}
    assert "2 for you" in blog.hannah.get("new").text
    first = blog.hannah.get("posts/1?next=0").headers["Location"]
    assert first.endswith("at=2#c2")
    page = blog.hannah.get("posts/1").text
    assert page.count("new-one") == 2
    assert "2 new" in page
    assert "new-one" not in blog.hannah.get("posts/1").text
    assert blog.hannah.get("posts/1?next=0").headers["Location"].endswith("done=no-news")
    blog.comment(blog.michael, "Four")
    assert blog.hannah.post("read").status_code == 303
    assert "everything" in blog.hannah.get("new").text


def test_search(blog: Blog) -> None:
    page = blog.michael.get("search?q=HEARD+too").text
    assert "<mark>heard</mark>" in page
    assert "No post or comment" in blog.michael.get("search?q=heard+nothing").text
    assert "No post or comment" in blog.michael.get("search?q=%25").text


@pytest.mark.parametrize("view", ["newest", "flat", "flat-newest", "nonsense"])
def test_every_layout_shows_the_thread(blog: Blog, view: str) -> None:
    blog.comment(blog.michael, "Second")
    page = blog.tom.get(f"posts/1?view={view}").text
    assert re.findall(r'id="c(\d+)"', page) == (["2", "1"] if "newest" in view else ["1", "2"])


def test_a_post_that_was_begun_is_offered_on_the_blogs_own_page(blog: Blog) -> None:
    sent = {"place": "post", "version": 0, "fields": {"title": "Of silence", "body": "It was"}}
    kept = blog.tom.post("drafts", json=sent)
    assert kept.status_code == 200, kept.text
    page = blog.tom.get("?all=1").text
    assert "Of silence" in page
    assert "Go on writing" in page
    assert "Of silence" not in blog.michael.get("?all=1").text
    blog.publish(blog.tom, "Of silence")
    assert "Go on writing" not in blog.tom.get("?all=1").text


def test_a_page_does_not_tell_how_hidden_names_are_made(blog: Blog) -> None:
    blog.choose(names_hidden="on")
    page = blog.michael.get("posts/1").text
    known = re.findall(r'data-reader="([^"]+)"', page)[0].split("-")
    made = {pseudonym(key, number) for key in (*known, "", "0") for number in range(1, 50)}
    assert not [name for name in made if name in page]


def test_a_picture_goes_with_the_text_that_staff_hide(blog: Blog) -> None:
    made = io.BytesIO()
    Picture.new("RGB", (20, 20)).save(made, "PNG")
    sent = blog.tom.post("images", files={"image": ("a.png", made.getvalue())}, headers={"X-Requested-With": "fetch"})
    address = f"images?key={sent.json()['key']}"
    number = blog.comment(blog.tom, f"![A classmate](image:{sent.json()['key']})")
    assert blog.michael.get(address).status_code == 200
    blog.irena.post(f"posts/1/comments/{number}/hide", {"why": "Shows a classmate"})
    assert [who.get(address).status_code for who in (blog.michael, blog.tom, blog.irena)] == [404, 200, 200]


def test_a_closed_conversation_is_not_rewritten(blog: Blog) -> None:
    blog.irena.post("posts/1/lock", {"on": "1"})
    assert blog.tom.post("posts/1/comments/1/edit", {"body": "A last word, after closing"}).status_code == 422
    assert "last word" not in blog.michael.get("posts/1").text


def test_the_teacher_still_sees_what_a_deleted_comment_said(blog: Blog) -> None:
    assert "your teacher can still see what it said" in blog.tom.get("posts/1").text
    blog.tom.post("posts/1/comments/1/delete")
    assert "I heard it too" in blog.irena.get("posts/1/more").text
    assert "I heard it too" not in blog.michael.get("posts/1/more").text


def test_a_report_outlives_what_it_is_about(blog: Blog) -> None:
    blog.michael.post("posts/1/comments/1/report", {"why": "Insult"})
    blog.tom.post("posts/1/comments/1/delete")
    page = blog.irena.get("reports").text
    assert "Insult" in page
    assert "I heard it too" in page


def test_a_draft_with_an_impossible_version(blog: Blog) -> None:
    assert blog.tom.post("drafts/drop", json={"place": "post", "version": 10**30}).status_code == 204
