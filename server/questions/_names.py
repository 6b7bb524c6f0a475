"""The names of the places that a store holds, read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from earthweave.ontology import EW, RDFS, LimitError, ParameterError
from earthweave.qa import Lexicon, Limits, Place, Table, number

from ._endpoint import StoreEndpoint

# pages need an order without ties: a unit and a text, whatever languages the text is in
_PLACES = f"""
SELECT ?unit ?name (MIN(?depth) AS ?level) WHERE {{
  ?unit a {EW.AdministrativeUnit.n3()} ; {RDFS.label.n3()} ?label .
  FILTER (isIRI(?unit))
  OPTIONAL {{ ?unit {EW.unitLevel.n3()} ?depth }}
}} GROUP BY ?unit (STR(?label) AS ?name) ORDER BY ?unit ?name
"""


@dataclass(frozen=True)
class Names:
    """What is called what.

    Attributes:
        lexicon: the names.
        notices: what the reader of every answer must know about them.
        lasting: False if another attempt may bring more.
    """

    lexicon: Lexicon
    notices: tuple[Mapping[str, str], ...] = ()
    lasting: bool = True


def read_names(endpoint: StoreEndpoint, limits: Limits, page: int) -> Names:
    """All names of administrative units, ``page`` rows at a time; those read so far, with a notice, if a limit is reached."""
    places, notices, unread, lasting = list[Place](), list[Mapping[str, str]](), 0, True
    try:
        for table in _pages(endpoint, limits, page):
            for unit, name, level in table.rows:
                depth = number(level)
                unread += level is not None and not isinstance(depth, int)
                # IRIs that no query can hold cannot be asked about
                if unit and name:
                    with suppress(ParameterError):
                        places.append(Place(name.value, unit.value, depth if isinstance(depth, int) else None))
            if table.truncated and not table.rows:
                notices.append(_incomplete(len(places), "a name alone exceeds query_rows or query_bytes"))
    except LimitError as error:
        notices.append(_incomplete(len(places), error.what))
        lasting = False
    if unread:
        notices.append({"code": "unreadable", "text": f"Levels of division that are not a whole number were left out: {unread:,}."})
    return Names(Lexicon(places), tuple(notices), lasting)


def _pages(endpoint: StoreEndpoint, limits: Limits, page: int) -> Iterator[Table]:
    start, more = 0, True
    while more:
        table = endpoint.select(f"{_PLACES}LIMIT {max(page, 1)} OFFSET {start}", limits)
        yield table
        start += len(table.rows)
        more = bool(table.rows) and (table.truncated or len(table.rows) == page)


def _incomplete(known: int, why: str) -> Mapping[str, str]:
    return {"code": "names", "text": f"Only {known:,} names of places could be read ({why}): others are not known to questions."}
