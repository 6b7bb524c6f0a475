"""Relations and numbers of a store without geometries, as a database of states, cities and rivers has them."""

from __future__ import annotations

from collections.abc import Callable

import pyoxigraph as ox
import pytest

from earthweave.qa import Cell, Limits, Table
from earthweave.qa.knowledge import ClassEntry, Knowledge, PropertyEntry, RelationEntry
from earthweave.qa.planning import Feature, Figure, Result, plan, run
from earthweave.qa.request import (
    Aggregate,
    Amount,
    Compare,
    Concept,
    Constraint,
    Count,
    Has,
    Measure,
    Named,
    Pick,
    Property,
    Ratio,
    Related,
    Request,
    Spatial,
    Text,
    Things,
)

E = "http://example.org/"
DATA = """
@prefix : <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:usa a :Country ; rdfs:label "United States"@en , "Vereinigte Staaten"@de .
:texas a :State ; rdfs:label "Texas" ; :in :usa ; :people 100 ; :size 50.0 ; :capital :austin ; :borders :ohio .
:ohio a :State ; rdfs:label "Ohio" ; :census "11" ; :in :usa ; :people 30 ; :size 10.0 .
:maine a :State ; rdfs:label "Maine" ; :souls 7 ; :in :usa ; :people 10 ; :size 20.0 .
:austin a :City ; rdfs:label "Austin" ; :in :texas ; :people 40 .
:dallas a :City ; rdfs:label "Dallas" ; :in :texas ; :people 40 .
:akron a :City ; rdfs:label "Akron" ; :nick "A-Town" ; :in :ohio . :blue :nick "Azure" .
:ohio :seat :columbus . :columbus rdfs:label "Columbus" . :texas :seat :austin .
:austin :walled "no" . :dallas :walled "yes" .
:red a :River ; rdfs:label "Red" ; :through :texas , :ohio ; :long "900" ; :record [ :kind "muddy;wide" ] .
:blue a :River ; :through :ohio ; :long "70" .
"""
KNOWLEDGE = Knowledge(
    classes={E + name: ClassEntry(E + name, (name.lower(),)) for name in ("Country", "State", "City", "River")},
    properties={
        E + "people": PropertyEntry(E + "people", ("population",), (E + "State", E + "City")),
        E + "size": PropertyEntry(E + "size", ("area",), (E + "State",), "area", "km2"),
        E + "capital": PropertyEntry(E + "capital", ("capital",), (E + "State",), "thing", ranges=(E + "City",)),
        E + "seat": PropertyEntry(E + "seat", ("seat",), (E + "State",), "thing", ranges=(E + "City",)),
        E + "walled": PropertyEntry(E + "walled", ("walled",), (E + "City",), "text", values=("no", "yes")),
        E + "long": PropertyEntry(
            E + "long", ("length",), (E + "River",), "length", "km", datatype="http://www.w3.org/2001/XMLSchema#string"
        ),
        E + "souls": PropertyEntry(E + "souls", ("souls",)),
        E + "nick": PropertyEntry(E + "nick", ("nickname",), (), "text", naming=True),
        E + "census": PropertyEntry(E + "census", ("souls",), datatype="http://www.w3.org/2001/XMLSchema#string"),
        E + "kind": PropertyEntry(E + "kind", ("kind",), (E + "River",), "text", via=E + "record", listed=True),
    },
    relations=(
        RelationEntry("within", E + "in"),
        RelationEntry("touches", E + "borders", E + "State", E + "State"),
        RelationEntry("crosses", E + "through", E + "River", E + "State"),
    ),
)  # fmt: skip
PEOPLE, SIZE, CAPITAL = Property("population", E + "people"), Property("area", E + "size", "km2"), Property("capital", E + "capital")
SEAT, WALLED = Property("seat", E + "seat"), Property("walled", E + "walled")


class Memory:
    """The port over pyoxigraph, an engine of others."""

    def __init__(self) -> None:
        self.store = ox.Store()
        self.store.load(DATA.encode(), ox.RdfFormat.TURTLE)

    def select(self, query: str, limits: Limits) -> Table:
        found = self.store.query(query)
        assert isinstance(found, ox.QuerySolutions)
        names = tuple(one.value for one in found.variables)
        return Table(names, tuple(tuple(_cell(row[name]) for name in names) for row in found))

    def ask(self, query: str, limits: Limits) -> bool:
        return bool(self.store.query(query))

    def construct(self, query: str, limits: Limits) -> bytes:
        raise AssertionError("nothing here constructs")


