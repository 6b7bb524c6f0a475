"""The index of names: sorted keys, their hashes and trigrams in flat arrays that may lie in a mapped file.

::

    words ─▶ key ─▶ hash ─▶ rows (likeliest first) ─▶ things        find
                key prefix ─▶ range of keys                          starting
                trigrams ─▶ keys that share most ─▶ edit distance    similar

Names are of the order of 10⁵ to 10⁶: one object of Python's for each would cost more memory than all arrays together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import xxhash

from ..request import Named
from ._knowledge import NameMatch
from ._normal import joined, key
from ._trigrams import LARGEST, SHORTEST, Trigrams, slips

LONGEST = 14
"""Words of a name that count: longer ones are found by what they begin with."""
NAMESAKE = 1.3
"""A region that is named after what lies in it is named after what is best known there."""
_FAME = 0.03
"""How much more similar a name counts that is twice as well known."""
_MANY = 5000


def key_hash(text: str) -> int:
    """64 bits of a key."""
    return xxhash.xxh3_64_intdigest(text.encode())


class NameIndex:
    """Implements `Names` over arrays.

    Args:
        columns: ``keys`` (sorted), ``hashes`` (sorted) with ``hash_key``, ``key_rows`` (offsets), ``row_entity``, ``row_name``,
            ``row_weight``; ``iri``, ``cls`` (index into ``classes``, -1 none), ``box`` (four floats each), ``context`` of the entities;
            ``grams`` and ``gram_keys``; ``classes``; ``longest``.
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns = columns
        self._keys, self._names, self._iris, self._contexts = (columns[name] for name in ("keys", "row_name", "iri", "context"))
        arrays = ("hashes", "hash_key", "key_rows", "row_entity", "row_weight", "cls", "box")
        self._hashes, self._hash_key, self._key_rows, self._row_entity, self._weights, self._cls, self._box = (
            columns[name].to_numpy(zero_copy_only=True) for name in arrays
        )
        self._classes: list[str] = columns["classes"].to_pylist()
        self._recent: dict[str, tuple[NameMatch, ...]] = {}
        self._longest = int(columns["longest"][0].as_py())
        self._trigrams = Trigrams(self._keys, *(columns[name].to_numpy(zero_copy_only=True) for name in ("grams", "gram_keys")))

    def __len__(self) -> int:
        return len(self._keys)

    def longest(self) -> int:
        """Words of the longest name."""
        return self._longest

    def find(self, words: Sequence[str]) -> tuple[NameMatch, ...]:
        """Things of exactly this name, likeliest first; at most 50."""
        text = joined(words)
        known = self._recent.get(text)
        if known is None:
            at = self._at(joined(key(text)))
            known = () if at is None else _with_regions(tuple(self._matches(at)))
            if len(self._recent) > _MANY:
                self._recent.clear()
            self._recent[text] = known
        return known

    def similar(self, words: Sequence[str], limit: int = 5) -> tuple[tuple[NameMatch, float], ...]:
        """The likeliest thing of each of the names nearest to this one, with their similarity; of near ones the best known first."""
        text = joined(key(" ".join(words)))
        return self._ranked({**dict(self._trigrams.nearest(text, 4 * limit)), **self._slipped(text)}, limit)

    def slips(self, words: Sequence[str], limit: int = 5) -> tuple[tuple[NameMatch, float], ...]:
        """Those of them that are one letter, or two that changed places, away."""
        return self._ranked(self._slipped(joined(key(" ".join(words)))), limit)

    def _slipped(self, text: str) -> dict[int, float]:
        if not len(self._hashes) or not SHORTEST <= len(text) <= LARGEST:
            return {}
        texts = slips(text)
        hashes = np.fromiter(map(key_hash, texts), np.uint64, len(texts))
        found = self._hashes[np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)] == hashes
        places = ((texts[at], self._at(texts[at])) for at in np.flatnonzero(found).tolist())
        return {place: 1 - 1 / max(len(text), len(name)) for name, place in places if place is not None}

    def _ranked(self, near: Mapping[int, float], limit: int) -> tuple[tuple[NameMatch, float], ...]:
        likely = {
            at: score + _FAME * np.log2(1 + self._weights[self._key_rows[at] : self._key_rows[at + 1]].sum()) for at, score in near.items()
        }
        best = sorted(likely, key=lambda at: (-likely[at], at))[:limit]
        return tuple((next(self._matches(at)), near[at]) for at in best)

    def starting(self, text: str, limit: int = 8) -> Iterator[NameMatch]:
        """Things whose names begin so, likeliest first; none for an empty text."""
        start = joined(key(text))
        if not start:
            return
        first, last = self._first(start), self._first(start + "\U0010ffff")
        rows = slice(int(self._key_rows[first]), int(self._key_rows[last]))
        weights = self._weights[rows]
        order = _largest(weights, 20 * limit)
        yield from islice(self._distinct(rows.start + order), limit)

    def _distinct(self, rows: Any) -> Iterator[NameMatch]:
        seen = set[int]()
        for row in map(int, rows):
            entity = int(self._row_entity[row])
            if entity not in seen:
                seen.add(entity)
                yield self._match(row, 1.0)

    def _first(self, text: str) -> int:
        low, high = 0, len(self._keys)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._keys[middle].as_py() < text else (low, middle)
        return low

    def _at(self, text: str) -> int | None:
        place = int(np.searchsorted(self._hashes, np.uint64(key_hash(text))))
        while place < len(self._hashes) and int(self._hashes[place]) == key_hash(text):
            at = int(self._hash_key[place])
            if self._keys[at].as_py() == text:
                return at
            place += 1
        return None

    def _matches(self, at: int) -> Iterator[NameMatch]:
        rows = range(int(self._key_rows[at]), int(self._key_rows[at + 1]))
        shown, seen = rows[:50], set[int]()
        total = float(self._weights[rows.start : rows.stop].sum()) or 1.0
        for row in shown:
            entity = int(self._row_entity[row])
            if entity not in seen:
                seen.add(entity)
                yield self._match(row, float(self._weights[row]) / total)

    def _match(self, row: int, score: float) -> NameMatch:
        entity = int(self._row_entity[row])
        west, south, east, north = map(float, self._box[4 * entity : 4 * entity + 4])
        cls = int(self._cls[entity])
        classes = tuple(self._classes[cls].split("\n")) if cls >= 0 else ()
        named = Named(self._names[row].as_py(), (self._iris[entity].as_py(),), classes[0] if classes else "")
        context = tuple(filter(None, self._contexts[entity].as_py().split("\n")))
        if np.isnan(west):
            return NameMatch(named, score, context=context, classes=classes)
        return NameMatch(named, score, (west + east) / 2, (south + north) / 2, (west, south, east, north), context, classes)


