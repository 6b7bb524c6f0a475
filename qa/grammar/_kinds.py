"""What tells of which kind things are, by satellites and levels, and what happened to them."""

from __future__ import annotations

from ..request import Amount, AnyOf, Compare, Constraint, Property, Spatial, Things
from ._attach import attach
from ._chart import Out
from ._context import PRODUCT, Context
from ._meaning import Mod, Noun
from ._rules import rules


def of_product(context: Context, product: tuple[Constraint, ...], noun: Noun) -> list[Out] | None:
    """ "Sentinel-2 images"."""
    if noun.named or noun.parts or _happens(product):
        return None
    return [Out(noun.having(*product), 0.0 if context.lasts(noun) else 0.4)]


def either_product(
    context: Context, one: tuple[Constraint, ...], or_: None, other: tuple[Constraint, ...]
) -> tuple[Constraint, ...] | None:
    """ "Sentinel-2A or Sentinel-2B": of the two, what they do not share."""
    mine, yours = ([row for row in these if row not in those] for these, those in ((one, other), (other, one)))
    if _happens(one) or _happens(other) or not mine or not yours:
        return None
    return (*(row for row in one if row in other), AnyOf((*_options(mine[-1]), *_options(yours[-1]))))


def both_products(
    context: Context, one: tuple[Constraint, ...], and_: None, other: tuple[Constraint, ...]
) -> tuple[Constraint, ...] | None:
    """ "Sentinel-1 and Sentinel-2", which none can be both; "Sentinel-2 and L2A"."""
    if _happens(one) or _happens(other):
        return None
    return either_product(context, one, None, other) if _alike(one[-1], other[-1]) else tuple(dict.fromkeys((*one, *other)))


def _options(one: Constraint) -> tuple[Constraint, ...]:
    return one.options if isinstance(one, AnyOf) else (one,)


def _alike(one: Constraint, other: Constraint) -> bool:
    """Whether nothing can be both: two missions, two levels; a mission beside a platform is as good as two."""
    kinds = [
        {row.value.label for row in _options(these) if isinstance(row, Compare) and isinstance(row.value, Property)}
        for these in (one, other)
    ]
    return bool(kinds[0] & kinds[1]) or all(labels and labels <= _CARRIERS for labels in kinds)


_CARRIERS = frozenset(("mission", "platform"))


def levelled(context: Context, level: int, noun: Noun) -> list[Out] | None:
    """ "level 3 units", "NUTS 2 regions"."""
    found = context.headed("level", noun) if not noun.named and not noun.parts else None
    return [Out(noun.having(Compare(found, "=", Amount(float(level)))), -0.05)] if found else None


def levelled_behind(context: Context, noun: Noun, of: None, level: int) -> list[Out] | None:
    """ "units of level 3"."""
    return levelled(context, level, noun)


def _happens(product: tuple[Constraint, ...]) -> bool:
    return all(isinstance(one, Spatial) for one in product)


def happening(context: Context, product: tuple[Constraint, ...]) -> Mod | None:
    """ "flooded": what happened to a place."""
    return Mod(product) if _happens(product) else None


def happening_when(context: Context, product: tuple[Constraint, ...], mod: Mod) -> Mod | None:
    """ "flooded in March 2021"."""
    if not _happens(product) or not mod.time:
        return None
    (found,) = attach(context, Noun(Things(constraints=product)), mod)[:1] or (None,)
    return Mod(found.value.things.constraints) if found else None


def happened_to(context: Context, product: tuple[Constraint, ...], noun: Noun) -> Noun | None:
    """ "flooded municipalities"."""
    return noun.having(*product) if _happens(product) and not noun.named and not noun.parts else None


def product_behind(context: Context, noun: Noun, of: object, product: tuple[Constraint, ...]) -> list[Out] | None:
    """ "images from Sentinel-2"."""
    return of_product(context, product, noun)


def product_alone(context: Context, product: tuple[Constraint, ...]) -> Noun | None:
    """ "Sentinel-2 Hamburg 2021"."""
    return None if _happens(product) else Noun(Things((PRODUCT,), constraints=product))


RULES = rules(
    "kinds",
    (
        ("product", "product or product", either_product, 0.0),
        ("product", "product and product|product comma product", both_products, 0.0),
        ("NP", "level NP", levelled, 0.0),
        ("NP", "NP of? level|NP rel? level|NP with? level", levelled_behind, 0.0),
        ("NP", "product NP", of_product, 0.0),
        ("NP", "NP of? product|NP with? product|NP rel? product", product_behind, 0.02),
        ("NP", "product", product_alone, 0.3),
        ("NP", "product NP", happened_to, 0.0),
        ("MOD", "product", happening, 0.0),
        ("MOD", "product MOD", happening_when, 0.0),
    ),
)
