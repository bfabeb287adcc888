"""The checklist of 312 cases that this tool is tested by: its rows, their groups, and which of them do not apply."""

from collections.abc import Collection
from dataclasses import dataclass

from tests.certification.rows_of_launches import LAUNCHES
from tests.certification.rows_of_services import SERVICES


@dataclass(frozen=True)
class Row:
    """One case of the checklist: what it asks in our own words, and where that is written."""

    number: int
    group: str
    words: str
    source: str


GROUPS = {
    "A": "Login: how a launch begins",
    "B": "The token of a launch",
    "C": "Wrong payloads, rightly signed",
    "D": "Valid launches of every kind",
    "E": "Roles and privacy",
    "F": "Choosing content (Deep Linking)",
    "G": "Grades (Assignment and Grade Services)",
    "H": "The list of people (Names and Role Provisioning Services)",
    "I": "Opening a student's work from the gradebook (Submission Review)",
    "J": "Dynamic registration",
    "K": "Cookies, frames and the platform's storage",
    "L": "Keys",
    "M": "Attacks, and many schools in one tool",
    "N": "Copied courses, notices and assets",
    "O": "Certification and operation",
}

SOURCES = {
    "CORE": "LTI Core 1.3",
    "SEC": "1EdTech Security Framework 1.0",
    "CERT": "LTI Advantage Conformance Certification Guide 1.3",
    "DL": "LTI Deep Linking 2.0",
    "AGS": "LTI Assignment and Grade Services 2.0",
    "NRPS": "LTI Names and Role Provisioning Services 2.0",
    "DR": "LTI Dynamic Registration 1.0",
    "SR": "LTI Submission Review 1.0",
    "CSOIDC, CSPM, PMS": "OIDC Login with Client Side postMessages, Client Side postMessages, postMessage Storage 0.1",
    "PNS": "LTI Platform Notification Service",
    "OIDC": "OpenID Connect Core 1.0",
    "RFC": "a standard of the IETF",
    "CVE, CWE, OWASP": "a hole once found in other software, or a known kind of weakness",
    "practice": "no standard: what platforms do, or what other tools learnt the hard way",
}

ROWS: dict[int, Row] = {
    number: Row(number, group, words, source)
    for group in GROUPS
    for number, words, source in {**LAUNCHES, **SERVICES}[group]
}

_NOTICES = "The tool asks for no notices: a copied course is looked after at its first launch (rows 290 to 296)."
_WHOLE_LIST = "The tool always reads the whole list of the course"

NOT_APPLICABLE: dict[int, str] = {
    41: "No registration can name further audiences to trust: any audience beside the tool's own is refused (row 40).",
    112: "A draft without a published text; the message is refused like any that the tool does not know (row 73).",
    185: f"{_WHOLE_LIST}, teachers and students alike, in pages of the platform's own size.",
    186: f"{_WHOLE_LIST}; what a single link would add to it is not used.",
    188: f"{_WHOLE_LIST}, which the standard allows: differences are optional.",
    197: "Neither Canvas nor Moodle offers this service.",
    286: "There is no console on the web: operators use the command line on the tool's own machine.",
    289: "There was no LTI 1.1 version of this tool, so there are no people to take over; the claim is passed over.",
    **dict.fromkeys(range(297, 304), _NOTICES),
    304: "No notice can be missed, as none is used: the first launch of a copied course does all there is to do.",
    305: "Nothing is handed in as a file, and the tool processes none.",
    306: "The tool has no terms of use of its own to show; such a message is refused (row 73).",
    307: "The specification has no published text; its claim is passed over like any unknown one (row 79).",
    311: "Asks for nothing of its own: groups F, G and H say whether it holds.",
    312: "Asks something of the tests, not of the tool: they all run against the practice platform that comes with it.",
}

PARTLY: dict[int, str] = {
    4: "The address is always required; there is no switch to do without it.",
    42: "No further audience can be trusted, so a token for several is refused whether or not it says which it is for.",
    69: "A launch without a person is always refused; there is no switch to let one in.",
    103: "Mentors read along as onlookers and have no pages of their own: there is no learner's page to open.",
    132: "The tool gives links to its blogs, and no other kind of content.",
    260: "Leading browsers from http to https is for the proxy in front of the tool.",
    279: "How many logins one address may begin in a minute is for the proxy in front of the tool to limit.",
    287: "Which versions of TLS are spoken is for the proxy in front of the tool.",
}

ELSEWHERE = {
    "G": "are not counted one by one: what the tool does of the grade service is tested in `tests/lti` and "
    "`tests/gradebook`, by tests that name no row.",
}


def without_test_or_reason(tested: Collection[int]) -> list[int]:
    """Rows that nobody tests and nothing excuses, those of groups tested elsewhere left out."""
    return [
        number
        for number, row in ROWS.items()
        if number not in tested and number not in NOT_APPLICABLE and row.group not in ELSEWHERE
    ]


def spans(numbers: Collection[int]) -> str:
    """Row numbers as people write them: `45, 47 and 150 to 180`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    written: list[str] = []
    for run in runs:
        written += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run)
    return " and ".join([", ".join(written[:-1]), written[-1]]) if len(written) > 1 else "".join(written)
