"""Term maps to columns of terms, and those to the pieces of N-Quads: constant texts and string columns in turn, to be joined once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from earthweave.ontology import GEO, XSD, MappingError

from ..functions import FUNCTIONS, Rows, Text
from ..plan import Call, Constant, Expression, Fresh, Kind, Template, TermMap
from ..values import (
    ABSOLUTE,
    Shapes,
    absolute_iris,
    blank_label,
    blank_labels,
    escape_literal,
    escape_text,
    ill_formed,
    in_groups,
    iri_safe,
    language_tag,
    marked_iris,
    not_ascii,
    not_iris,
    pc,
    retyped,
    uri_safe,
    well_formed,
)

Pieces: TypeAlias = list[Any]
"""Texts (`str`) and Arrow string columns; a null in a column means that there is no term."""
_FORBIDDEN = frozenset('<>"{}|^`\\') | {chr(point) for point in range(0x21)}
_STRING, _WKT = str(XSD.string), str(GEO.wktLiteral)


@dataclass(frozen=True)
class Slot:
    """A term map with what its relative IRIs are relative to."""

    term: TermMap
    base: str

    @cached_property
    def _hash(self) -> int:
        return hash((self.term, self.base))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True)
class Term:
    """A term for each row.

    Attributes:
        kind: IRI, blank node or literal.
        parts: of the IRI without brackets, of the label without its mark, or of the lexical form.
        datatype: IRI, or a column of them; empty for plain strings.
        language: tag, or a column of them.
        harmless: True if no lexical form can need an escape.
        shapes: what a geometry literal says, if it is one.
    """

    kind: Kind
    parts: Pieces
    datatype: Any = ""
    language: Any = ""
    harmless: bool = False
    shapes: Shapes | None = None

    @cached_property
    def pieces(self) -> Pieces:
        """The term in N-Quads syntax."""
        if self.kind.named:
            return ["<", *self.parts, ">"]
        if self.kind is Kind.BLANK:
            return ["_:", *self.parts]
        return ['"', *(self.parts if self.harmless else map(_escaped, self.parts)), *_suffix(self.datatype, self.language)]

    @property
    def same(self) -> bool:
        """True if it is the same for all rows."""
        return all(isinstance(one, str) for one in (*self.parts, self.datatype, self.language))

    def taken(self, rows: Any) -> Term:
        """The terms of some rows, an integer array, in that order; geometries are left behind."""

        def some(part: Any) -> Any:
            return part if isinstance(part, str) else part.take(rows)

        parts = [some(one) for one in self.parts]
        return replace(self, parts=parts, datatype=some(self.datatype), language=some(self.language), shapes=None)


class Terms(Mapping[Slot, Term]):
    """The terms of one batch, each made when it is first asked for."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._made: dict[Slot, Term] = {}

    def __getitem__(self, slot: Slot) -> Term:
        if slot not in self._made:
            self._made[slot] = _made(slot, self.rows)
        return self._made[slot]

    def __iter__(self) -> Any:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def _made(slot: Slot, rows: Rows) -> Term:
    term, base = slot.term, slot.base
    if term.kind is Kind.LITERAL:
        return _literal(term, base, rows)
    if term.kind is Kind.BLANK:
        return _blank(term.expression, rows)
    return Term(term.kind, _iri(term, base, rows))


def _blank(expression: Expression, rows: Rows) -> Term:
    if isinstance(expression, Constant):
        return Term(Kind.BLANK, [blank_label(expression.text)])
    text = rows.text(expression)[0]
    return Term(Kind.BLANK, [text if isinstance(expression, Fresh) else blank_labels(text)])


def _iri(term: TermMap, base: str, rows: Rows) -> Pieces:
    expression = term.expression
    if isinstance(expression, Constant):
        return [constant_iri(expression.text, base)]
    if isinstance(expression, Template) and term.kind in (Kind.IRI, Kind.URI):
        return _template_iri(expression, base, rows, uri_safe if term.kind is Kind.URI else iri_safe)
    # an empty text is a relative IRI that means the base itself
    iris = absolute_iris(rows.text(expression)[0], base)
    if term.kind in (Kind.URI, Kind.UNSAFE_URI) and not isinstance(expression, Template):
        iris = _without(not_ascii(iris), iris, rows)
    return [marked_iris(iris) if term.kind in (Kind.UNSAFE_IRI, Kind.UNSAFE_URI) else _only_iris(iris, rows)]


def _only_iris(iris: Any, rows: Rows) -> Any:
    return _without(not_iris(iris), iris, rows)


def _without(wrong: Any, iris: Any, rows: Rows) -> Any:
    if wrong is None:
        return iris
    rows.reject(wrong, "a value that is no IRI")
    return pc.if_else(wrong, None, iris)


