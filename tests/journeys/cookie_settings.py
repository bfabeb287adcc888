"""A Chromium whose owner has set which sites may keep cookies, as in its settings under "Sites not allowed".

What Chromium (156) was seen to keep of a frame's cookies, with https and two sites:

| set                                        | plain | partitioned | localStorage | the same site in a tab |
|--------------------------------------------|-------|-------------|--------------|------------------------|
| third-party cookies allowed                | kept  | kept        | works        | all kept               |
| third-party cookies blocked, incognito     | no    | kept        | throws       | all kept               |
| the site refused inside the LMS's pages    | no    | no          | throws       | all kept               |
| the site refused everywhere                | no    | no          | throws       | nothing kept           |

Playwright's own contexts are incognito ones, which block third-party cookies whatever the command line says.
"""

import json
from pathlib import Path
from tempfile import mkdtemp

import pytest
from playwright.sync_api import BrowserContext, Playwright

from tests.browser import CHROMIUM_OPTIONS, People, program_and_environment, sandboxed_if_possible
from tests.system_parts import find_chromium

BLOCK = 2  # Chromium's number for it in a profile's content settings
ALL_ALLOWED: dict[str, object] = {"profile": {"cookie_controls_mode": 0}}


def refusing(site: str, inside: str = "*") -> dict[str, object]:
    """Preferences that let this site keep no cookies, in all pages or inside those of one other site."""
    exceptions = {"cookies": {f"{site},{inside}": {"setting": BLOCK}}}
    return {"profile": {"content_settings": {"exceptions": exceptions}}}


def open_profile(
    playwright: Playwright, people: People, folder: Path, preferences: dict[str, object], **options: object
) -> BrowserContext:
    """Start a Chromium with a profile of its own that has these preferences."""
    program = find_chromium()
    if program is None or "shell" in program.name:
        pytest.skip("Playwright's headless shell has no content settings; Debian's chromium has")
    profile = Path(mkdtemp(dir=folder, prefix="profile-"))
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
    allow = options.pop("allow", ())
    context = sandboxed_if_possible(
        lambda sandbox: playwright.chromium.launch_persistent_context(
            profile,
            **program_and_environment(program),
            args=CHROMIUM_OPTIONS,
            chromium_sandbox=sandbox,
            ignore_https_errors=True,
            reduced_motion="reduce",
            **options,  # type: ignore[arg-type]
        )
    )
    people.adopt(context, allow)  # type: ignore[arg-type]
    return context
