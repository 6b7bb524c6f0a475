"""SERVICE: a pattern that another endpoint answers, joined with what was found here (SPARQL 1.1 Federated Query, W3C 2013).

::

    solutions so far ─▶ distinct values of shared variables ─▶ VALUES, batch by batch ─▶ endpoint ─▶ document ─▶ ids ─▶ joined

Endpoints are not called from here: what `Services.ask` is given goes through the process that owns this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from earthweave.ontology import EarthweaveError, EndpointError, ForbiddenError, QueryError

from ..algebra import Batch, Constant, Context, Operator, Service, Services, Variable, concatenated
from ..snapshot import BNODE, IRI, Term
from ._documents import ResultDocument, sent_by, wrong
from ._rows import Part, RowIndex, by_boundness
from ._sent import LONGEST, Sender, portions, written
from ._tables import Table
from ._text import place

_BLOCK = 4096
_ROW = "#row"


def permitted(node: Service, context: Context) -> Services:
    """How other endpoints are asked; raises `ForbiddenError` if they are not, and the pattern does not pass over it."""
    if context.services is None and not node.silent:
        raise ForbiddenError(f"SERVICE {place(node.endpoint)} is refused", why="the setting service_allow names no endpoint",
                             way_out="name the endpoints that may be asked in service_allow (EARTHWEAVE_SERVICE_ALLOW)")
    return context.services or Services(_nobody)


def _nobody(endpoint: str, text: str) -> bytes:
    raise ForbiddenError(f"SERVICE <{endpoint}> is refused", why="the setting service_allow names no endpoint")


class ServiceCall(Operator):
    """Asks another endpoint for the solutions of a pattern that fit those found so far.

    Attributes:
        node: the pattern.
    """

    def __init__(self, node: Service, wanted: frozenset[str], estimate: float, *, once: bool) -> None:
        self.node = node
        self._sender = Sender(node, wanted, once)
        variable = (node.endpoint.name,) if isinstance(node.endpoint, Variable) else ()
        super().__init__((*dict(self._sender.returned(())), *variable), estimate)
        self._whole: dict[str, Table] = {}
        self._calls = self._failures = self._rows_sent = self._rows_found = self._bytes = 0

    @property
    def label(self) -> str:
        """The endpoint."""
        return f"Service {'SILENT ' if self.node.silent else ''}{place(self.node.endpoint)}"

    def produce(self, context: Context, seed: Batch) -> Iterator[Batch]:
        """The seeds with each solution of the endpoint that fits; if it fails and is silent, the seeds as they are."""
        for endpoint, part in self._endpoints(context, seed):
            yield from self._asked(endpoint, part, context)

    def _endpoints(self, context: Context, seed: Batch) -> Iterator[tuple[Term | None, Batch]]:
        """Endpoints with the seeds that are sent there; None where a variable names none."""
        if isinstance(self.node.endpoint, Constant):
            yield self.node.endpoint.term, seed
            return
        column = seed.column(self.node.endpoint.name)
        for id in np.unique(column).tolist():
            yield context.terms.term(id) if id >= 0 else None, seed.take(column == id)

    def _asked(self, endpoint: Term | None, seed: Batch, context: Context) -> Iterator[Batch]:
        if endpoint is None or endpoint.type != IRI:
            yield from self._failed(_no_endpoint(self.node, endpoint), seed, context)
            return
        texts, nowhere = self._texts(seed, context)
        for name in () if self.node.silent else self.node.certain:
            if name in seed.columns:
                seed = seed.take(~np.isin(seed.columns[name], nowhere))
        sent = seed.extended({name: np.where(np.isin(seed.columns[name], list(texts)), seed.columns[name], -1)
                              for name in self._shared(seed)})
        for part in by_boundness(sent, self._shared(seed)):
            own = seed if part.rows is None else seed.take(part.rows)
            if part.bound:
                yield from self._bound(endpoint.text, own, part, texts, context)
            else:
                yield from self._plain(endpoint.text, own, context)

    def _shared(self, seed: Batch) -> tuple[str, ...]:
        return tuple(name for name, _ in self.node.names if name in seed.columns)

    def _texts(self, seed: Batch, context: Context) -> tuple[dict[int, str], list[int]]:
        """Ids that can be sent, written out; and those that no endpoint has."""
        ids = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *(seed.columns[name] for name in self._shared(seed))]))
        ids = ids[ids >= 0]
        texts = dict(zip(ids.tolist(), map(written, context.terms.listing(ids)), strict=True))
        sent = {id: text for id, text in texts.items() if text is not None and len(text) <= LONGEST}
        return sent, [id for id, text in texts.items() if text is None]

    def _plain(self, endpoint: str, seed: Batch, context: Context) -> Iterator[Batch]:
        """All solutions of the pattern, asked for once."""
        try:
            if endpoint not in self._whole:
                query = self._sender.query((), ())
                self._whole[endpoint] = Table(self._solutions(endpoint, query, (), 1, context), self._sharing(()))
        except EarthweaveError as error:
            yield from self._failed(error, seed, context)
            return
        yield from _merged(self._whole[endpoint], seed, np.zeros(seed.length, dtype=np.int64))

    def _bound(self, endpoint: str, seed: Batch, part: Part, texts: dict[int, str], context: Context) -> Iterator[Batch]:
        """Solutions that fit the seeds, batch by batch."""
        index = RowIndex(len(part.bound))
        numbers = index.add([part.batch.columns[name] for name in part.bound], seed.length)
        rows = [" ".join([str(row), *(texts[id] for id in ids)])
                for row, ids in enumerate(zip(*(column.tolist() for column in index.rows()), strict=True))]
        for start, stop in portions(rows, permitted(self.node, context).batch):
            mine = np.flatnonzero((numbers >= start) & (numbers < stop))
            those = seed.take(mine)
            try:
                self._rows_sent += stop - start
                query = self._sender.query(part.bound, rows[start:stop])
                found = Table(self._solutions(endpoint, query, part.bound, stop, context), self._sharing(part.bound))
            except EarthweaveError as error:
                yield from self._failed(error, those, context)
                continue
            yield from _merged(found, those, numbers[mine])

    def _sharing(self, sent: tuple[str, ...]) -> tuple[str, ...]:
        return (_ROW, *(here for here, _ in self._sender.returned(sent)))

    def _failed(self, error: EarthweaveError, seed: Batch, context: Context) -> Iterator[Batch]:
        """One empty solution if the pattern is silent (§2.3); the error if not, or if it is this query's time that is over."""
        context.check()
        if not self.node.silent:
            raise error
        context.tally.note("service", f"SERVICE SILENT: {error.what}{f': {error.why}' if error.why else ''}")
        self._failures += 1
        self._told()
        yield seed

    def _solutions(self, endpoint: str, query: str, sent: tuple[str, ...], stop: int, context: Context) -> Batch:
        """What an endpoint answers: numbers of rows in a column of their own, below ``stop``."""
        services = permitted(self.node, context)
        self._calls += 1
        body = services.ask(endpoint, query)
        context.check()
        self._bytes += len(body)
        with sent_by(endpoint):
            return self._read(ResultDocument(body), endpoint, sent, stop, context)

    def _read(self, document: ResultDocument, endpoint: str, sent: tuple[str, ...], stop: int, context: Context) -> Batch:
        services = permitted(self.node, context)
        returned = self._sender.returned(sent)
        reader = _Reader([there for _, there in returned], self._sender.row, stop, context)
        names = (_ROW, *(here for here, _ in returned))
        batches, rows, bindings = list[Batch](), 0, document.bindings()
        while block := list(islice(bindings, _BLOCK)):
            context.check()
            rows += len(block)
            if rows > services.rows:
                raise EndpointError(f"<{endpoint}> answered with more than {services.rows:,} solutions", why="the limit service_rows",
                                    way_out="narrow the pattern, or raise service_rows (EARTHWEAVE_SERVICE_ROWS)")
            batches.append(Batch(len(block), dict(zip(names, reader.columns(block), strict=True))))
        if document.truncated:
            context.tally.note("truncated", f"<{endpoint}> cut its answer at a limit of its own; solutions are missing")
        self._rows_found += rows
        self._told()
        return concatenated(batches, names)

    def _told(self) -> None:
        """Keep the figures of EXPLAIN."""
        self.measured.remarks[:] = [
            f"{self._calls:,} call(s), {self._rows_sent:,} solutions sent in VALUES, {self._rows_found:,} solutions and "
            f"{self._bytes:,} bytes received" + (f", {self._failures:,} failure(s) passed over" if self._failures else "")
        ]


