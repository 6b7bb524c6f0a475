"""The report of an assessment for people: what was compared and why, what was found, what it does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._impact import KINDS, Impact
from ._impact_files import total_row, unit_row

LEGEND = "The legend shows the magnitude of change between the two dates, not the depth of the water."
"""Stands wherever the levels of a flood mask are shown."""
_MOST = 25
_WHOLE = 0.95
"""Share of an area from which on its edge is not worth a warning."""


def report_text(title: str, impact: Impact) -> str:
    """The report of an impact as Markdown."""
    simulated = ["**SIMULATED DATA: nothing here was observed.**"] if impact.simulated else []
    parts = [f"# {title}", *simulated, LEGEND, "## What was hit", _totals(impact), *_units(impact)]
    return "\n\n".join([*parts, "## What to know", "\n".join(f"- {one}" for one in (*impact.notices, *_LIMITS))]) + "\n"


_LIMITS = (
    "A change of that magnitude is taken for flooding; harvest, fire or cloud shadow change a scene as much.",
    "Confidence tells how sure the change is (the share of unchanged pixels that stays below the threshold), not how exact its outline is.",
    "A road counts with the length that lies in the water, a building if it touches it: bridges and raised ground are not known.",
)


def pair_text(pair: Mapping[str, Any]) -> list[str]:
    """Paragraphs about the pair that was found, as `Pair.figures` tells it."""
    lines = [f"Before: `{pair['before']}`  ", f"After: `{pair['after']}`  ", f"Chosen because: {pair['why']}."]
    if pair["covered"] < _WHOLE:
        lines.append(f"\n**Only {pair['covered']:.0%} of the area is covered: what lies in the rest is not known.**")
    rejected = [f"- `{one['id']}`: {one['why']}" for one in pair["rejected"]]
    more = [f"- … and {len(rejected) - _MOST} more"] if len(rejected) > _MOST else []
    found = ["## The pair of scenes", "\n".join(lines)]
    return [*found, "Not taken:", "\n".join([*rejected[:_MOST], *more])] if rejected else found


def _totals(impact: Impact) -> str:
    days = f" between {impact.time.start:%Y-%m-%d} and {impact.time.end:%Y-%m-%d}" if impact.time else ""
    lines = [f"- {impact.areas:,} flooded areas{days}: {impact.flooded / 1e6:,.3f} km²{_sure(impact.confidence)}"]
    row = total_row(impact)
    for kind in KINDS:
        name = kind.name.replace("_", " ")
        if row[kind.name] is None:
            lines.append(f"- {name}: not known")
            continue
        more = f", {row[f'{kind.name}_km']:,.2f} km under water" if kind.lines else ""
        if kind.power and row[f"{kind.name}_mw"] is not None:
            more = f", {row[f'{kind.name}_mw']:,.0f} MW"
        lines.append(f"- {name}: {row[kind.name]:,}{more}{_sure(row[f'{kind.name}_confidence'])}")
    return "\n".join(lines)


def _sure(confidence: float | None) -> str:
    return "" if confidence is None else f" (confidence {confidence:.3f})"


_SHOWN = {
    "name": "unit",
    "flooded_km2": "flooded km²",
    "flooded_share": "share",
    "roads": "roads",
    "roads_km": "km",
    "buildings": "buildings",
    "power_units": "power units",
    "power_units_mw": "MW",
}


def _units(impact: Impact) -> list[str]:
    if not impact.units:
        return []
    rows = [[_cell(name, unit_row(unit)[name]) for name in _SHOWN] for unit in impact.units[:_MOST]]
    table = [list(_SHOWN.values()), ["---"] * len(_SHOWN), *rows]
    more = [f"… and {len(impact.units) - _MOST} more: the table has them all."] if len(impact.units) > _MOST else []
    return ["## By administrative unit", "\n".join(f"| {' | '.join(row)} |" for row in table), *more]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "?"
    if isinstance(value, float):
        return f"{value:.1%}" if name == "flooded_share" else f"{value:,.3f}"
    return str(value).replace("|", "\\|")
