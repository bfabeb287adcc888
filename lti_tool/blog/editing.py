"""Changing what stands already: of two windows the second is shown what the first has stored, and chooses."""

from datetime import datetime

from lti_tool.errors import Rejected
from lti_tool.wording import say


class ChangedMeanwhile(Rejected):
    """The text was changed since its form was opened. `stored` stands now; `edition` is the stamp to go on from."""

    def __init__(self, stored: str, edition: str, kept: str) -> None:
        super().__init__(
            say("This was changed in another window after you opened it here."),
            say("Both texts are below. Take over what you need from the other one, then save: yours replaces it."),
            kept=kept,
        )
        self.stored = stored
        self.edition = edition


def edition(edited_at: datetime | None) -> str:
    """Return the stamp that a form carries, so that it can be told whether its text is still the newest."""
    return edited_at.isoformat() if edited_at else "first"


def require_unchanged(edited_at: datetime | None, opened_with: str | None, stored: str, sent: str) -> None:
    """Raise ChangedMeanwhile if a text was changed since its form was opened, and says other than what is sent.

    `opened_with` is the form's stamp; a form without one is let pass. The same text sent again, after an answer that
    got lost, is no conflict.
    """
    same = " ".join(stored.split()) == " ".join(sent.split())
    if opened_with and opened_with != edition(edited_at) and not same:
        raise ChangedMeanwhile(stored, edition(edited_at), kept=sent)
