"""Counts of what the web door answered, for a monitor that asks from an allowed address.

Kept as plain numbers in each process and put into Prometheus' words only when somebody asks. Labels are route rules,
never paths: a path holds codes.
"""

from __future__ import annotations

import threading
from collections import defaultdict

_Key = tuple[str, str, str]
_lock = threading.Lock()
_answers: defaultdict[_Key, int] = defaultdict(int)
_seconds: defaultdict[tuple[str, str], float] = defaultdict(float)


def count(method: str, rule: str, status: int, seconds: float) -> None:
    """Note one answer."""
    with _lock:
        _answers[method, rule, str(status)] += 1
        _seconds[method, rule] += seconds


def text() -> bytes:
    """Everything counted in this process since it started, in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.metrics_core import CounterMetricFamily

    answers = CounterMetricFamily("lending_http_answers", "Answers", labels=["method", "rule", "status"])
    seconds = CounterMetricFamily("lending_http_seconds", "Seconds spent answering", labels=["method", "rule"])
    with _lock:
        for key, number in _answers.items():
            answers.add_metric(key, number)
        for place, spent in _seconds.items():
            seconds.add_metric(place, spent)

    class Collector:
        def collect(self) -> list[CounterMetricFamily]:
            return [answers, seconds]

    registry = CollectorRegistry()
    registry.register(Collector())
    return generate_latest(registry)
