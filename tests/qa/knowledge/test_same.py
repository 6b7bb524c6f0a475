"""Names of several data sets, and classes that are known by their members."""

from __future__ import annotations

from datetime import date

import pytest

from earthweave.qa.knowledge import Called, ClassEntry, Knowledge, index_of
from earthweave.qa.knowledge._build import called_by_members
from earthweave.qa.language import annotate, read
from earthweave.qa.language._found import merged

E = "https://example.org/"
Box = tuple[float, float, float, float]


def _called(iri: str, name: str, cls: str, box: Box | None) -> Called:
    return Called(E + iri, ((name, 1.0),), (E + cls,), 1.0, box)


def _things(text: str, words: str, *rows: Called) -> tuple[str, ...]:
    kinds = {E + cls: ClassEntry(E + cls, (cls,), count=5) for cls in ("town", "municipality", "state")}
    question = read(text)
    found = annotate(question, Knowledge(index_of(rows), kinds), date(2026, 11, 20))
    name = max(
        (one for one in found if one.kind == "name" and question.words(one.start, one.end) == words), key=lambda one: one.score
    )  # fmt: skip
    iris: tuple[str, ...] = name.value[0].value.iris
    return tuple(iri.removeprefix(E) for iri in iris)


TOWN, AROUND = (23.7, 37.9, 23.7, 37.9), (23.6, 37.8, 23.8, 38.0)


@pytest.mark.parametrize(
    ("one", "cls", "other", "same"),
    [
        (TOWN, "municipality", AROUND, True),
        (AROUND, "municipality", AROUND, True),
        (TOWN, "town", TOWN, False),
        (TOWN, "state", (20.0, 35.0, 27.0, 41.0), False),
        (AROUND, "town", (-84.0, 33.0, -83.0, 34.0), False),
        (TOWN, "town", None, False),
    ],
    ids=["a point in its municipality", "two outlines", "two points", "a state of that name", "elsewhere", "nowhere"],
)
def test_things_of_a_name_in_a_place_are_one(one: Box, cls: str, other: Box | None, same: bool) -> None:
    index = index_of([_called("a", "Athens", "town", one), _called("b", "Athens", cls, other)])
    found = merged(index.find(("athens",)))
    assert sorted(len(match.named.iris) for match in found) == ([2] if same else [1, 1])
    assert sum(match.score for match in found) == pytest.approx(1.0)


def test_a_town_is_meant_with_its_municipality_unless_that_is_told() -> None:
    rows = _called("town", "Athens", "town", TOWN), _called("dimos", "Dimos Athens", "municipality", AROUND)
    assert set(_things("Which lakes are north of Athens?", "Athens", *rows)) == {"town", "dimos"}
    assert _things("Which lakes are north of the municipality of Athens?", "municipality of Athens", *rows) == ("dimos",)


def test_adjectives_of_two_words_are_of_their_own_place() -> None:
    rows = _called("ni", "Northern Ireland", "state", AROUND), _called("ie", "Republic of Ireland", "state", AROUND)
    assert _things("Which lakes are in Northern Irish towns?", "Northern Irish", *rows) == ("ni",)


def test_a_kind_that_is_part_of_a_misspelt_name_is_kept() -> None:
    rows = (_called("wood", "Bedgebury Forest", "town", TOWN), _called("hill", "Budgerie", "town", TOWN))
    assert _things("Which towns are north of Budgebury Forest?", "Budgebury Forest", *rows) == ("wood",)


def test_a_class_of_countries_is_called_so() -> None:
    names = ("Greece", "France", "Spain", "Texas", "Iowa", "Ohio", "Utah")
    rows = [_called(name, name, "level1" if at < 3 else "level2", AROUND) for at, name in enumerate(names)]
    kinds = {E + cls: ClassEntry(E + cls, (cls,), count=count) for cls, count in (("level1", 4), ("level2", 5), ("level3", 900))}
    rows += [_called(name, name, "level3", AROUND) for name in names]
    found = called_by_members(index_of(rows), kinds)
    assert {cls.removeprefix(E): one.others for cls, one in found.items()} == {"level1": ("country",), "level2": ("state",), "level3": ()}
