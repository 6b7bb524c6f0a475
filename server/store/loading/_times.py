"""N-Quads whose fourth term is a time, ``"[…,…)"^^strdf:period`` or ``"…"^^xsd:dateTime``, where RDF has the name of a graph.

::

    lines ──timed_lines──▶ lines of three terms, and the time of each ──(as any line is read)──▶ Quads ──given──▶ Quads with times
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa

from earthweave.ontology.arrow import arrow_of

from ..snapshot import STRDF_PERIOD, TIME_TYPES, Quads, Terms
from ._scan import Block

_LINE = (
    r'^(.*\S)[ \t]+"([^"\\]*)"\^\^<(' + "|".join(one.datatype.replace(".", r"\.") for one in TIME_TYPES) + r")>[ \t]*\.[ \t]*(?:#[^\"]*)?$"
)
_THREE = r'^\s*(?:<[^>]*>|_:\S+)\s*<[^>]*>\s*(?:<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)$'


@dataclass(frozen=True)
class TimedLines:
    """Lines that had a time behind three terms.

    Attributes:
        block: the three terms of each as a line.
        numbers: of the lines in the block that they were taken from, int64.
        times: distinct times; code: place of each line's among them, int32.
    """

    block: Block
    numbers: Any
    times: Terms
    code: Any

    def given(self, quads: Quads, lines: Any) -> Quads:
        """Statements of some lines of ``block``, in the order of ``lines``, with their times."""
        used, places = np.unique(self.code[lines], return_inverse=True)
        terms, first = quads.terms, len(quads.terms)
        text = pa.concat_arrays([terms.text, self.times.text.take(arrow_of(used))])
        code = np.concatenate([terms.code, self.times.code[used] + len(terms.types)]).astype(np.int32)
        whole = Terms(text, code, (*terms.types, *self.times.types))
        return Quads(whole, quads.subject, quads.predicate, quads.object, quads.graph, (first + places).astype(np.int32))


def timed_lines(block: Block, numbers: Any) -> TimedLines | None:
    """Of some lines of a block those with a time; None if there is none. They must be UTF-8.

    A time is what stands behind three terms; an object with one of the datatypes of times stays where it is.
    """
    lines = cast(pl.Series, pl.from_arrow(pa.array([block.line(one) for one in numbers.tolist()], pa.large_binary()).cast(pa.large_string())))
    parts = lines.str.extract_groups(_LINE).struct
    timed = parts.field("1").str.contains(_THREE).fill_null(False)
    if not timed.any():
        return None
    found = pl.DataFrame({"line": parts.field("1"), "time": parts.field("2"), "datatype": parts.field("3")}).filter(timed)
    text = "".join(f"{line.strip()} .\n" for line in found["line"].to_list())
    distinct = found.select("time", "datatype").unique(maintain_order=True).with_row_index("place")
    code = found.join(distinct, on=["time", "datatype"], how="left", maintain_order="left")["place"].to_numpy()
    kinds = np.where(distinct["datatype"] == STRDF_PERIOD, 0, 1).astype(np.int32)
    times = Terms(distinct["time"].to_arrow().cast(pa.large_string()), kinds, TIME_TYPES)
    return TimedLines(Block(text.encode()), numbers[timed.to_numpy()], times, code)
