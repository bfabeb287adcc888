"""What an administrator changes on the practice page: privacy, Canvas's profile, Moodle's guests, who is enrolled."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .options import PRIVACY, PROFILES

if TYPE_CHECKING:
    from .school import PracticeSchool


def choices(school: "PracticeSchool") -> dict[str, Any]:
    """What the form shows. Each LMS has its own words and options."""
    enrolled = school.enrolled
    return {
        "privacy_levels": PRIVACY[school.accent.name],
        "privacy": school.privacy,
        "profiles": PROFILES if school.accent.name == "canvas" else {},
        "profile": school.profile,
        "guests_allowed": school.guests_allowed,
        "inside": enrolled,
        "outside": [person for person in (*school.people, *school.others) if person not in enrolled],
    }


def set_up(school: "PracticeSchool", form: Mapping[str, str]) -> bool:
    """Do what the form says, if it is one of these forms; ValueError or LookupError when it makes no sense."""
    do = form.get("do")
    if do == "set-up":
        school.privacy = form.get("privacy", school.privacy)
        school.profile = form.get("profile", school.profile)
        school.guests_allowed = "guests_allowed" in form
    elif do == "unenrol":
        school.unenrol(form.get("person", ""))
    elif do == "reenrol":
        school.reenrol(form.get("person", ""))
    return do in ("set-up", "unenrol", "reenrol")
