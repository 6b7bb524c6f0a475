"""Term maps to the pieces of N-Quads: constant texts and string columns in turn, to be joined once per batch."""

from __future__ import annotations

from typing import Any, TypeAlias

from earthweave.ontology import XSD, MappingError

from ..functions import Rows, Text
from ..plan import Constant, Expression, Kind, Template, TermMap
from ..values import (
    ABSOLUTE,
    absolute_iris,
    blank_labels,
    escape_literal,
    escape_text,
    ill_formed,
    iri_safe,
    not_iris,
    pc,
    retyped,
    well_formed,
)

Pieces: TypeAlias = list[Any]
"""Texts (`str`) and Arrow string columns; a null in a column means that there is no term."""
_FORBIDDEN = frozenset('<>"{}|^`\\') | {chr(point) for point in range(0x21)}


def pieces(term: TermMap, rows: Rows) -> Pieces:
    """A term for each row, in N-Quads syntax."""
    if term.kind is Kind.LITERAL:
        return _literal(term, rows)
    if term.kind is Kind.BLANK:
        return ["_:", blank_labels(rows.text(term.expression)[0])]
    return _iri(term.expression, rows)


def _iri(expression: Expression, rows: Rows) -> Pieces:
    if isinstance(expression, Constant):
        return [f"<{constant_iri(expression.text, rows.table.base)}>"]
    if isinstance(expression, Template):
        return _template_iri(expression, rows)
    text, _ = rows.text(expression)
    # an empty text is a relative IRI that means the base itself
    iris = absolute_iris(text, rows.table.base)
    wrong = not_iris(iris)
    if wrong is not None:
        rows.reject(wrong, "a value that is no IRI")
    return ["<", iris, ">"]


def _template_iri(template: Template, rows: Rows) -> Pieces:
    start = template.parts[0]
    # a column at the start is encoded, colons too, so only a text can bring a scheme
    relative = not (isinstance(start, str) and ABSOLUTE.match(start))
    parts = [constant_part(part) if isinstance(part, str) else iri_safe(rows.text(part)[0]) for part in template.parts]
    return ["<", *([rows.table.base] if relative else []), *parts, ">"]


def constant_part(text: str) -> str:
    """A constant piece of an IRI; raise `MappingError` if no IRI may hold it."""
    if _FORBIDDEN & set(text):
        raise MappingError(f"{text!r} cannot stand in an IRI", way_out="percent-encode what is not allowed there, or correct the variable")
    return text


def constant_iri(text: str, base: str) -> str:
    """A constant as an absolute IRI; raise `MappingError` if no IRI may hold it."""
    return constant_part(text if ABSOLUTE.match(text) else base + text)


def _literal(term: TermMap, rows: Rows) -> Pieces:
    expression = term.expression
    if isinstance(expression, Constant):
        return [constant_literal(term)]
    text, natural = rows.text(expression)
    datatype = term.datatype or ("" if term.language else natural)
    if term.datatype and term.datatype != natural:
        text = _checked((text, natural), term.datatype, rows)
    body: Pieces = [text] if _harmless(expression, natural) else [escape_literal(text)]
    return ['"', *body, _suffix(datatype, term.language)]


def _harmless(expression: Expression, natural: str) -> bool:
    """True if no text can need an escape: numbers, dates, WKT."""
    return bool(natural) and not isinstance(expression, Template)


def _checked(text: Text, datatype: str, rows: Rows) -> Any:
    """Lexical forms for a datatype that is not the natural one; those that are none are rejected."""
    changed = retyped(*text, datatype)
    wrong = ill_formed(changed, datatype)
    if wrong is not None:
        rows.reject(wrong.fill_null(False), f"a value that is no {datatype.rpartition('#')[2]}")
        changed = pc.if_else(wrong, None, changed)
    return changed


def constant_literal(term: TermMap) -> str:
    """A literal that is the same for all rows; raise `MappingError` if it is no lexical form of its datatype."""
    assert isinstance(term.expression, Constant)
    datatype, language = term.datatype or term.expression.datatype, term.language or term.expression.language
    if not well_formed(term.expression.text, datatype):
        raise MappingError(f"{term.expression.text!r} is no {datatype.rpartition('#')[2]}", way_out="correct the constant or the variable")
    return f'"{escape_text(term.expression.text)}{_suffix(datatype, language)}'


def _suffix(datatype: str, language: str) -> str:
    if language:
        return f'"@{language}'
    return f'"^^<{datatype}>' if datatype and datatype != str(XSD.string) else '"'