def _template_iri(template: Template, base: str, rows: Rows, safe: Any) -> Pieces:
    start = template.parts[0]
    # a column at the start is encoded, colons too, so only a text can bring a scheme
    relative = not (isinstance(start, str) and ABSOLUTE.match(start))
    parts = [constant_part(part) if isinstance(part, str) else safe(rows.text(part)[0]) for part in template.parts]
    return [base, *parts] if relative else parts


def constant_part(text: str) -> str:
    """A constant piece of an IRI; raise `MappingError` if no IRI may hold it."""
    if _FORBIDDEN & set(text):
        raise MappingError(f"{text!r} cannot stand in an IRI", way_out="percent-encode what is not allowed there, or correct the variable")
    return text


def constant_iri(text: str, base: str) -> str:
    """A constant as an absolute IRI; raise `MappingError` if no IRI may hold it."""
    return constant_part(text if ABSOLUTE.match(text) else base + text)


def _literal(term: TermMap, base: str, rows: Rows) -> Term:
    expression = term.expression
    if isinstance(expression, Constant) and term.datatype_map is None and term.language_map is None:
        return _constant_literal(term)
    if term.language_map is not None:
        tags = _tags(rows.text(term.language_map)[0], rows)
        return Term(Kind.LITERAL, [rows.text(expression)[0]], language=tags)
    if term.datatype_map is not None:
        types = _only_iris(absolute_iris(rows.text(term.datatype_map)[0], base), rows)
        return Term(Kind.LITERAL, [_fitting(rows.text(expression), types, rows)], types)
    text, natural = rows.text(expression)
    datatype = term.datatype or ("" if term.language else natural)
    if term.datatype and term.datatype != natural:
        text = _checked((text, natural), term.datatype, rows)
    harmless = bool(natural) and not isinstance(expression, Template)
    return Term(Kind.LITERAL, [text], datatype, term.language, harmless, _geometry(expression, datatype, rows))


def _geometry(expression: Expression, datatype: str, rows: Rows) -> Shapes | None:
    """What a literal of well-known text says, if that is known without reading it."""
    if datatype != _WKT:
        return None
    if isinstance(expression, Call):
        return rows.shapes(expression.arguments[0]) if FUNCTIONS[expression.function].serializes else None
    return rows.shapes(expression) if rows.is_geometry(expression) else None


def _tags(tags: Any, rows: Rows) -> Any:
    """Language tags; what is none is rejected."""
    wrong = [mine for tag, mine in in_groups(tags) if not language_tag(tag)]
    if not wrong:
        return tags
    rejected = np.logical_or.reduce(wrong)
    rows.reject(rejected, "a language tag that is not well formed")
    return pc.if_else(pa.array(rejected), None, tags)


def _fitting(text: Text, types: Any, rows: Rows) -> Any:
    """Lexical forms for datatypes that differ from row to row."""
    column, natural = text
    for datatype, mine in in_groups(types):
        if datatype != natural:
            changed = _checked((pc.if_else(mine, column, None), natural), datatype, rows)
            column = pc.if_else(mine, changed, column)
    return column


def _checked(text: Text, datatype: str, rows: Rows) -> Any:
    """Lexical forms for a datatype that is not the natural one; those that are none are rejected."""
    changed = retyped(*text, datatype)
    # the day of a moment is always one
    wrong = None if text[1] == str(XSD.dateTime) and datatype == str(XSD.date) else ill_formed(changed, datatype)
    if wrong is not None:
        rows.reject(wrong.fill_null(False), f"a value that is no {datatype.rpartition('#')[2]}")
        changed = pc.if_else(wrong, None, changed)
    return changed


def _constant_literal(term: TermMap) -> Term:
    """A literal that is the same for all rows; raise `MappingError` if it is no lexical form of its datatype."""
    assert isinstance(term.expression, Constant)
    datatype, language = term.datatype or term.expression.datatype, term.language or term.expression.language
    if not well_formed(term.expression.text, datatype):
        raise MappingError(f"{term.expression.text!r} is no {datatype.rpartition('#')[2]}", way_out="correct the constant or the variable")
    return Term(Kind.LITERAL, [term.expression.text], datatype, language)


def _escaped(part: Any) -> Any:
    return escape_text(part) if isinstance(part, str) else escape_literal(part)


def _suffix(datatype: Any, language: Any) -> Pieces:
    """What follows the lexical form."""
    if not isinstance(language, str):
        return ['"@', language]
    if language:
        return [f'"@{language}']
    if isinstance(datatype, str):
        return [_typed(datatype)]
    coded = datatype.dictionary_encode()
    return [pa.array([_typed(one) for one in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)]


def _typed(datatype: str) -> str:
    return f'"^^<{datatype}>' if datatype and datatype != _STRING else '"'
