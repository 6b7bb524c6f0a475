"""The tree: JSON both ways, what it refuses, and that words of people decide nothing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import ParameterError, SizeLimitError
from earthweave.qa import request_schema
from earthweave.qa.planning import plan
from earthweave.qa.request import Assumption, Concept, Interval, Order, Property, Request, Things

from .planning.requests import requests
from .planning.worlds import KNOWLEDGE, world

ANY = requests(world(5))
GOOD = Request("count", Things((Concept("town", "http://example.org/Town"),)))


@settings(deadline=None, max_examples=40)
@given(ANY, st.lists(st.builds(Assumption, st.text(), st.text()), max_size=3).map(tuple), st.lists(st.text(), max_size=3).map(tuple))
def test_json_is_the_same_request(request: Request, notes: tuple[Assumption, ...], unknown: tuple[str, ...]) -> None:
    full = replace(request, assumptions=notes, unknown=unknown)
    assert Request.from_json(json.loads(json.dumps(full.to_json()))) == full
    assert full.without_notes() == request


def test_schema_names_the_parts() -> None:
    assert {"Things", "Temporal", "Compare", "Spatial", "Named"} <= set(request_schema()["$defs"])


@settings(deadline=None, max_examples=40)
@given(st.text(), ANY)
def test_labels_never_reach_a_query(label: str, request: Request) -> None:
    renamed = Request.from_json(_rename(request.to_json(), label))
    one, other = plan(request, KNOWLEDGE), plan(renamed, KNOWLEDGE)
    assert (one.text, one.kind) == (other.text, other.kind)


def _rename(data: Any, label: str) -> Any:
    if isinstance(data, dict):
        return {key: label if key in {"name", "label", "about"} else _rename(value, label) for key, value in data.items()}
    return [_rename(one, label) for one in data] if isinstance(data, list) else data


@pytest.mark.parametrize(
    "change",
    [{"form": "measure"}, {"limit": 3}, {"form": "find", "limit": 0}, {"order": Order(Property("a"))}, {"columns": (Property("a"),)}],
)
def test_trees_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        replace(GOOD, **change)


def test_intervals_run_forwards() -> None:
    with pytest.raises(ParameterError):
        Interval(date(2021, 2, 1), date(2021, 1, 1))
    with pytest.raises(ParameterError):
        Interval(None, None)


@pytest.mark.parametrize(
    "data", [None, {}, {"form": "drop"}, {"form": "count", "target": {"constraints": [{"kind": "sparql"}]}}, {"form": "count", "target": 7}]
)
def test_json_of_something_else_is_refused(data: Any) -> None:
    with pytest.raises(ParameterError):
        Request.from_json(data)


POINT = {"kind": "point", "lon": 9.0, "lat": 45.0}
AREA = {"kind": "property", "label": "area"}


def near(**changes: Any) -> dict[str, Any]:
    return {"kind": "spatial", "relation": "distance", "op": "<=", "metres": 5.0, "of": [POINT], **changes}


def places(*boxes: dict[str, Any]) -> dict[str, Any]:
    return near(of=[*boxes])


@pytest.mark.parametrize(
    "constraint",
    [
        near(metres=math.inf),
        near(metres=math.nan),
        near(metres=-5),
        near(of=[]),
        near(count={"op": ">", "number": -1}),
        places({**POINT, "lon": math.nan}),
        places({**POINT, "lat": 90.5}),
        places({"kind": "box", "west": -math.inf, "south": 0, "east": 1, "north": 1}),
        places({"kind": "box", "west": 10, "south": 0, "east": -10, "north": 1}),
        {"kind": "compare", "value": AREA, "op": ">", "than": {"kind": "amount", "value": math.inf}},
        {"kind": "temporal", "intervals": []},
        {"kind": "any", "options": []},
    ],
)
def test_parts_that_say_nothing_are_refused_from_outside(constraint: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=r"^(Spatial|Count|Point|Box|Amount|Temporal|AnyOf): "):
        Request.from_json({"form": "find", "target": {"constraints": [constraint]}})


@pytest.mark.parametrize("pick", [{"count": 0}, {"count": 10**30}, {"skip": -1}, {"share": 0}, {"share": 7.0}, {"share": math.nan}])
def test_picks_of_nothing_are_refused_from_outside(pick: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="^Pick: "):
        Request.from_json({"form": "find", "target": {"pick": {"by": AREA, **pick}}})


def test_a_request_has_not_too_many_parts() -> None:
    few = {"form": "find", "target": {}, "columns": [AREA] * 100}
    assert len(Request.from_json(few).columns) == 100
    with pytest.raises(SizeLimitError, match="parts"):
        Request.from_json({**few, "columns": [AREA] * 1000})
