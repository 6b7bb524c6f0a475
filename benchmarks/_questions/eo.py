"""Requests for Earth-observation data with their slots annotated by hand: a request is right if all of its slots are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from earthweave.ontology import EW
from earthweave.qa.language import collection
from earthweave.qa.request import AnyOf, Compare, Constraint, Measure, Property, Request, Spatial, Temporal, Text, Things, converted

from .cases import Case
from .pipeline import Asker
from .stores import QA

_FILTERS = {"cloud cover": "cloud_cover", "vegetation percentage": "vegetation", "snow cover": "snow", "water percentage": "water"}
_TITLES = frozenset({"mission", "collection", "theme", "platform", "product type", "processing level", "timeliness", "tile"})


def items() -> list[dict[str, Any]]:
    """The annotated requests."""
    found: list[dict[str, Any]] = json.loads((QA / "eo_requests.json").read_text("utf-8"))["items"]
    return found


def slots(request: Request) -> dict[str, Any]:
    """The slots of a request, in the terms of the set."""
    conditions = [*_all(request.target)]
    texts = {one.value.label: one.than.value for one in conditions if _is_text(one)}
    return {
        "intent": _intent(request, texts),
        "collection": _collection(conditions, texts),
        "product_type": texts.get("product type"),
        "place": sorted(_places(request.target)),
        "time": _time(conditions),
        "filters": sorted(_filters(conditions)),
        "limit": request.limit or (request.target.pick.count if request.target.pick and request.target.pick.count > 1 else None),
        "order": _order(request),
    }


def _intent(request: Request, texts: dict[str, str]) -> str:
    """The set's names for what is wanted."""
    products = str(EW.EarthObservationProduct) in {one.iri for one in request.target.classes} or bool(texts)
    if request.form == "run":
        return "time_series" if "series" in request.service else "map_service"
    if request.form == "count" and products:
        return "count"
    if products:
        return "search_images"
    return "map_service" if request.draw or request.form == "find" and not request.columns else "geo_qa"


def _collection(conditions: list[Constraint], texts: dict[str, str]) -> str | None:
    """The collection that mission and themes speak of, or the mission itself."""
    themes = [one.than.value for one in conditions if _is_text(one) and one.value.label in {"theme", "instrument"}]
    told = texts.get("collection") or texts.get("mission", "")
    if texts.get("mission") == "Sentinel":
        return "sentinel-*"
    if themes or told == "HLS":
        return collection(told, themes) or told.lower() or None
    return told.lower() or None


def _all(things: Things) -> Iterator[Constraint]:
    for one in things.constraints:
        yield one
        for inner in one.of if isinstance(one, Spatial) else ():
            if isinstance(inner, Things):
                yield from _all(inner)
        for option in one.options if isinstance(one, AnyOf) else ():
            yield option


def _is_text(one: Constraint) -> bool:
    return isinstance(one, Compare) and isinstance(one.than, Text) and isinstance(one.value, Property)


def _places(things: Things) -> Iterator[str]:
    yield from (one.name for one in things.named)
    for one in things.constraints:
        for inner in one.of if isinstance(one, Spatial) else ():
            if isinstance(inner, Things):
                yield from _places(inner)


def _time(conditions: list[Constraint]) -> tuple[str | None, str | None] | None:
    for one in conditions:
        if isinstance(one, Temporal):
            if not one.intervals:
                return None, f"P{one.days}D"
            start, end = one.intervals[0].start, one.intervals[-1].end
            return start and start.isoformat(), end and (end - timedelta(days=1)).isoformat()
    return None


def _filters(conditions: list[Constraint]) -> Iterator[tuple[str, str, str]]:
    for one in conditions:
        if isinstance(one, Spatial) and one.metres is not None:
            yield "distance", one.op or "<=", f"{one.metres:g}"
        if isinstance(one, Compare) and isinstance(one.value, Property) and one.value.label not in _TITLES:
            value = one.than.value if hasattr(one.than, "value") else None
            yield (
                _FILTERS.get(one.value.label, one.value.label.replace(" ", "_")),
                one.op,
                f"{value:g}" if isinstance(value, float) else str(value),
            )
        if isinstance(one, Compare) and isinstance(one.value, Property) and one.value.label == "platform" and isinstance(one.than, Text):
            yield "platform", one.op, one.than.value.lower()


def _order(request: Request) -> tuple[str, str] | None:
    by = request.order or request.target.pick
    if by is None:
        return None
    value = by.by
    name = value.label if isinstance(value, Property) else value.measure if isinstance(value, Measure) else "ratio"
    return {"time": "datetime"}.get(name, _FILTERS.get(name, name.replace(" ", "_"))), "desc" if by.descending else "asc"


def gold(row: dict[str, Any]) -> dict[str, Any]:
    """The annotated slots, in the same form."""
    given = row["slots"]
    time = given["time"]
    if time and "relative" not in time:
        time = (time.get("start"), time.get("end") or time.get("duration"))
    order = given["order"]
    return {
        "intent": given["intent"],
        "collection": given["collection"] and given["collection"].lower(),
        "product_type": given["product_type"],
        "place": sorted(given["place"] or []),
        "time": time and (tuple(time) if isinstance(time, tuple) else time),
        "filters": sorted(
            (
                one["property"],
                one["op"],
                f"{converted(one['value'], one['unit'], 'm'):g}" if one["property"] == "distance" else str(one["value"]).lower(),
            )
            for one in given["filters"]
        ),
        "limit": given["limit"],
        "order": order and (order["property"], order["direction"]),
    }


def reference_day() -> date:
    """What "last week" counts from."""
    return date.fromisoformat(json.loads((QA / "eo_requests.json").read_text("utf-8"))["reference_date_for_relative_expressions"])


def cases(asking: Asker) -> Iterator[Case]:
    """Every request, judged by its slots; requests that are to be refused or asked back about are right if nothing is understood."""
    for row in items():
        wanted = gold(row)
        found, seconds = asking.understand(row["question"])
        got = slots(found[0].request) if found else None
        if wanted["intent"] in {"clarify", "followup"}:
            right, note = got is None, str(got)
        else:
            wrong = {name: (got and got[name], value) for name, value in wanted.items() if got is None or got[name] != value}
            right, note = not wrong, f"got, wanted: {wrong}"
        yield Case(row["id"], wanted["intent"], row["question"], right, "" if right else "answer" if got else "grammar", note, seconds)
