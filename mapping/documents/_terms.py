"""Term maps: subjects, predicates, objects, graphs, languages and datatypes (R2RML §7, RML-Core), and collections (RML-CC)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pyoxigraph as ox

from earthweave.ontology import RDF, XSD

from ..functions import FUNCTIONS
from ..plan import Call, Constant, Expression, Fresh, Gather, Join, Kind, Reference, TermMap
from ._checks import shown, suggestion
from ._document import Node
from ._expressions import CONDITION, Expressions
from ._vocabulary import tail

_KINDS = {
    "IRI": Kind.IRI, "UnsafeIRI": Kind.UNSAFE_IRI, "URI": Kind.URI, "UnsafeURI": Kind.UNSAFE_URI, "BlankNode": Kind.BLANK,
    "Literal": Kind.LITERAL,
}  # fmt: skip
_LONG = {"predicate": "predicateMap", "object": "objectMap", "graph": "graphMap"}
_DEFAULT_GRAPHS = {"http://www.w3.org/ns/r2rml#defaultGraph", "http://w3id.org/rml/defaultGraph"}
_CONTAINERS = {str(RDF.List), str(RDF.Bag), str(RDF.Seq), str(RDF.Alt)}
_STRATEGIES = {"": False, "append": False, "cartesianProduct": True}


@dataclass(frozen=True)
class _Said:
    """What a literal's term map says besides its text."""

    datatype: str = ""
    language: str = ""
    datatype_map: Expression | None = None
    language_map: Expression | None = None
    targets: tuple[str, ...] = ()

    @property
    def typed(self) -> bool:
        return bool(self.datatype or self.language or self.datatype_map or self.language_map)


