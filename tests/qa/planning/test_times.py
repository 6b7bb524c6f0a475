"""Times of all types of literals, of instants and of things that lasted."""

from __future__ import annotations

from datetime import date

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa.knowledge import ClassEntry, Knowledge, PropertyEntry
from earthweave.qa.planning import plan
from earthweave.qa.request import Amount, Compare, Concept, Constraint, Interval, Property, Request, Temporal, Text, Things

E = "http://example.org/"
EVENT, PRODUCT = E + "Event", E + "Product"
KNOWLEDGE = Knowledge(
    classes={iri: ClassEntry(iri, (iri.removeprefix(E).lower(),)) for iri in (EVENT, PRODUCT, E + "Rock")},
    properties={
        E + "startOf": PropertyEntry(E + "startOf", ("start",), (EVENT,), "time"),
        E + "endOf": PropertyEntry(E + "endOf", ("end",), (EVENT,), "time"),
        E + "ingestionDate": PropertyEntry(E + "ingestionDate", ("ingestion date",), (PRODUCT,), "time"),
        E + "taken": PropertyEntry(E + "taken", ("acquisition date",), (PRODUCT,), "time"),
    },
)  # fmt: skip
DATA = """
@prefix : <http://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:moment a :Product ; :taken "2021-03-31T23:59:59Z"^^xsd:dateTime ; :ingestionDate "2024-01-01"^^xsd:date .
:zoned a :Product ; :taken "2021-04-01T01:00:00+02:00"^^xsd:dateTime .
:day a :Product ; :taken "2021-04-01"^^xsd:date .
:month a :Product ; :taken "2021-05"^^xsd:gYearMonth .
:year a :Product ; :taken "2019"^^xsd:gYear .
:flood a :Event ; :startOf "2021-03-15T00:00:00Z"^^xsd:dateTime ; :endOf "2021-03-25T00:00:00Z"^^xsd:dateTime .
:storm a :Event ; :startOf "2021-03-20"^^xsd:date ; :endOf "2021-03-22"^^xsd:date .
:quake a :Event ; :startOf "2021-03-26T04:00:00Z"^^xsd:dateTime ; :endOf "2021-03-26T04:00:00Z"^^xsd:dateTime .
"""
STORE = ox.Store()
STORE.load(DATA.encode(), ox.RdfFormat.TURTLE)
TAKEN = Property("acquisition date", E + "taken")


def found(cls: str, constraint: Constraint) -> set[str]:
    planned = plan(Request("find", Things((Concept("it", cls),), constraints=(constraint,))), KNOWLEDGE)
    rows = STORE.query(planned.text)
    assert isinstance(rows, ox.QuerySolutions)
    return {row["feature"].value.removeprefix(E) for row in rows}


def during(*ends: str | None) -> Temporal:
    days = [date.fromisoformat(one) if one else None for one in ends]
    return Temporal(tuple(Interval(*pair) for pair in zip(days[::2], days[1::2], strict=True)))


@pytest.mark.parametrize(
    ("when", "products"),
    [
        (during("2021-03-01", "2021-04-01"), "moment zoned"),
        (during("2021-04-01", "2021-05-01"), "day"),
        (during("2021-05-01", "2021-06-01"), "month"),
        (during("2021-01-01", "2022-01-01"), "moment zoned day month"),
        (during("2019-06-01", "2019-07-01"), "year"),
        (during("2020-01-01", None), "moment zoned day month"),
        (during(None, "2019-01-01"), ""),
        (during(None, "2019-01-02"), "year"),
        (during("2019-01-01", "2019-02-01", "2021-05-10", "2021-05-20"), "year month"),
    ],
)
def test_instants(when: Temporal, products: str) -> None:
    assert found(PRODUCT, when) == set(products.split())


@pytest.mark.parametrize(
    ("when", "events"),
    [
        (during("2021-03-24", "2021-03-25"), "flood"),
        (during("2021-03-25", "2021-03-26"), ""),
        (during("2021-03-22", "2021-03-23"), "flood storm"),
        (during("2021-03-23", "2021-03-24"), "flood"),
        (during("2021-03-26", "2021-03-27"), "quake"),
        (during("2021-03-27", None), ""),
        (during(None, "2021-03-16"), "flood"),
    ],
)
def test_things_that_last(when: Temporal, events: str) -> None:
    assert found(EVENT, when) == set(events.split())


@pytest.mark.parametrize(
    ("compare", "products"),
    [
        (Compare(TAKEN, ">", Text("2021-03-31")), "day month"),
        (Compare(TAKEN, ">=", Text("2021-04")), "day month"),
        (Compare(TAKEN, "<", Text("2021-04-01")), "moment zoned year"),
        (Compare(TAKEN, "<=", Text("2019")), "year"),
        (Compare(TAKEN, "=", Text("2021-03-31")), "moment zoned"),
        (Compare(TAKEN, "!=", Amount(2021)), "year"),
        (Compare(TAKEN, "<", Amount(2020)), "year"),
    ],
)
def test_compared(compare: Compare, products: str) -> None:
    assert found(PRODUCT, compare) == set(products.split())


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2019, 1, 2), date(2022, 1, 1)))
def test_before_and_from_a_day_on_part_what_is_an_instant(day: date) -> None:
    before, after = (found(PRODUCT, Temporal((one,))) for one in (Interval(None, day), Interval(day, None)))
    assert before | after == {"moment", "zoned", "day", "month", "year"}
    # a month or a year may lie on both sides of a day
    assert before & after <= {"month", "year"}


def test_what_has_no_time_is_refused() -> None:
    planned = plan(Request("count", Things((Concept("rock", E + "Rock"),), constraints=(during("2021-01-01", None),))), KNOWLEDGE)
    assert planned.refusal is not None
    assert planned.refusal.code == "no-time"


def test_a_span_without_a_beginning_is_refused() -> None:
    planned = plan(Request("count", Things((Concept("it", PRODUCT),), constraints=(Temporal((), days=3),))), KNOWLEDGE)
    assert planned.refusal is not None
    assert planned.refusal.code == "unsupported-operation"