def _cell(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> Cell | None:
    if isinstance(term, ox.Literal):
        return Cell("literal", term.value, term.datatype.value, term.language or "")
    assert not isinstance(term, ox.Triple)
    return term and Cell("uri" if isinstance(term, ox.NamedNode) else "bnode", term.value)


def answer(request: Request) -> Result:
    return run(plan(request, KNOWLEDGE), Memory())


def some(name: str, *constraints: Constraint, pick: Pick | None = None) -> Things:
    return Things((Concept(name.lower(), E + name),), constraints=constraints, pick=pick)


def named(name: str, cls: str) -> Things:
    return Things(named=(Named(name, (E + name.lower(),), E + cls),))


USA, TEXAS, OHIO, RED = named("USA", "Country"), named("Texas", "State"), named("Ohio", "State"), named("Red", "River")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (some("City", Spatial("within", (TEXAS,))), "austin dallas"),
        (some("City", Spatial("within", (USA,))), "akron austin dallas"),
        (some("State", Spatial("contains", (named("Austin", "City"),))), "texas"),
        (some("Country", Spatial("contains", (some("River"),))), "usa"),
        (some("River", Spatial("within", (OHIO,))), "blue red"),
        (some("River", Spatial("crosses", (USA,))), "blue red"),
        (some("State", Spatial("crosses", (RED,))), "ohio texas"),
        (some("State", Spatial("touches", (OHIO,))), "texas"),
        (some("State", Spatial("touches", (TEXAS,))), "ohio"),
        (some("State", Spatial("touches", (some("State"),), negated=True)), "maine"),
        (some("State", Spatial("touches", (RED,))), "ohio texas"),
        (some("State", Spatial("contains", (some("City"),), count=Count(">=", 2))), "texas"),
        (some("State", Spatial("contains", (some("City"),), count=Count("<", 2))), "maine ohio"),
        (some("City", Related(CAPITAL, TEXAS, inverse=True)), "austin"),
        (some("City", Related(SEAT, some("State"), inverse=True)), "austin columbus"),
        (some("City", Related(SEAT, some("State"), inverse=True, negated=True)), "akron dallas"),
        (some("City", Has(WALLED)), "dallas"),
        (Things((Concept("place"),), constraints=(Has(WALLED),)), "dallas"),
        (some("City", Has(WALLED, negated=True)), "akron austin"),
        (some("State", Compare(CAPITAL, "=", Text("austin"))), "texas"),
        (some("State", Compare(CAPITAL, "=", Text("Austin", iri=E + "austin"))), "texas"),
        (some("State", Compare(CAPITAL, "!=", Text("Austin"))), "maine ohio"),
        (some("State", Related(CAPITAL, some("City"), negated=True)), "maine ohio"),
        (some("State", pick=Pick(PEOPLE, descending=False)), "maine"),
        (some("City", pick=Pick(PEOPLE)), "austin dallas"),
        (some("State", pick=Pick(PEOPLE, skip=1)), "ohio"),
        (some("State", pick=Pick(Measure("area"))), "texas"),
        (some("State", pick=Pick(Ratio(PEOPLE, Measure("area", "km2")))), "ohio"),
        (some("State", pick=Pick(Measure("count", via=Spatial("contains", (some("City"),))), descending=False)), "maine"),
        (some("State", Spatial("crosses", (some("River", pick=Pick(Measure("length"))),))), "ohio texas"),
        (some("State", Compare(SIZE, ">", Amount(12e6, "m2"))), "maine texas"),
        (some("State", Compare(PEOPLE, ">", Property("population", E + "people", of=OHIO))), "texas"),
        (some("River", Compare(Property("length", E + "long", "km"), ">", Amount(100_000, "m"))), "red"),
        (some("River", Compare(Property("kind", E + "kind"), "=", Text("Wide"))), "red"),
        (some("State", Compare(Property("souls", E + "souls"), ">", Amount(5))), "maine ohio"),
        (some("State", pick=Pick(Property("souls", E + "souls"))), "ohio"),
        (Things(constraints=(Related(CAPITAL, Things(), inverse=True),)), "austin"),
        (Things(constraints=(Has(PEOPLE, negated=True), Spatial("within", (USA,)))), "akron blue red"),
        (Things(constraints=(Compare(PEOPLE, ">", Amount(50)),)), "texas"),
    ],
)  # fmt: skip
def test_found(target: Things, expected: str) -> None:
    result = answer(Request("find", target))
    assert sorted(row.feature.iri.removeprefix(E) for row in result.rows) == expected.split()
    assert result.total == len(expected.split())
    assert answer(Request("count", target)).numbers == (Figure(len(expected.split())),)
    assert answer(Request("ask", target)).truth is True


