"""Pictures of an old blog: fetched once, made anew, stored with their post; what cannot be had stays a link."""

import io
import re
from dataclasses import replace

import pytest
from flask import Response
from PIL import Image as Picture
from sqlalchemy import func, select

from lti_tool.blog.images import MOST_IN_AN_HOUR, require_room
from lti_tool.database import Database
from lti_tool.importing import pictures as limits
from lti_tool.importing.bulk import Choice, make_ready, once_of
from lti_tool.importing.formats import ArchivedPost, Standing
from lti_tool.importing.formats.markdown import markdown_of_html
from lti_tool.importing.pictures import Ledger, Pictures, addresses_in, said_by_address, told
from lti_tool.importing.runs import begin_run, carry_on_imports, packed, run_view, start_run
from lti_tool.lti.connection import Connection
from lti_tool.lti.pictures import picture_fetcher
from lti_tool.models import Comment, Image, ImportRun, Post
from tests.a_school import NOW, a_blog, a_student, a_teacher, course_of
from tests.importing.test_bulk import a_thread
from tests.lti.scripted_lms import ScriptedLms, scripted_lms

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script></svg>'
FETCH = picture_fetcher(Connection(allow_private=True), 100_000, seconds=5)


def a_picture(kind: str = "JPEG") -> bytes:
    made, exif = io.BytesIO(), Picture.Exif()
    exif[0x013B] = "Hannah Feld"
    Picture.new("RGB", (40, 20), "navy").save(made, kind, exif=exif)
    return made.getvalue()


def a_post(body: str, number: int = 1, comment: str = "") -> ArchivedPost:
    post = a_thread([None] if comment else [], number)
    comments = tuple(replace(one, text=comment) for one in post.archived_comments)
    return replace(post, body=tuple(body.split("\n\n")), comments=comments)


def begun(database: Database, posts: list[ArchivedPost], *, wished: bool = True) -> tuple[int, int]:
    with database.writing() as session:
        blog = a_blog(session)
        teacher, ben = a_teacher(session, course_of(session, blog)), a_student(session, course_of(session, blog), "Ben")
        run = begin_run(session, blog, teacher, packed(posts), NOW)
        people = {one.key: ben if one.name == "Ben" else None for one in run_view(session, blog, run).writers}
        start_run(session, blog, run, people, set(), NOW, fetch_pictures=wished)
    return blog, run


def bodies(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Post.body).order_by(Post.number)))


@pytest.fixture(scope="module")
def site() -> ScriptedLms:
    with scripted_lms() as server:
        yield server


@pytest.fixture(autouse=True)
def forgotten(site: ScriptedLms) -> None:
    site.reset()


def test_pictures_come_in_with_their_posts(database: Database, site: ScriptedLms) -> None:
    first = site.will_say("/old-bridge_2-300x200.jpg", Response(a_picture()))
    gone = site.url + "/gone.png"
    drawing = site.will_say("/drawing.png", Response(SVG, mimetype="image/png"))
    posts = [
        a_post(
            f"See ![The bridge](<{first}>) and ![](<{gone}>).\n\n![x](<{drawing}>)", 1, f"Mine: ![Picture](<{first}>)"
        ),
        a_post(f"Again ![](<{first}>) [a link](<{first}>)", 2),
    ]
    blog, run = begun(database, posts)
    assert carry_on_imports(database, lambda: NOW, fetch=FETCH) == 2
    with database.reading() as session:
        image = session.scalars(select(Image)).one()
        assert Picture.open(io.BytesIO(image.content)).format == "WEBP"
        assert b"Hannah" not in image.content
        html = session.scalars(select(Post.body_html).order_by(Post.number)).first()
        assert f'<img src="image:{image.key}" alt="The bridge">' in html
        assert f'href="{gone}"' in html
        comment = session.scalars(select(Comment.body)).one()
        view = run_view(session, blog, run)
    assert comment == f"Mine: ![Picture: old bridge 2](image:{image.key})"
    assert bodies(database) == [
        f"See ![The bridge](image:{image.key}) and ![](<{gone}>).\n\n![x](<{drawing}>)",
        f"Again ![Picture: old bridge 2](image:{image.key}) [a link](<{first}>)",
    ]
    assert len(site.calls_to("/old-bridge_2-300x200.jpg")) == len(site.calls_to("/gone.png")) == 1
    assert view.left_out[0] == "1 picture was fetched and is kept here."
    assert [int(re.findall(r": (\d+)\.", one)[0]) for one in view.left_out[1:]] == [1, 1, 2]
    assert not any("http" in one for one in view.left_out)


