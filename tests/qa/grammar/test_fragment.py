"""Pieces of questions, as they follow one."""

from __future__ import annotations

from earthweave.qa.grammar import Fragment, parse_fragment
from earthweave.qa.language import read
from earthweave.qa.request import Amount, Compare, Concept, Property, Spatial, Temporal, Things
from tests.qa.grammar.world import PRODUCT, TODAY, knowledge, readings

_ABOUT = Things((Concept("image", PRODUCT),))


def fragments(text: str, about: Things = _ABOUT) -> list[Fragment]:
    question = read(text)
    return parse_fragment(question, readings(question), knowledge(), TODAY, about)


def test_a_condition_alone() -> None:
    (constraint,) = fragments("only with less than 10% cloud cover")[0].constraints
    assert isinstance(constraint, Compare)
    assert isinstance(constraint.value, Property)
    assert (constraint.value.label, constraint.op, constraint.than) == ("cloud cover", "<", Amount(10, "%"))


def test_a_time_alone() -> None:
    (constraint,) = fragments("and in 2022?")[0].constraints
    assert isinstance(constraint, Temporal)


def test_a_place_alone_is_a_condition_and_a_name() -> None:
    first, second = fragments("in Hamburg")[:2]
    assert isinstance(first.constraints[0], Spatial)
    assert [one.name for one in second.named] == ["Hamburg"]
    assert [one.name for one in fragments("what about Paris?")[0].named] == ["Paris"]


def test_an_order_alone() -> None:
    for text, label, descending in (
        ("sort by lowest cloud cover", "cloud cover", False),
        ("newest first", "time", True),
        ("order them by cloud cover descending", "cloud cover", True),
    ):
        order = fragments(text)[0].order
        assert order
        assert isinstance(order.by, Property)
        assert (order.by.label, order.descending) == (label, descending)


def test_a_limit_and_a_pick_alone() -> None:
    assert fragments("limit 5")[0].limit == 5
    pick = fragments("the clearest one")[0].pick
    assert pick
    assert not pick.descending


def test_what_is_not_understood_is_told() -> None:
    assert fragments("in Hamburg zzyzx")[0].unknown == ("zzyzx",)
    assert fragments("zzyzx") == []
