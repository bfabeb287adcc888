"""Drafts: kept by version, so that of two windows neither overwrites what the other has saved."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.blog.drafts import (
    MOST_DRAFTS,
    DraftConflict,
    KeptDraft,
    drop_draft,
    load_draft,
    place_of_comment,
    place_of_edit,
    place_of_post,
    save_draft,
)
from lti_tool.blog.editing import ChangedMeanwhile, edition, require_unchanged
from lti_tool.database import Database
from lti_tool.errors import Rejected
from tests.a_school import a_blog, a_course, a_student

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
PLACE = place_of_comment(3, 17)


@pytest.fixture
def writer(database: Database) -> tuple[int, int]:
    """A person and a blog."""
    with database.writing() as session:
        course_id = a_course(session)
        return a_student(session, course_id), a_blog(session, course_id)


def saved(database: Database, writer: tuple[int, int], body: str, version: int = 0, at: datetime = NOW) -> KeptDraft:
    with database.writing() as session:
        kept = save_draft(session, *writer, PLACE, {"body": body}, version, at)
    assert isinstance(kept, KeptDraft)
    return kept


def test_places_are_told_apart() -> None:
    places = [place_of_post(None), place_of_post(3), place_of_comment(3, None), PLACE, place_of_edit(3, 17)]
    assert places == ["post", "post 3", "comment 3 0", "comment 3 17", "edit 3 17"]


def test_a_draft_is_there_again(database: Database, writer: tuple[int, int]) -> None:
    first = saved(database, writer, "Half a thought")
    second = saved(database, writer, "A whole thought", first.version, NOW + timedelta(seconds=5))
    assert second.version == first.version + 1
    with database.reading() as session:
        assert load_draft(session, *writer, PLACE) == second
        assert load_draft(session, *writer, "post") is None
        assert load_draft(session, writer[0] + 1, writer[1], PLACE) is None
    assert second.fields == {"body": "A whole thought"}
    assert second.saved_at == NOW + timedelta(seconds=5)


def test_of_two_windows_the_second_is_told(database: Database, writer: tuple[int, int]) -> None:
    opened = saved(database, writer, "As both windows know it")
    newer = saved(database, writer, "Window one goes on", opened.version)
    with database.writing() as session:
        told = save_draft(session, *writer, PLACE, {"body": "Window two goes on"}, opened.version, NOW)
    assert told == DraftConflict(newer)
    with database.writing() as session:
        assert save_draft(session, *writer, PLACE, {"body": "A window that knew of none"}, 0, NOW) == DraftConflict(
            newer
        )
        assert save_draft(session, *writer, PLACE, {"body": "Window one goes on"}, 0, NOW) == newer  # the same text
    with database.reading() as session:
        assert load_draft(session, *writer, PLACE) == newer


def test_a_sent_draft_does_not_come_back(database: Database, writer: tuple[int, int]) -> None:
    kept = saved(database, writer, "About to be sent")
    with database.writing() as session:
        drop_draft(session, *writer, PLACE, kept.version)
        assert load_draft(session, *writer, PLACE) is None
        late = save_draft(session, *writer, PLACE, {"body": "A late saving"}, kept.version, NOW)
    assert late == DraftConflict(None)
    begun = saved(database, writer, "Another draft", at=NOW + timedelta(hours=1))
    assert begun.version > kept.version  # no old window takes it for its own


def test_sending_an_old_window_keeps_the_newer_draft(database: Database, writer: tuple[int, int]) -> None:
    opened = saved(database, writer, "Short")
    newer = saved(database, writer, "Much longer, on another machine", opened.version)
    with database.writing() as session:
        drop_draft(session, *writer, PLACE, opened.version)
        assert load_draft(session, *writer, PLACE) == newer
        drop_draft(session, *writer, PLACE)
        assert load_draft(session, *writer, PLACE) is None


def test_nothing_is_kept_of_nothing_and_not_without_end(database: Database, writer: tuple[int, int]) -> None:
    assert saved(database, writer, "").version == 0
    with database.writing() as session, pytest.raises(Rejected, match="characters"):
        save_draft(session, *writer, PLACE, {"body": "x" * 120_001}, 0, NOW)
    with database.writing() as session:
        for number in range(MOST_DRAFTS):
            save_draft(session, *writer, place_of_comment(1, number), {"body": "x"}, 0, NOW)
        with pytest.raises(Rejected, match="drafts of yours"):
            save_draft(session, *writer, PLACE, {"body": "x"}, 0, NOW)


def test_a_form_opened_before_a_change_is_told() -> None:
    opened = edition(None)
    require_unchanged(None, opened, "As it was", "Changed")
    require_unchanged(NOW, edition(NOW), "Changed", "Changed again")
    require_unchanged(NOW, None, "Changed", "From a form without a stamp")
    require_unchanged(NOW, opened, "The same\n\ntext", "The same\r\n\r\ntext ")  # sent again, after a lost answer
    with pytest.raises(ChangedMeanwhile) as told:
        require_unchanged(NOW, opened, "What the other window says", "Mine")
    assert (told.value.stored, told.value.kept) == ("What the other window says", "Mine")
    require_unchanged(NOW, told.value.edition, "What the other window says", "Mine")  # knowing both, it goes through