def test_a_picture_is_its_writers_own_and_takes_no_room_from_uploads(database: Database, site: ScriptedLms) -> None:
    at = [site.will_say(f"/{number}.png", Response(a_picture())) for number in range(MOST_IN_AN_HOUR + 1)]
    _, run = begun(database, [a_post(f"![x](<{at[0]}>)", 1, " ".join(f"![y](<{one}>)" for one in at[1:]))])
    carry_on_imports(database, lambda: NOW, fetch=FETCH)
    with database.reading() as session:
        teacher = session.get_one(ImportRun, run).person_id
        ben = session.scalars(select(Comment.author_id)).one()
        owners = list(session.scalars(select(Image.owner_id)))
        assert (owners.count(teacher), owners.count(ben)) == (1, MOST_IN_AN_HOUR)
        require_room(session, ben or 0, NOW)


@pytest.mark.parametrize(("wished", "fetch"), [(False, FETCH), (True, None)])
def test_nothing_is_fetched_unless_both_wish_it(
    shared_database: Database, site: ScriptedLms, wished: bool, fetch: limits.Fetch | None
) -> None:
    at = site.will_say("/a.png", Response(a_picture()))
    blog, run = begun(shared_database, [a_post(f"![x](<{at}>)")], wished=wished)
    carry_on_imports(shared_database, lambda: NOW, fetch=fetch)
    with shared_database.reading() as session:
        assert session.scalars(select(Post.body).where(Post.blog_id == blog)).one() == f"![x](<{at}>)"
        assert run_view(session, blog, run).left_out == ()
    assert not site.heard


def test_stopped_and_gone_on_with_nothing_is_fetched_again(database: Database, site: ScriptedLms) -> None:
    at = site.will_say("/a.png", Response(a_picture()))
    posts = [a_post(f"![x](<{at}>)", number) for number in (1, 2)]
    _, run = begun(database, posts)
    assert carry_on_imports(database, lambda: NOW, go_on=lambda: False, fetch=FETCH) == 1
    with database.writing() as session:
        session.get_one(ImportRun, run).leased_until = None
    assert carry_on_imports(database, lambda: NOW, fetch=FETCH) == 1
    assert len(site.calls_to("/a.png")) == 1
    one, two = bodies(database)
    assert one == two
    assert "image:fetched-" in one


def test_a_post_that_is_there_already_has_nothing_fetched(database: Database, site: ScriptedLms) -> None:
    at = site.will_say("/a.png", Response(a_picture()))
    post = a_post(f"![x](<{at}>)")
    blog, _ = begun(database, [post])
    carry_on_imports(database, lambda: NOW)
    with database.writing() as session:
        again = begin_run(session, blog, a_teacher(session, course_of(session, blog)), packed([post]), NOW)
        start_run(session, blog, again, {}, set(), NOW, fetch_pictures=True)
    carry_on_imports(database, lambda: NOW, fetch=FETCH)
    assert not site.heard
    assert bodies(database) == [f"![x](<{at}>)"]


def test_no_transaction_is_open_while_a_picture_is_fetched(database: Database, site: ScriptedLms) -> None:
    """On SQLite nobody else could write."""
    wrote = []

    def fetch(address: str) -> bytes:
        with database.writing() as session:
            wrote.append(session.scalar(select(func.count()).select_from(Image)))
        return FETCH(address)

    posts = [a_post(f"![x](<{site.will_say(f'/{n}.png', Response(a_picture()))}>)", n) for n in (1, 2)]
    begun(database, posts)
    carry_on_imports(database, lambda: NOW, fetch=fetch)
    assert wrote == [0, 1]


