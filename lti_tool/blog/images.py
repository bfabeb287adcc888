"""Pictures in what people write: taken in, made anew without what a camera wrote into them, and given out."""

import io
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image as Picture
from PIL import ImageOps
from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound, Rejected
from lti_tool.models import Comment, Image, Post
from lti_tool.wording import say, say_count

LARGEST_BYTES = 8_000_000
LARGEST_PIXELS = 50_000_000
LARGEST_PROGRESSIVE = 25_000_000  # such a JPEG stands in memory once before it is read at a fraction of its size
LARGEST_WHOLE = 16_000_000  # of what only a JPEG can be: read at a fraction of its size
LONGEST_SIDE = 1600
MOST_IN_AN_HOUR = 30
MEDIA_TYPE = "image/webp"
FETCHED = "fetched-"  # begins the key of a picture that an import has brought: nobody put it in within the hour
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_QUALITY = 82
_SMALLER = say("Make it smaller first.")
_UNREADABLE = (say("This file is no picture that can be shown."), say("Choose a JPEG, PNG, GIF or WebP file."))
_TOO_MANY_PIXELS = (say("The picture has too many pixels."), _SMALLER)


@dataclass(frozen=True)
class MadePicture:
    """A picture made anew: WebP, turned upright, at most LONGEST_SIDE pixels wide and high, and nothing else in it."""

    content: bytes
    width: int
    height: int


@dataclass(frozen=True)
class ShownPicture:
    """A stored picture to give out."""

    media_type: str
    content: bytes


def made_anew(content: bytes) -> MadePicture:
    """Return the picture that these bytes hold. Raises Rejected (too large, no picture, a kind not taken)."""
    if len(content) > LARGEST_BYTES:
        raise Rejected(say("The picture is larger than %(most)s MB.", most=LARGEST_BYTES // 1_000_000), _SMALLER)
    try:
        with Picture.open(io.BytesIO(content), formats=_FORMATS) as opened:
            # The size stands in the first bytes: a small file that unfolds to a huge picture is never unfolded.
            if opened.width * opened.height > _most_pixels(opened):
                raise Rejected(*_TOO_MANY_PIXELS)
            opened.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
            kind = "RGBA" if opened.has_transparency_data else "RGB"
            picture = opened if opened.mode in ("L", "RGB", "RGBA", "CMYK") else opened.convert(kind)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # first of all: each copy of a large one is 200 MB
            picture = ImageOps.exif_transpose(picture).convert(kind)
    except (Picture.DecompressionBombError, Picture.DecompressionBombWarning):
        raise Rejected(*_TOO_MANY_PIXELS) from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError):  # what Pillow raises at broken and hostile files
        raise Rejected(*_UNREADABLE) from None
    picture.info.clear()
    made = io.BytesIO()
    picture.save(made, "WEBP", quality=_QUALITY)
    return MadePicture(made.getvalue(), picture.width, picture.height)


def _most_pixels(picture: Picture.Image) -> int:
    if picture.format != "JPEG":
        return LARGEST_WHOLE
    return LARGEST_PROGRESSIVE if "progressive" in picture.info else LARGEST_PIXELS


def require_room(session: Session, owner_id: int, now: datetime) -> None:
    """Raise Rejected when somebody has put in too many pictures within the hour."""
    own = ~Image.key.startswith(FETCHED, autoescape=True)
    latest = select(func.count()).where(Image.owner_id == owner_id, own, Image.made_at > now - timedelta(hours=1))
    if (session.scalar(latest) or 0) >= MOST_IN_AN_HOUR:
        raise Rejected(
            say_count(
                "You have put in %(count)s picture within the last hour; that is the most.",
                "You have put in %(count)s pictures within the last hour; that is the most.",
                MOST_IN_AN_HOUR,
            ),
            say("Wait a while, then put in the next. Your text is still here."),
        )


def keep_image(session: Session, blog_id: int, owner_id: int, picture: MadePicture, now: datetime) -> str:
    """Store a picture and return the key that names it in a text: `![what it shows](image:KEY)`.

    Raises Rejected when somebody has put in too many within the hour.
    """
    require_room(session, owner_id, now)
    key = secrets.token_urlsafe(16)
    _add(session, blog_id, owner_id, key, picture, now)
    return key


def new_fetched_key() -> str:
    """Return a key for `keep_fetched`, so that a text can name the picture before both are stored."""
    return FETCHED + secrets.token_urlsafe(16)


def keep_fetched(
    session: Session, blog_id: int, owner_id: int, key: str, picture: MadePicture, now: datetime
) -> None:  # fmt: skip
    """Store a picture that an import has brought."""
    _add(session, blog_id, owner_id, key, picture, now)


def _add(session: Session, blog_id: int, owner_id: int, key: str, picture: MadePicture, now: datetime) -> None:
    session.add(
        Image(
            key=key,
            blog_id=blog_id,
            owner_id=owner_id,
            media_type=MEDIA_TYPE,
            content=picture.content,
            width=picture.width,
            height=picture.height,
            made_at=now,
        )
    )


def find_image(session: Session, blog_id: int, key: str, reader_id: int, *, is_staff: bool) -> ShownPicture:
    """Return a picture of this blog by its key. Raises NotFound, also for one in a text that staff have hidden."""
    wanted = select(Image.media_type, Image.content).where(Image.key == key, Image.blog_id == blog_id)
    if not is_staff:
        hidden = or_(
            *(
                exists().where(
                    text.author_id == Image.owner_id,
                    text.hidden_at.is_not(None),
                    text.body.contains(f"image:{key}", autoescape=True),
                )
                for text in (Post, Comment)
            )
        )
        wanted = wanted.where(or_(Image.owner_id == reader_id, ~hidden))
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(say("There is no such picture in this blog."), say("Go back to the post."))
    return ShownPicture(row.media_type, row.content)


def markdown_of(key: str, alt: str) -> str:
    """Return the line that shows a picture in a text. Raises Rejected without words for those who cannot see it."""
    words = " ".join(alt.replace("[", "(").replace("]", ")").split())
    if not words:
        raise Rejected(
            say("The picture has no words yet for those who cannot see it."), say("Say in a few words what it shows.")
        )
    return f"![{words}](image:{key})"
