"""Metrics of the server in the text format of Prometheus. None of them identifies a picture or a client."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Telemetry"]


class Telemetry:
    """The metrics of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("tinct_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram("tinct_request_seconds", "Seconds to answer a request.", labels[:2], registry=self.registry)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        method = method if method in {"GET", "HEAD", "POST", "DELETE", "OPTIONS"} else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def watch(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Add a metric whose value is computed at every request for the metrics."""
        Gauge(f"tinct_{name}", description, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """All metrics."""
        return generate_latest(self.registry)
