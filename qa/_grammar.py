"""From readings side by side to one ``Request``: nouns become targets, and constraints find their noun by type.

::

    intent   noun             predicate   constraints
    Which    units            flooded     [in] TIME          Target(unit, intersects Target(flooded area, TIME))
    How many GENERIC                      level > 10         the level belongs to flooded areas, so that is what GENERIC means
    Was      PLACE            flooded                        Target(flooded area, intersects PLACE)

A word that nothing explains is let pass only in front of or behind everything else; anywhere else it could change what is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from earthweave.ontology import ParameterError

from ._domain import AREA, AREAS, FLOOD_LEVEL, FLOODED_AREA, UNIT, UNIT_LEVEL
from ._lexicon import Lexicon, Match
from ._quantity import Comparison
from ._refusal import Code, Refusal, missing_place, needs_a_run
from ._request import Aggregate, Assumption, Attribute, Constraint, Intent, Order, Place, Request, Spatial, Target
from ._spans import Kind, Lattice, Reading, uncovered
from ._text import Question
from ._time import Time

_PLURAL_LIMIT = 10


class Refused(Exception):
    """Carries a refusal out of the grammar."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


def _refuse(code: Code, text: str, **more: Any) -> Refused:
    return Refused(Refusal(code, text, **more))


def assemble(question: Question, lattice: Lattice, lexicon: Lexicon, today: date) -> Request | Refusal:
    """Build the request that one lattice stands for, or say why there is none."""
    try:
        return _Sentence(question, lattice, lexicon, today).request()
    except Refused as refused:
        return refused.refusal
    except ParameterError as error:
        return Refusal("unsupported-operation", f"That does not fit together: {error.what}.")


