"""Names and things as the columns of a `NameIndex`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ._names import LONGEST, NameIndex, key_hash
from ._normal import joined, key
from ._trigrams import postings
from ._vocabulary import kind_words

# pyarrow makes its functions as it is imported
pc: Any = pyarrow.compute
_BATCH = 10_000
_LONGEST_NAME = 400
NO_BOX = (np.nan, np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Called:
    """A thing with its names.

    Attributes:
        names: with how well each stands for it, 0 to 1; preferred first.
        classes: IRIs, the one it is best called by first.
        prior: how likely people mean it, any positive number.
        box: west, south, east, north in degrees; a point's are equal.
        context: names of what it lies in.
    """

    iri: str
    names: tuple[tuple[str, float], ...]
    classes: tuple[str, ...] = ()
    prior: float = 1.0
    box: tuple[float, float, float, float] | None = None
    context: tuple[str, ...] = ()


def index_of(things: Iterable[Called]) -> NameIndex:
    """The index of the names of things; about 15 µs a name."""
    rows = Rows()
    for thing in things:
        rows.add(thing)
    index = NameIndex(rows.columns())
    pa.default_memory_pool().release_unused()
    return index


class Rows:
    """Names as they come in, in columns; no object of Python's outlives a batch."""

    def __init__(self) -> None:
        self._classes: dict[str, int] = {}
        self._entities, self._rows = 0, list[tuple[int, str, str, float]]()
        self._things = list[tuple[str, int, tuple[float, ...], str]]()
        self._done: dict[str, list[Any]] = {name: [] for name in ("iri", "cls", "box", "context", "owner", "name", "key", "weight")}

    def add(self, thing: Called) -> None:
        """Take a thing with its names; those without a word are left out."""
        kinds = "\n".join(thing.classes)
        cls = self._classes.setdefault(kinds, len(self._classes)) if kinds else -1
        context = "\n".join(dict.fromkeys(map(_context, thing.context)))
        self._things.append((thing.iri, cls, thing.box or NO_BOX, context))
        self._rows += [(self._entities, name, text, weight * thing.prior) for name, text, weight in _forms(thing)]
        self._entities += 1
        if len(self._things) >= _BATCH:
            self._settle()

    def _settle(self) -> None:
        iris, classes, boxes, contexts = zip(*self._things, strict=True) if self._things else ((), (), (), ())
        owners, names, keys, weights = zip(*self._rows, strict=True) if self._rows else ((), (), (), ())
        for name, values in (("iri", iris), ("context", contexts), ("name", names), ("key", keys)):
            self._done[name].append(pa.array(values, pa.large_string()))
        numbers: tuple[tuple[str, Any, Any], ...] = (
            ("cls", classes, np.int32), ("box", boxes, np.float32), ("owner", owners, np.int32), ("weight", weights, np.float32),
        )  # fmt: skip
        for name, values, kind in numbers:
            self._done[name].append(np.array(values, kind).reshape(-1))
        self._things, self._rows = [], []

    def _taken(self, name: str) -> Any:
        """A column of all batches; it can be had once."""
        parts = self._done.pop(name)
        return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else pa.concat_arrays(parts)

    def columns(self) -> dict[str, Any]:
        """What `NameIndex` reads; nothing can be added after it."""
        self._settle()
        keys, at = _ranks(self._taken("key"))
        weight = self._taken("weight")
        rows = np.lexsort((-weight, at))
        hashes = _hashes(keys)
        by_hash = np.argsort(hashes)
        starts, owners = postings(keys)
        return {
            "keys": keys, "hashes": pa.array(hashes[by_hash]), "hash_key": pa.array(by_hash.astype(np.int32)),
            "key_rows": pa.array(np.searchsorted(at[rows], np.arange(len(keys) + 1)).astype(np.int32)),
            "row_entity": pa.array(self._taken("owner")[rows]), "row_name": self._taken("name").take(pa.array(rows)),
            "row_weight": pa.array(weight[rows]), "iri": self._taken("iri"), "cls": pa.array(self._taken("cls")),
            "box": pa.array(self._taken("box")), "context": self._taken("context"),
            "classes": pa.array(list(self._classes), pa.large_string()), "grams": pa.array(starts), "gram_keys": pa.array(owners),
            "longest": pa.array([_longest(keys)]),
        }  # fmt: skip


def _ranks(keys: Any) -> tuple[Any, Any]:
    """Distinct keys, sorted, and the place of each key among them."""
    encoded = keys.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    rank = np.empty(len(order), np.int64)
    rank[order.to_numpy()] = np.arange(len(order))
    return encoded.dictionary.take(order), rank[encoded.indices.to_numpy()]


def _hashes(keys: Any) -> Any:
    found = np.empty(len(keys), np.uint64)
    for first in range(0, len(keys), _BATCH):
        some = keys[first : first + _BATCH].to_pylist()
        found[first : first + len(some)] = np.fromiter(map(key_hash, some), np.uint64, len(some))
    return found


@lru_cache(maxsize=4096)
def _context(name: str) -> str:
    return joined(key(name))


def _longest(keys: Any) -> int:
    return int(pc.max(pc.count_substring(keys, " ")).as_py() or 0) + 1 if len(keys) else 0


def _forms(thing: Called) -> Iterator[tuple[str, str, float]]:
    seen = set[str]()
    for name, weight in thing.names:
        for words, share in variants(name):
            text = joined(words)
            if text and text not in seen:
                seen.add(text)
                yield name, text, weight * share


def variants(name: str) -> Iterator[tuple[Sequence[str], float]]:
    """The keys that a name is found by, with how well each stands for it."""
    if len(name) > _LONGEST_NAME:
        return
    words = key(name)
    yield words[:LONGEST], 1.0
    if "'" in name or "’" in name:
        yield key(name.replace("'", "").replace("’", ""))[:LONGEST], 0.95
    if words and words[0] == "the":
        yield words[1 : LONGEST + 1], 0.9
    for mark in (",", "(", " - ", "/", "-"):
        if mark in name[4:]:
            yield key(name.split(mark, 1)[0])[:LONGEST], 0.5 if mark == "-" else 0.7
    yield from ((shorter, 0.8) for shorter in without_kind(words))


def without_kind(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """A name without the word for its kind: "County Galway", "City of Cork", "Thames River", "Dimos Athens"."""
    known = kind_words()
    for size in (2, 1):
        first, last = tuple(words[:size]), tuple(words[-size:])
        if len(words) > size and first in known:
            rest = words[size + 1 :] if words[size] in ("of", "de", "di", "da", "del") else words[size:]
            if rest and tuple(rest) not in known:
                yield rest
        if len(words) > size and last in known and tuple(words[:-size]) not in known and len(words[-size - 1]) > 2:
            yield words[:-size]
