"""The words for what cannot be done: what happened, and what to do next. Says nothing of HTTP or exit codes."""

from dataclasses import dataclass
from enum import Enum

from lti_tool.wording import say


class ToolError(Exception):
    """Something that cannot be done, told to a person in two plain sentences."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what = what
        self.do = do


class NotAllowed(ToolError):
    """The person is known, but this is not theirs to do."""


class NotFound(ToolError):
    """There is no such thing for this person."""


class Rejected(ToolError):
    """What was sent cannot be taken as it is; `kept` is the text to give back so that nothing is lost."""

    def __init__(self, what: str, do: str, kept: str = "") -> None:
        super().__init__(what, do)
        self.kept = kept


class VisitEnded(ToolError):
    """The page was opened without a visit that is still open in this browser."""


class ImportProblem(ToolError):
    """A file cannot be read as a class blog."""


class NoPicture(Enum):
    """Why a picture of an old blog was not fetched."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NOT_THERE = "not there"
    TOO_LARGE = "too large"
    NOT_SHOWN = "not shown"
    TOO_MANY = "too many"


class PictureNotFetched(ToolError):
    """A picture elsewhere could not be had; the text keeps a link to it."""

    def __init__(self, why: NoPicture) -> None:
        super().__init__(say("The picture could not be fetched."), say("A link to it stays in the text."))
        self.why = why


class SetUpProblem(ToolError):
    """The tool is not set up so that it can do this; told to an operator."""


class Mender(Enum):
    """Who can put right what the LMS refused."""

    TEACHER = "teacher"
    ADMINISTRATOR = "LMS administrator"
    OPERATOR = "operator of this tool"


class LmsUnreachable(ToolError):
    """The LMS did not take the call now; worth trying again. `retry_after_seconds` is the LMS's own wish, if any.

    `is_throttle`: it asked for fewer calls.
    """

    def __init__(
        self,
        what: str,
        retry_after_seconds: float | None = None,
        status: int | None = None,
        *,
        is_throttle: bool = False,
    ) -> None:
        super().__init__(what, say("It is tried again by itself."))
        self.retry_after_seconds = retry_after_seconds
        self.status = status
        self.is_throttle = is_throttle


class LmsRefused(ToolError):
    """The LMS said no for good; trying again changes nothing until `mender` has done something."""

    def __init__(self, what: str, do: str, mender: Mender, status: int | None = None) -> None:
        super().__init__(what, do)
        self.mender = mender
        self.status = status


class Kind(Enum):
    """How far a refused launch came."""

    MALFORMED = "malformed"
    UNTRUSTED = "untrusted"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, eq=False)  # equal ones would make one reason an alias of another, and the log would lie
class Refusal:
    """What a person is told when a launch is refused; it names no check that a forger could learn from."""

    kind: Kind
    what: str
    do: str


_AGAIN = say("Go back to your course page and open the blog from there again.")
_TELL = say("Please tell whoever looks after your LMS, and give them the reference below.")
_INCOMPLETE = say("Your LMS sent an incomplete request to open the blog.")
_UNPROVED = say("This could not be shown to come from your LMS.")
_UNTRUSTED_TWICE = say("The request to open the blog was already used, or it is too old.")


class Reason(Enum):
    """Why a login or launch was refused. The name goes to the log, the refusal to the person."""

    MISSING_PARAMETER = Refusal(Kind.MALFORMED, _INCOMPLETE, _TELL)
    UNKNOWN_PLATFORM = Refusal(Kind.MALFORMED, say("This LMS is not registered with the blog."), _TELL)
    AMBIGUOUS_PLATFORM = Refusal(
        Kind.MALFORMED, say("Your LMS did not say which of its registrations it means."), _TELL
    )
    FOREIGN_TARGET = Refusal(Kind.MALFORMED, say("Your LMS asked for an address that is not the blog's."), _TELL)
    PLATFORM_DISABLED = Refusal(Kind.FORBIDDEN, say("The blog is switched off for this LMS."), _TELL)
    INSECURE_ADDRESS = Refusal(Kind.MALFORMED, say("The registration of this LMS has an address without https."), _TELL)

    STATE_MISSING = Refusal(Kind.MALFORMED, _INCOMPLETE, _AGAIN)
    STATE_UNKNOWN = Refusal(Kind.UNTRUSTED, _UNPROVED, _AGAIN)
    STATE_USED = Refusal(Kind.UNTRUSTED, _UNTRUSTED_TWICE, _AGAIN)
    STATE_EXPIRED = Refusal(Kind.UNTRUSTED, say("Opening the blog took too long."), _AGAIN)
    COOKIE_MISSING = Refusal(
        Kind.UNTRUSTED,
        say("Your browser did not give back the cookie that shows it was you who opened the blog."),
        say("Go back to your course page and open the blog in a new window, or allow cookies for this page."),
    )
    PLATFORM_ERROR = Refusal(Kind.UNTRUSTED, say("Your LMS ended the sign-in before it was done."), _AGAIN)
    TOKEN_MISSING = Refusal(Kind.MALFORMED, _INCOMPLETE, _AGAIN)
    TOKEN_MALFORMED = Refusal(Kind.UNTRUSTED, _UNPROVED, _AGAIN)
    NONCE_MISMATCH = Refusal(Kind.UNTRUSTED, _UNPROVED, _AGAIN)
    PLATFORM_MISMATCH = Refusal(Kind.UNTRUSTED, _UNPROVED, _AGAIN)
    KEY_ID_MISSING = Refusal(Kind.UNTRUSTED, _UNPROVED, _TELL)
    KEY_UNKNOWN = Refusal(Kind.UNTRUSTED, say("The key that your LMS signed with is not known to the blog."), _TELL)
    KEYS_UNAVAILABLE = Refusal(
        Kind.UNTRUSTED,
        say("The blog could not read your LMS's keys just now."),
        say("Wait a minute. Go back to your course page and open the blog from there again."),
    )
    BAD_SIGNATURE = Refusal(Kind.UNTRUSTED, _UNPROVED, _AGAIN)
    BAD_AUDIENCE = Refusal(Kind.UNTRUSTED, _UNPROVED, _TELL)
    STALE_TOKEN = Refusal(Kind.UNTRUSTED, say("The request to open the blog is too old, or a clock is wrong."), _AGAIN)
    DEPLOYMENT_MISMATCH = Refusal(Kind.UNTRUSTED, _UNPROVED, _AGAIN)
    TARGET_MISMATCH = Refusal(Kind.UNTRUSTED, _UNPROVED, _TELL)
    BAD_CLAIM = Refusal(Kind.UNTRUSTED, say("Your LMS sent a request that the blog cannot read."), _TELL)
    UNKNOWN_MESSAGE = Refusal(Kind.UNTRUSTED, say("Your LMS asked for something that the blog does not do."), _TELL)
    STORAGE_MISMATCH = Refusal(Kind.UNTRUSTED, _UNPROVED, _AGAIN)
    DEPLOYMENT_HELD = Refusal(
        Kind.FORBIDDEN,
        say("The blog is registered with this LMS, but this place in it has yet to be approved."),
        say("Whoever looks after your LMS can ask the operator of the blog, and name what stands below."),
    )


class LaunchRefused(ToolError):
    """A login or launch that ends here. `facts` are for the log: no names, no tokens."""

    def __init__(self, reason: Reason, **facts: object) -> None:
        super().__init__(reason.value.what, reason.value.do)
        self.reason = reason
        self.facts = facts
