"""What may be replaced in the gradebook: only what stands there because of us."""

from decimal import Decimal

import pytest

from lti_tool.gradebook.shown import SentBefore, ShownScore, Verdict, judge

TOOK = SentBefore(Decimal("7.5"), Decimal(10), 0, is_certain=True)
LOST = SentBefore(Decimal(8), Decimal(10), 4, is_certain=False)


@pytest.mark.parametrize(
    ("shown", "sent_before", "verdict"),
    [
        (None, (), Verdict.SEND),
        (ShownScore(9, 10), (), Verdict.CONFLICT),  # a teacher was first
        (ShownScore(0, 10), (), Verdict.CONFLICT),
        (ShownScore(7.5, 10), (TOOK,), Verdict.SEND),
        (ShownScore(9, 10), (TOOK,), Verdict.CONFLICT),
        (None, (TOOK,), Verdict.CONFLICT),  # a teacher cleared it
        (None, (LOST,), Verdict.SEND),  # it never arrived
        (ShownScore(8, 10), (TOOK, LOST), Verdict.IS_THERE),
        (ShownScore(7.5, 10), (TOOK, LOST), Verdict.SEND),
        (ShownScore(8.5, 10), (TOOK, LOST), Verdict.CONFLICT),
        (ShownScore(15, 20), (TOOK,), Verdict.SEND),  # the column was rescaled
        (ShownScore(0.75, 1), (TOOK,), Verdict.SEND),
        (ShownScore(7.5, 0), (TOOK,), Verdict.SEND),  # Moodle lets a column have no maximum
        (ShownScore(7.51, 10), (TOOK,), Verdict.CONFLICT),
        (ShownScore(7.504999, 10), (TOOK,), Verdict.SEND),
    ],
)
def test_the_next_score(shown: ShownScore | None, sent_before: tuple[SentBefore, ...], verdict: Verdict) -> None:
    assert judge(shown, sent_before, revision=4) is verdict


def test_a_lost_answer_of_an_older_score_does_not_stand_for_the_newer() -> None:
    assert judge(ShownScore(8, 10), (LOST,), revision=5) is Verdict.SEND
