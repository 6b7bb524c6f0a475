"""Units of measure (OGC 07-092r1 and QUDT) that functions take: factors to metres, to degrees, and to square metres."""

from __future__ import annotations

import math

from earthweave.ontology import UNIT, UOM

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
PLANAR = "lengths in degrees or radians are planar, in longitude and latitude; for lengths on the ground use uom:metre"
MOST_PER_DEGREE = 111_700.0
"""Metres; more than a degree has anywhere."""


def unknown_unit(iri: str, offered: str) -> str:
    """The sentence for a unit that is not taken."""
    why = "an angle is no measure of this" if iri in DEGREES else "the unit is not known here"
    return f"{why}: {iri}; use uom:{offered}"


def most_metres(iri: str) -> float | None:
    """Metres that one unit of length has at most on the ground; None for what is no unit of length."""
    return METRES.get(iri, DEGREES[iri] * MOST_PER_DEGREE if iri in DEGREES else None)