@dataclass
class _Sentence:
    question: Question
    lattice: Lattice
    lexicon: Lexicon
    today: date
    used: set[Reading] = field(default_factory=set)
    assumptions: list[Assumption] = field(default_factory=list)

    def all(self, *kinds: Kind) -> list[Reading]:
        return [one for one in self.lattice if one.kind in kinds]

    def values(self, kind: Kind) -> list[Any]:
        return [one.value for one in self.all(kind)]

    @cached_property
    def strange(self) -> tuple[int, ...]:
        """Words and signs that nothing explains."""
        return uncovered(self.lattice, len(self.question.tokens))

    @cached_property
    def floods(self) -> list[Reading]:
        """What speaks of flooding."""
        return [one for one in self.lattice if one.kind == "flooded" or one.value in (FLOODED_AREA, FLOOD_LEVEL)]

    @cached_property
    def units(self) -> list[Reading]:
        """Nouns for administrative units that are not just the type word of a name ("the municipality of Hawkesbury")."""
        return [one for one in self.all("class") if one.value == UNIT and not self.is_type_word(one)]

    def is_type_word(self, noun: Reading) -> bool:
        last = self.question.tokens[noun.end - 1]
        if last.lower != last.lemma:
            return False
        after = noun.end + (self.question.tokens[noun.end].lower == "of" if noun.end < len(self.question.tokens) else 0)
        return any(place.start == after or place.end == noun.start for place in self.all("place"))

    # the whole
    def request(self) -> Request:
        self.check_meaning()
        self.check_words()
        intent = self.intent()
        attributes = list(self.attributes())
        target = self.target(attributes)
        aggregate, order, limit = self.figures(intent, any(one.property == FLOOD_LEVEL for one in attributes))
        if aggregate:
            intent = "measure"
        self.check_definition(target, intent, order)
        self.check_numbers()
        unknown = tuple(self.question.words(at, at + 1) for at in self.strange)
        return Request(intent, target, aggregate, order, limit, tuple(dict.fromkeys(self.assumptions)), unknown)

    def intent(self) -> Intent:
        said = self.all("intent")
        for first in ("count", "measure"):
            if any(one.value == first for one in said):
                return first
        # behind the noun, "where" and "which" begin a relative clause
        noun = min((one.start for one in self.all("class", "generic", "flooded")), default=len(self.question.tokens))
        ahead: list[Intent] = [one.value for one in said if one.start < noun]
        return ahead[0] if ahead else "list"

    # what cannot be answered
    def check_meaning(self) -> None:
        if not any(one.kind not in {"filler", "in", "constrains", "number", "limit"} for one in self.lattice):
            raise _refuse("not-a-question", "I see no question in this.", unknown=self.strange_words())
        if self.all("future") or self.is_ahead():
            raise _refuse("prediction", "That asks about the future; the store knows what was observed, and nothing here predicts.")
        if self.all("opinion"):
            raise _refuse("opinion", "That asks for a reason or an opinion; only what is in the store can be answered.")
        self.check_layer()
        for one in self.all("unsupported"):
            words = self.question.words(one.start, one.end)
            raise _refuse("unsupported-operation", f"{words!r}: questions about {one.value} are not answered here yet.")

    def is_ahead(self) -> bool:
        starts = [time.interval.start for time in self.values("time")]
        return any(start is not None and start > self.today for start in starts)

    def check_layer(self) -> None:
        run = self.values("run")
        if run and (self.floods or "crop-map" in run or not (self.strange or self.all("foreign"))):
            raise Refused(needs_a_run("crop-map" if "crop-map" in run else "s2-cd"))
        for label in self.values("foreign"):
            raise _refuse("unknown-data-layer", f"Questions about {label!r} are not answered here yet.", unknown=(label,))
        if not (self.floods or self.units):
            self.refuse_subject()

    def refuse_subject(self) -> None:
        said = set(self.values("intent"))
        if not said and not self.all("generic"):
            raise _refuse("not-a-question", "I see no question in this.", unknown=self.strange_words())
        if self.strange and said & {"list", "count", "map"} and self.question.tokens[0].lower not in {"what", "who"}:
            words = self.strange_words()
            raise _refuse("unknown-data-layer", f"There is no data here about {words[0]!r}.", unknown=words)
        raise _refuse("outside-the-domain", "That is not about floods.", unknown=self.strange_words())

    def strange_words(self) -> tuple[str, ...]:
        return tuple(self.question.words(at, at + 1) for at in self.strange)

    def check_definition(self, target: Target, intent: Intent, order: Order | None) -> None:
        first = " ".join(token.lower for token in self.question.tokens[:2])
        if first in {"what is", "what are"} and intent == "list" and not (target.constraints or order):
            raise _refuse("outside-the-domain", "Definitions are not answered; the ontology's comments tell what its terms mean.")

    # words that were not understood
    def check_words(self) -> None:
        for at in self.strange:
            run = self.run_of(at)
            word, before, after = self.question.words(*run), self.neighbour(at, -1), self.neighbour(at, 1)
            if before is not None and (before.kind == "in" or before.value == "ask"):
                raise Refused(missing_place(word, self.lexicon.suggest(word)))
            if self.is_subject(before, after):
                raise _refuse("unknown-data-layer", f"There is no data here about {word!r}.", unknown=(word,))
            if (before is not None and before.kind in {"constrains", "negation"}) or not self.at_edge(run):
                self.refuse_word(word)

    def is_subject(self, before: Reading | None, after: Reading | None) -> bool:
        """Whether an unknown word stands where the noun of the question stands."""
        if before is None:
            return after is not None and after.kind == "flooded"
        return before.kind == "intent" and not (after and after.kind in {"class", "generic"})

    def refuse_word(self, word: str) -> None:
        meant = self.lexicon.suggest(word)
        hint = f" Did you mean the place {' or '.join(meant)}?" if meant else ""
        raise _refuse("unknown-word", f"I do not know {word!r}, and it could change the answer.{hint}", unknown=(word,), suggestions=meant)

    def neighbour(self, at: int, step: int) -> Reading | None:
        """The nearest reading with a meaning, or of a preposition."""
        rows = self.lattice if step > 0 else self.lattice[::-1]
        beyond = (one for one in rows if (one.start > at if step > 0 else one.end <= at))
        return next((one for one in beyond if one.kind != "filler"), None)

    def run_of(self, at: int) -> tuple[int, int]:
        start, end = at, at + 1
        while start - 1 in self.strange:
            start -= 1
        while end in self.strange:
            end += 1
        return start, end

    def at_edge(self, run: tuple[int, int]) -> bool:
        tokens = self.question.tokens
        rest = [one for one in self.lattice if one.start >= run[1] and one.kind != "filler"]
        first = not any(one.end <= run[0] for one in self.lattice) and run[1] < len(tokens) and not tokens[run[1]].is_word
        return first or (not rest and run[0] > 0)

    # nouns and what belongs to them
    def target(self, attributes: list[Attribute]) -> Target:
        level = [one for one in attributes if one.property == UNIT_LEVEL]
        of_flood: list[Constraint] = [one for one in attributes if one.property != UNIT_LEVEL]
        of_unit: list[Constraint] = [*level]
        for match, reading in self.one_place():
            place = self.choose(match)
            if self.belongs_to_unit(reading):
                of_unit.append(Spatial("within", place))
            else:
                of_flood.append(Spatial("within" if self.all("within") else "intersects", place))
        of_flood += [self.note(time).interval for time in self.one_time()]
        flood = Target(FLOODED_AREA, tuple(of_flood))
        if level and not self.units:
            raise _refuse("unsupported-operation", "A level of division goes with administrative units.")
        return self.nest(flood, Target(UNIT, tuple(of_unit)))

    def nest(self, flood: Target, unit: Target) -> Target:
        negated = self.negated()
        if not self.units:
            if negated:
                text = "What is not flooded has no outline; ask which administrative units were not flooded."
                raise _refuse("unsupported-operation", text)
            return flood
        nouns = [one.start for one in self.all("class") if one.value == FLOODED_AREA]
        if nouns and any(token.lower in {"and", ","} for token in self.question.tokens[slice(*sorted((nouns[0], self.units[0].start)))]):
            raise _refuse("unsupported-operation", "One kind of thing at a time: ask for the areas or for the units.")
        if nouns and nouns[0] < self.units[0].start and not negated:
            return Target(FLOODED_AREA, (*flood.constraints, Spatial("intersects", unit)))
        if self.floods or flood.constraints:
            return Target(UNIT, (*unit.constraints, Spatial("intersects", flood, negated)))
        return unit

    def negated(self) -> bool:
        """Whether "not" denies the flooding."""
        count = len(self.all("negation"))
        if count > 1:
            raise _refuse("unsupported-operation", "More than one negation is not answered here yet.")
        return count == 1

    def one_place(self) -> Iterator[tuple[Match, Reading]]:
        found = self.all("place")
        if len({one.value.places for one in found}) > 1:
            raise _refuse("unsupported-operation", "One place at a time: several places in one question are not answered here yet.")
        yield from ((one.value, one) for one in found[:1])

    def one_time(self) -> list[Time]:
        found: list[Time] = self.values("time")
        if len({time.interval for time in found}) > 1:
            raise _refuse("unsupported-operation", "One time at a time: several times in one question are not answered here yet.")
        return found[:1]

    def note(self, time: Time) -> Time:
        self.assumptions += time.assumptions
        return time

    def choose(self, match: Match) -> Place:
        place, *others = match.places
        if match.typed:
            self.assumptions.append(Assumption("spelling", f"{match.typed!r} is read as {place.name}."))
        if others:
            listed = ", ".join(f"<{one.iri}>" for one in others[:3]) + (" …" if len(others) > 3 else "")
            self.assumptions.append(Assumption("ambiguous-place", f"{place.name} is <{place.iri}>; the name also belongs to {listed}."))
        return place

    def belongs_to_unit(self, place: Reading) -> bool:
        """Whether the place stands between "units" and the flooding: "units in X that were flooded"."""
        heads = [one for one in (*self.units, *self.floods) if one.end <= place.start]
        nearest = max(heads, key=lambda one: one.end, default=None)
        return nearest in self.units and (not self.floods or self.floods[-1].start > place.start)

    # numbers
    def attributes(self) -> Iterator[Attribute]:
        for reading in self.all("comparison"):
            for one in reading.value:
                yield Attribute(self.property_of(one, reading), one.op, one.value, one.unit)
        for reading in self.all("property"):
            number = self.next_to(reading)
            if number and not self.all("comparison"):
                self.used.add(number)
                plain = self.question.words(reading.start, reading.end).lower() == "level" and self.units
                yield Attribute(UNIT_LEVEL if plain else FLOOD_LEVEL, "=", number.value)

    def property_of(self, one: Comparison, reading: Reading) -> str:
        words = self.question.words(reading.start, reading.end)
        if one.unit in AREAS:
            return AREA
        if one.unit != "1":
            raise _refuse("unsupported-operation", f"{words!r}: areas are compared in km2, ha or m2, not in {one.unit[1:]!r}.")
        after = self.neighbour(reading.end - 1, 1)
        if not (one.level or self.all("property")):
            if after and after.kind in {"class", "generic"} and after.start == reading.end:
                raise _refuse("unsupported-operation", f"{words!r}: comparing numbers of things is not answered here yet.")
            raise _refuse("missing-unit", f"{words!r} of what? Say a unit of area (km2, ha, m2) or 'flood level'.")
        return FLOOD_LEVEL

    def next_to(self, prop: Reading) -> Reading | None:
        """The number right behind a property, over words like "is" and "of"."""
        for one in self.lattice:
            if one.start >= prop.end and one.kind not in {"filler", "in"}:
                return one if one.kind == "number" else None
        return None

    def figures(self, intent: Intent, compared: bool) -> tuple[Aggregate | None, Order | None, int | None]:
        aggregates = self.values("aggregate")
        with_unit = next((one for one in aggregates if isinstance(one, tuple)), None)
        level = any(one.value == FLOOD_LEVEL for one in self.all("property")) and not compared
        if with_unit:
            return Aggregate("sum", AREA, with_unit[1]), None, None
        if best := next(iter(self.values("superlative")), None):
            return self.superlative(best[1], FLOOD_LEVEL if level else best[0], intent)
        if "avg" in aggregates:
            return Aggregate("avg", FLOOD_LEVEL if level else AREA, "1" if level else "km2"), None, None
        if intent == "measure" or ("sum" in aggregates and intent != "count"):
            if level:
                raise _refuse("unsupported-operation", "Flood levels are not added up; ask for the average or the highest.")
            return Aggregate("sum", AREA, "km2"), None, None
        return None, None, self.limit(intent)

    def superlative(self, descending: bool, prop: str, intent: Intent) -> tuple[Aggregate | None, Order | None, int | None]:
        nouns = [one for one in self.all("class", "generic") if one.value != UNIT]
        if self.units or intent in {"ask", "count"}:
            raise _refuse("unsupported-operation", "Only flooded areas are put in order so far, not administrative units.")
        if intent == "measure" or (prop == FLOOD_LEVEL and not nouns):
            return Aggregate("max" if descending else "min", prop, "1" if prop == FLOOD_LEVEL else "km2"), None, None
        limit = self.limit(intent) or (_PLURAL_LIMIT if self.is_plural(nouns) else 1)
        if limit == _PLURAL_LIMIT and not self.all("number"):
            self.assumptions.append(Assumption("top", f"No number was given: the first {_PLURAL_LIMIT} are listed."))
        return None, Order(prop, descending), limit

    def is_plural(self, nouns: list[Reading]) -> bool:
        return any(self.question.tokens[one.end - 1].lower != self.question.tokens[one.end - 1].lemma for one in nouns)

    def limit(self, intent: Intent) -> int | None:
        """A whole number in front of the noun or behind "largest" or "top"; other numbers are left for `check_numbers`."""
        free = [one for one in self.all("number") if one not in self.used and one.value >= 1 and one.value == int(one.value)]
        for one in free if intent in {"list", "map"} else []:
            before, after = self.neighbour(one.start, -1), self.neighbour(one.end - 1, 1)
            ahead = after is not None and after.kind in {"class", "generic", "flooded", "superlative"}
            if ahead or (before is not None and before.kind in {"superlative", "limit"}):
                self.used.add(one)
                return int(one.value)
        return None

    def check_numbers(self) -> None:
        for one in self.all("number"):
            if one not in self.used:
                words = self.question.words(one.start, one.end)
                raise _refuse("unknown-word", f"I do not know what the number {words} belongs to.", unknown=(words,))
