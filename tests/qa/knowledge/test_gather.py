"""Names read in columns against the same read in rows, and what makes a thing likelier than another of its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from earthweave.qa import Limits, Table
from earthweave.qa.knowledge import ClassEntry, Knowledge, build
from earthweave.qa.knowledge._priors import crowds, salience
from earthweave.qa.knowledge._sources import _telling_ways
from earthweave.qa.knowledge._survey import Predicate, Survey
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store
from tests.qa.knowledge.real import E, learned


class _Rows:
    """An endpoint that has no columns."""

    def __init__(self, endpoint: StoreEndpoint) -> None:
        self._endpoint = endpoint

    def select(self, query: str, limits: Limits) -> Table:
        return self._endpoint.select(query, limits)

    def ask(self, query: str, limits: Limits) -> bool:
        return self._endpoint.ask(query, limits)

    def construct(self, query: str, limits: Limits) -> bytes:
        return self._endpoint.construct(query, limits)


@pytest.mark.parametrize("page", [50_000, 400])
def test_rows_pages_and_columns_tell_the_same(tmp_path_factory: pytest.TempPathFactory, page: int) -> None:
    folder, whole = learned(tmp_path_factory)
    with open_store(folder) as store:
        other = build(_Rows(StoreEndpoint(store)) if page > 1000 else StoreEndpoint(store), generation="1", page=page)
    assert other.names.columns.keys() == whole.names.columns.keys()  # type: ignore[attr-defined]
    for name, column in whole.names.columns.items():  # type: ignore[attr-defined]
        # corners that are not known are NaN, which is not equal to itself
        assert other.names.columns[name].to_pylist() == pytest.approx(column.to_pylist(), abs=0, nan_ok=True), name  # type: ignore[attr-defined]


NAMES = f"""
@prefix : <{E}> . @prefix geo: <http://www.opengis.net/ont/geosparql#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:etna a :Volcano ; rdfs:label "Etna" ; :elevation 3350 ; :lastEruption 2021 ; :rock "basalt" ; geo:asWKT "POINT (15 37.7)"^^geo:wktLiteral .
"""


def _town(number: int, name: str, lon: float, lat: float) -> str:
    return f':t{number} a :Town ; rdfs:label "{name}" ; geo:asWKT "POINT ({lon} {lat})"^^geo:wktLiteral .\n'


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    folder = tmp_path_factory.mktemp("towns")
    rng = np.random.default_rng(3)
    far = [_town(number, f"Town{number}", *rng.uniform(-60, 60, 2)) for number in range(400)]
    suburbs = [_town(500 + number, f"Suburb{number}", 151 + number / 300, -33.8) for number in range(60)]
    called = [
        _town(900, "Etna", -80, 40),
        _town(901, "Etna", -82, 40),
        _town(902, "Sydney", -60.2, 46.1),
        _town(903, "Sydney", 151.1, -33.8),
    ]
    around = ':oslo a :County ; rdfs:label "Oslo" ; geo:asWKT "POLYGON ((10 59, 11 59, 11 60, 10 60, 10 59))"^^geo:wktLiteral .'
    oslo = [_town(904, "Oslo", -95, 48), _town(905, "Oslo", 10.7, 59.9)]
    (folder / "a.ttl").write_text("".join([NAMES, *far, *suburbs, *called, *oslo, around]), "utf-8")
    with open_store(Path(folder / "store")) as store:
        store.load([folder / "a.ttl"])
        return build(StoreEndpoint(store))


@pytest.mark.parametrize(("name", "first"), [("etna", "etna"), ("sydney", "t903"), ("oslo", "oslo")])
def test_what_much_is_told_of_or_much_lies_around_comes_first(towns: Knowledge, name: str, first: str) -> None:
    assert towns.names.find((name,))[0].named.iris == (E + first,)


def test_what_its_region_is_named_after_comes_before_others(towns: Knowledge) -> None:
    found = [match.named.iris[0].removeprefix(E) for match in towns.names.find(("oslo",))]
    assert found.index("t905") < found.index("t904")
    assert sum(match.score for match in towns.names.find(("oslo",))) == pytest.approx(1.0)


def test_rare_and_well_described_classes_are_salient() -> None:
    found = Survey(classes={"many": 10_000, "few": 10}, predicates={"p": Predicate("p", 10_050, domains={"many": 10_000, "few": 50})})
    kinds = {cls: ClassEntry(cls, (cls,), count=count) for cls, count in found.classes.items()}
    weights = salience(kinds, found)
    assert 1 < weights["many"] < weights["few"] < 5


def test_crowds_are_counted_around_positions() -> None:
    boxes = np.array([[10, 50, 10, 50], [10.05, 50, 10.05, 50], [-70, -30, -70, -30], [np.nan] * 4], np.float32)
    assert crowds(boxes) == pytest.approx([1 + 0.1 * np.log2(3)] * 2 + [1.1, 1.0])
    assert len(crowds(np.zeros((0, 4), np.float32))) == 0


def test_geometries_that_two_properties_lead_to_are_read_once() -> None:
    domains = {"town": 5}
    predicates = {name: Predicate(name, 5, domains=dict(domains)) for name in ("has", "default", "other", "wkt")}
    predicates["other"].domains["river"] = 1
    ways = (("has", "wkt"), ("default", "wkt"), ("other", "wkt"), ("wkt",))
    assert _telling_ways(Survey(predicates=predicates), ways) == [("has", "wkt"), ("other", "wkt"), ("wkt",)]
