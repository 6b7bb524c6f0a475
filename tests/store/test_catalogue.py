"""The catalogue of function names against what can be called."""

from __future__ import annotations

import pytest

from earthweave.ontology import GEOF, QueryError
from earthweave.server.store import Limits
from earthweave.server.store._catalogue import ALIASES, FUNCTIONS
from earthweave.server.store._gate import admit
from earthweave.server.store.spatial import aggregates, functions


def test_the_catalogue_names_what_can_be_called_and_nothing_else() -> None:
    assert {f"{GEOF}{name}" for name in FUNCTIONS | ALIASES.keys()} == {
        name for name in functions.keys() | aggregates.keys() if name.startswith(str(GEOF))}


def test_functions_and_aggregates_are_apart() -> None:
    assert not functions.keys() & aggregates.keys()
    assert {f"{GEOF}{name}" for name in FUNCTIONS if name.startswith("agg")} == aggregates.keys()


def test_slips_stand_for_functions() -> None:
    assert set(ALIASES.values()) <= FUNCTIONS
    assert not ALIASES.keys() & FUNCTIONS


@pytest.mark.parametrize("name", sorted(FUNCTIONS | ALIASES.keys()))
def test_the_gate_admits_every_name_and_no_other_spelling(name: str) -> None:
    text = f"SELECT (<{GEOF}%s>(1, 2) AS ?x) {{}}"
    assert [notice.code for notice in admit(text % name, Limits())] == (["alias"] if name in ALIASES else [])
    with pytest.raises(QueryError, match=f"there is no function <{GEOF}{name}s>"):
        admit(text % f"{name}s", Limits())
