"""The reasons of refused launches."""

from lti_tool.errors import Reason


def test_every_reason_is_its_own() -> None:
    """Two reasons may tell a person the same, but the log must tell them apart: an Enum makes equal values aliases."""
    assert list(Reason.__members__) == [reason.name for reason in Reason]
