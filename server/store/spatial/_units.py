"""Units of measure (OGC 07-092r1 and QUDT) that functions take, as factors to metres and square metres."""

from __future__ import annotations

from earthweave.ontology import UNIT, UOM

METRES = {str(UOM.metre): 1.0, str(UOM.kilometre): 1000.0, str(UNIT.M): 1.0, str(UNIT.KiloM): 1000.0}
SQUARE_METRES = {
    str(UOM.squareMetre): 1.0, str(UOM.metre): 1.0, str(UOM.kilometre): 1e6,
    str(UNIT.M2): 1.0, str(UNIT.HA): 1e4, str(UNIT.KiloM2): 1e6,
}
_ANGLES = frozenset({str(UOM.degree), str(UOM.radian), str(UOM.unity), str(UNIT.DEG), str(UNIT.RAD)})


def unknown_unit(iri: str, offered: str) -> str:
    """The sentence for a unit that is not taken."""
    why = "degrees are no length on the ground" if iri in _ANGLES else "the unit is not known here"
    return f"{why}: {iri}; use uom:{offered}"
