"""Paraphrases made from requests lead back to them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from earthweave.ontology import EW, FLO
from earthweave.qa import Knowledge, Request, build
from earthweave.qa.answering import understand
from earthweave.qa.request import (
    Aggregate,
    Amount,
    Compare,
    Concept,
    Constraint,
    Interval,
    Measure,
    Operator,
    Pick,
    Property,
    Spatial,
    Temporal,
    Things,
    Value,
)
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import open_store

FLOOD, UNIT = str(EW.FloodedArea), str(EW.AdministrativeUnit)
DAY = timedelta(days=1)
AREA = Measure("area", "m2")


# a small realiser: constraints, then sentence families around them
LEVELS = {
    ">": ("above {}", "greater than {}", "exceeding {}", "over {}", "> {}"),
    ">=": ("of at least {}", "of {} or more", ">= {}", "no less than {}"),
    "<": ("below {}", "under {}", "less than {}", "lower than {}"),
    "<=": ("of at most {}", "of {} or less", "not more than {}"),
    "=": ("of {}", "equal to {}", "of exactly {}"),
}
LEVEL_LEADS = (
    "with a flood level",
    "with flood level",
    "having a flood level",
    "whose flood level is",
    "with a flooding level",
    "where the level of flooding is",
)
WHERE = ("in {}", "within {}", "inside {}", "across {}", "that intersect {}", "located in {}")
FLOODS = ("flooded areas", "floods", "inundated areas", "flooded zones", "flood extents", "areas under water", "flooded polygons")
UNITS = ("administrative units", "municipalities", "districts", "local government areas", "units", "councils")

FAMILIES = {
    ("count", FLOOD): (
        "How many {floods} are there {rest}?", "how many {floods} {rest}", "Count the {floods} {rest}", "number of {floods} {rest}",
        "What is the number of {floods} {rest}?", "Could you tell me how many {floods} there were {rest}?",
        "Give me a count of all {floods} {rest}.", "I'd like to know how many {floods} there are {rest}", "count of {floods} {rest}",
        "What's the total number of {floods} {rest}?", "How many {floods} do you have {rest}?",
        "Tell me the number of {floods} {rest}",
        "What number of {floods} exist {rest}?",
        "How many {floods} can be found {rest}?",
        "I want to know the count of {floods} {rest}.",
        "How many {floods} were observed {rest}?",
        "Please count all {floods} {rest}.",
        "What is the count of {floods} {rest}?",
        "I need to know how many {floods} there were {rest}.",
        "How many {floods} did you find {rest}?",
        "Total number of {floods} {rest}?",
        "Can you count the {floods} {rest}?",
        "Do a count of {floods} {rest}",
        "How many {floods} does it hold {rest}?",
        "Number of {floods}: {rest}",
        "I wonder how many {floods} there are {rest}",
        "How many {floods} are on record {rest}?",
        "What's the tally of {floods} {rest}?",
        "How many {floods} occurred {rest}?",
        "Find out how many {floods} there are {rest}",
        "{floods} {rest}: how many?",
    ),
    ("list", FLOOD): (
        "List the {floods} {rest}", "Which {floods} are there {rest}?", "find all {floods} {rest}", "{floods} {rest}",
        "what {floods} were there {rest}", "Please give me all the {floods} {rest}", "Can you list {floods} {rest}?",
        "Do you have {floods} {rest}?", "I need the {floods} {rest}", "I'd like all {floods} {rest}", "any {floods} {rest}?",
        "could you find me {floods} {rest}?", "Which {floods} have been recorded {rest}?", "get {floods} {rest}",
        "Could you please show a list of {floods} {rest}?",
        "I'm looking for {floods} {rest}",
        "Are you able to retrieve the {floods} {rest}?",
        "Name the {floods} {rest}",
        "what are the {floods} {rest}",
        "Show a list of all {floods} {rest}",
        "Would you list the {floods} {rest}?",
        "Return {floods} {rest}",
        "What {floods} do we have {rest}?",
        "Find me all of the {floods} {rest}",
        "I want to get {floods} {rest}",
        "Let me have the {floods} {rest}",
        "Look up {floods} {rest}",
        "Which are the {floods} {rest}?",
        "Tell me about {floods} {rest}",
        "all {floods} {rest}",
        "Open the {floods} {rest}",
        "Which {floods} can you find {rest}?",
        "Give me every flooded area {rest}",
        "the {floods} {rest}",
        "I am interested in {floods} {rest}",
        "Kindly list {floods} {rest}",
        "Which of the {floods} are {rest}?",
        "Bring me the {floods} {rest}",
        "Do you happen to have {floods} {rest}?",
        "What do you have in terms of {floods} {rest}?",
        "Every one of the {floods} {rest}",
        "Please provide {floods} {rest}",
    ),
    ("map", FLOOD): (
        "Show the {floods} {rest}", "show me {floods} {rest} on the map", "Where are the {floods} {rest}?", "Display {floods} {rest}.",
        "map all {floods} {rest}", "I would like to see the {floods} {rest}", "Draw a map of the {floods} {rest}",
        "Plot {floods} {rest}",
        "Put the {floods} {rest} on a map",
        "Map of {floods} {rest}",
        "Can you draw the {floods} {rest}?",
        "Visualise the {floods} {rest}",
        "Where were the {floods} {rest}?",
        "Highlight the {floods} {rest}",
        "Show on a map the {floods} {rest}",
    ),
    ("ask", FLOOD): (
        "Are there any {floods} {rest}?", "were there {floods} {rest}", "Is there any flooding {rest}?", "Have there been {floods} {rest}?",
        "Were there any {floods} {rest}?", "have any {floods} been recorded {rest}",
        "Do any {floods} exist {rest}?",
        "Does the store have any {floods} {rest}?",
        "Can {floods} be found {rest}?",
        "Was there any flooding {rest}?",
        "Are {floods} known {rest}?",
        "Were {floods} seen {rest}?",
        "Is there a record of {floods} {rest}?",
        "Were any {floods} mapped {rest}?",
        "Has there been any flooding {rest}?",
        "Did any flooding occur {rest}?",
        "Are there {floods} {rest}?",
        "Was there a flood {rest}?",
        "Is anything known of floods {rest}?",
        "Did floods occur {rest}?",
        "Have you got any {floods} {rest}?",
        "Were any {floods} reported {rest}?",
    ),
    ("measure", FLOOD): (
        "What is the total area of the {floods} {rest}?", "total area of {floods} {rest}",
        "What is the overall extent of the {floods} {rest}?",
        "How large are the {floods} {rest}?", "size of the {floods} {rest}", "how big were the {floods} {rest}",
        "combined area of all {floods} {rest}", "Sum up the area of the {floods} {rest}",
        "Calculate the total extent of {floods} {rest}.",
        "Give me the total area of all {floods} {rest}",
        "What is the area of all {floods} {rest} combined?",
        "How extensive were the {floods} {rest}?",
        "What is the overall size of the {floods} {rest}?",
        "summed area of {floods} {rest}",
        "What total area do the {floods} {rest} have?",
        "How large an area do all {floods} {rest} have together?",
        "What is the combined extent of {floods} {rest}?",
        "Area of all {floods} {rest} in total",
        "How big is the total area of {floods} {rest}?",
        "I need the total area of the {floods} {rest}",
        "What is the cumulative area of {floods} {rest}?",
    ),
    ("land", FLOOD): (
        "How many square kilometres were flooded {rest}?", "How much land was flooded {rest}?", "how many hectares were inundated {rest}",
        "How many acres have been flooded {rest}?", "How much land was under water {rest}?", "How much area do the {floods} cover {rest}?",
        "How many hectares of land were flooded {rest}?",
        "How much area was flooded {rest}?",
        "How many square kilometers were under water {rest}?",
        "How much ground was inundated {rest}?",
        "How many acres of land were under water {rest}?",
        "How much territory was flooded {rest}?",
        "How much surface was flooded {rest}?",
        "How many square miles were inundated {rest}?",
    ),
    ("order", FLOOD): (
        "What is the largest flooded area {rest}?", "largest flood {rest}", "Show me the biggest flooded area {rest}",
        "Which was the largest inundated area {rest}?", "find the single largest flooded area {rest}", "I want the largest flood {rest}",
        "Give me the {floods} with the greatest area {rest}",
        "Of all {floods} {rest}, which is the largest?",
        "Which of the {floods} {rest} is the largest?",
        "What was the biggest of the {floods} {rest}?",
        "What's the flooded area of greatest extent {rest}?",
        "biggest inundated area {rest}",
        "the most extensive flooded area {rest}?",
        "Where is the largest flooded area {rest}?",
        "Identify the biggest flood {rest}",
        "Which flood {rest} was the largest?",
        "Show the largest one of the {floods} {rest}",
        "What was the largest flood {rest}?",
        "Tell me the biggest flooded area {rest}",
    ),
    ("list", UNIT): (
        "Which {units} were flooded {rest}?", "which {units} had flooding {rest}", "List the {units} affected by floods {rest}",
        "In which {units} was there flooding {rest}?", "Name all {units} that were inundated {rest}.", "flooded {units} {rest}",
        "What {units} were under water {rest}", "Give me the {units} hit by flooding {rest}", "Which {units} have been flooded {rest}?",
        "I need a list of {units} which were flooded {rest}", "{units} that got flooded {rest}", "Which {units} experienced floods {rest}?",
        "Tell me which {units} were hit by floods {rest}",
        "Floods {rest} affected which {units}?",
        "{units} with flooding {rest}",
        "I would like to know which {units} were inundated {rest}",
        "What are the {units} that were flooded {rest}?",
        "Show {units} affected by flooding {rest}",
        "Which {units} suffered from floods {rest}?",
        "Identify {units} under water {rest}",
        "{units} flooded {rest}",
        "Which of the {units} were flooded {rest}?",
        "Find {units} that experienced flooding {rest}",
        "What {units} were affected by flooding {rest}?",
        "Show me all flooded {units} {rest}",
        "List {units} where floods occurred {rest}",
        "{units} in which there were floods {rest}",
        "Which {units} had floods {rest}?",
        "{units} hit by flooding {rest}",
        "Get me the {units} which have been flooded {rest}",
        "Which {units} got inundated {rest}?",
        "I want all {units} that suffered flooding {rest}",
        "Which {units} have had floods {rest}?",
        "Find all {units} affected by flooding {rest}",
        "{units} affected by floods {rest}",
        "Could you list the {units} that were flooded {rest}?",
        "Please show {units} that have been under water {rest}",
    ),
    ("count", UNIT): (
        "How many {units} were flooded {rest}?", "count the {units} that were flooded {rest}", "number of {units} with floods {rest}",
        "How many {units} have been affected by flooding {rest}?", "Give me a count of {units} that have been inundated {rest}",
        "What is the number of {units} flooded {rest}?",
        "In how many {units} were there floods {rest}?",
        "How many of the {units} were flooded {rest}?",
        "Count {units} under water {rest}",
        "How many {units} saw floods {rest}?",
        "What's the number of {units} that were under water {rest}?",
        "How many {units} were hit by floods {rest}?",
        "Number of {units} inundated {rest}",
        "How many {units} were there with flooding {rest}?",
        "I'd like the number of {units} that were flooded {rest}",
    ),
    ("map", UNIT): ("Show the {units} that were flooded {rest}", "display flooded {units} {rest}", "map the {units} inundated {rest}"),
    ("ask", UNIT): (
        "Were any {units} flooded {rest}?", "Have {units} been inundated {rest}?", "Have any {units} been flooded {rest}?",
        "Has any unit been inundated {rest}?",
        "Did any {units} flood {rest}?",
        "Is it true that {units} were flooded {rest}?",
        "Was any of the {units} flooded {rest}?",
        "Were there {units} that were flooded {rest}?",
        "Are there any {units} affected by floods {rest}?", "Is there any unit that was flooded {rest}?",
        "Were {units} affected by flooding {rest}?",
        "Have there been {units} under water {rest}?",
        "Was there any unit that was flooded {rest}?",
        "Did any {units} have floods {rest}?",
    ),
}  # fmt: skip
KEPT = {
    ("count", FLOOD): (
        "How many {floods} have you {rest}?", "The number of {floods} {rest}, please", "Count {floods} {rest}",
        "Do you know how many {floods} there were {rest}?",
    ),
    ("list", FLOOD): (
        "Show every flood {rest}", "Display a list of {floods} {rest}", "Which {floods} did you record {rest}?",
        "Find {floods} that are {rest}", "I'd be glad to get the {floods} {rest}", "Retrieve all {floods} {rest}",
    ),
    ("map", FLOOD): ("Plot a map of the {floods} {rest}", "I want to see {floods} {rest} on a map"),
    ("ask", FLOOD): ("Was there flooding {rest}?", "Do {floods} exist {rest}?", "Is there a flood {rest}?"),
    ("measure", FLOOD): (
        "What area do all {floods} cover {rest} in total?", "Overall area of {floods} {rest}", "Tell me the size of all {floods} {rest}",
    ),
    ("land", FLOOD): ("How many square kilometres of land did the {floods} cover {rest}?", "How much of the land was flooded {rest}?"),
    ("order", FLOOD): ("Which flooded area is the largest {rest}?", "Find the flood with the largest area {rest}"),
    ("list", UNIT): (
        "Which {units} did floods hit {rest}?", "Show me {units} with floods {rest}", "Where were {units} flooded {rest}?",
        "Provide the {units} which were hit by flooding {rest}", "All {units} flooded {rest}",
    ),
    ("count", UNIT): ("Count the {units} with flooding {rest}", "How many {units} were inundated {rest}?"),
    ("ask", UNIT): ("Have {units} been affected by floods {rest}?", "Are there {units} which were flooded {rest}?"),
}  # fmt: skip
"""Written before any pattern was mended with them in view, and never looked at for that: told apart."""
OPENINGS = ("Hello, ", "Please ", "Hi! ")
ENDINGS = (", please", " please", " thanks", ", thank you", ", if possible")


@dataclass
class Realiser:
    """Says a request in one of many ways."""

    chance: random.Random
    knowledge: Knowledge
    families: Mapping[tuple[str, str], tuple[str, ...]]

    def request(self) -> tuple[str, Request]:
        kind, cls = self.chance.choice(sorted(self.families))
        parts: list[Compare | Spatial | Temporal] = []
        if self.chance.random() < 0.45:
            op: Operator = self.chance.choice(sorted(LEVELS))
            parts.append(Compare(self.level(), op, Amount(float(self.chance.randint(1, 30)))))
        if cls == FLOOD and self.chance.random() < 0.6:
            parts.append(Spatial("intersects", (self.place(),)))
        if self.chance.random() < 0.6:
            parts.append(Temporal((self.interval(),)))
        flood = self.things(FLOOD, *parts)
        target = flood if cls == FLOOD else self.things(UNIT, Spatial("intersects", (flood,)))
        if kind == "land":
            return kind, self.land(flood)
        if kind == "measure":
            return kind, Request("measure", target, aggregates=(Aggregate("sum", AREA),))
        if kind == "order":
            return kind, Request("find", replace(target, pick=Pick(AREA)))
        return kind, Request("find" if kind in ("list", "map") else kind, target, draw=kind == "map")

    def land(self, flood: Things) -> Request:
        """How much of a place was flooded; without a place, how large the floods are."""
        place = next((one for one in flood.constraints if isinstance(one, Spatial)), None)
        if place is None:
            return Request("measure", flood, aggregates=(Aggregate("sum", AREA),))
        there = place.of[0]
        assert isinstance(there, Things)
        rest = tuple(one for one in flood.constraints if one is not place)
        via = Spatial("intersects", (replace(flood, constraints=rest),))
        return Request("find", replace(there, constraints=(via,)), (Measure("share", "km2", via=via),))

    def things(self, cls: str, *constraints: Compare | Spatial | Temporal) -> Things:
        return Things((Concept(self.knowledge.classes[cls].labels[0], cls),), (), constraints)

    def level(self) -> Property:
        return Property("flood level", str(FLO.has_floodLevel))

    def place(self) -> Things:
        key = self.chance.choice([("hawkesbury",), ("penrith", "east"), ("blacktown", "north")])
        return Things(named=(self.knowledge.names.find(key)[0].named,))

    def interval(self) -> Interval:
        first = date(2015, 1, 1) + self.chance.randrange(4000) * DAY
        month = first.replace(day=1)
        after = (month + 32 * DAY).replace(day=1)
        year = Interval(date(first.year, 1, 1), date(first.year + 1, 1, 1))
        days = Interval(first, first + self.chance.randint(2, 60) * DAY)
        return self.chance.choice(
            [Interval(month, after), year, Interval(first, first + DAY), days, Interval(month, None), Interval(None, month)]
        )

    def say(self, kind: str, request: Request) -> str:
        flood, cls = self.floods(request)
        rest = [self.constraint(one) for one in flood.constraints]
        if kind == "land" and request.form == "find":
            rest.append(self.constraint(Spatial("intersects", (replace(request.target, constraints=()),))))
        self.chance.shuffle(rest)
        form = self.chance.choice(self.families[kind, cls])
        front = self.fronted(rest) if form[0].isupper() and "Floods {rest}" not in form and self.chance.random() < 0.25 else ""
        text = form.format(floods=self.chance.choice(FLOODS), units=self.chance.choice(UNITS), rest=" ".join(rest))
        text = " ".join(text.split()).replace(" ?", "?").replace(" .", ".").replace(" ,", ",")
        text = self.polite(f"{front}{text[:1].lower()}{text[1:]}" if front else text)
        return text.lower() if self.chance.random() < 0.3 else text

    def floods(self, request: Request) -> tuple[Things, str]:
        """The floods of a request, and the class that it asks for."""
        target = request.target
        cls = target.classes[0].iri if target.classes else FLOOD
        if target.classes and cls == FLOOD:
            return target, cls
        inner = target.constraints[0]
        assert isinstance(inner, Spatial) and isinstance(inner.of[0], Things)
        return inner.of[0], cls

    def fronted(self, rest: list[str]) -> str:
        """A place or a time that can stand in front, taken from the rest."""
        fit = [
            one for one in rest if one.split()[0] in ("in", "within", "inside", "during", "between", "since", "on", "for", "from", "before")
        ]
        if not fit:
            return ""
        rest.remove(fit[0])
        return f"{fit[0][:1].upper()}{fit[0][1:]}, "

    def polite(self, text: str) -> str:
        """With or without a greeting, and thanks."""
        if self.chance.random() < 0.1:
            text = f"{self.chance.choice(OPENINGS)}{text[:1].lower()}{text[1:]}"
        if self.chance.random() < 0.15:
            end = text[-1] if text[-1] in "?." else ""
            text = f"{text.rstrip('?.')}{self.chance.choice(ENDINGS)}{end}"
        return text

    def constraint(self, one: Compare | Spatial | Temporal) -> str:
        if isinstance(one, Compare):
            return f"{self.chance.choice(LEVEL_LEADS)} {self.chance.choice(LEVELS[one.op]).format(int(one.than.value))}"
        if isinstance(one, Spatial):
            return self.chance.choice(WHERE).format(one.of[0].named[0].name)
        return self.chance.choice([*self.when(one.intervals[0])])

    def when(self, one: Interval) -> Iterator[str]:
        if one.start is None or one.end is None:
            month = one.start or one.end
            yield f"{'since' if one.start else 'before'} {month:%B} {month.year}"
            yield f"{'since' if one.start else 'before'} {month:%Y-%m-%d}"
        elif one.end - one.start == DAY:
            yield from (f"on {form}" for form in self.days(one.start))
        elif (one.start.day, one.start.month, one.end.year - one.start.year) == (1, 1, 1) and one.end.month == 1:
            yield from (f"{lead} {one.start.year}" for lead in ("in", "during", "in the year", "throughout"))
        elif one.start.day == one.end.day == 1:
            yield from (f"{lead} {one.start:%B} {one.start.year}" for lead in ("in", "during", "for"))
        else:
            first, last = (self.chance.choice([*self.days(day)]) for day in (one.start, one.end - DAY))
            yield from (f"between {first} and {last}", f"from {first} to {last}", f"from {first} until {last}")

    def days(self, day: date) -> Iterator[str]:
        yield from (
            f"{day.day} {day:%B} {day.year}",
            f"{day:%B} {day.day}, {day.year}",
            f"{day:%Y-%m-%d}",
            f"the {day.day}th of {day:%B} {day.year}",
        )


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Of the drawn floods."""
    with open_store(tmp_path_factory.mktemp("paraphrases") / "store") as store:
        store.load([Path(__file__).parent / "data" / "floods.ttl"])
        return build(StoreEndpoint(store))


