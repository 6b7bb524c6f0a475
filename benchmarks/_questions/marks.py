"""Train the tagger that marks unknown names in small letters, on questions made by chance; measure it on others.

``python -m benchmarks._questions.marks`` measures; with ``--write`` the model goes into the package, with how it was made.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from random import Random

from earthweave.ontology import lexicon
from earthweave.qa.language import PREPOSITIONS, _marks
from earthweave.qa.language._marks import TAGS, Marks
from earthweave.qa.language._words import COMMON

SEED, QUESTIONS, ROUNDS, LEAST = 7, 4000, 6, 0.05
FILE = Path(_marks.__file__).parent / "data" / "marks.json"
Tagged = tuple[list[str], list[str]]

_BEFORE = "lake|loch|lough|river|mount|cape|isle of|st|new|north|south|east|west|upper|lower|great|san|los|el|la|port|fort|glen".split("|")
_BEHIND = "river|lake|islands|bay|mountains|park|forest|valley|hill|beach|castle|bridge|airport|street|canyon|harbour|head|hills".split("|")
_PART = {
    "best": "largest|longest|highest|nearest|biggest|smallest|oldest|deepest|most populated|most recent|least cloudy",
    "at": "in|within|near|close to|around|north of|south - east of|inside|bordering|along|outside|at most 5 km from|within 10 km of|"
          "less than 2 km from|west of|over|across|covering",
    "what": "located in|situated in|crossed by|that belong to|flowing through|that border|found in|that intersect|that lie in",
    "show": "show|show me|find|give me|list|search for|get|i need|retrieve|display|download",
    "time": "in march 2021|in 2019|between 2 and 9 may 2020|since 2018|last summer|from june 2025|over the last year|on 3 july 2022",
    "data": "sentinel - 2 images|sentinel - 1 products|landsat scenes|cloud free images|satellite imagery|radar data|optical images",
    "made": "build|generate|analyze|compare|plot|compute|select|map",
    "thing": "time series|ndvi map|preview|scene|report|code|mosaic|classification|statistics",
}  # fmt: skip
PATTERNS = (
    """
where is {name} located ?|where is {name} ?|where is the {kind} of {name} located ?|where is the {kind} {name} ?
where is the {name} {kind} ?|what is the {property} of {name} ?|what is {name} 's {property} ?
what is the {property} of the {kind} {name} ?|how large is {name} ?|which {kinds} are {at} {name} ?
which {kinds} {at} {name} have {property} larger than 100 ?|how many {kinds} are there in {name} ?
how many {kinds} are there {at} {name} ?|is there a {kind} {at} {name} ?|are there {kinds} {at} {name} and {name} ?
is {name} in {name} ?|does {name} have more {kinds} than {name} ?|is {name} north of {name} ?|is {name} larger than {name} ?
which {name} {kinds} are the {best} ?|what is the {best} {kind} in {name} ?|what is the {best} {kind} {at} {name} ?
which {kind} is {best} to {name} ?|{kinds} {at} {name} , {name}|what is the distance between {name} and {name} ?
how far is {name} from {name} ?|list the {kinds} {what} {name} .|how long is the {name} ?|{show} all {kinds} {what} {name}
{show} {kinds} {at} {name} with {property} above 20|which {kind} does {name} belong to ?|{kinds} in {name}
does the {kind} {name} cross {name} ?|which {kinds} of {name} are {at} {name} ?|which {kinds} border {name} ?
which {kinds} does {name} border ?|do {name} and {name} share a border ?|do {name} and {name} intersect ?
what {kinds} does the {name} flow through ?|{data} of {name} {time}|{show} {data} of {name} {time}
{show} {data} over {name} with less than 10 % cloud|{data} covering {name} {time}|was {name} flooded in 2019 ?
what is the total {property} of the {kinds} in {name} ?|which {kinds} are not in {name} ?|map the floods in {name} {time}
{kinds} {at} {name}|name the {best} {kind} of {name}|tell me the {property} of {name}
which {kinds} lie {at} the {kind} of {name} ?|how many {kinds} does {name} have ?|what {kinds} are in both {name} and {name} ?
is the {kind} of {name} near {name} ?|{made} a {thing} for {name}|{made} {kinds} in the {name} {time}
what are the {kinds} that are {at} {name} or {name} ?|{show} {data} in a radius of 10 km from {name} {kind}
what is the size of {name} ?|which {kinds} are larger than 100 km2 ?|how many {kinds} are there ?|{show} the {best} {kinds}
what is the {property} of the {best} {kind} ?|which {kinds} have {property} above 5 ?|which {kinds} are {at} a {kind} ?
{show} {data} {time}|list {kinds} by {property}|{made} the {thing}|which {kind} has the {best} {property} ?
what is the average {property} of all {kinds} ?|{show} the {best} {thing}|{made} a {thing} {time}
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


