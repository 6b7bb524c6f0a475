"""The keys that names are found by: as they are written, without an article, an addition or the word for their kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from ._names import LONGEST
from ._normal import EARLY, joined, key
from ._vocabulary import kind_words

# pyarrow makes its functions as it is imported
pc: Any = pyarrow.compute
_LONGEST_NAME = 400
_BATCH = 10_000
_PLAIN = rf"^[A-Za-z0-9]+( [A-Za-z0-9]+){{0,{LONGEST - 1}}}$"
"""Names whose key is the name in small letters, unless one of its words is special."""


def forms(names: Any) -> tuple[Any, Any, Any]:
    """All keys of names, an Arrow array: the first key of each name and one place more, the keys, and how well each stands for its name."""
    # some at a time, because objects of Python's leave their memory in pieces
    parts = [_forms(names[first : first + _BATCH]) for first in range(0, len(names), _BATCH)] or [_forms(names)]
    counts, texts, shares = zip(*parts, strict=True)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    return starts, pa.concat_arrays(texts), np.concatenate(shares)


def _forms(names: Any) -> tuple[Any, Any, Any]:
    """How many keys each name has, the keys, and how well each stands for its name."""
    lower = pc.ascii_lower(names)
    plain = pc.and_(pc.match_substring_regex(names, _PLAIN), pc.less_equal(pc.binary_length(names), _LONGEST_NAME))
    plain = pc.and_not(plain, _special(lower)).to_numpy(zero_copy_only=False)
    easy, hard = np.flatnonzero(plain), np.flatnonzero(~plain)
    rows = [(at, *form) for at, name in zip(hard.tolist(), names.take(pa.array(hard)).to_pylist(), strict=True) for form in _distinct(name)]
    at = np.concatenate([easy, np.fromiter((row[0] for row in rows), np.int64, len(rows))])
    texts = pa.concat_arrays([lower.take(pa.array(easy)), pa.array([row[1] for row in rows], pa.large_string())])
    shares = np.concatenate([np.ones(len(easy), np.float32), np.fromiter((row[2] for row in rows), np.float32, len(rows))])
    order = np.argsort(at, kind="stable")
    return np.bincount(at, minlength=len(names)), texts.take(pa.array(order)), shares[order]


def _special(lower: Any) -> Any:
    """Whether a word of a plain name may be left out of it, or stands for another."""
    first = pc.is_in(pc.replace_substring_regex(lower, " .*", ""), value_set=pa.array(_ends()[0], pa.large_string()))
    last = pc.is_in(pc.replace_substring_regex(lower, ".* ", ""), value_set=pa.array(_ends()[1], pa.large_string()))
    return pc.or_(pc.or_(first, last), pc.match_substring_regex(lower, f"(^| )({'|'.join(EARLY)}) "))


@lru_cache(maxsize=1)
def _ends() -> tuple[list[str], list[str]]:
    """First and last words of what kinds are called, with the article."""
    return sorted({words[0] for words in kind_words()} | {"the"}), sorted({words[-1] for words in kind_words()})


def _distinct(name: str) -> Iterator[tuple[str, float]]:
    seen = set[str]()
    for words, share in variants(name):
        text = joined(words)
        if text and text not in seen:
            seen.add(text)
            yield text, share


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
