"""The peers that send scores: a raw loop without any bookkeeping, and PyLTI1p3's own client, one score at a time."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import requests
from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.exception import LtiServiceException
from pylti1p3.grade import Grade
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

from lti_tool.lti.grades import SCORE_TYPE
from lti_tool.lti.keys import Keyring

MAY_SCORE: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class RawLoop:
    """Posts bodies that are ready, so many at once, each thread over a connection that it keeps; notes nothing."""

    url: str
    token: str
    in_flight: int
    bodies: list[str] = field(default_factory=list)

    def prepare(self, points: dict[str, Decimal]) -> None:
        at = now()
        self.bodies = [
            json.dumps({"userId": key, "scoreGiven": float(given), "scoreMaximum": 10, "comment": "", "timestamp": at,
                        "activityProgress": "Completed", "gradingProgress": "FullyGraded"})
            for key, given in points.items()
        ]  # fmt: skip

    def __call__(self) -> None:
        own = threading.local()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": SCORE_TYPE}

        def post(body: str) -> None:
            if not hasattr(own, "session"):
                own.session = requests.Session()
            own.session.post(self.url, data=body, headers=headers).raise_for_status()

        with ThreadPoolExecutor(self.in_flight) as pool:
            for _ in pool.map(post, self.bodies):
                pass


@dataclass
class PyLtiLoop:
    """Sends one score after the other with PyLTI1p3's client, the tool's key, and a new token.

    What fails is noted and left, as that client has no way to remember it; with `goes_on` false the loop ends there.
    """

    lms_url: str
    column: str
    keyring: Keyring
    goes_on: bool = True
    points: dict[str, Decimal] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def prepare(self, points: dict[str, Decimal]) -> None:
        self.points = points
        self.failed.clear()

    def __call__(self) -> None:
        key = self.keyring.signing_key()
        registration = Registration().set_client_id("1").set_auth_token_url(f"{self.lms_url}/token")
        registration.set_tool_private_key(key.as_pem(private=True).decode())
        service = AssignmentsGradesService(
            ServiceConnector(registration), {"scope": [MAY_SCORE], "lineitem": f"{self.lms_url}/{self.column}"}
        )
        for person, given in self.points.items():
            grade = Grade().set_user_id(person).set_score_given(float(given)).set_score_maximum(10.0)
            grade.set_timestamp(now()).set_activity_progress("Completed").set_grading_progress("FullyGraded")
            try:
                service.put_grade(grade)
            except (LtiServiceException, requests.RequestException):
                self.failed.append(person)
                if not self.goes_on:
                    break