class Maker:
    """Makes questions in small letters, and tells which of their words are names."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        words = {
            scheme: sorted({one.label.lower() for one in lexicon() if one.scheme == scheme})
            for scheme in ("things", "properties", "places")
        }
        self._kinds, self._properties, self._places = words["things"], words["properties"], words["places"]
        self._behind: defaultdict[str, list[str]] = defaultdict(list)
        for word in (f"^^{word}$" for place in self._places for word in place.split()):
            for at in range(len(word) - 2):
                self._behind[word[at : at + 2]].append(word[at + 2])

    def question(self) -> Tagged:
        """Words and their tags."""
        words, tags = list[str](), list[str]()
        for piece in self._random.choice(PATTERNS).split():
            name = piece == "{name}"
            some = (self._name() if name else self._part(piece)).replace("-", " - ").split()
            words += some
            tags += ["B", *"I" * (len(some) - 1)] if name else ["O"] * len(some)
        return words, tags

    def _part(self, piece: str) -> str:
        pick, key = self._random.choice, piece.strip("{}")
        if not piece.startswith("{"):
            return piece
        if key in ("kind", "kinds"):
            kind = pick(self._kinds)
            return kind if key == "kind" else kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
        return pick(self._properties) if key == "property" else pick(_PART[key].split("|"))

    def _name(self) -> str:
        pick, way = self._random.choice, self._random.random()
        if way < 0.15:
            return pick(self._places)
        made = self._word()
        if way < 0.6:
            return made
        if way < 0.7:
            return f"{made} {self._word()}"
        if way < 0.95:
            return f"{pick(_BEFORE)} {made}" if way < 0.83 else f"{made} {pick(_BEHIND)}"
        return f"{made}-{self._word()}"

    def _word(self) -> str:
        """A word of letters that follow each other as in names of countries and states."""
        while True:
            found = "^^"
            while not found.endswith("$") and len(found) < 15:
                found += self._random.choice(self._behind[found[-2:]])
            if 6 < len(found) < 15 and found[2:-1] not in COMMON:
                return found[2:].rstrip("$")


def trained(seed: int = SEED, questions: int = QUESTIONS, rounds: int = ROUNDS) -> Marks:
    """A tagger by the averaged perceptron (Collins, 2002)."""
    maker = Maker(seed)
    rows = [maker.question() for _ in range(questions)]
    phrases = [pattern for pattern in (*PATTERNS, *_PART.values())]
    closed = {word for phrase in phrases for word in phrase.replace("|", " ").split() if "{" not in word}
    vocabulary = frozenset(closed | COMMON | PREPOSITIONS | {word for one in (*_BEFORE, *_BEHIND) for word in one.split()})
    weights, sums = defaultdict[str, list[float]](lambda: [0.0] * 3), defaultdict[str, list[float]](lambda: [0.0] * 3)
    following = defaultdict[str, list[float]](lambda: [0.0] * 3)
    marks, seen = Marks(vocabulary, weights, following), 0
    features = [marks.features(words) for words, _ in rows]
    for _ in range(rounds):
        for (_, tags), row in zip(rows, features, strict=True):
            seen += 1
            for name, tag, step in _errors(row, tags, marks.tags(row)):
                table = following if name.startswith("=") else weights
                table[name.removeprefix("=")][tag] += step
                sums[name][tag] += step * seen
    count = seen + 1
    told = {name: [round(one - late / count, 2) for one, late in zip(values, sums[name], strict=True)] for name, values in weights.items()}
    chain = {
        was: [round(one - late / count, 2) for one, late in zip(values, sums["=" + was], strict=True)] for was, values in following.items()
    }
    return Marks(vocabulary, {name: values for name, values in told.items() if max(map(abs, values)) > LEAST}, chain)


def _errors(row: list[list[str]], tags: list[str], found: list[str]) -> list[tuple[str, int, int]]:
    """What is to be weighed more, and less, so that the right chain is found."""
    changes, right, wrong = list[tuple[str, int, int]](), "", ""
    for names, tag, other in zip(row, tags, found, strict=True):
        if tag != other:
            changes += [(name, TAGS.index(one), step) for name in names for one, step in ((tag, 1), (other, -1))]
        if (right, tag) != (wrong, other):
            changes += [("=" + was, TAGS.index(one), step) for was, one, step in ((right, tag, 1), (wrong, other, -1))]
        right, wrong = tag, other
    return changes


def scored(marks: Marks, seed: int, questions: int = 1000) -> float:
    """F1 of whole names on questions made by another seed."""
    maker = Maker(seed)
    right = found = wanted = 0
    for words, tags in (maker.question() for _ in range(questions)):
        mine = set(marks.names(words))
        gold = {
            (at, next((end for end in range(at + 1, len(tags)) if tags[end] != "I"), len(tags)))
            for at, tag in enumerate(tags)
            if tag == "B"
        }
        right, found, wanted = right + len(mine & gold), found + len(mine), wanted + len(gold)
    return 2 * right / (found + wanted)


def main(arguments: list[str]) -> None:
    """Train, measure, and keep."""
    marks = trained()
    share = scored(marks, SEED + 1)
    made = {
        "by": "python -m benchmarks._questions.marks --write", "seed": SEED, "questions": QUESTIONS, "rounds": ROUNDS, "version": 1,
        "data": "questions made by chance from patterns and the words of the ontology's lexicon", "f1_of_others_made_so": round(share, 3),
    }  # fmt: skip
    text = json.dumps({"made": made, "vocabulary": sorted(marks.vocabulary), "weights": marks.weights, "following": marks.following})
    print(f"{len(marks.weights):,} features, {len(text) / 1000:.0f} kB, F1 on others made so {share:.3f}")
    if "--write" in arguments:
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