def test_values_have_units_and_things_their_labels() -> None:
    result = answer(Request("find", TEXAS, (CAPITAL, Property("area", E + "size", "m2"), Ratio(PEOPLE, SIZE))))
    (row,) = result.rows
    assert row.feature == Feature(f"{E}texas", "Texas")
    assert row.values == (Feature(f"{E}austin", "Austin"), Figure(50e6, "m2"), Figure(2.0, "/km2"))
    assert [one.label for one in result.outputs] == ["capital", "area", "population per area"]
    (country,) = answer(Request("find", USA)).rows
    assert country.feature.label == "United States"


def test_another_name_is_told_of_what_has_no_label() -> None:
    rows = answer(Request("find", Things(constraints=(Spatial("within", (OHIO,)),)))).rows
    assert {"Akron", "Azure"} <= {row.feature.label for row in rows}
    assert "A-Town" not in {row.feature.label for row in rows}


def test_numbers_that_are_stored_as_texts_are_numbers() -> None:
    (row,) = answer(Request("find", RED, (Property("length", E + "long", "m"),))).rows
    assert row.values == (Figure(900_000.0, "m"),)


def test_what_has_no_geometry_is_where_it_is_stated_to_lie() -> None:
    (row,) = answer(Request("find", named("Austin", "City"), (Measure("location"),))).rows
    assert row.values == (Feature(f"{E}texas", "Texas"),)


def test_a_sum_of_ratios_is_the_ratio_of_sums() -> None:
    ratio = Ratio(PEOPLE, SIZE)
    asked = Request("measure", some("State"), aggregates=(Aggregate("sum", ratio), Aggregate("max", ratio), Aggregate("avg", PEOPLE)))
    result = answer(asked)
    assert result.numbers == (Figure(140 / 80, "/km2"), Figure(3.0, "/km2"), Figure(140 / 3, "1"))
    assert result.used == (3, 3, 3)
    assert result.total == 3


def test_a_list_that_is_cut_says_how_many_there_are() -> None:
    result = answer(Request("find", some("City"), limit=2))
    assert [row.feature.label for row in result.rows] == ["Akron", "Austin"]
    assert result.total == 3
    assert result.truncated
    whole = answer(Request("find", some("City"), limit=3))
    assert not whole.truncated


def test_what_the_store_does_not_state_in_these_words_is_told() -> None:
    planned = plan(Request("find", some("River", Spatial("within", (OHIO,)))), KNOWLEDGE)
    assert [one.code for one in planned.assumptions] == ["stated"]


ASKED: dict[str, Callable[[], Request]] = {
    "unknown-place": lambda: Request("find", some("City", Spatial("within", (Things(named=(Named("Narnia"),)),)))),
    "unknown-class": lambda: Request("count", Things((Concept("castle"),))),
    "unknown-property": lambda: Request("find", some("River", Compare(PEOPLE, ">", Amount(3)))),
    "no-geometry": lambda: Request("find", some("City", Spatial("near", (OHIO,)))),
    "no-time": lambda: Request("find", some("City", Compare(SIZE, ">", Amount(1)))),
    "unit": lambda: Request("find", some("State", Compare(SIZE, ">", Amount(1, "kg")))),
    "needs-a-run": lambda: Request("run", some("City"), service="flood map"),
    "unsupported-operation": lambda: Request("find", some("City", Compare(Measure("distance"), ">", Amount(1, "m")))),
}


@pytest.mark.parametrize("code", [code for code in ASKED if code != "no-time"])
def test_refused(code: str) -> None:
    planned = plan(ASKED[code](), KNOWLEDGE)
    assert planned.refusal is not None
    assert planned.refusal.code == code
    assert planned.refusal.text.endswith(".") or planned.refusal.text.endswith("?")
    assert (planned.kind, planned.text) == ("none", "")
    result = run(planned, Memory())
    assert (result.rows, result.truth, result.total) == ((), None, None)


@pytest.mark.parametrize(("unit", "codes"), [("MW", ["unit"]), ("1", []), ("%", [])])
def test_a_unit_that_the_store_does_not_tell_is_assumed_aloud(unit: str, codes: list[str]) -> None:
    large = Compare(Property("population", E + "people"), ">", Amount(20, unit))
    planned = plan(Request("find", Things((Concept("state", E + "State"),), constraints=(large,))), KNOWLEDGE)
    assert [one.code for one in planned.assumptions] == codes
