"""Names and things as the columns of a `NameIndex`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ._forms import forms
from ._names import NameIndex, key_hash
from ._normal import joined, key
from ._trigrams import postings

# pyarrow makes its functions as it is imported
pc: Any = pyarrow.compute
_BATCH = 10_000
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


@dataclass(frozen=True)
class Things:
    """Things with their names in columns, numpy's or Arrow's: one object of Python's for each would take too long.

    Attributes:
        iri, context, prior, box: of each thing; ``context`` one name a line, ``box`` four columns, NaN where there is none.
        kind: place of its classes among ``kinds``, -1 for none; ``kinds``: IRIs, one a line.
        owner, name, weight: place of a thing, a name of it, and how well it stands for it.
    """

    iri: Any
    context: Any
    prior: Any
    box: Any
    kind: Any
    kinds: tuple[str, ...]
    owner: Any
    name: Any
    weight: Any


def index_of(things: Things | Iterable[Called]) -> NameIndex:
    """The index of the names of things; about 10 µs a name."""
    index = NameIndex(_columns(things if isinstance(things, Things) else _gathered(things)))
    pa.default_memory_pool().release_unused()
    return index


def _gathered(things: Iterable[Called]) -> Things:
    waiting, kinds, parts, count = iter(things), dict[str, int](), list[Things](), 0
    while some := list(islice(waiting, _BATCH)):
        parts.append(_batch(some, kinds, count))
        count += len(some)
    parts = parts or [_batch([], kinds, 0)]
    arrays = {name: [getattr(part, name) for part in parts] for name in ("prior", "box", "kind", "owner", "weight")}
    texts = {name: [getattr(part, name) for part in parts] for name in ("iri", "context", "name")}
    return Things(
        **{name: np.concatenate(some) for name, some in arrays.items()},
        **{name: pa.concat_arrays(some) for name, some in texts.items()},
        kinds=tuple(kinds),
    )


def _batch(things: Sequence[Called], kinds: dict[str, int], first: int) -> Things:
    joint = ["\n".join(thing.classes) for thing in things]
    contexts = ["\n".join(dict.fromkeys(joined(key(name)) for name in thing.context)) for thing in things]
    names = [(first + at, name, weight) for at, thing in enumerate(things) for name, weight in thing.names]
    return Things(
        pa.array([thing.iri for thing in things], pa.large_string()), pa.array(contexts, pa.large_string()),
        np.array([thing.prior for thing in things], np.float32),
        np.array([thing.box or NO_BOX for thing in things], np.float32).reshape(-1, 4),
        np.array([kinds.setdefault(one, len(kinds)) if one else -1 for one in joint], np.int32), (),
        np.array([row[0] for row in names], np.int32), pa.array([row[1] for row in names], pa.large_string()),
        np.array([row[2] for row in names], np.float32),
    )  # fmt: skip


def _columns(things: Things) -> dict[str, Any]:
    """What `NameIndex` reads."""
    called = things.name.dictionary_encode()
    starts, texts, shares = forms(called.dictionary)
    keys, ranks = _ranks(texts)
    row, form = _expanded(called.indices.to_numpy(), starts)
    owner, at = things.owner[row], ranks[form]
    weight = (things.weight[row] * shares[form] * things.prior[owner]).astype(np.float32)
    order = _best(at, owner, weight)
    hashes = _hashes(keys)
    by_hash = np.argsort(hashes)
    offsets, owners = postings(keys)
    return {
        "keys": keys, "hashes": pa.array(hashes[by_hash]), "hash_key": pa.array(by_hash.astype(np.int32)),
        "key_rows": pa.array(np.searchsorted(at[order], np.arange(len(keys) + 1)).astype(np.int32)),
        "row_entity": pa.array(owner[order]), "row_name": things.name.take(pa.array(row[order])), "row_weight": pa.array(weight[order]),
        "iri": things.iri, "cls": pa.array(things.kind), "box": pa.array(things.box.reshape(-1)), "context": things.context,
        "classes": pa.array(list(things.kinds), pa.large_string()), "grams": pa.array(offsets), "gram_keys": pa.array(owners),
        "longest": pa.array([_longest(keys)]),
    }  # fmt: skip


def _expanded(which: Any, starts: Any) -> tuple[Any, Any]:
    """Rows of names, each as often as it has keys, and the places of these keys."""
    counts = np.diff(starts)[which]
    row = np.repeat(np.arange(len(which)), counts)
    before = np.cumsum(counts) - counts
    return row, np.arange(len(row)) - before[row] + starts[:-1][which][row]


def _best(at: Any, owner: Any, weight: Any) -> Any:
    """Rows by key, heaviest first, each thing once for each key."""
    order = np.lexsort((-weight, owner, at))
    new = np.concatenate([[True], (np.diff(at[order]) != 0) | (np.diff(owner[order]) != 0)]) if len(order) else np.zeros(0, bool)
    order = order[new]
    return order[np.lexsort((-weight[order], at[order]))]


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


def _longest(keys: Any) -> int:
    return int(pc.max(pc.count_substring(keys, " ")).as_py() or 0) + 1 if len(keys) else 0
