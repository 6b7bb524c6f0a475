"""Names that more things have than what they are taken for: told wherever the likeliest is not much likelier than all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..knowledge import Knowledge, NameMatch, key, lemmas
from ..request import Assumption, Named, Request
from ._chips import place_words
from ._tree import walk

_SURE = 0.6
"""Share of likeliness from which on nothing is said."""


def ambiguous(request: Request, knowledge: Knowledge, question: str) -> tuple[Assumption, ...]:
    """A note for each name of which the question does not say which of several things it means."""
    names = dict.fromkeys(one for _, one in walk(request) if isinstance(one, Named) and one.iris)
    return tuple(note for one in names for note in _notes(one, knowledge, question))


def _notes(one: Named, knowledge: Knowledge, question: str) -> Iterator[Assumption]:
    found = knowledge.names.find(key(one.name))
    taken = [match for match in found if not set(match.named.iris).isdisjoint(one.iris)]
    mine = [match for match in found if match in taken or any(_inside(match, other) for other in taken)]
    others = len(found) - len(mine)
    # what is not the likeliest was chosen, by somebody or by what else was said
    if others and mine and mine[0] is found[0] and sum(match.score for match in mine) < _SURE and not _told(mine, knowledge, question):
        more = "one other thing is" if others == 1 else f"{others} other things are"
        yield Assumption("ambiguous", f"“{one.name}” is taken as {place_words(mine[0], knowledge)}; {more} called so.", one.name)


def _inside(match: NameMatch, other: NameMatch) -> bool:
    """Whether a thing is the middle of another, which other data sets have the outline of."""
    if match.lon is None or match.lat is None or other.box is None:
        return False
    west, south, east, north = other.box
    return west < match.lon < east and south < match.lat < north


def _told(mine: Sequence[NameMatch], knowledge: Knowledge, question: str) -> bool:
    """Whether the question says of what kind the thing is, or what it lies in."""
    kinds, words = set(lemmas(question)), set(key(question))
    labels = [label for match in mine for cls in match.classes if cls in knowledge.classes for label in knowledge.classes[cls].labels]
    return any(kinds.issuperset(lemmas(label)) for label in labels) or any(
        words.issuperset(around.split()) for match in mine for around in match.context
    )