def _merged(found: Table, seed: Batch, numbers: Any) -> Iterator[Batch]:
    for batch in found.join(seed.extended({_ROW: numbers})):
        yield Batch(batch.length, {name: column for name, column in batch.columns.items() if name != _ROW})


def _no_endpoint(node: Service, found: Term | None) -> QueryError:
    why = "nothing around binds it" if found is None else "it is bound to something that is no IRI"
    return QueryError(f"SERVICE {place(node.endpoint)} names no endpoint", why=why, way_out="bind it to the IRI of an endpoint before")


class _Reader:
    """Makes ids of the terms in one document, whose blank nodes are nobody else's."""

    def __init__(self, names: list[str], row: str, stop: int, context: Context) -> None:
        self._names, self._row, self._stop = names, row, stop
        self._terms = context.terms
        self._ids: dict[Term, int] = {}

    def columns(self, block: list[dict[str, Term]]) -> list[Any]:
        """Numbers of rows, and ids by variable, -1 where there is none."""
        found = dict.fromkeys(term for binding in block for name in self._names if (term := binding.get(name)) is not None)
        self._learn([term for term in found if term not in self._ids])
        numbers = [self._number(binding.get(self._row)) for binding in block]
        ids = [[-1 if (term := binding.get(name)) is None else self._ids[term] for binding in block] for name in self._names]
        return [np.array(column, dtype=np.int64) for column in (numbers, *ids)]

    def _learn(self, terms: list[Term]) -> None:
        named = [term for term in terms if term.type != BNODE]
        self._ids.update(zip(named, self._terms.listed(named).tolist(), strict=True))
        self._ids.update((term, self._terms.fresh_bnode()) for term in terms if term.type == BNODE)

    def _number(self, term: Term | None) -> int:
        text = "" if term is None else term.text
        if not text.isdecimal() or not text.isascii() or len(text) > len(str(self._stop)) or int(text) >= self._stop:
            raise wrong(f"a solution has no number that was sent: {text[:20]!r}")
        return int(text)


