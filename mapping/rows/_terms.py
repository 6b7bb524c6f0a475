"""Term maps over one record: every term that they make, in N-Quads syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeAlias

from earthweave.ontology import RDF, XSD, MappingError

from ..plan import Call, Constant, Expression, Fresh, Gather, Join, Kind, Template, TermMap
from ..values import Natural, blank_label, encoded, escaped, fitted, language_tag, well_formed
from ._evaluation import Row

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FORBIDDEN = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def _encoded_ascii(text: str) -> str:
    return encoded(text, ascii_only=True)


_ENCODED: dict[Kind, Callable[[str], str]] = {Kind.IRI: encoded, Kind.URI: _encoded_ascii}
_STRING = str(XSD.string)
_ASCII = (Kind.URI, Kind.UNSAFE_URI)
NIL = f"<{RDF.nil}>"
LIST = str(RDF.List)
CONDITION = "https://w3id.org/imec/idlab/function#trueCondition"
"""A value where a condition is true: the value is made into a term as if it stood alone (RML-FNML, conditions)."""


@dataclass(frozen=True)
class Term:
    """A term in N-Quads syntax, and the logical targets of statements with it."""

    text: str
    targets: tuple[str, ...] = ()


@dataclass(eq=False)
class Collection:
    """A list or container whose statements stand in every graph that it is used in.

    Attributes:
        head: in N-Quads syntax.
        container: IRI.
        members: in order.
        grows: True if later records may add members, since its head has a name.
        targets: logical targets of statements with it.
    """

    head: str
    container: str
    members: tuple[AnyTerm, ...]
    grows: bool
    targets: tuple[str, ...] = ()

    def text(self, graph: str) -> str:
        """The head as it is called in a graph: blank nodes with a name are those of one graph."""
        return f"{self.head}g{graph.encode().hex()}" if self.grows and graph and self.head.startswith("_:") else self.head


AnyTerm: TypeAlias = Term | Collection
Joined: TypeAlias = Callable[[Join, Row], list[Term]]


class Terms:
    """The term maps of one triples map; ``base`` is that of relative IRIs, ``joined`` finds the subjects of another triples map."""

    def __init__(self, base: str, joined: Joined) -> None:
        self._base, self._joined = base, joined

    def of(self, value: TermMap | Join, row: Row) -> list[AnyTerm]:
        """All terms that a record gives, in order."""
        if isinstance(value, Join):
            return list(self._joined(value, row))
        if value.gather is not None:
            return list(self._gathered(value, value.gather, row))
        return [Term(text, value.targets) for text in self.texts(value, row)]

    def texts(self, term: TermMap, row: Row) -> list[str]:
        """The terms of a map that gathers nothing, as N-Quads."""
        expression = term.expression
        if isinstance(expression, Call) and expression.function == CONDITION:
            condition, value = expression.arguments
            holds = any(one.text == "true" for one in row.texts(condition))
            return self.texts(replace(term, expression=value), row) if holds else []
        if term.kind is Kind.LITERAL:
            return list(self._literals(term, row))
        if term.kind is Kind.BLANK:
            return self._blanks(term.expression, row)
        return [f"<{iri}>" for iri in self.iris(term.expression, term.kind, row)]

    def _blanks(self, expression: Expression, row: Row) -> list[str]:
        if isinstance(expression, Fresh):
            return [f"_:{row.fresh(expression)}"]
        return [f"_:{blank_label(one.text)}" for one in row.texts(expression)]

    def iris(self, expression: Expression, kind: Kind, row: Row) -> list[str]:
        """Absolute IRIs, percent-encoded as their kind asks."""
        if isinstance(expression, Constant):
            return [constant_iri(expression.text, self._base)]
        if not isinstance(expression, Template):
            return [self._whole(one.text, kind, row) for one in row.texts(expression)]
        encode = _ENCODED.get(kind, _unchanged)
        start = expression.parts[0]
        # a value at the start is encoded, colons too, so only a text can bring a scheme
        parts = [[part] if isinstance(part, str) else [encode(one) for one in row.alternatives(part)] for part in expression.parts]
        found = ["".join(one) for one in product(*parts)]
        if kind not in _ENCODED:
            return [_marked(self._absolute(one)) for one in found]
        relative = not (isinstance(start, str) and _SCHEME.match(start))
        return [f"{self._base if relative else ''}{one}" for one in found]

    def _absolute(self, text: str) -> str:
        return text if _SCHEME.match(text) else self._base + text

    def _whole(self, text: str, kind: Kind, row: Row) -> str:
        """A value that is an IRI already, or relative."""
        iri = self._absolute(text)
        if kind is Kind.UNSAFE_IRI:
            return _marked(iri)
        if (_FORBIDDEN.search(iri) and kind in _ENCODED) or (kind in _ASCII and not iri.isascii()):
            raise row.unfit("a value that is no IRI")
        return _marked(iri)

    def _literals(self, term: TermMap, row: Row) -> Iterator[str]:
        constant = term.expression if isinstance(term.expression, Constant) else Constant("")
        languages = self._languages(term, constant, row)
        datatypes = self._datatypes(term, constant, row)
        for natural in row.texts(term.expression):
            for language in languages:
                yield f'"{escaped(natural.text)}"@{language}'
            for datatype in datatypes:
                yield _typed(natural, datatype or natural.datatype, row)

    def _languages(self, term: TermMap, constant: Constant, row: Row) -> list[str]:
        fixed = term.language or constant.language
        if term.language_map is None:
            return [fixed] if fixed else []
        found = [one.text for one in row.texts(term.language_map)]
        if not all(map(language_tag, found)):
            raise row.unfit("a language tag that is not well formed")
        return found

    def _datatypes(self, term: TermMap, constant: Constant, row: Row) -> list[str]:
        """Datatypes to write values with, an empty one for the natural one; none if there is a language instead."""
        if term.datatype_map is not None:
            return self.iris(term.datatype_map, Kind.IRI, row)
        if term.language or term.language_map is not None or constant.language:
            return []
        return [term.datatype or constant.datatype]

    def _gathered(self, term: TermMap, gather: Gather, row: Row) -> Iterator[AnyTerm]:
        items = [self.of(item, row) for item in gather.items]
        groups = list(product(*items)) if gather.product else [tuple(one for found in items for one in found)]
        if gather.allow_empty and not any(groups):
            groups = [()]
        wanted = [group for group in groups if group or gather.allow_empty]
        if isinstance(term.expression, Fresh):
            label = f"_:{row.fresh(term.expression)}"
            heads = [label if index == 1 else f"{label}x{index}" for index in range(1, len(wanted) + 1)]
            yield from (_collection(head, gather, group, False, term.targets) for head, group in zip(heads, wanted, strict=True))
            return
        for head, group in product(self.texts(term, row), wanted):
            yield _collection(head, gather, group, True, term.targets)


def _collection(head: str, gather: Gather, members: tuple[AnyTerm, ...], grows: bool, targets: tuple[str, ...]) -> AnyTerm:
    if gather.container == LIST and not members:
        return Term(NIL, targets)
    return Collection(head, gather.container, members, grows, targets)


def _unchanged(text: str) -> str:
    return text


def _marked(iri: str) -> str:
    """An IRI that may hold anything, what no N-Quads IRI may hold written as its code point."""
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04X}", iri)


def _typed(natural: Natural, datatype: str, row: Row) -> str:
    text = natural.text
    if datatype and datatype != natural.datatype:
        text = fitted(natural, datatype)
        if not well_formed(text, datatype):
            raise row.unfit(f"a value that is no {datatype.rpartition('#')[2]}")
    suffix = f"^^<{datatype}>" if datatype and datatype != _STRING else ""
    return f'"{escaped(text)}"{suffix}'


def constant_iri(text: str, base: str) -> str:
    """A constant as an absolute IRI; raise `MappingError` if no IRI may hold it."""
    if _FORBIDDEN.search(text):
        raise MappingError(f"{text!r} cannot stand in an IRI", way_out="percent-encode what is not allowed there, or correct the variable")
    return text if _SCHEME.match(text) else base + text


def check(term: TermMap, base: str) -> None:
    """Raise `MappingError` for constants that can make no term."""
    if term.kind is Kind.LITERAL:
        _check_literal(term, base)
    elif term.kind is not Kind.BLANK:
        _check_iri(term.expression, term.kind, base)
    for item in term.gather.items if term.gather else ():
        if isinstance(item, TermMap):
            check(item, base)


def _check_iri(expression: Expression, kind: Kind, base: str) -> None:
    if isinstance(expression, Constant):
        constant_iri(expression.text, base)
    elif isinstance(expression, Template) and kind in _ENCODED:
        for part in expression.parts:
            if isinstance(part, str):
                constant_iri(part, base)


def _check_literal(term: TermMap, base: str) -> None:
    if term.datatype_map is not None:
        _check_iri(term.datatype_map, Kind.IRI, base)
    tags = [term.language, term.language_map.text if isinstance(term.language_map, Constant) else ""]
    if isinstance(term.expression, Constant):
        tags.append(term.expression.language)
        datatype = term.datatype or term.expression.datatype
        if not well_formed(term.expression.text, datatype):
            raise MappingError(
                f"{term.expression.text!r} is no {datatype.rpartition('#')[2]}", way_out="correct the constant or the variable"
            )
    wrong = [tag for tag in tags if tag and not language_tag(tag)]
    if wrong:
        raise MappingError(f"{wrong[0]!r} is no language tag", way_out="write one such as en or pt-BR")
