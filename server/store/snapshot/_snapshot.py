"""A snapshot: everything that a store holds at one moment, in immutable files that are mapped into memory."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology.arrow import arrow_of, text_array

from ._geometries import Geometries
from ._hashing import Hashed, Run, hash_one
from ._ids import BITS, Tag, payloads, tags
from ._inline import DATATYPES, inline, inline_term, outline, outlined
from ._lookup import found_in
from ._manifest import Manifest, SegmentEntry, read_manifest
from ._numbers import inline_numbers
from ._parts import INLINE_CODES, Dictionary, Files
from ._segments import Segment, mapped_segment
from ._statistics import PredicateStatistics, Statistics
from ._terms import Term, Terms, TermType, iri
from ._times import Times

_REMEMBERED, _SHORT = 4096, 200
"""Terms whose ids are remembered, and the characters that such a term may have."""


class Snapshot:
    """The data of a store, as one writer left them. Nothing is ever written; any number of processes may hold one.

    Every file is mapped on opening, so a snapshot stays whole when its folder is removed.

    Attributes:
        path: folder.
        triples: statements; one that is in several graphs, or at several times, counts in each.
        format: version of the files.
        graphs: ids of the named graphs, int64; the number of a graph is its place + 1, number 0 is the default graph.
        times: valid times of statements.
        predicates: ids of all predicates.
        manifest: what the folder says about itself.
        geometries: the geometry table.
        statistics: for the optimiser.
    """

    def __init__(self, path: Path, manifest: Manifest, files: Files, dictionary: Dictionary, geometries: Geometries) -> None:
        self.path, self.manifest = path, manifest
        self.triples, self.format = manifest.triples, manifest.format
        self.graphs: Any = np.array(manifest.graphs, dtype=np.int64)
        self.times = Times.mapped(files)
        self._files, self.dictionary, self.geometries = files, dictionary, geometries
        self._entries = {entry.predicate: entry for entry in manifest.segments}
        self._segments: dict[int, Segment] = {}
        self._found: dict[Term, int] = {}
        self.predicates = tuple(self._entries)

    @classmethod
    def open(cls, path: Path) -> Snapshot:
        """Open the snapshot in a folder; raises `StoreError` for an unfinished or damaged one, and for a format that it does not know."""
        manifest = read_manifest(path)
        files = Files(path, manifest.files)
        dictionary = Dictionary.mapped(files, manifest)
        return cls(path, manifest, files, dictionary, Geometries(path, files, manifest, dictionary.lexical))

    def segment(self, predicate_id: int) -> Segment | None:
        """The statements of a predicate, None if there are none."""
        found = self._segments.get(predicate_id)
        entry = self._entries.get(predicate_id)
        if found is None and entry is not None:
            found = self._segments[predicate_id] = mapped_segment(self._files.bytes(entry.file), entry)
        return found

    def segment_of(self, predicate: str) -> Segment | None:
        """The statements with the predicate of this IRI; None if there are none."""
        found = self.find(iri(predicate))
        return self.segment(found) if found >= 0 else None

    def mapped(self, name: str) -> memoryview:
        """The content of one of its files."""
        return self._files.bytes(name)

    @cached_property
    def statistics(self) -> Statistics:
        """Counts, for the optimiser."""
        graphs: Counter[int] = Counter()
        for entry in self._entries.values():
            graphs.update(entry.graphs)
        predicates = {key: _counts(entry) for key, entry in self._entries.items()}
        return Statistics(self.triples, predicates, self.manifest.classes, dict(graphs))

    @cached_property
    def _codes(self) -> dict[TermType, int]:
        return {kind: code for code, kind in enumerate(self.dictionary.types)}

    def find(self, term: Term) -> int:
        """Id of a term, -1 if the snapshot does not know it; terms whose id is their value always have one."""
        id = inline_term(term)
        if id < 0:
            known = self._found.get(term)
            id = self._searched(term) if known is None else known
        return id

    def _searched(self, term: Term) -> int:
        """Id of a term of the dictionary. Queries name the same few again and again, so these are remembered."""
        found = self._looked_up(term)
        if len(term.text) <= _SHORT:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[term] = found
        return found

    def _looked_up(self, term: Term) -> int:
        code = self._codes.get(term.type)
        if code is None:
            return -1
        wanted = np.uint64(hash_one(term.text, code))
        for run in self.dictionary.runs:
            found = self._same(run, wanted, term.text, code)
            if found >= 0:
                return found
        return -1

    def _same(self, run: Run, wanted: Any, text: str, code: int) -> int:
        place = int(np.searchsorted(run.hash, wanted))
        while place < len(run) and run.hash[place] == wanted:
            id = run.id[place : place + 1]
            if int(self.dictionary.codes(id)[0]) == code and self.dictionary.texts(id)[0].as_py() == text:
                return int(id[0])
            place += 1
        return -1

    def find_many(self, terms: Terms) -> Any:
        """Id of each term as `find` tells it; int64."""
        ids = inline(terms)
        codes = np.array([self._codes.get(kind, -1) for kind in terms.types] or [-1], dtype=np.int64)
        code = codes[terms.code]
        rows = np.flatnonzero((ids < 0) & (code >= 0))
        ids[rows] = found_in(self.dictionary.runs, Hashed(terms.text, code), rows, self.dictionary)
        return ids

    def terms(self, ids: Any) -> Terms:
        """The terms of some ids of any tag but SCRATCH; ids may repeat, none may be unbound."""
        ids = np.asarray(ids, dtype=np.int64)
        tag = tags(ids)
        present = _distinct_tags(tag)
        if len(present) == 1:
            return Terms(self._texts(Tag(present[0]), ids), self._type_codes(Tag(present[0]), ids), self.dictionary.types)
        places = [np.flatnonzero(tag == one) for one in present]
        code, order = np.empty(len(ids), dtype=np.int32), np.empty(len(ids), dtype=np.int64)
        texts = []
        start = 0
        for one, place in zip(present, places, strict=True):
            texts.append(self._texts(Tag(one), ids[place]))
            code[place] = self._type_codes(Tag(one), ids[place])
            order[place] = np.arange(start, start + len(place))
            start += len(place)
        text = pa.concat_arrays(texts).take(arrow_of(order)) if texts else text_array(())
        return Terms(text, code, self.dictionary.types)

    def _texts(self, tag: Tag, ids: Any) -> Any:
        if tag not in DATATYPES:
            return self.dictionary.texts(ids)
        distinct, back = np.unique(ids, return_inverse=True)
        text = outlined(tag, distinct)
        return text if len(distinct) == len(ids) and bool((distinct == ids).all()) else text.take(arrow_of(back))

    def _type_codes(self, tag: Tag, ids: Any) -> Any:
        return np.full(len(ids), INLINE_CODES[tag], dtype=np.int32) if tag in DATATYPES else self.dictionary.codes(ids)

    def term(self, id: int) -> Term:
        """The term of one id; see `terms`."""
        if Tag(id >> BITS) in DATATYPES:
            return outline(id)
        one = np.array([id], dtype=np.int64)
        return Term(self.dictionary.texts(one)[0].as_py(), self.dictionary.types[int(self.dictionary.codes(one)[0])])

    def numbers(self, ids: Any) -> Any:
        """Numeric value of each id, float64; NaN for unbound ids and terms that are no well-formed literal of a numeric XSD type.

        ``"NaN"^^xsd:double`` is NaN like all that is no number; xsd:float is rounded to single precision.
        """
        ids = np.asarray(ids, dtype=np.int64)
        tag = tags(ids)
        found = np.full(len(ids), np.nan)
        for one in _distinct_tags(tag):
            if one in (Tag.DICTIONARY, Tag.INTEGER, Tag.DECIMAL):
                place = np.flatnonzero(tag == one)
                mine = ids[place]
                found[place] = self.dictionary.number.values(payloads(mine)) if one == Tag.DICTIONARY else inline_numbers(Tag(one), mine)
        return found


def _distinct_tags(tag: Any) -> list[int]:
    return [int(one) for one in np.unique(tag)]


def _counts(entry: SegmentEntry) -> PredicateStatistics:
    return PredicateStatistics(entry.count, entry.subjects, entry.objects, entry.functional)
