"""The tree: JSON both ways, what it refuses, and queries that no label can break out of."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql import prepareQuery

from earthweave.ontology import EW, GEO, ParameterError
from earthweave.qa import (
    Aggregate,
    Assumption,
    Attribute,
    Order,
    Place,
    Request,
    Spatial,
    Target,
    Temporal,
    plan,
    request_schema,
)

FLOOD, UNIT, LEVEL, AREA = str(EW.FloodedArea), str(EW.AdministrativeUnit), str(EW.floodLevel), str(GEO.hasMetricArea)
OPS = st.sampled_from(["<", "<=", "=", ">=", ">"])
finite = st.floats(-1e300, 1e300)
iris = st.from_regex(r"\Ahttp://[a-z]{1,8}\.org/([A-Za-z0-9/_.~-]|%[0-9A-F]{2}){0,20}\Z")
places = st.builds(Place, st.text(max_size=20), iris, st.none() | st.integers(0, 5))
attributes = st.builds(Attribute, st.just(LEVEL), OPS, finite) | st.builds(
    Attribute, st.just(AREA), OPS, finite, st.sampled_from(["m2", "har", "km2"])
)
levels = st.builds(Attribute, st.just(str(EW.unitLevel)), OPS, st.integers(0, 5).map(float))
relations = st.sampled_from(["intersects", "within"])


@st.composite
def temporals(draw: st.DrawFn) -> Temporal:
    start, end = sorted(draw(st.lists(st.dates(date(1900, 1, 1), date(2100, 1, 1)), min_size=2, max_size=2, unique=True)))
    open_end = draw(st.sampled_from(["", "start", "end"]))
    return Temporal(None if open_end == "start" else start, None if open_end == "end" else end)


def several(one: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=3).map(tuple)


floods = st.builds(Target, st.just(FLOOD), several(attributes | temporals() | st.builds(Spatial, relations, places, st.booleans())))
units = st.builds(Target, st.just(UNIT), several(levels | st.builds(Spatial, relations, floods | places, st.booleans())))
notes = {"assumptions": several(st.builds(Assumption, st.text(), st.text())), "unknown": several(st.text())}
requests = st.one_of(
    st.builds(Request, st.sampled_from(["list", "count", "map", "ask"]), floods | units, **notes),
    st.builds(
        Request,
        st.sampled_from(["list", "map"]),
        floods,
        st.none(),
        st.builds(Order, st.sampled_from([LEVEL, AREA]), st.booleans()),
        st.integers(1, 99),
        **notes,
    ),
    st.builds(
        Request,
        st.just("measure"),
        floods,
        st.builds(Aggregate, st.sampled_from(["sum", "max", "min", "avg"]), st.just(AREA), st.just("km2")),
        **notes,
    ),
)


@settings(deadline=None)
@given(requests)
def test_json_is_the_same_request(request: Request) -> None:
    assert Request.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_schema_names_the_parts() -> None:
    assert {"Target", "Temporal", "Attribute", "Spatial", "Place"} <= set(request_schema()["$defs"])


@settings(deadline=None)
@given(requests)
def test_every_plan_parses_twice(request: Request) -> None:
    text = plan(request).text
    prepareQuery(text)
    ox.Store().query(text, custom_functions={})


def shape(query: str) -> str:
    return re.sub(r'<[^<>]*>|"[^"]*"', "_", query)


@settings(deadline=None)
@given(st.text(), requests)
def test_labels_never_reach_a_query(label: str, request: Request) -> None:
    renamed = Request.from_json(_rename(request.to_json(), label))
    assert plan(renamed).text == plan(request).text


def _rename(data: Any, label: str) -> Any:
    if isinstance(data, dict):
        return {key: label if key in {"name", "text"} else _rename(value, label) for key, value in data.items()}
    return [_rename(one, label) for one in data] if isinstance(data, list) else data


@given(iris, iris)
def test_iris_change_no_shape(one: str, other: str) -> None:
    queries = [plan(Request("count", Target(FLOOD, (Spatial("intersects", Place("x", iri)),)))).text for iri in (one, other)]
    assert shape(queries[0]) == shape(queries[1])


@pytest.mark.parametrize(
    "iri",
    ["", "x", "http://a> } #", "http://a b", 'http://a"b', "http://a\nb", "http://a{b}", "http://a\\u003e", "http://a/%", "http://a`"],
)
def test_an_iri_that_could_break_out_is_no_place(iri: str) -> None:
    with pytest.raises(ParameterError):
        Place("x", iri)


GOOD = Request("count", Target(FLOOD, (Attribute(LEVEL, ">", 10),)))


@pytest.mark.parametrize(
    "change",
    [
        {"target": Target(UNIT, (Attribute(LEVEL, ">", 1),))},
        {"target": Target(UNIT, (Temporal(date(2021, 1, 1), None),))},
        {"target": Target(str(EW.CropParcel))},
        {"target": Target(FLOOD, (Attribute(LEVEL, ">", 1, "km2"),))},
        {"target": Target(FLOOD, (Attribute(LEVEL, ">", float("nan")),))},
        {"target": Target(FLOOD, (Attribute("http://example.org/p", ">", 1),))},
        {"intent": "measure"},
        {"limit": 3},
        {"intent": "list", "limit": 0},
    ],
)
def test_trees_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        replace(GOOD, **change)


def test_intervals_run_forwards() -> None:
    with pytest.raises(ParameterError):
        Temporal(date(2021, 2, 1), date(2021, 1, 1))
    with pytest.raises(ParameterError):
        Temporal(None, None)


@pytest.mark.parametrize(
    "data", [None, {}, {"intent": "drop"}, {"intent": "count", "target": {"cls": FLOOD, "constraints": [{"kind": "sparql"}]}}]
)
def test_json_of_something_else_is_refused(data: Any) -> None:
    with pytest.raises(ParameterError):
        Request.from_json(data)
