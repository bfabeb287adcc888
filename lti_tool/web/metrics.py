"""The gauges as Prometheus and OpenMetrics text. They stand in the database, so each process tells the same."""

import hmac
import re
from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from pydantic import SecretStr

from lti_tool.gradebook.gauges import Gauges

MOST_CAUSES = 20
_OTHERS = "other causes"
_HOST = re.compile(r"(?<=named a service at )\S+(?=, )")


def metrics_text(gauges: Gauges, accepted: str) -> tuple[bytes, str]:
    """Return the text and its content type, in the form that the request's `Accept` header asks for."""
    registry = CollectorRegistry()
    registry.register(_Told(gauges))
    encode, content_type = choose_encoder(accepted)
    return encode(registry), content_type


def may_read_metrics(token: SecretStr | None, authorization: str) -> bool:
    """Whether an `Authorization` header carries the operator's token; where none is set, anybody may read."""
    if token is None:
        return True
    kind, _, given = authorization.partition(" ")
    wanted = token.get_secret_value().encode()
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted)


class _Told(Collector):
    """Platforms go by their numbers, for a name may tell whose they are."""

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        yield self._scores()
        yield self._refused()
        yield self._of_platforms("scores_in_flight", "Scores being sent at this instant", "in_flight")
        yield self._of_platforms("scores_waiting_for_retry", "Scores that are tried again later", "to_retry")
        yield self._of_platforms(
            "queue_age_seconds", "Since when the score that was due first waits to be sent", "queue_age_seconds"
        )
        yield self._of_platforms(
            "rosters_with_problem", "Courses whose list of people could not be read last time", "rosters_with_problem"
        )
        yield self._attempts()

    def _scores(self) -> Metric:
        family = GaugeMetricFamily("lti_tool_scores", "Scores by how far they have come", labels=["platform", "state"])
        for one in self._gauges.platforms:
            for state, scores in one.states.items():
                family.add_metric([str(one.platform_id), state.value], scores)
        return family

    def _refused(self) -> Metric:
        family = GaugeMetricFamily(
            "lti_tool_scores_refused",
            "Scores that need somebody, by whom and why",
            labels=["platform", "state", "cause"],
        )
        counts: dict[tuple[str, str, str], int] = {}
        for place, one in enumerate(self._gauges.refused):
            # Each cause is a series of its own at whoever collects them, so there may not be any number of them.
            cause = _HOST.sub("another host", one.cause) if place < MOST_CAUSES else _OTHERS
            kind = (str(one.platform_id), one.state.value, cause)
            counts[kind] = counts.get(kind, 0) + one.scores
        for labels, scores in counts.items():
            family.add_metric(labels, scores)
        return family

    def _of_platforms(self, name: str, says: str, field: str) -> Metric:
        family = GaugeMetricFamily(f"lti_tool_{name}", says, labels=["platform"])
        for one in self._gauges.platforms:
            family.add_metric([str(one.platform_id)], getattr(one, field))
        return family

    def _attempts(self) -> Metric:
        family = CounterMetricFamily("lti_tool_send_attempts", "Attempts to send a score", labels=["outcome"])
        for outcome, attempts in self._gauges.attempts.items():
            family.add_metric([outcome.value], attempts)
        return family
