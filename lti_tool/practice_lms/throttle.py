"""Canvas's rate limit on every service call: what it cost, what is left, and no more when too little is left."""

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g

from .leaky_bucket import LeakyBucket

if TYPE_CHECKING:
    from .school import PracticeSchool


def _refusal(status: int) -> Response:
    """429 since October 2025, 403 before; never a Retry-After."""
    words = f"{status} {HTTPStatus(status).phrase} (Rate Limit Exceeded)\n"
    return Response(words, status, content_type="text/plain")


def measure(blueprint: Blueprint, school: "PracticeSchool") -> None:
    """Count each call of the blueprint; refuse what does not fit while the fault `throttled` is on."""
    bucket = school.bucket

    @blueprint.before_request
    def enter() -> Response | None:
        g.began, g.reserved = time.monotonic(), bucket.enter(school.clock())
        fault = school.faults.on("throttled")
        if g.reserved or fault is None:
            return None
        return _refusal(403 if school.profile == "old" else int(fault.args["status"]))

    @blueprint.after_request
    def leave(response: Response) -> Response:
        fault = school.faults.on("throttled")
        cost = float(fault.args["cost"]) if fault else time.monotonic() - g.began
        return _headed(response, bucket, cost if g.reserved else 0.0, school)


def _headed(response: Response, bucket: LeakyBucket, cost: float, school: "PracticeSchool") -> Response:
    if g.reserved:
        bucket.leave(school.clock(), cost)
    response.headers.setdefault("X-Request-Cost", f"{cost:.12f}")
    response.headers.setdefault("X-Rate-Limit-Remaining", f"{bucket.remaining():.8f}")
    return response
