"""Words of people for what stores hold: kinds of things, properties, relations, other names of places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ._namespaces import EW, SKOS

_LEXICON = "https://w3id.org/earthweave/lexicon#"


@dataclass(frozen=True)
class Lexeme:
    """A concept with the words that mean it.

    Attributes:
        iri: of the SKOS concept.
        scheme: ``things``, ``properties``, ``relations`` or ``places``.
        label: preferred.
        synonyms: words that mean the same, most usual first as written in the file.
        hints: words that only point to it: "Greek" to Greece, "dimos" to municipality.
        broader: IRIs of all concepts above it.
        related: IRIs of what people may mean by it where a store has nothing of it.
        unit: UCUM code that is meant where nothing else is said, empty if it has none.
        dimension: of a property: ``area``, ``length``, ``text``, ``thing``, ``time``, ``category`` …; else empty.
        measure: what computes the property from geometries, empty if nothing does.
    """

    iri: str
    scheme: str
    label: str
    synonyms: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    unit: str = ""
    dimension: str = ""
    measure: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """All that mean it, preferred first."""
        return (self.label, *self.synonyms)


@lru_cache(maxsize=1)
def lexicon() -> tuple[Lexeme, ...]:
    """All concepts, in the order of the file."""
    found = _triples()
    return tuple(_lexeme(iri, rows, found) for iri, rows in found.items() if str(SKOS.inScheme) in rows)


def _triples() -> dict[str, dict[str, list[str]]]:
    # a tenth of the time of rdflib's parser, and every start waits for it
    from pyoxigraph import RdfFormat, parse

    found: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    data = (files("earthweave.ontology") / "data" / "lexicon.ttl").read_bytes()
    for subject, predicate, value in ((quad.subject, quad.predicate, quad.object) for quad in parse(data, format=RdfFormat.TURTLE)):
        found[subject.value].setdefault(predicate.value, []).append(value.value)
    return dict(found)


def _lexeme(iri: str, rows: dict[str, list[str]], found: dict[str, dict[str, list[str]]]) -> Lexeme:
    def one(predicate: str) -> str:
        return rows.get(predicate, [""])[0]

    return Lexeme(
        iri, one(str(SKOS.inScheme)).removeprefix(_LEXICON), one(str(SKOS.prefLabel)),
        tuple(rows.get(str(SKOS.altLabel), ())), tuple(rows.get(str(SKOS.hiddenLabel), ())),
        tuple(_above(iri, found)), tuple(rows.get(str(SKOS.related), ())), one(str(EW.unit)), one(str(EW.dimension)), one(str(EW.measure)),
    )  # fmt: skip


def _above(iri: str, found: dict[str, dict[str, list[str]]]) -> list[str]:
    above = found.get(iri, {}).get(str(SKOS.broader), [])
    return list(dict.fromkeys([*above, *(higher for parent in above for higher in _above(parent, found))]))
