"""How one term of a statement is made, as typed values (R2RML §7 and §8, RML-Core, RML-FNML, RML-CC).

A reference whose name begins with ``$.`` or ``$[`` is a JSONPath; any other that begins with ``$`` is a variable, handed in when the
mapping runs: it stands in templates as it is, without percent-encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """What a term map makes; a URI is an IRI of ASCII characters alone, unsafe ones are not percent-encoded (RML-Core, Term Types)."""

    IRI = "iri"
    UNSAFE_IRI = "unsafe-iri"
    URI = "uri"
    UNSAFE_URI = "unsafe-uri"
    BLANK = "blank"
    LITERAL = "literal"

    @property
    def named(self) -> bool:
        """True for all that is an IRI in RDF."""
        return self not in (Kind.BLANK, Kind.LITERAL)


@dataclass(frozen=True)
class Constant:
    """The same text for every row; ``datatype`` and ``language`` belong to it if it is a literal."""

    text: str
    datatype: str = ""
    language: str = ""


@dataclass(frozen=True)
class Reference:
    """The value of a column, of a path into a nested record, or of a variable (``$name``).

    Attributes:
        name: as its source holds it.
        delimited: True if the document writes a column's name as a delimited SQL identifier, whose case counts (R2RML §5.2).
    """

    name: str
    delimited: bool = False

    @property
    def variable(self) -> bool:
        """True if the value is handed in at run time."""
        return re.match(r"\$[A-Za-z_]\w*$", self.name) is not None


@dataclass(frozen=True)
class Template:
    """Texts and references in turn, joined."""

    parts: tuple[str | Reference, ...]


@dataclass(frozen=True)
class Call:
    """A function, named by IRI, of other expressions in the order of its parameters; an optional one left out is an empty Constant.

    Attributes:
        function: IRI.
        arguments: by position.
        output: IRI of the output that is wanted (``rml:return``), or empty for the first.
    """

    function: str
    arguments: tuple[Expression, ...]
    output: str = ""


@dataclass(frozen=True)
class Fresh:
    """A text of its own for every row: a blank node without an expression. ``name`` keeps those of several term maps apart."""

    name: str


Expression: TypeAlias = Constant | Reference | Template | Call | Fresh


@dataclass(frozen=True)
class Condition:
    """When a row of the parent belongs to one of the child.

    Attributes:
        child: expression over the child's row.
        parent: expression over the parent's row.
        function: IRI of a binary ``rrxf:`` function of both (a spatial relation, for example); empty: their texts are equal.
    """

    child: Expression
    parent: Expression
    function: str = ""


@dataclass(frozen=True)
class Join:
    """The subjects of another triples map (R2RML §8, referencing object map); without conditions those of the same row.

    Attributes:
        parent: name of the triples map.
        conditions: all must hold.
    """

    parent: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Gather:
    """Terms gathered into a collection or container (RML-CC).

    Attributes:
        items: what is gathered, in order.
        container: IRI of rdf:List, rdf:Bag, rdf:Seq or rdf:Alt.
        allow_empty: make one also without members.
        product: one per combination of the items' values (``rml:cartesianProduct``) instead of one of all of them (``rml:append``).
    """

    items: tuple[TermMap | Join, ...]
    container: str
    allow_empty: bool = False
    product: bool = False


@dataclass(frozen=True)
class TermMap:
    """How one term of a statement is made.

    Attributes:
        expression: gives the text; with ``gather`` it names the collection's head.
        kind: IRI, blank node or literal.
        datatype: IRI, or empty for the natural one (R2RML §10.2).
        language: tag, or empty.
        datatype_map, language_map: give datatype or language for each row instead.
        gather: makes it a collection.
        targets: names of the logical targets that statements with this term go to (RML-IO); none is the default output.
    """

    expression: Expression
    kind: Kind
    datatype: str = ""
    language: str = ""
    datatype_map: Expression | None = None
    language_map: Expression | None = None
    gather: Gather | None = None
    targets: tuple[str, ...] = ()

    def expressions(self) -> Iterator[Expression]:
        """Every expression over this row's values in it, those of joins and of gathered terms too."""
        yield self.expression
        yield from (one for one in (self.datatype_map, self.language_map) if one is not None)
        for item in self.gather.items if self.gather else ():
            yield from own_expressions(item)


def own_expressions(value: TermMap | Join) -> Iterator[Expression]:
    """The expressions over the child's row."""
    if isinstance(value, TermMap):
        yield from value.expressions()
    else:
        yield from (condition.child for condition in value.conditions)


def references(expression: Expression) -> Iterator[Reference]:
    """Every reference in an expression."""
    if isinstance(expression, Reference):
        yield expression
    elif isinstance(expression, Template):
        yield from (part for part in expression.parts if isinstance(part, Reference))
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from references(argument)
