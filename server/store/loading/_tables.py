"""The sink for Arrow: a table of terms, one statement per row, as blocks of statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology import RDF, XSD, InputError

from ..snapshot import BNODE, IRI, TIME_TYPES, Kind, Quads, Terms, TermType, lasting
from ._arrow import pc
from ._pool import Pool, encoded, illegal_iris, unusual_labels

ROWS = 100_000
_STRING = str(XSD.string)
_TAGGED = {str(RDF.langString), f"{RDF}dirLangString"}
_LABEL = "_:"


def quads_from_arrow(table: Any, *, rows: int = ROWS) -> Iterator[Quads]:
    """Statements of a pyarrow Table or RecordBatch, at most ``rows`` at a time.

    Columns, all of strings (dictionary-encoded or not) but the last:

    ============  =====================================================================================================
    subject       IRI, or ``_:`` and a label
    predicate     IRI
    object        IRI, ``_:`` and a label, or the lexical form of a literal; never null
    object_type   ``iri``, ``bnode`` or ``literal``; may be absent or null, then it is a literal
    datatype      IRI of a literal's datatype; may be absent or null (xsd:string)
    language      tag of a literal; may be absent or null; wins over datatype
    graph         IRI or ``_:`` and a label; may be absent or null (default graph)
    time          valid time, as strdf:period writes it (in brackets) or xsd:dateTime; may be absent or null
    wkb           well-known binary of a geometry literal, CRS84, longitude first; may be absent or null
    ============  =====================================================================================================

    Labels of blank nodes are taken as they are: whoever makes the table keeps them apart. Raises `InputError` for a column that is
    missing, a null where none may be, what is no IRI, label or language, and a time that cannot be read or has no moment.
    """
    names = set(table.schema.names)
    if missing := {"subject", "predicate", "object"} - names:
        raise InputError(f"the table has no column {min(missing)}", way_out="name the columns as described for this function")
    whole = pa.table(table) if isinstance(table, pa.RecordBatch) else table
    for start in range(0, whole.num_rows, rows):
        yield _Block(whole.slice(start, rows)).quads()


class _Block:
    """Some rows of the table."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._count = table.num_rows
        self._pool = Pool()
        self._places = [np.full(self._count, -1, dtype=np.int32) for _ in range(4)]

    def quads(self) -> Quads:
        """These rows as a block."""
        kind = pc.fill_null(self._column("object_type"), "literal")
        texts = [self._column(name) for name in ("subject", "predicate", "object", "graph")]
        for name, column in zip(("subject", "predicate", "object"), texts, strict=False):
            if column.null_count:
                raise InputError(f"the column {name} of the table holds nulls", way_out="leave such rows out")
        labelled = [_labelled(column) for column in texts]
        value = np.asarray(pc.equal(kind, "bnode"))
        resource = np.asarray(pc.equal(kind, "iri"))
        named = [~labelled[0], np.ones(self._count, dtype=bool), resource, ~labelled[3] & np.asarray(texts[3].is_valid())]
        self._put(texts, named, IRI)
        self._put(texts, [labelled[0], labelled[1] & False, value, labelled[3]], BNODE)
        self._literals(texts[2], np.flatnonzero(~resource & ~value))
        time, (subject, predicate, value, graph) = self._times(), self._places
        return Quads(self._pool.terms(self._wkb()), subject, predicate, value, graph, time)

    def _column(self, name: str) -> Any:
        if name not in self._table.schema.names:
            return pa.nulls(self._count, pa.large_string())
        return self._table.column(name).combine_chunks().cast(pa.large_string())

    def _put(self, texts: list[Any], masks: list[Any], kind: TermType) -> None:
        rows = [np.flatnonzero(mask) for mask in masks]
        parts = [text.take(pa.array(some)) for text, some in zip(texts, rows, strict=True)]
        if kind is BNODE:
            parts = [pc.replace_substring_regex(part, f"^{_LABEL}", "") for part in parts]
        found, codes = encoded(parts)
        if kind is IRI:
            _check(found)
        elif len(wrong := unusual_labels(found)):
            raise InputError(f"{found[int(wrong[0])].as_py()[:200]!r} is no label of a blank node",
                             way_out="take letters, digits, _, - and .")
        for place, some, code in zip(self._places, rows, codes, strict=True):
            place[some] = code + self._pool.count
        self._pool.put(found, kind)

    def _literals(self, texts: Any, rows: Any) -> None:
        kinds: dict[TermType, list[int]] = {}
        datatype, tag = (self._column(name).take(pa.array(rows)) for name in ("datatype", "language"))
        types, (typed,) = encoded([pc.fill_null(datatype, _STRING)])
        tags, (tagged,) = encoded([pc.fill_null(tag, "")])
        _check(types)
        pairs, group = np.unique(typed.astype(np.int64) * len(tags) + tagged, return_inverse=True)
        for place, pair in enumerate(pairs.tolist()):
            kinds.setdefault(_literal_type(types[pair // len(tags)].as_py(), tags[pair % len(tags)].as_py()), []).append(place)
        for kind, places in kinds.items():
            some = rows[np.isin(group, places)]
            found, (codes,) = encoded([texts.take(pa.array(some))])
            self._places[2][some] = codes + self._pool.count
            self._pool.put(found, kind)

    def _times(self) -> Any:
        """Places of valid times, None if no statement has one."""
        texts = self._column("time")
        rows = np.flatnonzero(np.asarray(texts.is_valid()))
        if not len(rows):
            return None
        found, (codes,) = encoded([texts.take(pa.array(rows))])
        moment = ~np.asarray(pc.match_substring_regex(found, r"^\s*[\[(]"))
        times = Terms(found, moment.astype(np.int32), TIME_TYPES)
        if len(wrong := np.flatnonzero(~lasting(times))):
            raise InputError(f"{found[int(wrong[0])].as_py()[:100]!r} is no valid time", why="it cannot be read, or its end is not behind "
                             "its start", way_out="write [start,end), or an xsd:dateTime")
        place = np.full(len(found), -1, dtype=np.int32)
        for code, kind in enumerate(TIME_TYPES):
            mine = np.flatnonzero(moment == code)
            place[mine] = self._pool.count + np.arange(len(mine))
            self._pool.put(found.take(pa.array(mine)), kind)
        time = np.full(self._count, -1, dtype=np.int32)
        time[rows] = place[codes]
        return time

    def _wkb(self) -> Any:
        """Well-known binary per distinct term: what the first row with it says."""
        if "wkb" not in self._table.schema.names:
            return None
        given = self._table.column("wkb").combine_chunks().cast(pa.large_binary())
        rows = np.flatnonzero(np.asarray(given.is_valid()))
        terms, first = np.unique(self._places[2][rows], return_index=True)
        source = np.full(self._pool.count, -1, dtype=np.int64)
        source[terms] = rows[first]
        return given.take(pa.array(source, mask=source < 0))


def _labelled(texts: Any) -> Any:
    return np.asarray(pc.fill_null(pc.starts_with(texts, _LABEL), False))


def _check(iris: Any) -> None:
    if len(wrong := illegal_iris(iris)):
        raise InputError(f"{iris[int(wrong[0])].as_py()[:200]!r} is no absolute IRI", way_out="encode what an IRI may not hold")


def _literal_type(datatype: str, language: str) -> TermType:
    try:
        given = ox.Literal("", language=language) if language else ox.Literal("", datatype=ox.NamedNode(datatype))
    except ValueError as error:
        raise InputError(f"no literal can have the datatype {datatype} and the language {language!r}", why=str(error)) from error
    if not language and datatype in _TAGGED:
        raise InputError(f"a literal of the datatype {datatype} has no language", way_out="give it one, or leave the datatype out")
    return TermType(Kind.LITERAL, given.datatype.value, (given.language or "").lower())
