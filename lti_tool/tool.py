"""The tool as one value: what web, worker and command line share. Built in `app.py`, once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lti_tool.database import Database
from lti_tool.gradebook.columns import ColumnService
from lti_tool.gradebook.delivery import LmsGradebook
from lti_tool.importing.pictures import Fetch
from lti_tool.lti.checks import Gate
from lti_tool.lti.connection import Connection
from lti_tool.lti.keys import Keyring
from lti_tool.lti.platforms import Platforms
from lti_tool.lti.roster import Roster
from lti_tool.settings import Settings


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Tool:
    """`ring` wakes the worker after a commit; it never fails, for a ring that is lost is made up by the next sweep.

    `fetch_picture` is there where the operator allows imports to fetch pictures.
    """

    settings: Settings
    database: Database
    keyring: Keyring
    connection: Connection
    platforms: Platforms
    gate: Gate
    gradebook: LmsGradebook
    columns: ColumnService
    roster: Roster
    ring: Callable[[], None]
    clock: Callable[[], datetime] = utc_now
    fetch_picture: Fetch | None = None
