"""ASK, CONSTRUCT and DESCRIBE: from solutions to a truth value or to statements (SPARQL 1.1 §16.2–16.4), in chunks.

DESCRIBE gives the concise bounded description (W3C member submission CBD, 2005, without reification): every statement of the active
default graph whose subject is the resource, and, as long as an object is a blank node, every statement of that node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from earthweave.ontology.arrow import arrow_of, text_array

from ..algebra import Batch, Context, Place, Query, Triple, Variable
from ..snapshot import STRING, Kind, Segment, Tag, Terms, TermType, tags, text_scalar
from ._graphs import view
from ._parse_terms import HIDDEN
from ._rows import RowIndex

PLACES = ("subject", "predicate", "object")
"""Columns of a batch of statements."""
_RESOURCES = 4096
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"))
_SPECIAL = '["\\\\\n\r]'
_NO_IRI = "[\\x00-\\x20<>\"{}|^`\\\\]"
pc: Any = pyarrow.compute


def asked(batches: Iterable[Batch]) -> bool:
    """The answer to an ASK: whether there is a solution; no more are computed than the first chunk of them."""
    return any(batch.length for batch in batches)


def statements(query: Query, batches: Iterable[Batch], context: Context) -> Iterator[Batch]:
    """Statements of a CONSTRUCT or DESCRIBE, each once, as batches of ids with the columns of `PLACES`."""
    found = _constructed(query.template, batches, context) if query.form == "construct" else _described(query.described, batches, context)
    known = RowIndex(len(PLACES))
    for batch in found:
        context.check()
        fresh = known.fresh([batch.columns[place] for place in PLACES], batch.length)
        if len(fresh):
            yield batch.take(fresh)


def ntriples(batch: Batch, context: Context) -> bytes:
    """Statements as N-Triples (RDF 1.1 N-Triples §7), in order."""
    if not batch.length:
        return b""
    subject, predicate, value = (_written(context, batch.columns[place]) for place in PLACES)
    lines = pc.binary_join_element_wise(subject, predicate, value, text_scalar(".\n"), text_scalar(" "))
    whole = lines.buffers()
    first, last = lines.offset, lines.offset + len(lines)
    offsets = np.frombuffer(whole[1], dtype=np.int64)
    return bytes(whole[2][int(offsets[first]) : int(offsets[last])])


def _constructed(template: tuple[Triple, ...], batches: Iterable[Batch], context: Context) -> Iterator[Batch]:
    fixed = (place for one in template for place in _ends(one) if not isinstance(place, Variable))
    constants: dict[Place, int] = {place: context.terms.id(place.term) for place in fixed}
    for batch in batches:
        fresh: dict[str, Any] = {}
        for one in template:
            columns = [_column(place, batch, constants, fresh, context) for place in _ends(one)]
            found = Batch(batch.length, dict(zip(PLACES, columns, strict=True)))
            yield found.take(_legal(found, context))


def _ends(one: Triple) -> tuple[Place, Place, Place]:
    return one.subject, one.predicate, one.object


def _column(place: Place, batch: Batch, constants: dict[Place, int], fresh: dict[str, Any], context: Context) -> Any:
    if not isinstance(place, Variable):
        return np.full(batch.length, constants[place], dtype=np.int64)
    if not place.name.startswith(HIDDEN):
        return batch.column(place.name)
    if place.name not in fresh:
        fresh[place.name] = np.fromiter((context.terms.fresh_bnode() for _ in range(batch.length)), dtype=np.int64, count=batch.length)
    return fresh[place.name]


def _legal(batch: Batch, context: Context) -> Any:
    """Mask of what is a statement: all bound, the subject no literal, the predicate an IRI."""
    subject, predicate, value = (batch.columns[place] for place in PLACES)
    return (kinds(context, subject) < Kind.LITERAL) & (kinds(context, predicate) == Kind.IRI) & (value >= 0) & (subject >= 0)


def kinds(context: Context, ids: Any) -> Any:
    """Kind of each term, -1 for unbound; int64."""
    distinct, back = np.unique(ids, return_inverse=True)
    found = np.full(len(distinct), int(Kind.LITERAL), dtype=np.int64)
    tag = tags(distinct)
    found[tag < 0] = -1
    stored, computed = np.flatnonzero(tag == Tag.DICTIONARY), np.flatnonzero(tag == Tag.SCRATCH)
    for places in (stored, computed):
        if len(places):
            codes, types = context.terms.types(distinct[places])
            found[places] = np.array([int(one.kind) for one in types], dtype=np.int64)[codes]
    return found[back]


def _described(described: tuple[Place, ...], batches: Iterable[Batch], context: Context) -> Iterator[Batch]:
    resources = _resources(described, batches, context)
    known = RowIndex(1)
    for first in range(0, len(resources), _RESOURCES):
        level = resources[first : first + _RESOURCES]
        while len(level):
            level = level[known.fresh([level], len(level))]
            found = [*_outgoing(level, context)]
            yield from found
            objects = np.unique(np.concatenate([batch.columns["object"] for batch in found])) if found else level[:0]
            level = objects[kinds(context, objects) == Kind.BNODE]


def _resources(described: tuple[Place, ...], batches: Iterable[Batch], context: Context) -> Any:
    """What is described, each once, in order of first appearance; literals are no resources."""
    index = RowIndex(1)
    fixed = [context.terms.id(place.term) for place in described if not isinstance(place, Variable)]
    names = [place.name for place in described if isinstance(place, Variable)]
    index.add([np.array(fixed, dtype=np.int64)], len(fixed))
    for batch in batches if names else ():
        for name in names:
            column = batch.column(name)
            index.add([column[column >= 0]], int(np.count_nonzero(column >= 0)))
    found = index.rows()[0]
    return found[kinds(context, found) < Kind.LITERAL]


def _outgoing(nodes: Any, context: Context) -> Iterator[Batch]:
    """Statements of the active default graph with these subjects."""
    seen = view(context, None)
    nodes = np.sort(nodes)
    for predicate in context.snapshot.predicates:
        segment = context.snapshot.segment(predicate)
        if segment is None or not len(nodes) or not seen.sees(segment):
            continue
        context.check()
        rows, positions = _positions(segment, nodes)
        if not seen.passes(segment):
            mask = seen.keep(segment, segment.so, positions)
            rows, positions = rows[mask], positions[mask]
        if len(positions):
            columns = (nodes[rows], np.full(len(rows), predicate, dtype=np.int64), np.asarray(segment.so.value[positions]))
            yield Batch(len(rows), dict(zip(PLACES, columns, strict=True)))


def _positions(segment: Segment, nodes: Any) -> tuple[Any, Any]:
    starts, stops = segment.so.ranges(nodes)
    lengths = stops - starts
    rows = np.repeat(np.arange(len(nodes)), lengths)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(starts, lengths)


def _written(context: Context, ids: Any) -> Any:
    """Terms in the notation of N-Triples, each distinct one written once."""
    distinct, back = np.unique(ids, return_inverse=True)
    terms = context.terms.terms(distinct)
    parts, order = [], np.empty(len(terms), dtype=np.int64)
    start = 0
    for code in np.unique(terms.code).tolist():
        rows = np.flatnonzero(terms.code == code)
        parts.append(_of_type(terms, rows, terms.types[code]))
        order[rows] = np.arange(start, start + len(rows))
        start += len(rows)
    return pa.concat_arrays(parts).take(arrow_of(order[back]))


def _of_type(terms: Terms, rows: Any, kind: TermType) -> Any:
    text = terms.text if len(rows) == len(terms) else terms.text.take(arrow_of(rows))
    if kind.kind is Kind.BNODE:
        return _joined("_:", text, "")
    if kind.kind is Kind.IRI:
        return _joined("<", _escaped_iri(text), ">")
    behind = f"@{kind.language}" if kind.language else "" if kind == STRING else f"^^<{kind.datatype}>"
    return _joined('"', _escaped(text), f'"{behind}')


def _joined(before: str, text: Any, behind: str) -> Any:
    ends = (text_scalar(one) for one in (before, behind))
    left, right = ends
    return pc.binary_join_element_wise(left, text, right, text_scalar(""))


def _escaped(text: Any) -> Any:
    if not pc.any(pc.match_substring_regex(text, _SPECIAL)).as_py():
        return text
    for plain, written in _ESCAPES:
        text = pc.replace_substring(text, plain, written)
    return text


def _escaped_iri(text: Any) -> Any:
    """IRIs of the data are whole; one that a query has computed may hold what must be escaped."""
    odd = pc.match_substring_regex(text, _NO_IRI)
    if not pc.any(odd).as_py():
        return text
    return text_array(_numbered(one) if bad else one for one, bad in zip(text.to_pylist(), odd.to_pylist(), strict=True))


def _numbered(text: str) -> str:
    return "".join(f"\\u{ord(one):04X}" if one <= " " or one in '<>"{}|^`\\' else one for one in text)
