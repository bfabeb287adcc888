"""Out of how many points a blog's gradebook column is."""

from decimal import Decimal

from sqlalchemy.orm import Session

from lti_tool.participation.rules.sheet import two_decimals
from lti_tool.participation.scoring import maximum_of


def column_maximum(session: Session, blog_id: int) -> Decimal:
    """Return the most points that the blog's rule gives, as a gradebook has them: with two decimals."""
    return two_decimals(maximum_of(session, blog_id))
