"""N-Quads whose fourth term is a time, ``"[…,…)"^^strdf:period`` or ``"…"^^xsd:dateTime``, where RDF has the name of a graph.

::

    lines ──without_times──▶ lines of N-Triples, and a time or none for each ──(any reader)──▶ Quads ──with_times──▶ Quads
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa

from earthweave.ontology import XSD

from ..snapshot import Kind, Quads, Terms, TermType
from ._periods import STRDF_PERIOD

_TIMES = (STRDF_PERIOD, str(XSD.dateTime))
_LINE = (
    r'^(.*\S)[ \t]+"([^"\\]*)"\^\^<(' + "|".join(one.replace(".", r"\.") for one in _TIMES) + r")>[ \t]*\.[ \t]*(?:#[^\"]*)?$"
)
_THREE = r'^\s*(?:<[^>]*>|_:\S+)\s*<[^>]*>\s*(?:<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)$'


def without_times(document: bytes) -> tuple[bytes, Any]:
    """Statements without their times, a line for each, and their times.

    A time is what stands behind three terms; an object with one of the datatypes of times stays where it is.

    Args:
        document: whole lines, UTF-8.

    Returns:
        The lines that are statements, and a polars Series of structs of ``text`` and ``datatype``, null for lines without a time.
    """
    lines = pl.Series(document.decode().splitlines(), dtype=pl.String).str.strip_chars()
    lines = lines.filter((lines != "") & ~lines.str.starts_with("#"))
    parts = lines.str.extract_groups(_LINE).struct
    timed = parts.field("1").str.contains(_THREE).fill_null(False)
    plain = pl.select(pl.when(timed).then(parts.field("1") + " .").otherwise(lines)).to_series()
    fields = pl.DataFrame({"text": parts.field("2"), "datatype": parts.field("3")})
    times = fields.select(pl.when(timed).then(pl.struct("text", "datatype"))).to_series()
    return "".join(f"{line}\n" for line in plain.to_list()).encode(), times


def with_times(quads: Quads, times: Any) -> Quads:
    """The same statements with their times in the place of the graph.

    Args:
        quads: as many statements as ``times`` has rows, in their order.
        times: from `without_times`, or a part of it.
    """
    rows = np.flatnonzero(times.is_not_null().to_numpy())
    known, places = np.unique(_labels(times.gather(rows)), return_inverse=True)
    kinds = tuple(TermType(Kind.LITERAL, datatype) for datatype in _TIMES)
    code = np.array([int(one[0]) for one in known.tolist()], dtype=np.int32)
    terms = quads.terms
    text = pa.concat_arrays([terms.text, pa.array([one[1:] for one in known.tolist()], type=pa.large_string())])
    wkb = None if terms.wkb is None else pa.concat_arrays([terms.wkb, pa.nulls(len(known), terms.wkb.type)])
    graph = quads.graph.copy()
    graph[rows] = len(terms) + places
    codes = np.concatenate([terms.code, code + len(terms.types)]).astype(np.int32)
    return Quads(Terms(text, codes, (*terms.types, *kinds), wkb), quads.subject, quads.predicate, quads.object, graph)


def _labels(times: Any) -> Any:
    """Each time as the number of its datatype and its text."""
    fields = cast(pl.Series, times).struct
    number = fields.field("datatype").replace_strict({iri: str(place) for place, iri in enumerate(_TIMES)}, return_dtype=pl.String)
    return np.asarray((number + fields.field("text")).to_list(), dtype=object)
