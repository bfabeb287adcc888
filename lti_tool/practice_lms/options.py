"""How the LMS is set up, as an administrator could change it while it runs: privacy, profile, guests."""

from typing import Any

# By the name of the accent and the level: what the LMS itself calls it.
PRIVACY = {
    "canvas": {
        "public": "Public: all there is",
        "name_only": "Name only",
        "email_only": "E-mail only",
        "anonymous": "Anonymous",
    },
    "moodle": {
        "public": "Share name: always, share e-mail: always",
        "name_only": "Share name: always, share e-mail: never",
        "email_only": "Share name: never, share e-mail: always",
        "anonymous": "Share name: never, share e-mail: never",
    },
}
LOCALES = {"en": "English", "es": "Español", "ar": "العربية", "de": "Deutsch"}
PROFILES = {
    "self-hosted": "Self-hosted: 14 digits of client id, lti_deployment_id",
    "hosted": "Hosted by Instructure: 18 digits of client id, deployment_id",
    "old": "An old one: deployment_id, leftovers in claims, 403 when throttled, no score for the test student",
}


class OneOf:
    """An attribute that takes one of a few words, the first of them until it is set."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, holder: Any, owner: type | None = None) -> str:
        return str(vars(holder).get(self.name, self.words[0]))

    def __set__(self, holder: Any, word: str) -> None:
        if word not in self.words:
            raise ValueError(f"{self.name} is one of {', '.join(self.words)}, not {word!r}")
        vars(holder)[self.name] = word
