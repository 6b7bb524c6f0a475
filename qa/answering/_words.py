"""A request in words, made from the tree alone, never from the question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..planning import Figure
from ..request import (
    Aggregate,
    Amount,
    AnyOf,
    Argument,
    Box,
    Compare,
    Constraint,
    Count,
    Has,
    Measure,
    Named,
    Pick,
    Point,
    Property,
    Ratio,
    Related,
    Request,
    Spatial,
    Temporal,
    Text,
    Things,
    Value,
)
from ._figures import figure, listed, metres, number, plural, when

OPERATORS: Mapping[str, str] = MappingProxyType(
    {"<": "below", "<=": "at most", "=": "of", "!=": "other than", ">=": "at least", ">": "above"}
)
_COUNTS = {"<": "fewer than", "<=": "at most", "=": "exactly", "!=": "not", ">=": "at least", ">": "more than"}
_AWAY = {
    "<": "less than {} from",
    "<=": "within {} of",
    "=": "{} from",
    "!=": "not {} from",
    ">=": "at least {} from",
    ">": "more than {} from",
}
_RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        "within": "in", "contains": "containing", "intersects": "meeting", "touches": "bordering", "crosses": "crossing",
        "overlaps": "overlapping", "equals": "of the same extent as", "disjoint": "apart from", "near": "near", "along": "along",
        "north": "north of", "northeast": "north-east of", "east": "east of", "southeast": "south-east of", "south": "south of",
        "southwest": "south-west of", "west": "west of", "northwest": "north-west of",
    }
)  # fmt: skip
_BEST = {
    ("area", True): "largest", ("area", False): "smallest", ("length", True): "longest", ("length", False): "shortest",
    ("elevation", True): "highest", ("elevation", False): "lowest", ("time", True): "latest", ("time", False): "earliest",
    ("distance", True): "farthest", ("distance", False): "nearest", ("count", True): "most", ("count", False): "fewest",
}  # fmt: skip
FUNCTIONS: Mapping[str, str] = MappingProxyType({"sum": "total", "avg": "average", "max": "highest", "min": "lowest"})
_ORDINALS = ("", "", "second ", "third ", "fourth ", "fifth ", "sixth ", "seventh ", "eighth ", "ninth ", "tenth ")
_RANKS = (Compare, Has, Related, AnyOf, Spatial, Temporal)


def paraphrase(request: Request) -> str:
    """What was understood, as a sentence; never empty."""
    said = _FORMS[request.form](request)
    order = f", by {value(request.order.by)}{' from the top' * request.order.descending}" if request.order else ""
    limit = f", the first {request.limit:,}" if request.limit else ""
    text = f"{said}{order}{limit}{', on a map' * request.draw}"
    return text[:1].upper() + text[1:] + "."


def _find(request: Request) -> str:
    what = noun(request.target)
    return f"{listed(map(value, request.columns))} of {what}" if request.columns else what


def _ask(request: Request) -> str:
    target = request.target
    if target.named and target.constraints:
        ordered = [*_ordered(target)]
        has = [comparison(one).removeprefix("with ") for one in ordered if isinstance(one, Compare) and not isinstance(one.than, Text)]
        rest = [condition(one, False) for one in ordered if not isinstance(one, Compare) or isinstance(one.than, Text)]
        said = [f"{verb} {listed(some)}" for verb, some in (("is", rest), ("has", has)) if some]
        return f"whether {_names(target.named)} {' and '.join(said)}"
    return f"whether there are {noun(target)}"


def _measure(request: Request) -> str:
    return f"{listed(map(aggregate, request.aggregates))} of {noun(request.target)}"


def _run(request: Request) -> str:
    return f"a run of {request.service or 'a service'} for {noun(request.target)}"


_FORMS = {
    "find": _find, "count": lambda request: f"the number of {noun(request.target)}", "ask": _ask, "measure": _measure, "run": _run,
}  # fmt: skip


def noun(argument: Argument, many: bool = True) -> str:
    """Things as a noun phrase."""
    if isinstance(argument, Point):
        return f"the point {argument.lat:g}, {argument.lon:g}"
    if isinstance(argument, Box):
        west, south, east, north = (f"{one:g}" for one in (argument.west, argument.south, argument.east, argument.north))
        return f"the area {west} to {east} east, {south} to {north} north"
    return " ".join([_kind(argument, many), *(condition(one, many) for one in _ordered(argument))])


def _kind(things: Things, many: bool) -> str:
    """Class and names without conditions, and which of them."""
    labels = dict.fromkeys(plural(one.label) if many else one.label for one in things.classes)
    kinds = listed((one or "things" for one in labels), "or")
    if things.named and things.pick:
        return _best_of(things.pick, things.named)
    if things.named:
        return _names(things.named) + (f" ({kinds if many and len(things.named) > 1 else _single(things)})" if kinds else "")
    kinds = kinds or ("things" if many else "thing")
    return _picked(things.pick, things, kinds) if things.pick else kinds


def _best_of(pick: Pick, named: tuple[Named, ...]) -> str:
    """The best of several named things."""
    if isinstance(pick.by, Measure) and pick.by.to:
        lead = f"the {'farthest' if pick.descending else 'nearest'} to {noun(pick.by.to)}"
    elif best := superlative(pick):
        lead = f"the {best}"
    else:
        lead = f"what has the {_end(pick)} {value(pick.by)}"
    return f"{lead} of {listed((one.name for one in named), 'and')}"


def _end(pick: Pick) -> str:
    return "highest" if pick.descending else "lowest"


def _single(things: Things) -> str:
    return listed(dict.fromkeys(one.label for one in things.classes), "or")


def _names(named: tuple[Named, ...]) -> str:
    return listed((f"the {_part(one.part)} of {one.name}" if one.part else one.name or "something" for one in named), "or")


def _part(part: str) -> str:
    return part.replace("north", "north-").replace("south", "south-").strip("-") if part not in ("north", "south") else part


def _picked(pick: Pick, things: Things, kinds: str) -> str:
    """The best of things of a kind, with how many and which place they take."""
    if pick.share is not None:
        return f"the {'top' if pick.descending else 'lowest'} {pick.share:.0%} by {value(pick.by)} of {kinds}"
    if pick.count == 1:
        kinds = _single(things) or "thing"
    lead = f"the {_rank(pick.skip)}{f'{pick.count:,} ' if pick.count > 1 else ''}"
    if isinstance(pick.by, Measure) and pick.by.measure == "distance" and pick.by.to:
        first, last = ("farthest", "from") if pick.descending else ("nearest", "to")
        return f"{lead}{first} {kinds} {last} {noun(pick.by.to)}"
    best = superlative(pick)
    return f"{lead}{best} {kinds}" if best else f"{lead}{kinds} with the {_end(pick)} {value(pick.by)}"


def _rank(skip: int) -> str:
    """``second`` for one that is skipped; empty for none."""
    return _ORDINALS[skip + 1] if skip + 1 < len(_ORDINALS) else f"{skip + 1}th "


def superlative(pick: Pick) -> str:
    """``largest``; empty if there is no such word."""
    by = pick.by
    name = by.measure if isinstance(by, Measure) and by.to is None and by.via is None else by.label if isinstance(by, Property) else ""
    return _BEST.get((name, pick.descending), "") if name != "count" else ""


def _ordered(things: Things) -> Iterator[Constraint]:
    yield from sorted(things.constraints, key=lambda one: _RANKS.index(type(one)))


def condition(one: Constraint, many: bool = True) -> str:
    """A constraint behind the noun that has it."""
    if isinstance(one, Spatial):
        return spatial(one)
    if isinstance(one, Related):
        return _related(one, many)
    if isinstance(one, Temporal):
        return f"observed {when(one)}"
    if isinstance(one, Compare):
        return comparison(one)
    if isinstance(one, Has):
        return f"without a known {value(one.property)}" if one.negated else f"with a known {value(one.property)}"
    return f"either {listed((condition(option, many) for option in one.options), 'or')}"


def spatial(one: Spatial) -> str:
    """A spatial relation with what it is to."""
    if one.relation in ("between", "towards") and len(one.of) == 2:
        first, second = (noun(of) for of in one.of)
        said = f"between {first} and {second}" if one.relation == "between" else f"on the way to {first} from {second}"
    else:
        said = f"{_relation(one)} {_counted(one.of, one.count, one.negated)}"
    return f"not {said}" if one.negated and _sure(one.of) else said


def _relation(one: Spatial) -> str:
    if one.relation == "distance":
        return _AWAY[one.op or "<="].format(metres(one.metres)) if one.metres is not None else "at a distance from"
    if one.relation == "intersects" and _sure(one.of):
        return "at least partly in"
    far = f"{_AWAY[one.op or '<='].format(metres(one.metres)).rpartition(' ')[0]} " if one.metres is not None else ""
    return far + _RELATIONS.get(one.relation, one.relation)


def _counted(of: tuple[Argument, ...], count: Count | None, negated: bool) -> str:
    said = listed((noun(one) for one in of), "or")
    if count:
        return f"{_COUNTS[count.op]} {count.number:,} {said}"
    return f"no {said}" if negated and not _sure(of) else said


def _sure(of: tuple[Argument, ...]) -> bool:
    """Whether what is spoken of is named or drawn, so that there is one of it."""
    return all(not isinstance(one, Things) or one.named for one in of)


def _related(one: Related, many: bool) -> str:
    label, of = one.property.label or "relation", _counted((one.of,), one.count, False)
    not_ = "not " * one.negated
    if one.inverse:
        return f"that {'are' if many else 'is'} {not_}the {label} of {of}"
    return f"whose {label} is {not_}{of}"


def comparison(one: Compare) -> str:
    """``with cloud cover below 10 %``, ``whose platform is Sentinel-2B``."""
    than = one.than
    if isinstance(than, Text) and than.value in ("true", "false") and one.op in ("=", "!="):
        return f"that are {'' if (than.value == 'true') == (one.op == '=') else 'not '}{value(one.value)}"
    if isinstance(than, Text):
        verb = "contains" if than.contains else {"=": "is", "!=": "is not"}.get(one.op, f"is {OPERATORS[one.op]}")
        return f"whose {value(one.value)} {verb} “{than.value}”"
    amount = figure(Figure(than.value, than.unit)) if isinstance(than, Amount) else f"the {value(than)}"
    return f"with {value(one.value)} {OPERATORS[one.op]} {amount}"


def aggregate(one: Aggregate) -> str:
    """``the total area``."""
    return f"the {FUNCTIONS[one.function]} {value(one.value)}"


def value(one: Value) -> str:
    """What is told, compared or sorted by."""
    if isinstance(one, Ratio):
        return f"{value(one.numerator)} per {value(one.denominator)}"
    of = f" of {noun(one.of)}" if one.of else ""
    if isinstance(one, Property):
        return (one.label or "value") + of
    return _measured(one) + of


def _measured(one: Measure) -> str:
    via = one.via
    if one.measure in ("count", "share"):
        lead = "number" if one.measure == "count" else "area in common with"
        if isinstance(via, Spatial):
            things = listed((noun(of) for of in via.of), "or")
            return f"{lead} of {things}" if one.measure == "count" else f"{lead} {things}"
        return f"{lead} of {via.property.label or 'values'}" if via else lead
    to = f" {'to' if one.measure == 'distance' else 'towards'} {noun(one.to)}" if one.to else ""
    return one.measure + to


def order_words(pick: Pick) -> str:
    """A choice of the best, for a chip: ``the 3 largest``."""
    said = _picked(pick, Things(), "").strip()
    return said.replace("the thing with", "the one with").removesuffix(" thing").replace("  ", " ") or number(pick.count)
