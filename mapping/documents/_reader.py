"""From a mapping document (R2RML, RML, with GeoTriples' functions) to a plan; what is wrong in it is told before any row is read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from earthweave.ontology import EWR, RDFS, MappingError, NotFoundError, ParameterError, SizeLimitError

from ..plan import Expression, Join, Kind, LogicalSource, Plan, PredicateObjects, Target, TermMap, TriplesMap, Variable, View, references
from ._checks import Checks, absolute
from ._document import Document, Node
from ._expressions import Expressions
from ._joins import Joins
from ._sources import Sources
from ._terms import Terms
from ._views import Views

MAX_BYTES = 1024 * 1024
"""Longest mapping document that is read."""


def read_rules(source: Path | str, *, base: str | None = None) -> Plan:
    """Read a mapping document: a file (`Path`, or a text without line breaks), or Turtle text.

    ``base`` is what relative IRIs in the document and in its results are relative to; a slash is added where it ends in
    neither a slash nor a hash, so both ``…/flood`` and ``…/flood/`` work. Read are R2RML, RML (legacy; current: Core, IO, FNML,
    Logical Views, Collections and Containers), and GeoTriples' ``rrx:`` terms, in any mixture.

    Raises:
        ParameterError: the base is no absolute IRI.
        MappingError: the document is wrong; the text names file, line and triples map.
        UnsupportedError: it is right, but names a function that is not offered.
        SizeLimitError: it is longer than `MAX_BYTES`.
        NotFoundError: there is no such file.
    """
    if base and not absolute(base):
        raise ParameterError(f"the base {base!r} is no absolute IRI", way_out="give one: http://example.org/data/")
    text, origin, folder = _text(source)
    if len(text.encode()) > MAX_BYTES:
        raise SizeLimitError(f"the mapping {origin} is longer than {MAX_BYTES} bytes", way_out="split it by triples map")
    document = Document(text, origin, directory(base or str(EWR)))
    return _Reader(document).plan(folder)


def _text(source: Path | str) -> tuple[str, str, str]:
    """Text, name and folder of a document."""
    if isinstance(source, str) and "\n" in source:
        return source, "mapping", ""
    path = Path(source)
    if not path.is_file():
        raise NotFoundError(f"there is no mapping document {path}", way_out="`earthweave map generate` writes one")
    if path.stat().st_size > MAX_BYTES:
        raise SizeLimitError(f"the mapping {path.name} is longer than {MAX_BYTES} bytes", way_out="split it by triples map")
    try:
        return path.read_text("utf-8-sig"), path.name, str(path.resolve().parent)
    except UnicodeDecodeError as error:
        raise MappingError(f"{path.name} is not UTF-8", why=str(error), way_out="save it as UTF-8, which Turtle is always in") from error


def directory(base: str) -> str:
    """A base that relative IRIs can stand behind."""
    return base if base.endswith(("/", "#")) else base + "/"


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.checks = Checks(document)
        self.expressions = Expressions(self.checks)
        self.sources = Sources(self.checks)
        self.views = Views(self.expressions, self.sources)
        self.over: dict[Node, LogicalSource | View] = {}
        self.terms = Terms(self.expressions, Joins(self.expressions, self.views, self.over))

    # -- the document

    def plan(self, folder: str) -> Plan:
        nodes = self._nodes()
        for node in nodes:
            self.over[node] = self._over(node)
        for view in self.document.subjects("viewOn"):
            self.views.source(view)
        if not nodes:
            way_out = "a triples map has rr:logicalTable, rr:subjectMap, rr:predicateObjectMap"
            self.checks.fail("there is no triples map in it", way_out=way_out)
        found = tuple(sorted((self._triples_map(node) for node in nodes), key=lambda one: (one.line, one.name)))
        variables = self._variables(found)
        return Plan(self.document.origin, self.document.base, found, variables, self._label(), self._targets(), folder)

    def _nodes(self) -> list[Node]:
        marked = self.document.subjects("logicalSource", "subjectMap", "predicateObjectMap")
        return [*marked, *(node for node in self.document.instances("TriplesMap") if node not in marked)]

    def _over(self, node: Node) -> LogicalSource | View:
        with self.checks.within(node):
            given = self.checks.known(node, "triplesMap")
            if "logicalSource" not in given or not given & {"subjectMap", "subject"}:
                self.checks.fail("a triples map needs both a logical table or source and a subject map")
            return self.views.source(self.checks.exactly_one(node, "logicalSource"))

    def _targets(self) -> tuple[Target, ...]:
        return tuple(sorted((self.sources.target(node) for node in self.terms.targets), key=lambda one: one.name))

    def _label(self) -> str:
        """What is said of the document itself: of the node that declares its variables, or that is no part of a rule."""
        nodes = [*self.document.subjects("variable"), *self.document.plain()]
        return next((label for node in nodes if (label := self.document.value(node, str(RDFS.label)))), "")

    def _variables(self, maps: tuple[TriplesMap, ...]) -> tuple[Variable, ...]:
        declared = {one.name: one for owner in self.document.subjects("variable") for one in self._declared(owner)}
        used = {r.name[1:] for one in maps for expression in _expressions(one) for r in references(expression) if r.variable}
        return (*declared.values(), *(Variable(name) for name in sorted(used - set(declared))))

    def _declared(self, owner: Node) -> Iterable[Variable]:
        for node in self.document.all(owner, "variable"):
            with self.checks.at(node):
                self.checks.known(node, "variable")
                default = self.document.one(node, "default")
                comment = self.document.value(node, str(RDFS.comment))
                yield Variable(self.checks.literal(node, "name"), comment, None if default is None else default.value)

    # -- one triples map

    def _triples_map(self, node: Node) -> TriplesMap:
        source = self.over[node]
        with self.checks.within(node), self.expressions.over(self.views.scope(source)):
            subject, classes, graphs = self._subject(node)
            statements = [self._statements(one) for one in self.document.all(node, "predicateObjectMap")]
            base = self.document.text(node, "baseIRI")
            if base:
                self.checks.absolute(base, "rml:baseIRI")
            name, line = self.document.name(node), self.document.position(node)[0]
            return TriplesMap(name, line, source, subject, classes, graphs, tuple(sorted(statements, key=repr)), base)

    def _subject(self, node: Node) -> tuple[TermMap, tuple[str, ...], tuple[TermMap, ...]]:
        """Subject, classes and graphs."""
        if self.checks.one_of(node, "subjectMap", "subject") == "subject":
            return self.terms.constant(self.checks.exactly_one(node, "subject"), Kind.IRI), (), ()
        found = self.checks.exactly_one(node, "subjectMap")
        subject = self.terms.subject(found)
        with self.checks.at(found):
            classes = tuple(self.checks.iri(one, "a class") for one in self.document.all(found, "class"))
            return subject, classes, self.terms.named(found, "graph")

    def _statements(self, node: Node) -> PredicateObjects:
        with self.checks.at(node):
            self.checks.known(node, "predicateObjectMap")
            predicates, objects = self.terms.named(node, "predicate"), self.terms.objects(node)
            if not predicates or not objects:
                self.checks.fail("a predicate-object map needs a predicate and an object")
            return PredicateObjects(predicates, objects, self.terms.named(node, "graph"))


def _expressions(one: TriplesMap) -> Iterable[Expression]:
    for term in one.terms():
        yield from term.expressions()
    for statement in one.statements:
        for value in statement.objects:
            yield from _sides(value)


def _sides(value: TermMap | Join) -> Iterable[Expression]:
    if isinstance(value, Join):
        for condition in value.conditions:
            yield from (condition.child, condition.parent)
