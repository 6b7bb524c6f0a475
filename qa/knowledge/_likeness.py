"""Classes that a phrase comes near to in meaning, for those who have a model installed that tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from rdflib import URIRef

from earthweave.ontology import RDFS, vocabulary

from ._minilm import embedder
from ._normal import lemmas
from ._vocabulary import by_words

if TYPE_CHECKING:
    from ._knowledge import ClassEntry

_MOST = 1000
"""Phrases that vectors are made of, those of the classes of most things first: each takes some 15 ms, once for a store."""
_LABELS = 2


@dataclass(frozen=True, eq=False)
class Likeness:
    """Labels and glosses of classes as vectors.

    Attributes:
        iris: of the class of each row; a class has several.
        vectors: of length one (float32).
    """

    iris: tuple[str, ...]
    vectors: Any

    def nearest(self, words: str, limit: int = 5) -> tuple[tuple[str, float], ...]:
        """IRIs of the classes nearest to a phrase with their likeness (cosine, -1 to 1), nearest first; none without the model."""
        if embedder() is None or not self.iris:
            return ()
        likeness = self.vectors @ _vector(" ".join(lemmas(words)))
        best: dict[str, float] = {}
        for at in np.argsort(-likeness, kind="stable"):
            if len(best) == limit:
                break
            best.setdefault(self.iris[at], float(likeness[at]))
        return tuple(best.items())


NOTHING = Likeness((), np.zeros((0, 0), np.float32))


@lru_cache(maxsize=1000)
def _vector(words: str) -> Any:
    model = embedder()
    assert model is not None, "asked for before"
    return model([words])[0]


def _glosses(iri: str) -> Iterator[str]:
    """What our ontology says of a class, its first half sentence: "A dam, weir, lock or dyke"."""
    for comment in vocabulary().objects(URIRef(iri), RDFS.comment):
        yield re.split("[.;]", str(comment), maxsplit=1)[0]


def likeness(kinds: Mapping[str, ClassEntry]) -> Likeness:
    """The classes of a store by their labels and the word that most people have for them; `NOTHING` without the model."""
    model = embedder()
    if model is None or not kinds:
        return NOTHING
    phrases: dict[tuple[str, str], None] = {}
    for entry in sorted(kinds.values(), key=lambda one: (-one.count, one.iri)):
        usual = [found[0].label for label in entry.labels if (found := by_words("things").get(lemmas(label)))]
        texts = [" ".join(lemmas(label)) for label in (*entry.labels[:_LABELS], *usual[:1])]
        phrases |= {(entry.iri, text): None for text in (*texts, *_glosses(entry.iri))}
    rows = [*phrases][:_MOST]
    return Likeness(tuple(iri for iri, _ in rows), model([words for _, words in rows]))
