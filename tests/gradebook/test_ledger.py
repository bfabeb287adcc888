"""The ledger shows problems first, and the progress adds up."""

from decimal import Decimal

from lti_tool.errors import Mender
from lti_tool.gradebook.ledger import SyncProgress, has_column, ledger, sync_progress, sync_progress_of
from lti_tool.gradebook.outbox import want_score
from lti_tool.models import SyncState
from tests.a_school import a_blog, a_student, course_of
from tests.gradebook.an_outbox import Outbox, a_score, after


def test_problems_first_and_then_by_name(outbox: Outbox) -> None:
    names = ("zoe Late", "Émile Sent", "adam Waits", "Cy Withdrawn", "Dee Refused", "bea Waits")
    with outbox.database.writing() as session:
        course = course_of(session, outbox.blog)
        people = {name: a_student(session, course, name) for name in names}
    outbox.want("1", person=people["Émile Sent"])
    outbox.accepted(outbox.claimed())
    outbox.want("1", person=people["zoe Late"])
    outbox.refused(outbox.claimed(), Mender.ADMINISTRATOR)
    outbox.want("1", person=people["Dee Refused"])
    outbox.refused(outbox.claimed(), Mender.TEACHER)
    outbox.want("1", person=people["Cy Withdrawn"])
    outbox.want(None, person=people["Cy Withdrawn"])
    outbox.want("1", at=5, person=people["bea Waits"])
    outbox.want("1", at=5, person=people["adam Waits"])
    with outbox.database.reading() as session:
        lines = ledger(session, outbox.blog)
        assert sync_progress_of(session, outbox.blog, course) == sync_progress(lines)
    assert [line.name for line in lines] == [
        "Dee Refused",
        "zoe Late",
        "adam Waits",
        "bea Waits",
        "Cy Withdrawn",
        "Émile Sent",
    ]
    assert sync_progress(lines) == SyncProgress(total=6, sent=1, waiting=2, stuck=2, refused=2, held=1)


def test_what_a_line_says(outbox: Outbox) -> None:
    outbox.sent("7.5")
    outbox.want("8", at=60)
    outbox.unreachable(outbox.claimed(60), at=61, retry_after=600)
    with outbox.database.reading() as session:
        (line,) = ledger(session, outbox.blog)
    assert (line.blog_id, line.person_id, line.name) == (outbox.blog, outbox.anna, "Anna Berg")
    assert (line.wanted, line.maximum, line.accepted, line.accepted_at) == (
        Decimal(8),
        Decimal(10),
        Decimal("7.5"),
        after(0),
    )
    assert (line.state, line.cause, line.attempts, line.next_attempt) == (
        SyncState.WAITING,
        "The LMS is asleep.",
        1,
        after(661),
    )


def test_one_blog_or_all(outbox: Outbox) -> None:
    outbox.want("1")
    with outbox.database.writing() as session:
        other = a_blog(session, column=None)
        want_score(session, other, a_student(session, course_of(session, other)), a_score("2"), after(0))
        assert [line.blog_id for line in ledger(session, outbox.blog)] == [outbox.blog]
        assert [line.blog_id for line in ledger(session)] == [outbox.blog, other]
        assert (has_column(session, outbox.blog), has_column(session, other)) == (True, False)


def test_progress_of_nothing() -> None:
    assert sync_progress([]) == SyncProgress(0, 0, 0, 0)
