"""The report of an assessment for people: what was compared and why, what was found, what it does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._impact import KINDS, Impact
from ._impact_files import total_row, unit_row

LEGEND = "The legend shows the magnitude of change between the two dates, not the depth of the water."
"""Stands wherever the levels of a flood mask are shown."""
SOURCES = "## Sources"
_MOST = 25
_WHOLE = 0.95
"""Share of an area from which on its edge is not worth a warning."""


def report_text(title: str, impact: Impact, rights: Sequence[str]) -> str:
    """The report of an impact as Markdown; ``rights`` are sentences that go with the data."""
    simulated = ["**SIMULATED DATA: nothing here was observed.**"] if impact.simulated else []
    parts = [f"# {title}", *simulated, LEGEND, "## What was hit", _totals(impact), *_units(impact)]
    know = ["## What to know", "\n".join(f"- {one}" for one in (*impact.notices, *_LIMITS))]
    return "\n\n".join([*parts, *know, *rights_text(rights)]) + "\n"


def rights_text(rights: Sequence[str]) -> list[str]:
    """The section that says whose data were used; nothing if nobody asks for it."""
    return [SOURCES, "\n".join(f"- {one}" for one in rights)] if rights else []


_LIMITS = (
    "A change of that magnitude is taken for flooding; harvest, fire or cloud shadow change a scene as much.",
    "Confidence tells how sure the change is (the share of unchanged pixels that stays below the threshold), not how exact its outline is.",
    "A road counts with the length that lies in the water, a building if it touches it: bridges and raised ground are not known.",
)


def pair_text(pair: Mapping[str, Any]) -> list[str]:
    """Paragraphs about the pair that was found, as `Pair.figures` tells it, with the ``notices`` of the search."""
    before, after = pair["scenes"]
    lines = [f"Before: {_scene(before)}  ", f"After: {_scene(after)}  ", f"Chosen because: {pair['why']}."]
    if pair["covered"] < _WHOLE:
        there = f" It lies in {', '.join(pair['beyond'])}: assess that as an area of its own." if pair["beyond"] else ""
        lines.append(f"\n**Only {pair['covered']:.0%} of the area is covered: what lies in the rest is not known.**{there}")
    if None not in (before["relative_orbit"], after["relative_orbit"]) and before["relative_orbit"] != after["relative_orbit"]:
        lines.append("\n**The scenes are of different orbits: slopes, tall buildings and bright roofs look changed that are not.**")
    lines += [f"\n{notice}" for notice in pair["notices"]]
    rejected = [f"- `{one['id']}`: {one['why']}" for one in pair["rejected"]]
    more = [f"- … and {len(rejected) - _MOST} more"] if len(rejected) > _MOST else []
    found = ["## The pair of scenes", "\n".join(lines)]
    return [*found, "Not taken:", "\n".join([*rejected[:_MOST], *more])] if rejected else found


def _scene(one: Mapping[str, Any]) -> str:
    clouds = "clouds unknown" if one["cloud_cover"] is None else f"{one['cloud_cover']:.0f} % clouds"
    return f"`{one['id']}` ({one['taken'][:16].replace('T', ' ')} UTC, {clouds}, from {one['catalogue']})"


def seen_text(seen: float | None) -> list[str]:
    """The paragraph about the part of the area that was not seen; nothing if that is little, or not known."""
    if seen is None or seen >= _WHOLE:
        return []
    return [f"**{1 - seen:.0%} of the area was not seen on both dates (clouds, no data): floods there are not known.**"]


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
