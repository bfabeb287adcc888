"""Pictures: made anew, small and without what a camera wrote into them; nothing odd comes in."""

import io
import struct
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image as Picture

from lti_tool.blog.images import (
    LARGEST_BYTES,
    LONGEST_SIDE,
    MOST_IN_AN_HOUR,
    find_image,
    keep_image,
    made_anew,
    markdown_of,
)
from lti_tool.database import Database
from lti_tool.errors import NotFound, Rejected
from tests.a_school import a_blog, a_course, a_student

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
ORIENTATION, ARTIST, GPS = 0x0112, 0x013B, 0x8825


def file_of(picture: Picture.Image, kind: str, **options: object) -> bytes:
    made = io.BytesIO()
    picture.save(made, kind, **options)
    return made.getvalue()


def opened(content: bytes) -> Picture.Image:
    picture = Picture.open(io.BytesIO(content))
    picture.load()
    return picture


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 40,000 by 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_each_common_kind_comes_out_as_webp(kind: str) -> None:
    made = made_anew(file_of(Picture.new("RGB", (60, 40), "navy"), kind))
    assert opened(made.content).format == "WEBP"
    assert (made.width, made.height) == opened(made.content).size == (60, 40)


def test_a_photograph_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    photograph = Picture.new("RGB", (400, 200), "white")
    photograph.paste("red", (0, 0, 200, 200))  # the left half: at the top once it is turned
    exif = Picture.Exif()
    exif[ORIENTATION], exif[ARTIST] = 6, "Hannah Feld"
    exif.get_ifd(GPS)[1] = "N"
    made = opened(made_anew(file_of(photograph, "JPEG", exif=exif, comment=b"secret")).content)
    assert made.size == (200, 400)
    top, bottom = made.convert("RGB").getpixel((100, 50)), made.convert("RGB").getpixel((100, 350))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[1] < 60 < 200 < bottom[1]
    assert not made.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(made.info)


def test_a_large_one_is_made_smaller_and_stays_in_shape() -> None:
    made = made_anew(file_of(Picture.new("RGB", (4000, 1000)), "PNG"))
    assert (made.width, made.height) == (LONGEST_SIDE, LONGEST_SIDE // 4)


def test_what_can_be_seen_through_stays_so() -> None:
    made = opened(made_anew(file_of(Picture.new("RGBA", (10, 10), (0, 0, 0, 0)), "PNG")).content)
    assert made.mode == "RGBA"
    assert made.getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", b"%PDF-1.4",
     file_of(Picture.new("RGB", (60, 40)), "JPEG")[:200], file_of(Picture.new("RGB", (9, 9)), "BMP"),
     file_of(Picture.new("RGB", (9, 9)), "TIFF")],
    ids=["nothing", "a beginning", "a drawing with a script", "a document", "cut short", "bitmap", "tiff"],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Rejected, match="no picture"):
        made_anew(content)


def test_what_would_fill_the_memory_is_never_unfolded() -> None:
    with pytest.raises(Rejected, match="too many pixels"):
        made_anew(bomb())
    wide = Picture.new("L", (5001, 5000))
    with pytest.raises(Rejected, match="too many pixels"):
        made_anew(file_of(wide, "JPEG", progressive=True))
    assert made_anew(file_of(wide, "JPEG")).width == LONGEST_SIDE
    with pytest.raises(Rejected, match="8 MB"):
        made_anew(b"\xff" * (LARGEST_BYTES + 1))


def test_a_picture_is_of_its_blog_alone(database: Database) -> None:
    made = made_anew(file_of(Picture.new("RGB", (6, 4)), "PNG"))
    with database.writing() as session:
        course = a_course(session)
        blog, other, person = a_blog(session, course), a_blog(session, course), a_student(session, course)
        key = keep_image(session, blog, person, made, NOW)
    with database.reading() as session:
        assert find_image(session, blog, key, 0, is_staff=True).content == made.content
        for place, name in ((other, key), (blog, key[:-1]), (blog, "")):
            with pytest.raises(NotFound):
                find_image(session, place, name, 0, is_staff=True)


def test_so_many_within_an_hour_and_no_more(database: Database) -> None:
    made = made_anew(file_of(Picture.new("RGB", (6, 4)), "PNG"))
    with database.writing() as session:
        course = a_course(session)
        blog, person, other = a_blog(session, course), a_student(session, course), a_student(session, course)
        for _picture in range(MOST_IN_AN_HOUR):
            keep_image(session, blog, person, made, NOW)
        with pytest.raises(Rejected, match="within the last hour"):
            keep_image(session, blog, person, made, NOW + timedelta(minutes=59))
        keep_image(session, blog, other, made, NOW)
        keep_image(session, blog, person, made, NOW + timedelta(minutes=61))


def test_the_line_that_shows_it() -> None:
    assert markdown_of("abc", " A map\n of [the] wires ") == "![A map of (the) wires](image:abc)"
    with pytest.raises(Rejected, match="cannot see it"):
        markdown_of("abc", " \n")