class Terms:
    """Reads term maps; joins are read by whoever knows the triples maps.

    Attributes:
        targets: nodes of the logical targets that were named, with their names.
    """

    def __init__(self, expressions: Expressions, join: Callable[[Node], Join]) -> None:
        self.expressions = expressions
        self.checks = expressions.checks
        self.document = expressions.document
        self.targets: dict[Node, str] = {}
        self._join = join
        self._fresh = 0
        self._gathering: list[Node] = []

    # -- places of terms

    def subject(self, node: Node) -> TermMap:
        """The term of a subject map."""
        subject = self.term(node, Kind.IRI, "subjectMap")
        if subject.kind is Kind.LITERAL:
            with self.checks.at(node):
                self.checks.fail("a subject cannot be a literal", way_out="rr:termType is rr:IRI or rr:BlankNode")
        return subject

    def named(self, node: Node, short: str) -> tuple[TermMap, ...]:
        """The predicates, or graphs, of a node: constants, then maps."""
        constants = [self.constant(one, Kind.IRI) for one in self.document.all(node, short)]
        maps = [self._named(one, short) for one in self.document.all(node, _LONG[short])]
        return (*constants, *sorted(maps, key=repr))

    def _named(self, node: Node, short: str) -> TermMap:
        term = self.term(node, Kind.IRI, "termMap")
        if term.kind is Kind.LITERAL or (short == "predicate" and not term.kind.named):
            with self.checks.at(node):
                self.checks.fail(f"a {short} must be an IRI")
        return term

    def objects(self, node: Node) -> tuple[TermMap | Join, ...]:
        """The objects of a predicate-object map: constants, then maps."""
        constants = [self.constant(one, None) for one in self.document.all(node, "object")]
        maps = [self.object(one) for one in self.document.all(node, "objectMap")]
        return (*constants, *sorted(maps, key=repr))

    def object(self, node: Node) -> TermMap | Join:
        """An object map, which may be a referencing one."""
        if isinstance(node, ox.Literal) or "parentTriplesMap" not in self.document.properties(node):
            return self.term(node, None, "objectMap")
        with self.checks.at(node):
            given = self.checks.known(node, "objectMap")
            if given - {"parentTriplesMap", "joinCondition"}:
                self.checks.fail(f"a referencing object map has no {min(given - {'parentTriplesMap', 'joinCondition'})}")
            return self._join(node)

    # -- one term map

    def term(self, node: Node, default: Kind | None, kind: str) -> TermMap:
        """A term map; without ``default`` it is an object, whose kind follows R2RML §7.4."""
        with self.checks.at(node):
            given = self.checks.known(node, kind)
            if "joinCondition" in given:
                self.checks.fail("a join condition needs rr:parentTriplesMap")
            said = self._said(node)
            term = self._gathered(node, default) if "gather" in given else self._plain(node, default, said)
            if term.kind is not Kind.LITERAL and said.typed:
                self.checks.fail("only literals have a datatype or a language")
            if given & {"gatherAs", "strategy", "allowEmptyListAndContainer"} and not term.gather:
                self.checks.fail("rml:gatherAs needs rml:gather")
            return replace(term, targets=said.targets) if said.targets else term

    def _plain(self, node: Node, default: Kind | None, said: _Said) -> TermMap:
        constant = self.document.one(node, "constant")
        if constant is not None and not self.document.properties(node) & {"template", "reference", "function", "functionExecution"}:
            return self._constant_map(node, constant, default, said)
        given = self._given(node)
        if given is Kind.BLANK and not self.expressions.has(node):
            return TermMap(self._new(), Kind.BLANK)
        expression = self.expressions.own(node)
        kind = given or default or self._natural(expression, said.typed)
        whole = self.expressions.conditional(node, expression)
        return TermMap(whole, kind, said.datatype, said.language, said.datatype_map, said.language_map)

    def _given(self, node: Node) -> Kind | None:
        found = self.document.one(node, "termType")
        if found is None:
            return None
        name = tail(found.value)
        if name not in _KINDS:
            self.checks.fail(f"unknown term type {name!r}", way_out=suggestion(name, _KINDS) or f"known are {', '.join(_KINDS)}")
        return _KINDS[name]

    def _natural(self, expression: Expression, typed: bool) -> Kind:
        if isinstance(expression, Call) and not typed and expression.function != CONDITION:
            return FUNCTIONS[expression.function].kind
        return Kind.LITERAL if typed or isinstance(expression, Reference | Call) else Kind.IRI

    def _new(self) -> Fresh:
        # by number: maps are read in document order, so a document gives the same names each time
        self._fresh += 1
        return Fresh(str(self._fresh))

    def _constant_map(self, node: Node, constant: Node, default: Kind | None, said: _Said) -> TermMap:
        self.checks.exactly_one(node, "constant")
        term = self.constant(constant, default)
        given = self._given(node)
        if given is not None and (given is Kind.BLANK or given.named != term.kind.named):
            name = tail(self.document.text(node, "termType"))
            self.checks.fail(f"the constant {constant} is not of term type {name}", way_out="leave the term type out")
        if term.kind is Kind.LITERAL and said.typed and isinstance(term.expression, Constant):
            text = Constant(term.expression.text)
            term = TermMap(text, Kind.LITERAL, said.datatype, said.language, said.datatype_map, said.language_map)
        return replace(term, expression=self.expressions.conditional(node, term.expression))

    def constant(self, node: Node, default: Kind | None) -> TermMap:
        """A constant term."""
        if isinstance(node, ox.Literal):
            if default is not None:
                self.checks.fail(f"{shown(node)} stands where an IRI must be")
            datatype = "" if node.language or node.datatype.value == str(XSD.string) else node.datatype.value
            return TermMap(Constant(node.value, datatype, node.language or ""), Kind.LITERAL)
        text = self.checks.iri(node, "a constant")
        return TermMap(Constant("" if text in _DEFAULT_GRAPHS else text), Kind.IRI)

    # -- datatype, language, targets

    def _said(self, node: Node) -> _Said:
        datatype, datatype_map, first = self._aspect(node, "datatype")
        language, language_map, second = self._aspect(node, "language")
        if (datatype or datatype_map) and (language or language_map):
            self.checks.fail("a literal has a datatype or a language, not both")
        if language:
            self.checks.language(language)
        targets = (*self._targets(node), *first, *second)
        return _Said(datatype, language, datatype_map, language_map, tuple(dict.fromkeys(targets)))

    def _aspect(self, node: Node, short: str) -> tuple[str, Expression | None, tuple[str, ...]]:
        """Datatype or language: a constant, or an expression, and the targets of its map."""
        value, mapped = self.document.one(node, short), self.document.one(node, f"{short}Map")
        if value is not None and mapped is not None:
            self.checks.fail(f"{short} and {short}Map exclude each other")
        if value is not None:
            return self._aspect_constant(value, short), None, ()
        if mapped is None:
            return "", None, ()
        expression = self.expressions.read(mapped)
        with self.checks.at(mapped):
            targets = self._targets(mapped)
            if isinstance(expression, Constant):
                constant = self.checks.exactly_one(mapped, "constant")
                return self._aspect_constant(constant, short), None, targets
        return "", expression, targets

    def _aspect_constant(self, node: Node, short: str) -> str:
        if short == "datatype":
            return self.checks.iri(node, f"datatype {node.value!r}")
        if not isinstance(node, ox.Literal):
            self.checks.fail(f"a language is a text, not {shown(node)}")
        return self.checks.language(node.value)

    def _targets(self, node: Node) -> tuple[str, ...]:
        found = self.document.all(node, "logicalTarget")
        for one in found:
            if not self.document.described(one):
                known = [self.document.name(other) for other in self.document.subjects("target")]
                way_out = suggestion(self.document.name(one), known) or "a rml:LogicalTarget has rml:target"
                self.checks.fail(f"there is no logical target {self.document.name(one)}", way_out=way_out)
        self.targets.update({one: self.document.name(one) for one in found})
        return tuple(self.targets[one] for one in found)

    # -- collections and containers

    def _gathered(self, node: Node, default: Kind | None) -> TermMap:
        if node in self._gathering:
            self.checks.fail("a collection that gathers itself")
        self._gathering.append(node)
        gather = self._gather(node)
        self._gathering.pop()
        given = self._given(node)
        if given is Kind.LITERAL:
            self.checks.fail("a collection cannot be a literal")
        if not self.expressions.has(node):
            return TermMap(self._new(), Kind.BLANK, gather=gather)
        constant = self.document.one(node, "constant")
        expression = self.constant(constant, Kind.IRI).expression if constant is not None else self.expressions.own(node)
        return TermMap(self.expressions.conditional(node, expression), given or default or Kind.IRI, gather=gather)

    def _gather(self, node: Node) -> Gather:
        items = self.document.items(self.checks.exactly_one(node, "gather"))
        if not items:
            self.checks.fail('rml:gather must be a list: ( [ rml:reference "name" ] )')
        container = self.checks.exactly_one(node, "gatherAs").value
        if container not in _CONTAINERS:
            self.checks.fail(f"rml:gatherAs cannot be <{container}>", way_out="rdf:List, rdf:Bag, rdf:Seq or rdf:Alt")
        strategy = tail(self.document.text(node, "strategy"))
        if strategy not in _STRATEGIES:
            self.checks.fail(f"unknown strategy {strategy!r}", way_out="rml:append or rml:cartesianProduct")
        empty = self.checks.flag(node, "allowEmptyListAndContainer")
        return Gather(tuple(self.object(one) for one in items), container, empty, _STRATEGIES[strategy])
