"""Names that share most of their trigrams with a misspelt one: what edit distance is then computed for."""

from __future__ import annotations

from typing import Any

import numpy as np

_BITS = 6
GRAMS = 1 << (3 * _BITS)
_CANDIDATES = 200
_SOME = 40_000
SHORTEST, LARGEST = 4, 60
"""Letters of what may be a misspelt name."""
_LETTERS = " abcdefghijklmnopqrstuvwxyz"


def _codes() -> Any:
    # letters and digits keep apart; all other bytes, of other scripts, share what is left by their last bits
    table = np.array([38 + (byte % 26) for byte in range(256)], np.uint32)
    table[ord("a") : ord("z") + 1] = np.arange(1, 27)
    table[ord("0") : ord("9") + 1] = np.arange(27, 37)
    table[ord(" ")], table[ord("\n")] = 0, 0
    return table


_CODES = _codes()


def grams(data: Any) -> Any:
    """Codes of the trigrams that start at each byte; the last two bytes start none."""
    codes = _CODES[data]
    return codes[:-2] << (2 * _BITS) | codes[1:-1] << _BITS | codes[2:]


def postings(keys: Any) -> tuple[Any, Any]:
    """Offsets by trigram, and the keys that have it; keys are an Arrow array of large strings.

    A counting sort, some keys at a time: sorting all at once would take many times the memory of the result.
    """
    counts, size = np.zeros(GRAMS, np.int64), len(keys)
    for first in range(0, size, _SOME):
        counts += np.bincount(_pairs(keys[first : first + _SOME])[0], minlength=GRAMS)
    starts = np.concatenate([[0], np.cumsum(counts)])
    filled, owners = starts[:-1].copy(), np.empty(int(starts[-1]), np.int32)
    for first in range(0, size, _SOME):
        found, owner = _pairs(keys[first : first + _SOME])
        some = np.bincount(found, minlength=GRAMS)
        owners[filled[found] + np.arange(len(found)) - (np.cumsum(some) - some)[found]] = owner + first
        filled += some
    return starts.astype(np.int32), owners


def _pairs(keys: Any) -> tuple[Any, Any]:
    """Trigrams in order with the keys that have them, each pair once; a key begins and ends with a space here."""
    offsets = np.frombuffer(keys.buffers()[1], np.int64)[keys.offset : keys.offset + len(keys) + 1]
    data = np.frombuffer(keys.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    sizes = np.diff(offsets)
    owner = np.repeat(np.arange(len(keys)), sizes)
    padded = np.full(len(data) + 2 * len(keys) + 2, ord(" "), np.uint8)
    padded[np.arange(len(data)) + 2 * owner + 1] = data
    owners = np.repeat(np.arange(len(keys), dtype=np.uint64), sizes + 2)
    pairs = grams(padded)[: len(owners)].astype(np.uint64) << np.uint64(32) | owners
    pairs.sort()
    pairs = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])] if len(pairs) else pairs
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int32)


def slips(text: str) -> list[str]:
    """All texts that are one letter, or two that changed places, away."""
    cuts = [(text[:at], text[at:]) for at in range(len(text) + 1)]
    found = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    found |= {left + right[1:] for left, right in cuts if right}
    found |= {left + letter + rest for left, right in cuts for letter in _LETTERS for rest in (right, right[1:])}
    return sorted(found - {text})


class Trigrams:
    """Which keys have which trigrams."""

    def __init__(self, keys: Any, starts: Any, owners: Any) -> None:
        self._keys, self._starts, self._owners = keys, starts, owners

    def nearest(self, text: str, limit: int) -> list[tuple[int, float]]:
        """Places and similarities (0 to 1) of the keys nearest to a text of four letters or more, by Damerau and Levenshtein's distance."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA, DamerauLevenshtein

        if not SHORTEST <= len(text) <= LARGEST or not len(self._keys):
            return []
        places = self._candidates(text)
        names = self._keys.take(places).to_pylist()
        allowed = 1 if len(text) < 8 else 2 if len(text) < 14 else 3
        close = process.extract(text, names, scorer=OSA.distance, score_cutoff=allowed, limit=4 * limit)
        scored = [(int(places[at]), DamerauLevenshtein.normalized_similarity(text, name)) for name, _, at in close]
        return sorted(scored, key=lambda one: -one[1])[:limit]

    def _candidates(self, text: str) -> Any:
        data = np.frombuffer(f" {text} ".encode(), np.uint8)
        wanted = np.unique(grams(data))
        owners = np.concatenate([self._owners[self._starts[one] : self._starts[one + 1]] for one in wanted])
        shared = np.bincount(owners, minlength=1)
        # those that share more than one trigram less than the best few: counts are small numbers, of which sorting would take longer
        above = np.cumsum(np.bincount(shared)[::-1])[::-1]
        least = int(np.argmax(above <= _CANDIDATES)) if above[-1] <= _CANDIDATES else len(above) - 1
        return np.flatnonzero(shared >= max(least, 1))[: 20 * _CANDIDATES]
