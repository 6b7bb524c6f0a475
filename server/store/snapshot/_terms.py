"""RDF terms on their way in and out: one at a time, and in columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from earthweave.ontology import RDF, XSD


class Kind(IntEnum):
    """What a term is."""

    IRI = 0
    BNODE = 1
    LITERAL = 2


class TermType(NamedTuple):
    """All of a term but its text.

    Attributes:
        kind: IRI, blank node or literal.
        datatype: IRI of a literal's datatype (``xsd:string`` for a simple one, ``rdf:langString`` for a tagged one); empty for others.
        language: lower-case tag, empty if there is none.
    """

    kind: Kind
    datatype: str = ""
    language: str = ""


class Term(NamedTuple):
    """One RDF term: its text (IRI, label of a blank node, lexical form) and its type."""

    text: str
    type: TermType


IRI = TermType(Kind.IRI)
BNODE = TermType(Kind.BNODE)
STRING = TermType(Kind.LITERAL, str(XSD.string))


def iri(text: str) -> Term:
    """An IRI as a term."""
    return Term(text, IRI)


def literal(text: str, datatype: str = str(XSD.string)) -> Term:
    """A literal with a datatype as a term."""
    return Term(text, TermType(Kind.LITERAL, datatype))


def tagged(text: str, language: str) -> Term:
    """A literal with a language as a term; tags are compared in lower case (RDF 1.1 §3.3)."""
    return Term(text, TermType(Kind.LITERAL, str(RDF.langString), language.lower()))


@dataclass(frozen=True)
class Terms:
    """A column of terms.

    Attributes:
        text: pyarrow LargeStringArray, no nulls.
        code: int32 array, place in ``types``; same length.
        types: what the codes stand for.
        wkb: pyarrow LargeBinaryArray or None; for geometry literals whose maker knows the coordinates already, well-known binary in CRS84,
            longitude first; null elsewhere.
    """

    text: Any
    code: Any
    types: tuple[TermType, ...]
    wkb: Any = None

    def __len__(self) -> int:
        return len(self.text)


@dataclass(frozen=True)
class Quads:
    """A block of statements: terms, few of them twice, and int32 columns of places in them.

    Attributes:
        graph: -1 is the default graph.
        time: valid time, -1 is none; None if no statement has one.
    """

    terms: Terms
    subject: Any
    predicate: Any
    object: Any
    graph: Any
    time: Any = None

    def __len__(self) -> int:
        return len(self.subject)
