"""Functions that generated mappings need: identifiers made from what a row says.

=========  ==================================================================================================
ewf:given  (IRI, value …): the IRI, for the rows that have all the values
ewf:hash   (value …): 32 hexadecimal digits that follow from the values alone, never from the order of the rows
ewf:wkb    (geometry): its WKB in hexadecimal, as the source holds it, for use inside ``ewf:hash``
=========  ==================================================================================================
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import shapely

from earthweave.ontology import XSD

from ..plan import EWF, Kind
from ..values import pc
from ._evaluation import Arguments, Evaluation, Function, Text

_MANY = 100_000


def _hash(rows: Evaluation, arguments: Arguments) -> Text:
    """XXH3, 128 bits, of the lexical forms with their lengths before them, so that no two rows of different values give one text."""
    from xxhash import xxh3_128_hexdigest

    joined = pc.binary_join_element_wise(*(_measured(rows.text(argument)[0]) for argument in arguments), "")
    return pa.array([xxh3_128_hexdigest(text.encode()) for text in joined.to_pylist()], pa.string()), ""


def _measured(text: Any) -> Any:
    """``3:abc``; ``-`` for a missing value, which so differs from an empty text."""
    lengths = pc.binary_length(text).cast(pa.string())
    return pc.fill_null(pc.binary_join_element_wise(lengths, text, ":"), "-")


def _given(rows: Evaluation, arguments: Arguments) -> Text:
    iri = rows.text(arguments[0])[0]
    for witness in arguments[1:]:
        iri = pc.if_else(pc.is_valid(rows.text(witness)[0]), iri, None)
    return iri, ""


def _wkb(rows: Evaluation, arguments: Arguments) -> Text:
    shapes = rows.shapes(arguments[0])
    found: Any = shapely.to_wkb(shapes.geometries, hex=True, byte_order=1)
    return pa.array(found, pa.string()), str(XSD.hexBinary)


GENERATED: dict[str, Function] = {
    EWF + "given": Function(_given, (2, _MANY), Kind.IRI),
    EWF + "hash": Function(_hash, (1, _MANY)),
    EWF + "wkb": Function(_wkb),
}
"""IRI → function."""
