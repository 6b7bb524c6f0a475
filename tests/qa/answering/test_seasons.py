"""Seasons follow the place."""

from __future__ import annotations

from datetime import date

import pytest

from earthweave.qa.answering import understand
from earthweave.qa.answering._tree import walk
from earthweave.qa.request import Interval, Temporal

from .conftest import TODAY, World

SOUTHERN = [
    ("in spring 2021", "2021-09-01", "2021-12-01"),
    ("in summer 2020/21", "2020-12-01", "2021-03-01"),
    ("in winter 2020/21", "2021-06-01", "2021-09-01"),
    ("in late winter 2020", "2020-08-01", "2020-09-01"),
    # on 20 November 2026 it is spring there
    ("last spring", "2025-09-01", "2025-12-01"),
    ("this spring", "2026-09-01", "2026-12-01"),
    ("last autumn", "2026-03-01", "2026-06-01"),
    ("last summer", "2025-12-01", "2026-03-01"),
    ("since spring 2019", "2019-09-01", None),
    ("since last spring", "2025-09-01", None),
    ("after spring 2019", "2019-12-01", None),
    ("until spring 2019", None, "2019-12-01"),
    ("before summer 2020", None, "2019-12-01"),
]


def times(question: str, world: World) -> list[Interval]:
    (request, *_) = understand(question, world.knowledge, TODAY).requests
    return [interval for _, one in walk(request) if isinstance(one, Temporal) for interval in one.intervals]


@pytest.mark.parametrize(("when", "start", "end"), SOUTHERN)
def test_seasons_of_a_place_in_the_south(when: str, start: str | None, end: str | None, world: World) -> None:
    (found,) = times(f"Show the flooded areas in Hawkesbury {when}", world)
    assert (found.start, found.end) == (start and date.fromisoformat(start), end and date.fromisoformat(end))


def test_seasons_without_a_place_are_those_of_the_north(world: World) -> None:
    (found,) = times("Show the flooded areas last spring", world)
    assert (found.start, found.end) == (date(2026, 3, 1), date(2026, 6, 1))


def test_a_season_is_turned_once_in_a_dialogue(world: World) -> None:
    first = world("Show the flooded areas in Hawkesbury in summer 2020/21")
    assert first.dialogue
    later = world("only with a flood level above 5", dialogue=first.dialogue)
    assert later.request
    found = [one for _, one in walk(later.request) if isinstance(one, Temporal)]
    assert [(one.start, one.end) for one in found[0].intervals] == [(date(2020, 12, 1), date(2021, 3, 1))]