def test_what_is_not_chosen_is_not_fetched(site: ScriptedLms) -> None:
    post = a_post("Text", 1, f"![x](<{site.url}/a.png>)")
    comments = tuple(replace(one, standing=Standing.TRASH) for one in post.archived_comments)
    ledger = Ledger()
    ready = make_ready(replace(post, comments=comments), Choice({}), Pictures(FETCH, ledger, 1))
    assert ready is not None
    assert not site.heard


def test_what_recognises_a_post_is_the_same_with_its_pictures(site: ScriptedLms) -> None:
    post = replace(a_post(f"![x](<{site.will_say('/a.png', Response(a_picture()))}>)"), source_id="")
    ready = make_ready(post, Choice({}), Pictures(FETCH, Ledger(), 1))
    assert ready is not None
    assert ready.pictures
    assert ready.once == once_of(post)


def test_there_are_limits(site: ScriptedLms, monkeypatch: pytest.MonkeyPatch) -> None:
    body = " ".join(f"![x](<{site.will_say(f'/{n}.png', Response(a_picture()))}>)" for n in range(5))
    for name, most, expected in (("MOST_PICTURES", 2, 2), ("MOST_OF_A_POST", 3, 3), ("MOST_BYTES", 1, 1)):
        with monkeypatch.context() as changed:
            changed.setattr(limits, name, most)
            ledger = Ledger()
            _, taken = Pictures(FETCH, ledger, 1).brought(a_post(body), {})
            assert len(taken) == expected
            assert "one import fetches at most" in told(ledger)[1]


def test_a_site_that_is_silent_is_asked_three_times(site: ScriptedLms) -> None:
    asked = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return FETCH(address)

    ledger = Ledger()
    body = " ".join(f"![x](<http://no-such-host.invalid/{n}.png>)" for n in range(9))
    Pictures(fetch, ledger, 1).brought(a_post(body), {})
    assert len(asked) == 3
    assert told(ledger)[1] == "Pictures that stay links, for their site did not answer: 9."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("![a](<http://x.org/a b.png>)", []),
        ("![a](<http://x.org/a_(1).png>)", ["http://x.org/a_(1).png"]),
        ("![a\\]b](<http://x.org/a.png>) ![](https://x.org/b.png)", ["http://x.org/a.png", "https://x.org/b.png"]),
        ("[![a](<http://x.org/a.png>)](<http://x.org/>)", ["http://x.org/a.png"]),
        ("[a](<http://x.org/a.png>) \\![a](<http://x.org/a.png>)", []),
        ("`![a](<http://x.org/a.png>)` ```\n![a](<http://x.org/b.png>)\n```", []),
        ("![a](image:abc) ![a](<ftp://x.org/a.png>)", []),
    ],
)
def test_which_pictures_a_text_shows(text: str, found: list[str]) -> None:
    assert list(addresses_in(text)) == found


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://x.org/2019/old-bridge_2-300x200.jpg?w=3", "Picture: old bridge 2"),
        ("https://x.org/Z%C3%BCrich.png", "Picture: Zürich"),
        ("https://x.org/IMG_2041.JPG", "Picture"),
        ("https://x.org/dsc0012.jpg", "Picture"),
        ("https://x.org/3f2a9bcc01.jpg", "Picture"),
        ("https://x.org/AVvXsEjq81xKQ0abcdefghijklmnop/s320", "Picture"),
        ("https://x.org/", "Picture"),
    ],
)
def test_words_for_a_picture_that_has_none(address: str, words: str) -> None:
    assert said_by_address(address) == words


def test_the_html_of_an_old_blog_keeps_its_pictures() -> None:
    html = '<a href="https://x.org/large.jpg"><img src="https://x.org/a.jpg" alt="A cat"></a><img src="//x.org/b.png">'
    assert markdown_of_html(html) == (
        "[![A cat](<https://x.org/a.jpg>)](<https://x.org/large.jpg>)![Picture](<https://x.org/b.png>)"
    )
