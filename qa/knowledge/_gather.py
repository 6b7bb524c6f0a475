"""The named things of a store in columns: what each source tells, by thing; no object of Python's is made for a row.

::

    sources ─▶ pages of (thing, value) ─▶ Facts: numbered things, columns by kind ─▶ Things, sorted by IRI
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute

from earthweave.ontology import GEO, GEOF

from ._indexing import Things
from ._knowledge import ClassEntry, PropertyEntry, RelationEntry
from ._names import NAMESAKE
from ._normal import joined, key, local, spoken
from ._priors import FAMED, crowds, prior, salience
from ._sources import Source, sources
from ._survey import UNSAFE, Reader, Survey
from ._vocabulary import kinds_of

# pyarrow makes its functions as it is imported
pc: Any = pyarrow.compute
MAX_PAGES = 200
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_POINT = rf"(?P<x>{_NUMBER})[ ,]+(?P<y>{_NUMBER})"


def gather(reader: Reader, found: Survey, entries: Mapping[str, PropertyEntry], kinds: Mapping[str, ClassEntry],
           ways: Sequence[tuple[str, ...]], links: Iterable[RelationEntry], page: int) -> Things:  # fmt: skip
    """Every thing that has a name, with its classes, place and context; sorted by IRI."""
    boxes = max(found.dimensions.values(), default=1) > 0 and bool(
        reader.rows(f'SELECT (<{GEOF.minX}>("POINT (1 2)"^^<{GEO.wktLiteral}>) AS ?x) WHERE {{}}')
    )
    facts = Facts(kinds, salience(kinds, found))
    for source in sources(found, entries, ways, links, boxes=boxes):
        for iris, columns in _pages(reader, source, page):
            facts.take(source, iris, columns)
            if source.nameless and not _speaking(iris).true_count:
                # products and visits have numbers for names, all of a class
                break
    return facts.things()


def _pages(reader: Reader, source: Source, page: int) -> Iterator[tuple[Any, list[Any]]]:
    start = 0
    for _ in range(MAX_PAGES):
        (iris, *columns), truncated = reader.columns(source.page(page, start), source.width, f"facts of kind '{source.kind}'")
        good = pc.fill_null(pc.and_not(pc.not_equal(columns[0], ""), pc.match_substring_regex(iris, UNSAFE)), False)
        yield iris.filter(good), [column.filter(good) for column in columns]
        start += len(iris)
        if len(iris) < page and not (truncated and len(iris)):
            break


class Facts:
    """What is told of things, by kind; things have numbers in the order they are met."""

    def __init__(self, kinds: Mapping[str, ClassEntry], salient: Mapping[str, float]) -> None:
        self._kinds = sorted(kinds, key=lambda cls: _commonness(kinds[cls]))
        self._rank = {cls: at for at, cls in enumerate(self._kinds)}
        self._entries, self._salient = kinds, salient
        self._iris: Any = pa.array([], pa.large_string())
        self._told: defaultdict[str, list[tuple[Any, Any]]] = defaultdict(list)

    def take(self, source: Source, iris: Any, columns: Sequence[Any]) -> None:
        """Keep a page of a source."""
        if source.kind == "box":
            known = np.stack([_numbers(column) for column in columns], axis=1)
        elif source.kind in ("class", "value"):
            known = self._classes(columns[0], source.prefix)
        else:
            known = _READ.get(source.kind, _texts)(columns[0])
        self._told[source.kind].append((self._places(iris), known))

    def things(self) -> Things:
        """All that have a name."""
        count = len(self._iris)
        kind, kinds = self._groups(count)
        owner, name, weight = self._names(kind)
        order, number = self._sorted(np.unique(owner), count)
        iris, owner, lines, boxes = self._iris.take(pa.array(order)), number[owner], self._lines(count), self._boxes(count)[order]
        context = lines.take(pa.array(order))
        weights = np.array([self._weight(one) for one in kinds] + [1.0], np.float32)[kind[order]]
        people = self._most("population", count)[order]
        weights *= np.where(people > 0, 1 + np.log10(1 + people), crowds(boxes))
        weights[_spelled(iris, owner, name)] *= FAMED
        weights[_namesakes(context, owner, name)] *= NAMESAKE
        return Things(iris, context, weights, boxes, kind[order], kinds, owner, name, weight)

    def _weight(self, kinds: str) -> float:
        classes = kinds.split("\n")
        return prior(classes, self._entries) * self._salient.get(classes[0], 1.0)

    def _places(self, iris: Any) -> Any:
        at = pc.index_in(iris, value_set=self._iris)
        if at.null_count:
            self._iris = pa.concat_arrays([self._iris, pc.unique(iris.filter(at.is_null()))])
            at = pc.index_in(iris, value_set=self._iris)
        return at.to_numpy()

    def _classes(self, iris: Any, prefix: str) -> Any:
        encoded = iris.dictionary_encode()
        ranks = np.array([self._rank.get(prefix + cls, -1) for cls in encoded.dictionary.to_pylist()], np.int64)
        return ranks[encoded.indices.to_numpy()]

    def _all(self, *wanted: str) -> tuple[Any, Any]:
        """Things and values of some kinds, as they came in."""
        rows = [row for one in wanted for row in self._told[one]]
        values = [value for _, value in rows]
        at = np.concatenate([np.zeros(0, np.int64), *(at for at, _ in rows)]).astype(np.int64)
        if values and not isinstance(values[0], np.ndarray):
            return at, pa.concat_arrays(values)
        return at, np.concatenate(values) if values else None

    def _groups(self, count: int) -> tuple[Any, tuple[str, ...]]:
        """Which classes each thing has, as a place among the groups of classes that there are; those with a common word come first."""
        at, ranks = self._all("class", "value")
        if ranks is None:
            return np.full(count, -1, np.int32), ()
        pairs = np.unique((at << 32 | ranks)[ranks >= 0])
        starts = np.searchsorted(pairs >> 32, np.arange(count + 1))
        spelled = _joined_lists(pa.array(pairs & 0xFFFFFFFF).cast(pa.string()), starts).dictionary_encode()
        groups = [one.split("\n") for one in spelled.dictionary.to_pylist()]
        kinds = ["\n".join(self._kinds[int(rank)] for rank in one if rank) for one in groups]
        places = {one: place for place, one in enumerate(filter(None, kinds))}
        return np.array([places.get(one, -1) for one in kinds], np.int32)[spelled.indices.to_numpy()], tuple(places)

    def _names(self, kind: Any) -> tuple[Any, Any, Any]:
        """Names as told; for things of a class that have none, what their IRIs say."""
        (strong, names), (weak, others) = self._all("name"), self._all("weak")
        told = np.concatenate([strong, weak])
        nameless = np.setdiff1d(np.flatnonzero(kind >= 0), told)
        nameless = nameless[_speaking(self._iris.take(pa.array(nameless))).to_numpy(zero_copy_only=False)]
        own = [own_name(iri) for iri in self._iris.take(pa.array(nameless)).to_pylist()]
        given = np.array([bool(one) for one in own], bool)
        texts = [names, others, pa.array(list(filter(None, own)), pa.large_string())]
        owner = np.concatenate([told, nameless[given]])
        weight = np.repeat(np.array([1.0, 0.8, 0.9], np.float32), [len(strong), len(weak), given.sum()])
        return owner, pa.concat_arrays([one for one in texts if one is not None]), weight

    def _sorted(self, named: Any, count: int) -> tuple[Any, Any]:
        """Things with a name by the order of their IRIs, and the place of each in that order."""
        order = named[pc.sort_indices(self._iris.take(pa.array(named))).to_numpy()]
        number = np.full(count, -1, np.int32)
        number[order] = np.arange(len(order))
        return order, number

    def _most(self, kind: str, count: int) -> Any:
        found = np.zeros(count)
        at, values = self._all(kind)
        if values is not None:
            np.maximum.at(found, at, np.nan_to_num(values, posinf=0.0))
        return found

    def _boxes(self, count: int) -> Any:
        """The first that can be read, corners before points."""
        found = np.full((count, 4), np.nan, np.float32)
        for at, boxes in (*self._told["box"], *self._told["place"]):
            good = np.isfinite(boxes).all(axis=1) & (np.abs(boxes) <= (180, 90, 180, 90)).all(axis=1) & np.isnan(found[at, 0])
            first = np.flatnonzero(good)[::-1]
            found[at[first]] = boxes[first]
        return found

    def _lines(self, count: int) -> Any:
        """Names of what each thing lies in, one a line."""
        at, texts = self._all("context")
        if texts is None:
            return pa.array([""] * count, pa.large_string())
        encoded = texts.dictionary_encode()
        pairs = np.unique(at << 32 | encoded.indices.to_numpy())
        return _joined_lists(encoded.dictionary.take(pa.array(pairs & 0xFFFFFFFF)), np.searchsorted(pairs >> 32, np.arange(count + 1)))


def _commonness(entry: ClassEntry) -> tuple[bool, int, str]:
    """Classes with a common word for them first, then the rarest."""
    return not kinds_of(entry.labels[0]), entry.count, entry.iri


def _joined_lists(texts: Any, starts: Any) -> Any:
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(starts, pa.int32()), texts.cast(pa.string())), "\n").cast(pa.large_string())


def _texts(values: Any) -> Any:
    return values


def _numbers(values: Any) -> Any:
    plain = pc.match_substring_regex(values, r"^\s*[-+]?\d*\.?\d+\.?(?:[eE][-+]?\d+)?\s*$")
    kept = pc.if_else(plain, pc.utf8_trim_whitespace(values), pa.scalar(None, pa.large_string()))
    return kept.cast(pa.float64()).fill_null(np.nan).to_numpy()


def _contexts(values: Any) -> Any:
    encoded = values.dictionary_encode()
    return pa.array([joined(key(one)) for one in encoded.dictionary.to_pylist()], pa.large_string()).take(encoded.indices)


def _points(texts: Any) -> Any:
    """The first position of each WKT or GML literal, longitude first, as a box."""
    turned = pc.match_substring_regex(texts, "^<[^>]{0,55}4326").to_numpy(zero_copy_only=False)
    found = pc.extract_regex(pc.replace_substring_regex(texts, "^<[^>]*>", ""), _POINT)
    x, y = (_numbers(pc.struct_field(found, [at])) for at in (0, 1))
    x, y = np.where(turned, y, x), np.where(turned, x, y)
    return np.stack([x, y, x, y], axis=1)


_READ: Mapping[str, Any] = {"population": _numbers, "context": _contexts, "place": _points}


def _spelled(iris: Any, owner: Any, names: Any) -> Any:
    """Things whose IRI spells a name of them: encyclopedias give such IRIs to the best known, with additions for all others."""
    own = pc.replace_substring_regex(pc.utf8_rtrim(iris, "#/"), ".*[#/:]", "")
    own = pc.replace_substring(pc.replace_substring_regex(own, r"_\(.*", ""), "_", " ")
    own = own.take(pa.array(owner))
    same = pc.equal(pc.utf8_lower(own), pc.utf8_lower(names)).to_numpy(zero_copy_only=False)
    alike = pc.equal(*(pc.utf8_lower(pc.utf8_slice_codeunits(one, 0, 1)) for one in (own, names))).to_numpy(zero_copy_only=False)
    coded = pc.match_substring_regex(own, r"^%|^[^\x00-\x7F]").to_numpy(zero_copy_only=False)
    unsure = np.flatnonzero((alike | coded) & ~same)
    rows = zip(own.take(pa.array(unsure)).to_pylist(), names.take(pa.array(unsure)).to_pylist(), strict=True)
    same[unsure] = [key(unquote(one)) == key(name) for one, name in rows]
    return np.unique(owner[same])


def _namesakes(context: Any, owner: Any, names: Any) -> Any:
    """Things of which a name is a word of the name of what they lie in."""
    around = context.take(pa.array(owner))
    some = np.flatnonzero(pc.greater(pc.binary_length(around), 0).to_numpy(zero_copy_only=False))
    rows = zip(around.take(pa.array(some)).to_pylist(), pc.utf8_lower(names.take(pa.array(some))).to_pylist(), strict=True)
    same = [name in one and re.search(rf"\b{re.escape(name)}\b", one) is not None for one, name in rows]
    return np.unique(owner[some[np.array(same, bool)]])


def _speaking(iris: Any) -> Any:
    """Whether what follows the namespace may be a name; most that are none are told from it at once."""
    own = pc.replace_substring_regex(pc.utf8_rtrim(iris, "#/"), ".*[#/:]", "")
    return pc.and_not(pc.match_substring_regex(own, r"\pL{3}"), pc.match_substring_regex(own, r"\d{3}|[a-f]+\d|\d[a-f]+"))


def own_name(iri: str) -> str:
    """The name that an IRI spells, empty if it is a number or a key."""
    words = re.split(r"[\W_]+", local(iri))
    wordy = [word for word in words if len(word) > 2 and word.isalpha() and re.search(r"[^bcdfghjklmnpqrstvwxz]", word.casefold())]
    if not wordy or len(words) > 8 or any(re.search(r"\d{3}|[a-f]+\d|\d[a-f]+", word) for word in words):
        return ""
    return " ".join(filter(None, words)) if len(words) > 1 else spoken(local(iri)).title()
