"""Statements that are numbers: easy to make, easy to count."""

from __future__ import annotations

from earthweave.server.store import Store

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def insert(store: Store, *numbers: int) -> None:
    """One update for each number."""
    for number in numbers:
        store.update(f"INSERT DATA {{ <http://e/{number}> <http://e/p> {number} }}")


def count(store: Store) -> int:
    """How many triples there are."""
    return int(store.query(COUNT).table.to_pylist()[0]["n"]["value"])