def _with_regions(matches: tuple[NameMatch, ...]) -> tuple[NameMatch, ...]:
    """The things of a name, those likelier that have a region named after them around them; likeliest first."""
    boxes = np.array([match.box or (np.nan,) * 4 for match in matches])
    wide = boxes[boxes[:, 2] - boxes[:, 0] > 0]
    if not len(wide) or len(matches) == 1:
        return matches
    west, south, east, north = (boxes[:, None, side] for side in range(4))
    within = (wide[:, 0] <= west) & (wide[:, 1] <= south) & (wide[:, 2] >= east) & (wide[:, 3] >= north)
    larger = (wide[:, 2] - wide[:, 0]) * (wide[:, 3] - wide[:, 1]) > (east - west) * (north - south)
    weights = np.array([match.score for match in matches]) * np.where((within & larger).any(axis=1), NAMESAKE, 1.0)
    weights /= weights.sum() / sum(match.score for match in matches)
    return tuple(replace(matches[at], score=float(weights[at])) for at in np.argsort(-weights, kind="stable"))


def _largest(weights: Any, count: int) -> Any:
    """Places of the heaviest, about; many weights are equal, which selection takes long over."""
    if len(weights) > _MANY:
        sample = np.sort(weights[:: len(weights) // 1000])
        places = np.flatnonzero(weights >= sample[-max(3, count * 1000 // len(weights))])[:_MANY]
    else:
        places = np.arange(len(weights))
    return places[np.argsort(-weights[places], kind="stable")]
