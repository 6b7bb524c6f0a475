"""N-Quads whose fourth term is a time, ``"[…,…)"^^strdf:period`` or ``"…"^^xsd:dateTime``, where RDF has the name of a graph.

::

    lines ──cut_lines, timed_lines──▶ lines of three terms, and the times ──(as any line is read)──▶ Quads ──given──▶ Quads with times
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa

from earthweave.ontology.arrow import arrow_of

from ..snapshot import STRDF_PERIOD, TIME_TYPES, Quads, Terms, lasting
from ._columns import cut
from ._pool import encoded, joined
from ._scan import CARET, Block, dots, spaces

_ENDS = {f"^^<{one.datatype}>": place for place, one in enumerate(TIME_TYPES)}
_LINE = (
    r'^(.*\S)[ \t]+"([^"\\]*)"\^\^<(' + "|".join(one.datatype.replace(".", r"\.") for one in TIME_TYPES) + r")>[ \t]*\.[ \t]*(?:#[^\"]*)?$"
)
_THREE = r'^\s*(?:<[^>]*>|_:\S+)\s*<[^>]*>\s*(?:<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?)$'

_HEAD = re.compile(_THREE)
_RESOURCE = r"(?:<[^>]*>|_:\S+)"
_TAIL = re.compile(rf'(?P<graph>\s+{_RESOURCE})?\s+"(?P<text>[^"\\]*)"(?:@\S+|\^\^<(?P<type>[^>]*)>)?'
                   rf'(?P<behind>\s+{_RESOURCE})?\s*\.\s*(?:#[^"]*)?$')
_LAST = 1000
"""Characters in which a time, what is behind it, and a graph before it are looked for."""


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


def cut_lines(block: Block, numbers: Any) -> TimedLines | None:
    """Of some lines of a block those that end in a literal that can be a time with nothing but a dot behind; None if there is none.

    What is before it need not be three terms.
    """
    start, stop = block.starts[numbers], block.ends[numbers]
    behind = np.searchsorted(block.quotes, stop)
    first, last = block.quotes[np.maximum(behind - 2, 0)], block.quotes[behind - 1]
    before = block.at(first - 1)
    rows = np.flatnonzero((behind - np.searchsorted(block.quotes, start) >= 2) & (block.at(last + 1) == CARET) & spaces(before))
    close = block.closes[np.searchsorted(block.closes, last[rows])] + 1
    rows, close = rows[tight := dots(block, close, stop[rows])], close[tight]
    found, (kind,) = encoded([cut(block, last[rows] + 1, close)])
    kinds = np.array([_ENDS.get(one, -1) for one in found.to_pylist()] or [-1], dtype=np.int64)[kind]
    rows, kinds = rows[kinds >= 0], kinds[kinds >= 0]
    if not len(rows):
        return None
    texts, (code,) = encoded([cut(block, first[rows] + 1, last[rows])])
    pairs, code = np.unique(code * 2 + kinds, return_inverse=True)
    times = Terms(texts.take(arrow_of(pairs >> 1)), (pairs & 1).astype(np.int32), TIME_TYPES)
    if not (good := lasting(times)[code]).any():
        return None
    rows, code = rows[good], code[good]
    lines = joined(cut(block, start[rows], first[rows]), ".\n")
    # made just now, so that its bytes are those of the lines end to end
    return TimedLines(Block(lines.buffers()[2].to_pybytes()), numbers[rows], times, code)


def timed_lines(block: Block, numbers: Any) -> TimedLines | None:
    """Of some lines of a block those with a time that has a moment; None if there is none. They must be UTF-8.

    A time is what stands behind three terms; an object with one of the datatypes of times stays where it is.
    """
    texts = pa.array([block.line(one) for one in numbers.tolist()], pa.large_binary()).cast(pa.large_string())
    lines = cast(pl.Series, pl.from_arrow(texts))
    parts = lines.str.extract_groups(_LINE).struct
    timed = parts.field("1").str.contains(_THREE).fill_null(False)
    if not timed.any():
        return None
    found = pl.DataFrame({"line": parts.field("1"), "time": parts.field("2"), "datatype": parts.field("3")}).filter(timed)
    distinct = found.select("time", "datatype").unique(maintain_order=True).with_row_index("place")
    code = found.join(distinct, on=["time", "datatype"], how="left", maintain_order="left")["place"].to_numpy()
    kinds = np.where(distinct["datatype"] == STRDF_PERIOD, 0, 1).astype(np.int32)
    times = Terms(distinct["time"].to_arrow().cast(pa.large_string()), kinds, TIME_TYPES)
    if not (good := lasting(times)[code]).any():
        return None
    text = "".join(f"{line.strip()} .\n" for line in found.filter(good)["line"].to_list())
    return TimedLines(Block(text.encode()), numbers[timed.to_numpy()][good], times, code[good])


def refusal(line: str, *, graphs: bool) -> str:
    """Why a line that no reader takes is no statement with a time, if it looks like one; else nothing.

    Args:
        graphs: whether the syntax has a fourth term.
    """
    first = max(len(line) - _LAST, 0)
    found = _TAIL.search(line[first:])
    if found is None or not _HEAD.fullmatch(line[: first + found.start()].strip()):
        return ""
    graph, text, kind, behind = found.group("graph", "text", "type", "behind")
    if not graphs:
        return "N-Triples has three terms: a valid time is read from N-Quads (.nq)"
    if f"^^<{kind}>" not in _ENDS:
        return "a fourth term is the name of a graph, or a valid time: a strdf:period or an xsd:dateTime"
    if graph or behind:
        return "a statement of N-Quads has a graph or a valid time, not both: load each graph from a file of its own"
    return f"the valid time cannot be read, or its end is not behind its start: {text[:100]}"
