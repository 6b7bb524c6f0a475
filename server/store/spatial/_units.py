"""Units of measure (OGC 07-092r1 and QUDT) that functions take: factors to metres, to degrees, and to square metres."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from rapidfuzz import fuzz, process

from earthweave.ontology import UNIT, UOM, QueryError

METRES = {str(UOM.metre): 1.0, str(UOM.kilometre): 1000.0, str(UNIT.M): 1.0, str(UNIT.KiloM): 1000.0}
DEGREES = {
    str(UOM.degree): 1.0, str(UOM.radian): math.degrees(1.0), str(UNIT.DEG): 1.0, str(UNIT.RAD): math.degrees(1.0),
}
"""Angles: lengths in them are planar, in longitude and latitude."""
LENGTHS = METRES | DEGREES
SQUARE_METRES = {
    str(UOM.squareMetre): 1.0, str(UOM.metre): 1.0, str(UOM.kilometre): 1e6,
    str(UNIT.M2): 1.0, str(UNIT.HA): 1e4, str(UNIT.KiloM2): 1e6,
}
OFFERED_LENGTHS, OFFERED_AREAS = "metre or kilometre", "squareMetre, unit:HA or unit:KiloM2"
_TAKEN: dict[str, tuple[int, dict[str, float], str]] = {
    **dict.fromkeys(("distance", "buffer"), (2, LENGTHS, OFFERED_LENGTHS)),
    **dict.fromkeys(("length", "perimeter"), (1, LENGTHS, OFFERED_LENGTHS)),
    "area": (1, SQUARE_METRES, OFFERED_AREAS),
}
"""Local name of a function in geof: → place of its unit, the units that it takes, and what is offered instead of others."""
_SURE = 60.0
PLANAR = "lengths in degrees or radians are planar, in longitude and latitude; for lengths on the ground use uom:metre"
MOST_PER_DEGREE = 111_700.0
"""Metres; more than a degree has anywhere."""


def unknown_unit(iri: str, offered: str) -> str:
    """The sentence for a unit that is not taken."""
    why = "an angle is no measure of this" if iri in DEGREES else "the unit is not known here"
    return f"{why}: {iri}; use uom:{offered}"


def check_unit(local: str, constants: Sequence[str]) -> None:
    """Raise `QueryError` for a function of geof: with a unit that it does not take, by the texts of its arguments; variables have none."""
    if local not in _TAKEN:
        return
    place, table, offered = _TAKEN[local]
    iri = constants[place] if place < len(constants) else ""
    if not iri or iri in table:
        return
    guess = process.extractOne(_local(iri), {known: _local(known) for known in table}, scorer=fuzz.ratio, score_cutoff=_SURE)
    way_out = f"did you mean {_local(guess[2])}, <{guess[2]}> ?" if guess else f"use uom:{offered}"
    raise QueryError(f"geof:{local} takes no unit <{iri}>", why=unknown_unit(iri, offered), way_out=way_out)


def _local(iri: str) -> str:
    return re.split(r"[/#:]", iri)[-1]


def most_metres(iri: str) -> float | None:
    """Metres that one unit of length has at most on the ground; None for what is no unit of length."""
    return METRES.get(iri, DEGREES[iri] * MOST_PER_DEGREE if iri in DEGREES else None)
