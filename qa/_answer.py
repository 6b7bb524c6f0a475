"""From a question to an answer: the story of the room, told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from earthweave.ontology import LimitError
from earthweave.ontology.geometry import read_wkt

from ._describe import FUNCTIONS, UNITS, chips, class_name, conventions, describe, superlative
from ._domain import AREA, FLOODED_AREA, property_named
from ._lexicon import Lexicon
from ._offers import Proposal, propose
from ._plan import Query, count_query, most_rows, plan, presence_query, simulated_query
from ._ports import Cell, Endpoint, Launcher, Limits, Table
from ._refusal import COMMANDS, HINT, Refusal
from ._request import Assumption, Request
from ._understand import understand
from ._values import number, text, truth

_NAMED = 5
Notice = Mapping[str, str]
"""``code`` and ``text``."""


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Attributes:
        question: as it was asked.
        text: the answer, or the reason for the refusal, in words.
        request: how the question was understood; None if refused before.
        refusal: why there is no answer; None if there is one.
        sparql: the query that was run; empty if none.
        chips, assumptions, unknown: parts of the request; what was taken for granted; words not understood.
        value: of yes/no (bool), count (int) or measure (float, in the unit asked for).
        count: how many things there are, listed or not; None for yes/no.
        columns, rows: details, without geometries.
        geojson: a FeatureCollection (RFC 7946: CRS84, exterior rings counter-clockwise), None if nothing can be drawn.
        simulated: whether anything that the answer rests on is simulated.
        notices: code and sentence, from the store and from here.
        proposal: a run that would bring what the store does not have.
    """

    question: str
    text: str
    request: Request | None = None
    refusal: Refusal | None = None
    sparql: str = ""
    chips: tuple[Mapping[str, str], ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    unknown: tuple[str, ...] = ()
    value: bool | int | float | None = None
    count: int | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    geojson: Mapping[str, Any] | None = None
    simulated: bool = False
    notices: tuple[Notice, ...] = ()
    proposal: Proposal | None = None

    @property
    def status(self) -> Literal["answered", "refused", "proposed"]:
        """Whether the question was answered, or would be by a run."""
        return "refused" if self.refusal else "answered" if self.request else "proposed"

    def to_json(self) -> dict[str, Any]:
        """As JSON data, for pages, the API and ``--json``."""
        refusal = self.refusal
        reason = refusal and {name: getattr(refusal, name) for name in ("code", "text", "hint", "suggestions")}
        return {
            "question": self.question, "status": self.status, "text": self.text,
            "request": self.request and self.request.to_json(),
            "sparql": self.sparql, "chips": [dict(one) for one in self.chips],
            "assumptions": [one.text for one in self.assumptions],
            "unknown": [*self.unknown], "value": self.value, "count": self.count, "columns": [*self.columns],
            "rows": [[*row] for row in self.rows], "geojson": self.geojson, "reason": reason, "simulated": self.simulated,
            "notices": [dict(one) for one in self.notices], "proposal": self.proposal and self.proposal.to_json(),
        }  # fmt: skip


def answer(
    question: str,
    endpoint: Endpoint,
    lexicon: Lexicon,
    *,
    now: date | datetime,
    limits: Limits = Limits(),  # noqa: B008
    launcher: Launcher | None = None,
) -> Answer:
    """Understand a question, query the endpoint, and tell the answer; what the store cannot answer may be proposed to ``launcher``.

    Refusals, and limits that the endpoint reached, are answers too; other errors of the endpoint are raised.
    """
    request = understand(question, lexicon, now=now)
    if isinstance(request, Refusal):
        offered = _proposed(question, endpoint, lexicon, now, limits, launcher) if request.code in _BEYOND else None
        if isinstance(offered, Proposal):
            return Answer(question, _offer_text(offered), proposal=offered, assumptions=offered.assumptions)
        return _refused(question, offered or request)
    told = _answered(question, request, endpoint, limits)
    if told.refusal or told.count != 0:
        return told
    offered = _proposed(question, endpoint, lexicon, now, limits, launcher)
    if not isinstance(offered, Proposal):
        return told
    return replace(told, proposal=offered, notices=(*told.notices, _notice("proposal", _offer_text(offered))))


_BEYOND = frozenset({"unsupported-operation", "needs-a-run", "missing-place", "unknown-word"})
"""Refusals of questions that a run may answer all the same."""


def _proposed(
    question: str, endpoint: Endpoint, lexicon: Lexicon, now: date | datetime, limits: Limits, launcher: Launcher | None
) -> Proposal | Refusal | None:
    """The run that a question asks for, with what it would cost."""
    if launcher is None:
        return None
    today = now.date() if isinstance(now, datetime) else now
    found = propose(question, launcher.offers(), lexicon, endpoint, today=today, limits=limits)
    return replace(found, estimate=launcher.estimate(found.service, found.parameters)) if isinstance(found, Proposal) else found


def _offer_text(proposal: Proposal) -> str:
    cost = f", some {max(1, round(proposal.estimate.seconds))} s" if proposal.estimate else ""
    return f"That needs a run of {proposal.service} ({proposal.title}{cost}). It is not started until you say so."


def _answered(question: str, request: Request, endpoint: Endpoint, limits: Limits) -> Answer:
    query = plan(request, limits)
    try:
        return _Story(question, request, query, endpoint, limits).tell()
    except LimitError as error:
        hint = error.way_out or "Name a place, a time or a level, so that less has to be compared."
        why = Refusal("limit", f"The answer would cost too much: {error.what}.", hint)
        return _refused(question, why, request, query.text)


def _refused(question: str, why: Refusal, request: Request | None = None, sparql: str = "") -> Answer:
    ways = (_notice("way-out", why.hint),) if why.hint != HINT else ()
    return Answer(question, why.text, request, why, sparql, unknown=why.unknown, notices=ways)


@dataclass
class _Story:
    question: str
    request: Request
    query: Query
    endpoint: Endpoint
    limits: Limits

    def tell(self) -> Answer:
        intent = self.request.intent
        if intent == "ask":
            return self.yes_or_no()
        if intent == "count":
            return self.counted()
        return self.measured() if intent == "measure" else self.listed()

    def select(self, query: Query) -> Table:
        return self.endpoint.select(query.text, self.limits)

    def single(self, query: Query) -> Table:
        table = self.select(query)
        if not table.rows:
            raise LimitError("the result was cut before its only row", way_out="Raise query_rows and query_bytes.")
        return table

    def ask(self, query: Query) -> bool:
        return self.endpoint.ask(query.text, self.limits)

    def done(self, text: str, found: bool, notices: Sequence[Notice] = (), **more: Any) -> Answer:
        simulated = self.ask(simulated_query(self.request, spatial=found))
        remarks = [*notices, *self.emptiness(found)]
        if self.request.unknown:
            remarks.append(_notice("unknown-words", "Not understood, and left out: " + ", ".join(self.request.unknown) + "."))
        assumptions = (*self.request.assumptions, *conventions(self.request))
        return Answer(
            self.question, text, self.request, None, self.query.text, tuple(chips(self.request)), assumptions, self.request.unknown,
            simulated=simulated, notices=tuple(remarks), **more,
        )  # fmt: skip

    def emptiness(self, found: bool) -> Iterator[Notice]:
        if not found and not self.ask(presence_query(FLOODED_AREA)):
            makes, command = COMMANDS["s2-cd"]
            yield _notice("no-data", f"The store holds no flooded areas at all; {makes} makes them: {command}")

    def yes_or_no(self) -> Answer:
        found = self.ask(self.query)
        text = f"Yes, there are {describe(self.request.target)}." if found else f"No, the store has no {describe(self.request.target)}."
        return self.done(text, found, value=found)

    def counted(self) -> Answer:
        table = self.single(self.query)
        total = int(number(table.rows[0][0]) or 0)
        return self.done(f"{_counted(total, self.request)}.", total > 0, table.notices, value=total, count=total)

    def total(self) -> int:
        return int(number(self.single(count_query(self.request)).rows[0][0]) or 0)

    def measured(self) -> Answer:
        wanted = self.request.aggregate
        assert wanted is not None
        table = self.single(self.query)
        result, used, total = number(table.rows[0][0]), int(number(table.rows[0][1]) or 0), self.total()
        prop = property_named(wanted.property)
        what = f"{FUNCTIONS[wanted.function]} {prop.label} of {describe(self.request.target)}"
        notices = [*table.notices, *self.lacking(total - used, total, wanted.property)]
        if not used:
            return self.done(self.unknown(wanted.property), False, notices, count=total)
        if result is None:
            return self.done(f"The {what} is beyond what can be computed.", True, notices, count=total)
        value = float(result) / prop.units[wanted.unit]
        text = f"The {what} is {_figure(value)} {UNITS[wanted.unit]}".rstrip() + f" ({_number(used, self.request)})."
        return self.done(text, True, notices, value=value, count=total)

    def unknown(self, prop: str) -> str:
        return f"The store has no {describe(self.request.target)} with a known {property_named(prop).label}."

    def lacking(self, missing: int, total: int, prop: str) -> Iterator[Notice]:
        if missing > 0:
            yield _notice("lacking", f"{missing:,} of {total:,} have no {property_named(prop).label} that is a finite number: left out.")

    def listed(self) -> Answer:
        table = self.select(self.query)
        listed, most = len(table.rows), most_rows(self.request, self.limits)
        # whatever may have left rows out makes their number say nothing about how many there are
        cut = table.truncated or listed >= most or bool(self.request.limit or self.request.order)
        total = max(self.total(), listed) if cut else listed
        keep = [at for at, name in enumerate(table.columns) if name not in {"wkt", "order"}]
        columns = tuple(table.columns[at] for at in keep)
        rows = tuple(tuple(_READ.get(table.columns[at], text)(row[at]) for at in keep) for row in table.rows)
        order = self.request.order if listed < most and not table.truncated else None
        left = self.lacking(total - listed, total, order.property) if order else _cut(listed, total)
        notices = [*table.notices, *left, *_unreadable(table)]
        shown = {"count": total, "columns": columns, "rows": rows, "geojson": _geojson(table, columns, rows)}
        return self.done(self.listing(total, columns, rows), total > 0, notices, **shown)

    def listing(self, total: int, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> str:
        if self.request.order and rows:
            of = f" (of {total:,})" if total > len(rows) else ""
            rest = [f"{len(rows) - _NAMED} more"] if len(rows) > _NAMED else []
            return f"{self.first(len(rows))}{of}: {'; '.join([*(self.figure(columns, row) for row in rows[:_NAMED]), *rest])}."
        if self.request.order and total:
            return self.unknown(self.request.order.property)
        label = columns.index("label") if "label" in columns else None
        names = [] if label is None else [str(row[label] or row[0]) for row in rows]
        return f"{_counted(total, self.request)}{_part(len(rows), total)}{': ' if names else ''}{_enumerated(names)}."

    def first(self, number: int) -> str:
        """``The largest flooded area in Hawkesbury``, ``The 3 flooded areas of the highest flood level``."""
        assert self.request.order is not None
        what, best = describe(self.request.target, many=number > 1), superlative(self.request)
        counted = f"{number} " if number > 1 else ""
        by_size = self.request.order.property == AREA
        return f"The {counted}{best} {what}" if by_size else f"The {counted}{what} with the {best} flood level"

    def figure(self, columns: tuple[str, ...], row: tuple[Any, ...]) -> str:
        values = dict(zip(columns, row, strict=True))
        area, level = values.get("area"), values.get("floodLevel")
        parts = [f"{_figure(float(area) / 1e6)} km²" if area is not None else "", f"flood level {level}" if level is not None else ""]
        return ", ".join(filter(None, parts))


def _notice(code: str, text: str) -> Notice:
    return {"code": code, "text": text}


def _number(number: int, request: Request) -> str:
    return f"{number:,} {class_name(request.target.cls, many=number != 1)}"


def _counted(number: int, request: Request) -> str:
    what = describe(request.target, many=number != 1)
    return f"{number:,} {what}" if number else f"No {describe(request.target, many=False)}"


def _cut(listed: int, total: int) -> Iterator[Notice]:
    if total > listed:
        yield _notice("truncated", f"The first {listed:,} of {total:,} are listed and drawn.")


def _part(listed: int, total: int) -> str:
    """``, of which the first 3 are listed``; empty if all are."""
    if listed == total:
        return ""
    return f", of which the first {f'{listed:,} are' if listed > 1 else 'is'} listed" if listed else ", none of which can be listed"


def _unreadable(table: Table) -> Iterator[Notice]:
    for at, name in enumerate(table.columns):
        cells = [row[at] for row in table.rows if row[at] is not None]
        if name in _READ and (bad := sum(_READ[name](cell) is None for cell in cells)):
            form = "truth value" if _READ[name] is truth else "finite number"
            yield _notice("unreadable", f"{bad:,} of {len(cells):,} values of {name} are not a {form}: left out.")


def _enumerated(names: list[str]) -> str:
    shown = names if len(names) <= _NAMED + 1 else names[:_NAMED]
    rest = len(names) - len(shown)
    parts = [*shown, f"{rest:,} more"] if rest else shown
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


_READ: Mapping[str, Callable[[Cell | None], int | float | None]] = {
    "area": number, "floodLevel": number, "level": number, "simulated": truth,
}  # fmt: skip
"""Column → how its cells are read; all others are text."""


def _geojson(table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> dict[str, Any] | None:
    import shapely
    from shapely.geometry import mapping

    at = table.columns.index("wkt")
    literals = [(number, cell.value) for number, row in enumerate(table.rows) if (cell := row[at]) is not None]
    shapes = shapely.orient_polygons(read_wkt([wkt for _, wkt in literals]).geometries, exterior_cw=False) if literals else []
    features = [
        {"type": "Feature", "id": rows[number][0], "properties": dict(zip(columns, rows[number], strict=True)), "geometry": mapping(shape)}
        for (number, _), shape in zip(literals, shapes, strict=True)
        if shape is not None and not shape.is_empty
    ]
    return {"type": "FeatureCollection", "features": features} if features else None
