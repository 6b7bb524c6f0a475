"""What was asked and how it went: a line of JSON per request, and figures for Prometheus."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from earthweave.server.store import Statistics

_PASSWORD = re.compile(r"(://)[^/\s<>\"@]*@")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass
class Entry:
    """One request to the endpoint.

    Attributes:
        kind: ``query``, ``update``, ``graph``, ``description``.
        text: SPARQL, or the graph's IRI.
        id: under which the client could stop it.
        rows: of the result; generation: of the store; -1 while unknown.
        begin: on the monotonic clock.
    """

    kind: str
    text: str = ""
    id: str = ""
    rows: int = -1
    generation: int = -1
    begin: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.begin


class QueryLog:
    """Appends lines of JSON to a file, one per request, each in a single write; it may be moved away (logrotate) at any time.

    User names and passwords in addresses are left out.
    Clients are told apart by a keyed hash whose key lives as long as the process, so that the log names nobody.
    """

    def __init__(self, path: str = "", *, texts: bool = True) -> None:
        self._path, self._texts = path, texts
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()

    def add(self, entry: Entry, *, status: int, outcome: str, size: int, client: str) -> None:
        """Write a line, if there is a log."""
        if not self._path:
            return
        digest = hashlib.sha256(entry.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        text = {"text": _PASSWORD.sub(r"\1***@", entry.text)} if self._texts else {}
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "kind": entry.kind, "id": entry.id, "hash": digest,
            **text, "ms": round(entry.seconds * 1000, 1), "rows": max(entry.rows, 0),
            "bytes": size, "status": status, "outcome": outcome, "generation": entry.generation if entry.generation >= 0 else None,
            "client": hashlib.blake2b(client.encode(), key=self._key, digest_size=6).hexdigest(),
        }
        data = json.dumps(line, ensure_ascii=True) + "\n"
        # what was answered stays answered if the disk of the log is full
        with self._lock, suppress(OSError), Path(self._path).open("a", encoding="ascii") as stream:
            stream.write(data)


class Figures:
    """Counters, latencies and gauges of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("kind", "outcome")
        told = "Requests by outcome: ok, or the code of the problem."
        self._requests = Counter("earthweave_requests", told, labels, registry=self._registry)
        self._seconds = Histogram("earthweave_request_seconds", "Time to answer.", ("kind",), registry=self._registry, buckets=_BUCKETS)
        self._rows = Counter("earthweave_result_rows", "Rows and triples that were sent.", registry=self._registry)
        self._bytes = Counter("earthweave_result_bytes", "Bytes that were sent, packed if they were.", registry=self._registry)
        gauges = {
            "running": "Queries, loads, updates and exports that run now, of all processes.",
            "generation": "Number of the snapshot.", "triples": "Statements in the store.", "store_bytes": "Its size on the disk.",
        }
        told = "Worker processes that were killed or died, since this process began."
        self._lost, self._known_lost = Counter("earthweave_workers_lost", told, registry=self._registry), 0
        self._gauges = {name: Gauge(f"earthweave_{name}", text, registry=self._registry) for name, text in gauges.items()}

    def add(self, entry: Entry, *, outcome: str, size: int) -> None:
        """Count a request."""
        self._requests.labels(entry.kind, outcome).inc()
        self._seconds.labels(entry.kind).observe(entry.seconds)
        self._rows.inc(max(entry.rows, 0))
        self._bytes.inc(size)

    def exposition(self, now: Statistics, *, running: int, lost: int) -> bytes:
        """Everything in the text format 0.0.4 of Prometheus."""
        self._lost.inc(max(lost - self._known_lost, 0))
        self._known_lost = max(lost, self._known_lost)
        values = {"running": running, "generation": now.generation, "triples": now.triples, "store_bytes": now.bytes}
        for name, value in values.items():
            self._gauges[name].set(value)
        return generate_latest(self._registry)
