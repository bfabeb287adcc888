"""The shape of a family: each field is one difference, its default what the standard says."""

from dataclasses import dataclass

from lti_tool.errors import Mender
from lti_tool.wording import say


@dataclass(frozen=True)
class Cause:
    """Why an LMS does not take a score, known by `words` in its answer, and what a teacher is told of it.

    `what` is a sentence without its full stop: the status of the answer comes before that.
    `mender` is who can put it right; None where it passes by itself, so that the score is tried again.
    """

    words: str
    what: str
    do: str = ""
    mender: Mender | None = None


@dataclass(frozen=True)
class Family:
    """An LMS's differences. A test runs over every family, and each field names its source where it is set.

    `product_codes`: what its launches and its registration call it (`product_family_code`).

    Registering:
    `shared_issuers`: issuers that many institutions share, so that the issuer's host is not where they register.
    `shared_hosts`: ends of host names at which such an institution may be.
    `link_placements`, `choosing_placements`: where the tool asks to show, under the names that this LMS has for it.
    `registration_extras`: further members of the tool configuration.
    `section_variables`: custom fields that it fills in with the sections or groups that somebody is in.
    `after_registration`: what is left for its administrator to do, a sentence each.
    `after_update`: the same when a registration was brought up to date.
    `token_audience`: whom a client assertion is for, where that is not the token address.

    Launching:
    `reviews_without_column`: whether a submission review may come without its gradebook column.

    Services:
    `services_elsewhere`: whether its grade and roster services may be at hosts that its registration does not name.

    Deep linking:
    `longest_title`: it refuses a longer one.

    Columns:
    `columns_name_their_link`: whether a column that the tool makes for a link says so; not where that is refused.
    `new_maximum_marks_all`: another maximum gives all without a grade a 0, so it is changed only at a teacher's word.

    Scores:
    `reviews_by_address`: whether its grader opens the address that a score carries, instead of sending a review.
    `stale_texts`: words in a 400 that mean the score's time is not newer than the last one (409 always does).
    `refused_body`: the body of a 2xx answer that is a refusal all the same.
    `throttle_texts`: words in the body of a 403 that mean *later*, not *never*.
    `locked_answers`: status and body when the cell or column is locked, though it looks like a fault of the LMS.
    `causes`: refusals that its answers name, the first that fits.
    `submission_texts`: words in a refusal of the submission that comes with a score; the score alone is taken.
    `keeps_every_comment`: whether each comment is added to those before it, instead of taking their place.
    """

    name: str
    label: str
    product_codes: tuple[str, ...] = ()
    shared_issuers: tuple[str, ...] = ()
    shared_hosts: tuple[str, ...] = ()
    link_placements: tuple[str, ...] = ()
    choosing_placements: tuple[str, ...] = ()
    registration_extras: tuple[tuple[str, str], ...] = ()
    section_variables: tuple[tuple[str, str], ...] = ()
    after_registration: tuple[str, ...] = (say("See that the tool is switched on and that teachers can choose it."),)
    after_update: tuple[str, ...] = ()
    token_audience: str | None = None
    reviews_without_column: bool = False
    services_elsewhere: bool = False
    longest_title: int = 1_000
    columns_name_their_link: bool = True
    new_maximum_marks_all: bool = False
    reviews_by_address: bool = False
    stale_texts: tuple[str, ...] = ()
    refused_body: str | None = None
    throttle_texts: tuple[str, ...] = ("Rate Limit Exceeded",)  # Canvas, which may not have said yet that it is one
    locked_answers: frozenset[tuple[int, str]] = frozenset()
    causes: tuple[Cause, ...] = ()
    submission_texts: tuple[str, ...] = ()
    keeps_every_comment: bool = False