@pytest.mark.parametrize(("name", "families", "least"), [("families", FAMILIES, 0.97), ("kept", KEPT, 0.9)])
def test_generated_paraphrases(
    name: str,
    families: Mapping[tuple[str, str], tuple[str, ...]],
    least: float,
    knowledge: Knowledge,
    today: date,
    capsys: pytest.CaptureFixture[str],
) -> None:
    realiser = Realiser(random.Random(7), knowledge, families)
    asked, right, wrong = Counter[str](), Counter[str](), []
    for _ in range(400):
        kind, request = realiser.request()
        text = realiser.say(kind, request)
        found = understand(text, knowledge, today).requests
        family = f"{kind} {request.target.classes[0].label if request.target.classes else 'place'}"
        asked[family] += 1
        good = bool(found) and not found[0].unknown and meaning(found[0]) == meaning(request)
        right[family] += good
        if not good:
            wrong.append(text)
    with capsys.disabled():
        print(f"\nparaphrases, {name}: {right.total()} of {asked.total()} right")
        print("\n".join(f"  {family:27} {right[family]} of {asked[family]}" for family in sorted(asked)))
        print("\n".join(f"  wrong: {text}" for text in wrong[:8] if name != "kept"))
    assert right.total() >= least * asked.total()


def meaning(request: Request) -> Request:
    """What decides the answer, whatever the order of the conditions and how a time was said; a list and a map have the same things."""
    where = request.columns == (Measure("location"),)
    sums = tuple(
        replace(one, value=AREA) if isinstance(one.value, Measure) and one.value.measure == "area" else one for one in request.aggregates
    )
    columns = () if where else tuple(_column(one) for one in request.columns)
    return replace(request.without_notes(), target=_meant(request.target), columns=columns, aggregates=sums, draw=False)


def _column(value: Value) -> Value:
    """A share in one unit, of things in one order."""
    if not isinstance(value, Measure) or not isinstance(value.via, Spatial):
        return value
    via = _of(value.via)
    assert isinstance(via, Spatial)
    return replace(value, unit="m2", via=via)


def _meant(things: Things) -> Things:
    parts = [_of(one) for one in things.constraints]
    return replace(things, constraints=tuple(sorted(parts, key=str)))


def _of(one: Constraint) -> Constraint:
    if isinstance(one, Temporal):
        return Temporal(one.intervals)
    if isinstance(one, Compare) and isinstance(one.value, Property):
        # the store has two properties of this label, one below the other
        return replace(one, value=Property(one.value.label))
    if isinstance(one, Spatial):
        return replace(one, of=tuple(_meant(other) for other in one.of if isinstance(other, Things)))
    return one
