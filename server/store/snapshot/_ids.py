"""Term ids: 64-bit integers whose upper bits say where the term is, so that common values need no dictionary.

::

    sign  tag (4 bits)  payload (59 bits)
     0    DICTIONARY    row of the dictionary
     0    GEOMETRY      row of the geometry table (one distinct literal each)
     0    INTEGER …     the value itself, if its lexical form is the one that the value is written back to
     0    SCRATCH       row of what one query has computed (never on disk)
     1    -             UNBOUND

Equal ids are the same RDF term (sameTerm), and within one query the converse holds too. A literal whose lexical form would not come
back from its value (``"01"^^xsd:integer``) lies in the dictionary, so nothing is ever canonicalised.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

BITS = 59
UNBOUND = -1
BIAS = 1 << (BITS - 1)
_PAYLOAD = (1 << BITS) - 1


class Tag(IntEnum):
    """Where a term is, or how its value is written into the id."""

    DICTIONARY = 0
    GEOMETRY = 1
    INTEGER = 2
    """xsd:integer, value + BIAS."""
    BOOLEAN = 3
    """xsd:boolean, 0 or 1."""
    DATE = 4
    """xsd:date without zone, days since 1970-01-01 + BIAS."""
    DATETIME = 5
    """xsd:dateTime without zone, microseconds since 1970-01-01T00:00:00 + BIAS."""
    INSTANT = 6
    """xsd:dateTime with zone Z, microseconds since 1970-01-01T00:00:00Z + BIAS."""
    DECIMAL = 7
    """xsd:decimal with a point: ((mantissa + 2**54) << 4) | digits behind the point (1…15); lexical form is canonical."""
    SCRATCH = 8


BIASED = frozenset({Tag.INTEGER, Tag.DATE, Tag.DATETIME, Tag.INSTANT})
DECIMAL_BIAS = 1 << 54


def tags(ids: Any) -> Any:
    """Tag of each id; -1 for unbound ones. Shape as given, int64."""
    return np.asarray(ids, dtype=np.int64) >> BITS


def payloads(ids: Any) -> Any:
    """Payload of each id, without bias removed; shape as given, int64."""
    return np.asarray(ids, dtype=np.int64) & _PAYLOAD


def make(tag: Tag, payload: Any) -> Any:
    """Ids from payloads (already biased where the tag wants it); scalar in, scalar out."""
    return payload + (int(tag) << BITS)


def signed(ids: Any) -> Any:
    """Values of ids under a biased tag: integers, days or microseconds."""
    return payloads(ids) - BIAS
