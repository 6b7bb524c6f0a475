"""What power units mean, and what is doubtful about them: every doubt is a flag with a reason; no unit is left out.

::

    texts ──▶ names, fuel, state, years, capacity ──▶ place in the country ──▶ units against each other, against their plant and sources
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from ._countries import Countries
from ._read_energy import Found, Unit, energy_table

LARGEST_MW = 22_500.0
"""The Three Gorges dam."""
_YEARS = range(1850, 2101)
_OFFSHORE_KM = 370.4
"""200 nautical miles, the reach of an exclusive economic zone."""
_NULL = 0.01
_TEXTS = ("plant", "plant_id", "region", "owner", "water", "cooling", "turbines", "eprtr_id", "wri_id", "geo_id", "fresna_id")


def check_units(found: Found, countries: Countries, tolerance: float) -> None:
    """Fill the values of all units and flag what is doubtful; ``tolerance`` in kilometres."""
    for unit in found.units:
        _name(unit)
        _class(unit)
        _years(unit)
        _capacity(unit)
        _place(unit, countries, tolerance)
        unit.values |= {name: unit.said.get(name) for name in _TEXTS}
    _same_id(found.units)
    _same_unit(found.units)
    _plants(found.units)
    _linked(found.units)


def join_tables(found: Found) -> list[str]:
    """Give units what the tables with one row for each say; to be done before the checks. Returns the rows that have no unit."""
    keys, orphans = _by_key(found), []
    for name, rows in found.rows.items():
        if not energy_table()["tables"][name].get("many"):
            for key, row in rows:
                if unit := keys.get(key):
                    _join(name, row, unit)
                else:
                    orphans.append(f"{name}: {'/'.join(key)}")
    return orphans


def generation(found: Found) -> tuple[list[dict[str, Any]], list[str]]:
    """Generation by unit and year, after the checks: rows with flags and reason, and the rows that have no unit."""
    keys, orphans = _by_key(found), []
    rows: list[dict[str, Any]] = []
    for name, table in found.rows.items():
        entry = energy_table()["tables"][name]
        for key, row in table if entry.get("many") else ():
            if unit := keys.get(key):
                rows.append(_year(unit, row, entry))
            else:
                orphans.append(f"{name}: {'/'.join(key)}")
    for unit in found.units:
        said = {key[1:]: value for key, value in unit.said.items() if key.startswith("@")}
        measure = energy_table()["sources"][unit.source].get("yearly", {}).get("unit", "")
        rows += [_year(unit, {"year": year, "generation_gwh": value}, {}, measure) for year, value in sorted(said.items())]
    return rows, orphans


def number(text: str | None, unit: str = "1") -> float | None:
    """A number in our unit; None if there is none. Raises `ValueError` for anything else."""
    if text is None:
        return None
    if "_" in text:  # a number to Python alone
        raise ValueError(text)
    value = float(text.replace(",", "")) if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) else float(text)
    if value != value or abs(value) == float("inf"):
        raise ValueError(text)
    return value * float(energy_table()["units"][unit])


def _name(unit: Unit) -> None:
    said, values = unit.said, unit.values
    values["source"], values["unit_id"], values["key"] = unit.source, said["source_id"], said["source_id"] or unit.origin
    if not said["key"].rpartition("\n")[2]:
        unit.doubt(
            "no_id", f"the id {said['source_id']} of its plant stands for it" if said["source_id"] else "it is known by its name alone"
        )
    values["name"] = said.get("name") or said["source_id"] or None
    if not said.get("name"):
        unit.doubt("no_name", "no name is given")


@lru_cache(maxsize=4)
def _words(vocabulary: str) -> Mapping[str, str]:
    """Word of a source in small letters → ours."""
    return {word.casefold(): name for name, words in energy_table()[vocabulary].items() for word in (name, *words)}


def _class(unit: Unit) -> None:
    said, values = unit.said, unit.values
    fuel, technology, state = (said.get(name) for name in ("class", "technology", "status"))
    values["source_class"] = fuel
    values["class"] = _words("fuels").get((fuel or "unknown").casefold(), "other")
    if fuel is None:
        unit.doubt("no_fuel", "no fuel is given")
    elif fuel.casefold() not in _words("fuels"):
        unit.doubt("unknown_fuel", f"fuel {fuel!r}")
    words = _words("technologies")
    values["technology"] = words.get((technology or "").casefold()) or words.get((fuel or "").casefold())
    if technology and technology != fuel and not values["technology"]:
        unit.doubt("unknown_technology", f"technology {technology!r}")
    values["status"] = _words("states").get((state or "").casefold())
    if state and not values["status"]:
        unit.doubt("unknown_status", f"status {state!r}")


def _years(unit: Unit) -> None:
    for name in ("commissioned", "decommissioned"):
        text, year = unit.said.get(name), None
        if text is not None:
            year = int(float(text)) if re.fullmatch(r"\d{4}(\.\d+)?", text) else None
            if year not in _YEARS:
                unit.doubt("bad_year", f"{name} {text!r}")
                year = None
        unit.values[name] = year
    begun, ended = unit.values["commissioned"], unit.values["decommissioned"]
    if begun and ended and ended < begun:
        unit.doubt("years_inverted", f"commissioned {begun}, decommissioned {ended}")


def _capacity(unit: Unit) -> None:
    columns = energy_table()["sources"][unit.source]["columns"]
    for name in ("capacity_mw", "plant_mw"):
        text, value = unit.said.get(name), None
        try:
            value = number(text, str(columns.get(name, "@1")).rpartition("@")[2])
        except ValueError:
            value = -1.0
        if value is not None and value <= 0:
            unit.doubt("bad_capacity", f"{name} {text!r}")
            value = None
        unit.values[name] = value
    capacity = unit.values["capacity_mw"]
    if unit.said.get("capacity_mw") is None:
        unit.doubt("no_capacity", "no capacity is given")
    if capacity and capacity > LARGEST_MW:
        unit.doubt("large_capacity", f"{capacity:g} MW")


def _place(unit: Unit, countries: Countries, tolerance: float) -> None:
    said, values = unit.said, unit.values
    values["source_lat"], values["source_lon"] = said.get("lat"), said.get("lon")
    codes = _countries(unit, countries)
    values["country"], values["listed"] = codes[0] if codes else None, said.get("country")
    if unit.geometry is None:
        _point(unit)
    if unit.geometry is None:
        return
    lon, lat = unit.geometry.representative_point().coords[0]
    offshore = values["technology"] == "offshore" or energy_table()["sources"][unit.source].get("offshore")
    reach = max(tolerance, _OFFSHORE_KM) if offshore else tolerance
    anywhere: list[str | None] = [None]
    for code in codes or anywhere:
        if _within(countries, code, lon, lat, reach):
            values["country"] = code
            return
    _misplaced(unit, countries, codes, reach, (lon, lat))


def _misplaced(unit: Unit, countries: Countries, codes: list[str], reach: float, place: tuple[float, float]) -> None:
    lon, lat = place
    anywhere: list[str | None] = [None]
    for code in codes or anywhere:
        if _within(countries, code, lat, lon, reach):
            unit.values["country"] = code
            _exchange(unit, f"{lat:g} N {lon:g} E is not in {code or 'range'}, {lon:g} N {lat:g} E is")
            return
    if abs(lat) > 90 or abs(lon) > 180:
        unit.geometry = None
        unit.doubt("out_of_range", f"latitude {lat:g}, longitude {lon:g}")
    else:
        unit.doubt("out_of_country", f"{lat:g} N {lon:g} E is more than {reach:g} km from {' and '.join(codes)}")


def _within(countries: Countries, code: str | None, lon: float, lat: float, reach: float) -> bool:
    """Whether a place can be that of the unit; without a country any place on the globe can."""
    if abs(lat) > 90 or abs(lon) > 180:
        return False
    return code is None or countries.holds(code, lon, lat, reach)


def _exchange(unit: Unit, reason: str) -> None:
    import shapely

    unit.geometry = shapely.transform(unit.geometry, lambda places: places[:, ::-1])
    unit.doubt("swapped", reason)


def _countries(unit: Unit, countries: Countries) -> list[str]:
    """Alpha-2 codes of the country of its region, and of that under which it is listed: a unit may feed another than it stands in."""
    listed, region = unit.said.get("country"), unit.said.get("region")
    code, stands = countries.code(listed), countries.code(region[:2]) if region else None
    if listed is None and stands is None:
        unit.doubt("no_country", "no country is given")
    elif code is None and stands is None:
        unit.doubt("unknown_country", f"country {listed!r}")
    if code and stands and code != stands:
        unit.doubt("other_country", f"listed under {listed}, in region {region}")
    return list(dict.fromkeys(one for one in (stands, code) if one))


def _point(unit: Unit) -> None:
    import shapely

    texts = unit.said.get("lat"), unit.said.get("lon")
    if any(flag == "no_place" for flag, _ in unit.doubts):
        return
    try:
        lat, lon = (number(text) for text in texts)
    except ValueError:
        lat = lon = None
    if lat is None or lon is None:
        unit.doubt("no_place", "no coordinates are given" if texts == (None, None) else f"latitude {texts[0]!r}, longitude {texts[1]!r}")
    elif abs(lat) < _NULL and abs(lon) < _NULL:
        unit.doubt("null_island", f"latitude {texts[0]}, longitude {texts[1]}")
    else:
        unit.geometry = shapely.Point(lon, lat)
        if all(len((text or "").partition(".")[2]) < 2 for text in texts):
            unit.doubt("coarse_place", f"latitude {texts[0]}, longitude {texts[1]}")


def _grouped(units: Iterable[Unit], key: Callable[[Unit], Any]) -> Iterable[tuple[Any, list[Unit]]]:
    """Units that share a key, where more than one does; None is no key."""
    groups: dict[Any, list[Unit]] = defaultdict(list)
    for unit in units:
        if (one := key(unit)) is not None:
            groups[one].append(unit)
    return [(one, members) for one, members in groups.items() if len(members) > 1]


def _same_id(units: list[Unit]) -> None:
    for (_, name), members in _grouped(units, lambda unit: (unit.source, unit.values["unit_id"]) if unit.values["unit_id"] else None):
        for unit in members:
            unit.values["key"] = unit.origin
            unit.doubt("duplicate_id", f"{len(members)} units have the id {name}")


def _same_unit(units: list[Unit]) -> None:
    def key(unit: Unit) -> Any:
        name, capacity = unit.said.get("name"), unit.values["capacity_mw"]
        place = unit.geometry.wkb if unit.geometry is not None else None
        return (unit.source, name.casefold(), unit.values["class"], capacity, place) if name and capacity and place else None

    for _, members in _grouped(units, key):
        for unit in members:
            others = [other.values["unit_id"] or "no id" for other in members if other is not unit]
            unit.doubt("duplicate", f"as {', '.join(others[:3])}{' …' if len(others) > 3 else ''}")


def _plants(units: list[Unit]) -> None:
    for unit in units:
        own, plant = unit.values["capacity_mw"], unit.values["plant_mw"]
        if own and plant and own > plant * 1.005:
            unit.doubt("above_plant", f"{own:g} MW of {plant:g} MW")
    for _, members in _grouped(units, lambda unit: (unit.source, unit.said["plant_id"]) if unit.said.get("plant_id") else None):
        total, plant = sum(unit.values["capacity_mw"] or 0 for unit in members), members[0].values["plant_mw"]
        if plant and total > 1.05 * plant:
            for unit in members:
                unit.doubt("plant_sum", f"{len(members)} units add up to {total:g} MW, the plant has {plant:g} MW")


def _linked(units: list[Unit]) -> None:
    """Plants that more than one source holds, as their ids or the links of one say."""

    def ids(unit: Unit) -> set[str]:
        return {name for name in (unit.values["unit_id"], unit.said.get("wri_id")) if name}

    sources: dict[str, set[str]] = defaultdict(set)
    for unit in units:
        for name in ids(unit):
            sources[name].add(unit.source)
    for unit in units:
        if others := {source for name in ids(unit) for source in sources[name]} - {unit.source}:
            unit.doubt("linked", f"also in {', '.join(sorted(others))}")


def _by_key(found: Found) -> Mapping[tuple[str, ...], Unit]:
    """The first unit with each key of its source."""
    keys: dict[tuple[str, ...], Unit] = {}
    for unit in found.units:
        keys.setdefault(tuple(unit.said["key"].split("\n")), unit)
    return keys


def _join(table: str, row: Mapping[str, str], unit: Unit) -> None:
    for name, column in energy_table()["tables"][table]["columns"].items():
        measure = column.partition("@")[2]
        if name in row and not measure:
            unit.said[name] = row[name]
        elif name in row:
            unit.values[name], doubts = _figure(name, row[name], measure)
            unit.doubts += doubts


def _figure(name: str, text: str | None, measure: str) -> tuple[float | None, list[tuple[str, str]]]:
    """A figure in our unit, and what is doubtful about it."""
    try:
        value = number(text, measure)
    except ValueError:
        return None, [("bad_number", f"{name} {text!r}")]
    low = -1.0 if name.startswith("ramp") else 0.0
    beyond = value is not None and measure == "1" and not low <= value <= 1
    return value, [("out_of_bounds", f"{name} {text}")] if beyond else []


def _year(unit: Unit, row: Mapping[str, str], entry: Mapping[str, Any], measure: str = "") -> dict[str, Any]:
    """A row of the table of generation, with its own doubts."""
    doubts: list[tuple[str, str]] = []
    found: dict[str, Any] = {"unit_id": unit.values["unit_id"], "source": unit.source}
    for name in ("generation_gwh", "load_factor", "coverage", "co2_t"):
        column = str(entry.get("columns", {}).get(name, ""))
        found[name], more = _figure(name, row.get(name), column.partition("@")[2] or measure)
        doubts += more
    found["year"] = int(row["year"]) if re.fullmatch(r"\d{4}", row.get("year", "")) else None
    if found["year"] is None:
        doubts.append(("bad_year", f"year {row.get('year')!r}"))
    capacity, made = unit.values["capacity_mw"], found["generation_gwh"]
    if capacity and made is not None and made > capacity * 8.784 * 1.01:
        doubts.append(("above_capacity", f"{made:g} GWh from {capacity:g} MW"))
    flags, reason = ",".join(dict.fromkeys(flag for flag, _ in doubts)), "; ".join(text for _, text in doubts)
    return found | {"flags": flags or None, "reason": reason or None}
