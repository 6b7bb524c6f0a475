"""Questions that weigh two or more against each other: "which is larger, A or B", "which of A and B is closer to C"."""

from __future__ import annotations

from ..language import Comparator, Superlative
from ..request import Measure, Pick
from ._chart import Out
from ._context import UNITS, Context
from ._meaning import Asked, Draft, Noun, changed
from ._rules import rules


def larger(context: Context, which_: None, be: None, word: Comparator | Superlative, comma: None, noun: Noun) -> list[Out] | None:
    """ "Which is larger, Kent or Essex", "What is the biggest, Kent or Essex"."""
    if not word.hints or word.hints in (("distance",), ("count",)):
        return None
    return _first(context, noun, Asked(hints=word.hints), _descending(word))


def larger_kind(
    context: Context, which_: None, kind: Noun, be: None, word: Comparator | Superlative, comma: None, noun: Noun
) -> list[Out] | None:
    """ "Which county is larger, Kent or Essex"."""
    return None if kind.named else larger(context, None, None, word, None, noun)


def of_two(context: Context, which_: None, of: None, noun: Noun, be: None, word: Comparator | Superlative) -> list[Out] | None:
    """ "Which of Kent and Essex is larger"."""
    return larger(context, None, None, word, None, noun)


def of_two_kind(
    context: Context, which_: None, kind: Noun, of: None, noun: Noun, be: None, word: Comparator | Superlative
) -> list[Out] | None:
    """ "Which county of Kent and Essex is larger"."""
    return larger_kind(context, None, kind, None, word, None, noun)


def is_larger(context: Context, be: None, noun: Noun, word: Comparator) -> list[Out] | None:
    """ "Is Kent or Essex larger"."""
    return larger(context, None, None, word, None, noun) if noun.joint == "or" else None


def more(
    context: Context, which_: None, have: None, word: Comparator | Superlative, asked: Asked, comma: None, noun: Noun
) -> list[Out] | None:
    """ "Which has more inhabitants, Kent or Essex", "Which has the highest population, Kent or Essex"."""
    return None if asked.function or asked.more else _first(context, noun, asked, _descending(word))


def more_kind(
    context: Context, which_: None, kind: Noun, have: None, word: Comparator | Superlative, asked: Asked, comma: None, noun: Noun
) -> list[Out] | None:
    """ "Which city has the larger population, Oxford or Bath"."""
    return None if kind.named else more(context, None, None, word, asked, None, noun)


def closer(
    context: Context, which_: None, be: None, word: Comparator | Superlative, to: None, goal: Noun, comma: None, noun: Noun
) -> Draft | None:
    """ "Which is closer to Bath, Oxford or London"."""
    if word.hints != ("distance",) or goal.waiting or goal.parts:
        return None
    return _best(noun, Pick(Measure("distance", UNITS["distance"], to=goal.things), _descending(word)))


def closer_kind(
    context: Context, which_: None, kind: Noun, be: None, word: Comparator | Superlative, to: None, goal: Noun, comma: None, noun: Noun
) -> Draft | None:
    """ "Which city is closest to Bath, Oxford or London"."""
    return None if kind.named else closer(context, None, None, word, None, goal, None, noun)


def closer_of(
    context: Context, which_: None, of: None, noun: Noun, be: None, word: Comparator | Superlative, to: None, goal: Noun
) -> Draft | None:
    """ "Which of Oxford and London is closer to Bath"."""
    return closer(context, None, None, word, None, goal, None, noun)


def is_closer(context: Context, be: None, noun: Noun, word: Comparator, to: None, goal: Noun) -> Draft | None:
    """ "Is Oxford or London closer to Bath"."""
    return closer(context, None, None, word, None, goal, None, noun) if noun.joint == "or" else None


def _first(context: Context, noun: Noun, asked: Asked, descending: bool) -> list[Out] | None:
    ways = context.resolve(asked, noun) if _several(noun) else []
    return [Out(draft, out.cost, out.notes) for out in ways if (draft := _best(noun, Pick(out.value, descending)))] or None


def _best(noun: Noun, pick: Pick) -> Draft | None:
    return Draft("find", changed(noun.picked(pick), parts=())) if _several(noun) else None


def _several(noun: Noun) -> bool:
    """Whether it is names alone, and more than one."""
    plain = not any(one.modified or one.things.constraints for one in (noun, *noun.parts))
    return plain and len(noun.parts) > 1 and noun.named


def _descending(word: Comparator | Superlative) -> bool:
    return word.descending if isinstance(word, Superlative) else word.op.startswith(">")


RULES = rules(
    "comparing",
    (
        ("Q", "which be? cmp comma? NP|which be? sup comma? NP", larger, -0.05),
        ("Q", "which NP be? cmp comma? NP|which NP be? sup comma? NP", larger_kind, -0.05),
        ("Q", "which of NP be? cmp|which of NP be? sup", of_two, -0.05),
        ("Q", "which NP of NP be? cmp|which NP of NP be? sup", of_two_kind, -0.05),
        ("Q", "be NP cmp", is_larger, 0.0),
        ("Q", "which have cmp prop comma? NP|which have sup prop comma? NP", more, -0.05),
        ("Q", "which NP have cmp prop comma? NP|which NP have sup prop comma? NP", more_kind, -0.05),
        ("Q", "which be? cmp to NP comma NP|which be? sup to NP comma NP", closer, -0.05),
        ("Q", "which NP be? cmp to NP comma NP|which NP be? sup to NP comma NP", closer_kind, -0.1),
        ("Q", "which of NP be? cmp to NP|which of NP be? sup to NP", closer_of, -0.05),
        ("Q", "be NP cmp to NP", is_closer, 0.0),
    ),
)
