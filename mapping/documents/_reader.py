"""From a mapping document (R2RML, RML, with GeoTriples' functions) to a plan; what is wrong in it is told before any row is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from rdflib import RDFS, BNode, Graph, Literal, URIRef
from rdflib.exceptions import ParserError
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node

from earthweave.ontology import EWR, MappingError, NotFoundError, SizeLimitError, UnsupportedError

from ..functions import FUNCTIONS
from ..plan import (
    Call,
    Constant,
    Expression,
    Kind,
    LogicalSource,
    Plan,
    PredicateObjects,
    Reference,
    Template,
    TermMap,
    TriplesMap,
    Variable,
    references,
)
from ._template import column_name, parse_template
from ._vocabulary import KNOWN, UNSUPPORTED, Document

MAX_BYTES = 1024 * 1024
"""Longest mapping document that is read."""

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_SHORTCUTS = {"predicate": "predicateMap", "object": "objectMap", "graph": "graphMap"}
_KINDS = {"IRI": Kind.IRI, "UnsafeIRI": Kind.IRI, "BlankNode": Kind.BLANK, "Literal": Kind.LITERAL}
_FLAT = {"", "CSV", "TSV", "SHP", "ROW", "Layer"}
_DEFAULT_GRAPHS = {"http://www.w3.org/ns/r2rml#defaultGraph", "http://w3id.org/rml/defaultGraph"}


def read_rules(source: Path | str, *, base: str | None = None) -> Plan:
    """Read a mapping document: a file (`Path`, or a text without line breaks), or Turtle text.

    ``base`` is what relative IRIs in the document and in its results are relative to; a slash is added where it ends in
    neither a slash nor a hash, so both ``…/flood`` and ``…/flood/`` work. Read are R2RML, RML (legacy and current) for flat
    sources, and ``rrx:function``.

    Raises:
        MappingError: the document is wrong; the text names file, line and triples map.
        UnsupportedError: it is right, but uses what is not offered (joins, SQL queries, nested sources).
        SizeLimitError: it is longer than `MAX_BYTES`.
    """
    text, origin = _text(source)
    if len(text.encode()) > MAX_BYTES:
        raise SizeLimitError(f"the mapping {origin} is longer than {MAX_BYTES} bytes", way_out="split it by triples map")
    root = _directory(base or str(EWR))
    return _Reader(text, origin, root).plan()


def _text(source: Path | str) -> tuple[str, str]:
    if isinstance(source, str) and "\n" in source:
        return source, "mapping"
    path = Path(source)
    if not path.is_file():
        raise NotFoundError(f"there is no mapping document {path}", way_out="`earthweave map generate` writes one")
    if path.stat().st_size > MAX_BYTES:
        raise SizeLimitError(f"the mapping {path.name} is longer than {MAX_BYTES} bytes", way_out="split it by triples map")
    try:
        return path.read_text("utf-8"), path.name
    except UnicodeDecodeError as error:
        raise MappingError(f"{path.name} is not UTF-8", why=str(error)) from error


def _directory(base: str) -> str:
    return base if base.endswith(("/", "#")) else base + "/"


class _Reader:
    def __init__(self, text: str, origin: str, base: str) -> None:
        self.lines = text.splitlines()
        self.origin = origin
        self.base = base
        self.document = Document(self._parse(text))
        self.where = origin

    def _parse(self, text: str) -> Graph:
        graph = Graph()
        try:
            return graph.parse(data=text, format="turtle", publicID=self.base)
        except BadSyntax as error:
            raise MappingError(f"{self.origin}, line {error.lines + 1}: not Turtle", why=str(error._why)) from error
        except (ParserError, ValueError) as error:
            raise MappingError(f"{self.origin} is not Turtle", why=str(error)) from error

    # -- the document

    def plan(self) -> Plan:
        maps = [node for node in self.document.subjects("logicalSource") if self.document.properties(node) & {"subjectMap", "subject"}]
        stray = [n for n in self.document.subjects("predicateObjectMap") if n not in maps]
        if stray:
            self.where = self._place(stray[0])
            self._fail("a triples map needs both a logical table or source and a subject map")
        if not maps:
            self._fail("there is no triples map in it", way_out="a triples map has rr:logicalTable, rr:subjectMap, rr:predicateObjectMap")
        # rdflib keeps no order; that of the lines, and of the names, makes results repeatable
        found = tuple(sorted((self._triples_map(node) for node in maps), key=lambda one: (one.line, one.name)))
        self._one_source(maps)
        return Plan(self.origin, self.base, found, self._variables(found), self._label())

    def _label(self) -> str:
        nodes = self.document.subjects("variable")
        return next((str(label) for node in nodes for label in self.document.graph.objects(node, RDFS.label)), "")

    def _variables(self, maps: tuple[TriplesMap, ...]) -> tuple[Variable, ...]:
        declared = {}
        for owner in self.document.subjects("variable"):
            for node in self.document.all(owner, "variable"):
                self._check(node, "variable")
                default = self.document.one(node, "default")
                name = self.document.text(node, "name")
                comment = self.document.graph.value(node, RDFS.comment)
                declared[name] = Variable(name, str(comment or ""), None if default is None else str(default))
        used = {r.name[1:] for one in maps for term in one.terms() for r in references(term.expression) if r.variable}
        return (*declared.values(), *(Variable(name) for name in sorted(used - set(declared))))

    def _one_source(self, maps: list[Node]) -> None:
        sources = {self._file(s) for m in maps if (s := self.document.one(m, "logicalSource")) is not None}
        if len(sources - {""}) > 1:
            self.where = self.origin
            self._refuse(f"several source files in one mapping ({', '.join(sorted(sources - {''}))})")

    def _file(self, source: Node) -> str:
        """The file that a logical source names: a text, or the ``rml:path`` of a source description."""
        described = self.document.one(source, "source")
        return "" if described is None else self.document.text(described, "path") or str(described)

    # -- one triples map

    def _triples_map(self, node: Node) -> TriplesMap:
        self.where = self._place(node)
        self._check(node, "triplesMap")
        subject_node = self._exactly_one(node, "subjectMap") if self.document.all(node, "subjectMap") else None
        subject = self._subject(node, subject_node)
        classes = tuple(self._class(one) for one in self.document.all(subject_node, "class")) if subject_node is not None else ()
        graphs = self._terms(subject_node, "graph", Kind.IRI) if subject_node is not None else ()
        statements = tuple(sorted((self._statements(one) for one in self.document.all(node, "predicateObjectMap")), key=repr))
        return TriplesMap(self._name(node), self._line(node), self._source(node), subject, classes, graphs, statements)

    def _subject(self, node: Node, subject_node: Node | None) -> TermMap:
        if subject_node is None:
            return self._constant(self._exactly_one(node, "subject"), Kind.IRI)
        subject = self._term(subject_node, Kind.IRI)
        if subject.kind is Kind.LITERAL:
            self._fail("a subject cannot be a literal")
        return subject

    def _class(self, node: Node) -> str:
        return self._iri(node, "a class")

    def _source(self, node: Node) -> LogicalSource:
        source = self._exactly_one(node, "logicalSource")
        self._check(source, "logicalSource")
        described = self.document.one(source, "source")
        if isinstance(described, BNode):
            self._check(described, "source")
        formulation = re.split(r"[#/]", self.document.text(source, "referenceFormulation"))[-1]
        if formulation not in _FLAT:
            self._refuse(f"reference formulation {formulation}: nested sources")
        if self.document.one(source, "iterator") is not None:
            self._refuse("rml:iterator: nested sources")
        required = tuple(column_name(str(name)) for name in self.document.all(source, "required"))
        return LogicalSource(column_name(self.document.text(source, "tableName")), required)

    def _statements(self, node: Node) -> PredicateObjects:
        self._check(node, "predicateObjectMap")
        predicates, objects = self._terms(node, "predicate", Kind.IRI), self._terms(node, "object", None)
        if not predicates or not objects:
            self._fail("a predicate-object map needs a predicate and an object")
        if any(term.kind is not Kind.IRI for term in predicates):
            self._fail("a predicate must be an IRI")
        return PredicateObjects(predicates, objects, self._terms(node, "graph", Kind.IRI))

    def _terms(self, node: Node, short: str, default: Kind | None) -> tuple[TermMap, ...]:
        constants = [self._constant(one, default) for one in self.document.all(node, short)]
        maps = (self._term(one, default) for one in self.document.all(node, _SHORTCUTS[short]))
        return (*constants, *sorted(maps, key=repr))

    # -- one term map

    def _term(self, node: Node, default: Kind | None) -> TermMap:
        """A term map; without ``default`` it is an object, whose kind follows R2RML §7.4."""
        self._check(node, "termMap")
        datatype, language = self.document.text(node, "datatype"), self.document.text(node, "language")
        self._check_literal(datatype, language)
        constant = self.document.one(node, "constant")
        if constant is not None:
            return self._constant(constant, default)
        expression = self._expression(node)
        kind = self._kind(node, expression, default, bool(datatype or language))
        if kind is not Kind.LITERAL and (datatype or language):
            self._fail("only literals have a datatype or a language")
        return TermMap(expression, kind, datatype, language)

    def _check_literal(self, datatype: str, language: str) -> None:
        if datatype and language:
            self._fail("a literal has a datatype or a language, not both")
        if language and not _LANGUAGE.fullmatch(language):
            self._fail(f"{language!r} is not a language tag", way_out="write en, or pt-BR (BCP 47)")
        if datatype and not _IRI.fullmatch(datatype):
            self._fail(f"datatype {datatype!r} is not an IRI")

    def _kind(self, node: Node, expression: Expression, default: Kind | None, typed: bool) -> Kind:
        given = self.document.one(node, "termType")
        if given is not None:
            name = re.split(r"[#/]", str(given))[-1]
            return _KINDS[name] if name in _KINDS else self._fail(f"unknown term type {given}")
        if default is not None:
            return default
        if isinstance(expression, Call) and not typed:
            return FUNCTIONS[expression.function].kind
        return Kind.LITERAL if typed or isinstance(expression, Reference) else Kind.IRI

    def _expression(self, node: Node) -> Expression:
        inner = self.document.one(node, "transformation")
        if inner is not None:
            return self._expression(inner)
        given = self.document.properties(node) & {"template", "reference", "function", "constant"}
        if len(given) != 1:
            self._fail("a term map needs exactly one of template, column (reference), constant, function")
        kind = given.pop()
        if kind == "function":
            return self._call(node)
        value = self.document.one(node, kind)
        assert value is not None
        if kind == "constant":
            return Constant(str(value))
        return Reference(column_name(str(value))) if kind == "reference" else self._template(str(value))

    def _template(self, text: str) -> Template:
        try:
            return Template(parse_template(text))
        except ValueError as error:
            self._fail(str(error))

    def _call(self, node: Node) -> Call:
        name = self.document.text(node, "function")
        function = FUNCTIONS.get(name)
        if function is None:
            self._refuse(f"function <{name}>", way_out=f"offered: {', '.join(sorted(FUNCTIONS))}")
        listed = self.document.one(node, "argumentMap")
        nodes = self.document.items(listed) if listed is not None else []
        if nodes is None:
            self._fail("rrx:argumentMap must be a list: ( [ rr:column \"the_geom\" ] )")
        least, most = function.arity
        if not least <= len(nodes) <= most:
            self._fail(f"<{name}> takes {least if least == most else f'{least} to {most}'} arguments, not {len(nodes)}")
        for one in nodes:
            self._check(one, "termMap")
        return Call(name, tuple(self._expression(one) for one in nodes))

    def _constant(self, node: Node, default: Kind | None) -> TermMap:
        if isinstance(node, Literal):
            if default is not None:
                self._fail(f"{node.n3()} stands where an IRI must be")
            return TermMap(Constant(str(node), str(node.datatype or ""), node.language or ""), Kind.LITERAL)
        text = self._iri(node, "a constant")
        return TermMap(Constant("" if text in _DEFAULT_GRAPHS else text), Kind.IRI)

    def _iri(self, node: Node, what: str) -> str:
        if not isinstance(node, URIRef) or not _IRI.fullmatch(str(node)):
            self._fail(f"{what} must be an IRI, not {node.n3()}")
        return str(node)

    # -- checks and messages

    def _exactly_one(self, node: Node, name: str) -> Node:
        found = self.document.all(node, name)
        if len(found) != 1:
            self._fail(f"needs exactly one {name}, has {len(found)}")
        return found[0]

    def _check(self, node: Node, kind: str) -> None:
        if kind in ("termMap", "logicalSource", "predicateObjectMap") and isinstance(node, Literal):
            self._fail(f"{node.n3()} stands where a node must be")
        given = self.document.properties(node)
        for name in sorted(given - KNOWN[kind]):
            if name in UNSUPPORTED:
                self._refuse(f"{name}: {UNSUPPORTED[name]}")
            self._fail(f"unknown property {name!r}", way_out=f"known here: {', '.join(sorted(KNOWN[kind]))}")
        for name in sorted(given & {"template", "reference", "constant", "termType", "datatype", "language", "function", "tableName"}):
            self._exactly_one(node, name)

    def _fail(self, why: str, *, way_out: str = "") -> NoReturn:
        raise MappingError(self.where, why=why, way_out=way_out)

    def _refuse(self, why: str, *, way_out: str = "") -> NoReturn:
        raise UnsupportedError(self.where, why=f"not offered: {why}", way_out=way_out or "docs/limits.md lists what the mapper reads")

    def _name(self, node: Node) -> str:
        return "a triples map without a name" if isinstance(node, BNode) else f"<{str(node).removeprefix(self.base)}>"

    def _line(self, node: Node) -> int:
        """Where a node is described: rdflib keeps no lines, so the first line that begins with its name."""
        if isinstance(node, BNode):
            return 0
        tail = re.escape(re.split(r"[#/]", str(node))[-1])
        pattern = re.compile(rf"\s*(<[^>]*{tail}>|[\w-]*:{tail})(\s|$)")
        return next((number for number, line in enumerate(self.lines, 1) if pattern.match(line)), 0)

    def _place(self, node: Node) -> str:
        line = self._line(node)
        return f"{self.origin}{f', line {line}' if line else ''}, triples map {self._name(node)}"


