"""What all routes of the endpoint share: the store, who may write, what is looked after, and what is written down."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from flask import Response, g, request

from earthweave.ontology import LimitError
from earthweave.server.store import (
    Answer,
    Census,
    ExportReport,
    Extensions,
    Limits,
    LoadReport,
    Replaced,
    RunningQuery,
    Statistics,
    UpdateReport,
)

from ._access import Gatekeeper
from ._journal import Entry, Figures, QueryLog
from ._watch import Watch

QUERY_ID = "Earthweave-Query-Id"
_OK = 400


class Queryable(Protocol):
    """What can be asked."""

    def query(
        self, text: str, *, limits: Limits | None = None, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = (),
        address: str = "", draw: str | None = None, began: Callable[[str], None] = lambda _: None,
    ) -> Answer:
        """Evaluate a query."""
        ...


class Servable(Queryable, Protocol):
    """What the endpoint needs of a store; see `earthweave.server.store.Store`."""

    def update(
        self, text: str, *, address: str = "", default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()
    ) -> UpdateReport:
        """Run an update."""
        ...

    def load(
        self, files: Sequence[str | Path], *, graph: str | None = None, strict: bool = False, replace: Replaced = "nothing",
        address: str = "", one_graph: bool = False,
    ) -> LoadReport:
        """Load files, in the place of what the graph holds, or all of them."""
        ...

    def export(self, path: str | Path, *, format: str | None = None, graph: str | None = None) -> ExportReport:
        """Write a file."""
        ...

    def statistics(self) -> Statistics:
        """Number of triples, generation, bytes."""
        ...

    def census(self) -> Census:
        """What is in each graph."""
        ...

    def extensions(self) -> Extensions:
        """Functions beyond SPARQL 1.1."""
        ...

    def running(self) -> tuple[RunningQuery, ...]:
        """What runs now."""
        ...

    def abort(self, query_id: str) -> None:
        """Stop something that runs."""
        ...

    @property
    def answers_service(self) -> bool:
        """Whether SERVICE may reach any endpoint."""
        ...

    @property
    def workers_lost(self) -> int:
        """Workers that were killed or died."""
        ...


@dataclass(frozen=True)
class Endpoint:
    """How the endpoint is set up.

    Attributes:
        token: whose bearer may write; empty: nobody.
        origins: of pages that may use it; ``*`` for all.
        log: path of the query log; empty for none. texts: whether it holds the texts themselves.
        upload: bytes of the largest update or RDF document that is taken from the bearer of the token.
        address: of the server as others know it, for links and graph IRIs; empty to believe the request.
    """

    token: str = field(default="", repr=False)
    origins: tuple[str, ...] = ()
    log: str = ""
    texts: bool = True
    upload: int = 64 * 1024 * 1024
    address: str = ""


class Desk:
    """Serves the routes; see the attributes.

    Attributes:
        store, limits, endpoint: as given.
        gate: who may write.
        watch: looks after queries.
    """

    def __init__(self, store: Servable, limits: Limits, endpoint: Endpoint) -> None:
        self.store, self.limits, self.endpoint = store, limits, endpoint
        self.gate = Gatekeeper(endpoint.token)
        self.watch = Watch(store.abort)
        self._log, self._figures = QueryLog(endpoint.log, texts=endpoint.texts), Figures()
        self._census: Census | None = None
        self._extensions: Extensions | None = None
        self._counting = threading.Lock()

    @property
    def address(self) -> str:
        """Of the server, without a slash at its end."""
        return (self.endpoint.address or request.url_root).rstrip("/")

    def admit(self, wish: str) -> None:
        """Let the bearer of the token write more than a query may be long."""
        self.gate.admit(request.headers.get("Authorization"), wish)
        request.max_content_length = request.max_form_memory_size = self.endpoint.upload

    def note(self, kind: str, text: str = "") -> Entry:
        """Remember that this request is to be written down."""
        g.entry = Entry(kind, text)
        return g.entry  # type: ignore[no-any-return]

    def record(self, response: Response) -> Response:
        """Write the request down, if it is one of those."""
        entry: Entry | None = g.pop("entry", None)
        if entry is not None:
            if entry.id:
                response.headers[QUERY_ID] = entry.id
            size = response.content_length or 0
            outcome = "ok" if response.status_code < _OK else _code(response)
            client = request.remote_addr or ""
            self._figures.add(entry, outcome=outcome, size=size)
            self._log.add(entry, status=response.status_code, outcome=outcome, size=size, client=client)
        return response

    def answer(
        self, text: str, *, limits: Limits, address: str, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = (),
        draw: str | None = None,
    ) -> Answer:
        """Ask the store; the query ends when the client leaves, or asks for that."""
        entry = self.note("query", text)
        entry.id = request.headers.get(QUERY_ID, "")
        with self.watch.visit(entry.id, request.environ.get("waitress.client_disconnected")) as visit:
            try:
                answer = self.store.query(
                    text, limits=limits, address=address, default_graphs=default_graphs, named_graphs=named_graphs, draw=draw,
                    began=visit.began,
                )
            finally:
                entry.id = entry.id or visit.run
        entry.generation = answer.generation
        entry.rows = _size(answer)
        return answer

    def census(self) -> Census:
        """The contents of the store, counted once per generation."""
        with self._counting:
            if self._census is None or self._census.generation != self.store.statistics().generation:
                self._census = self.store.census()
            return self._census

    def census_if_cheap(self) -> Census | None:
        """The same, or None where a limit forbids it."""
        try:
            return self.census()
        except LimitError:
            return None

    def extensions(self) -> Extensions:
        """The functions that can be called, asked for once."""
        if self._extensions is None:
            self._extensions = self.store.extensions()
        return self._extensions

    def exposition(self) -> bytes:
        """The figures."""
        store = self.store
        return self._figures.exposition(store.statistics(), running=len(store.running()), lost=store.workers_lost)


def _size(answer: Answer) -> int:
    if answer.kind == "table":
        return int(answer.table.num_rows)
    return (answer.graph or b"").count(b"\n") if answer.kind == "graph" else 1


def _code(response: Response) -> str:
    """The code of the problem in a response."""
    problem: dict[str, Any] = json.loads(response.get_data()) if response.mimetype == "application/problem+json" else {}
    return str(problem.get("code", response.status_code))
