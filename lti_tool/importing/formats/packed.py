"""An export as it is downloaded: a zip archive with one or several files, of WordPress.com or of Google for Blogger."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from lti_tool.errors import ImportProblem
from lti_tool.importing.formats.decoding import refusal
from lti_tool.importing.formats.found import Format, FoundPost, NoPosts
from lti_tool.importing.formats.xml_stream import refuse_doctype
from lti_tool.wording import say

LARGEST_PACKED = 100_000_000
LARGEST_UNPACKED = 200_000_000
MOST_FILES = 100
_HIGHEST_RATIO = 200
_LARGEST_LIST = 2_000_000
_BEGINNING = b"PK\x03\x04"
_ENDINGS = (".xml", ".atom", ".rss")
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of the others some need as much memory as they say
_ENCRYPTED = 1
_END_OF_LIST = b"PK\x05\x06"
_FIRST_BYTES = 4096
_TOO_MUCH = (
    say("The zip archive holds too many files, or more than %(size)s MB of them.", size=LARGEST_UNPACKED // 1_000_000),
    say("Unpack it, and import the file with the posts."),
)


class Packed:
    """Only the files that are exports themselves are unpacked, one after another and never onto a disk."""

    name = "packed"
    label = "A zip archive with an export in it (.zip)"
    is_archive = True

    def __init__(self, *known: Format) -> None:
        self._known = known

    def looks_like(self, first_bytes: bytes) -> bool:
        return first_bytes.startswith(_BEGINNING)

    def posts_in(self, file: BinaryIO) -> Iterator[FoundPost]:
        """The posts of each export in it. One without posts, such as of pages alone, is passed over beside others."""
        content = file.read(LARGEST_PACKED + 1)
        if len(content) > LARGEST_PACKED:
            raise ImportProblem(*_TOO_MUCH)
        try:
            yield from self._unpacked(content)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, struct.error):
            raise refusal(content[:_FIRST_BYTES]) from None

    def _unpacked(self, content: bytes) -> Iterator[FoundPost]:
        _refuse_long_list(content)
        empty: NoPosts | None = None
        has_posts = False
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in _exports_in(archive):
                try:
                    for post in self._posts_of(archive, member):
                        has_posts = True
                        yield post
                except NoPosts as problem:
                    empty = problem
        if not has_posts:
            raise empty or refusal(content[:_FIRST_BYTES])

    def _posts_of(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[FoundPost]:
        with archive.open(member) as unpacked:
            first_bytes = unpacked.read(_FIRST_BYTES)
            unpacked.seek(0)
            known = next((one for one in self._known if one.looks_like(first_bytes)), None)
            if known is not None:
                refuse_doctype(first_bytes)
                yield from known.posts_in(cast(BinaryIO, unpacked))


def _exports_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """What can be an export, in the order of the names, which are not used for anything else."""
    members = [one for one in archive.infolist() if one.filename.lower().endswith(_ENDINGS) and one.file_size]
    members = [one for one in members if not one.filename.startswith("__MACOSX/")]
    if any(one.compress_type not in _KINDS or one.flag_bits & _ENCRYPTED for one in members):
        raise zipfile.BadZipFile
    unpacked = sum(one.file_size for one in members)
    if len(members) > MOST_FILES or unpacked > LARGEST_UNPACKED:
        raise ImportProblem(*_TOO_MUCH)
    if any(one.file_size > _HIGHEST_RATIO * max(one.compress_size, _FIRST_BYTES) for one in members):
        raise ImportProblem(*_TOO_MUCH)
    return sorted(members, key=lambda one: one.filename)


def _refuse_long_list(content: bytes) -> None:
    """The list of files at the end would be read whole."""
    place = content.rfind(_END_OF_LIST, max(0, len(content) - 66_000))
    if place < 0:
        raise zipfile.BadZipFile
    (size,) = struct.unpack_from("<I", content, place + 12)
    if size > _LARGEST_LIST:
        raise ImportProblem(*_TOO_MUCH)
