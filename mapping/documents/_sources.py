"""Logical sources, what they access, and logical targets (R2RML §5, RML-IO, RML-IO-Registry)."""

from __future__ import annotations

import codecs
from dataclasses import replace

import pyoxigraph as ox

from ..plan import RML, RML_LEGACY, RR, Access, DatabaseAccess, Dialect, FileAccess, LogicalSource, OtherAccess, Root, Target
from ._checks import Checks, suggestion
from ._document import Node
from ._expressions import Scope
from ._template import column_name
from ._vocabulary import FORMULATIONS, NESTED, PARAMETERS, QL, tail

_D2RQ = "http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#"
_CSVW = "http://www.w3.org/ns/csvw#"
_DCAT = "http://www.w3.org/ns/dcat#"
_SERVICE = "http://www.w3.org/ns/sparql-service-description#"
_THING = "https://www.w3.org/2019/wot/td#"
_HYPERMEDIA = "https://www.w3.org/2019/wot/hypermedia#"
_VOID = "http://rdfs.org/ns/void#"
_ROOTS = {"MappingDirectory": Root.MAPPING, "CurrentWorkingDirectory": Root.WORKING}
_COMPRESSIONS = {"": "", "none": "", "gzip": "gzip", "zip": "zip", "tarxz": "tarxz", "targz": "targz", "bzip2": "bzip2", "xz": "xz"}
_SQL_VERSIONS = {
    "SQL2008", "Oracle", "MySQL", "MSSQLServer", "HSQLDB", "PostgreSQL", "DB2", "Informix", "Ingres", "Progress", "SybaseASE",
    "SybaseSQLAnywhere", "Virtuoso", "Firebird",
}  # fmt: skip
_TRUE = ("true", "1")


class Sources:
    """Reads logical sources and targets."""

    def __init__(self, checks: Checks) -> None:
        self.checks = checks
        self.document = checks.document

    def source(self, node: Node) -> LogicalSource:
        """A logical table or source."""
        with self.checks.at(node):
            given = self.checks.known(node, "logicalSource")
            formulation, namespaces = self._formulation(node)
            iterator = self.document.text(node, "iterator")
            name, query = self._rows(node, given)
            if formulation == "SQL2008Table":
                name, iterator = name or iterator, ""
            elif formulation in ("SQL2008Query", "SQL2008"):
                query, iterator = query or iterator, ""
            required = tuple(column_name(one.value) for one in self.document.all(node, "required"))
            parameters = tuple((one, value.value) for one in sorted(given & PARAMETERS) for value in self.document.all(node, one))
            texts = self.document.text(node, "referenceFormulation") == QL + "JSONPath"
            return LogicalSource(name, required, query, formulation, iterator, namespaces, self._access(node), parameters, texts)

    def _rows(self, node: Node, given: set[str]) -> tuple[str, str]:
        """Table and query; an ``rml:query`` stands in place of the table that legacy documents name beside it."""
        if not given & {"source", "iterator", "tableName", "query"}:
            self.checks.fail("a logical table needs rr:tableName or rr:sqlQuery, a logical source rml:source")
        name, query = (self.checks.literal(node, one) if one in given else "" for one in ("tableName", "query"))
        if "tableName" in given and self.document.values(node, RR + "sqlQuery"):
            self.checks.fail("a logical table has a table or a query, not both")
        if (not name and "tableName" in given) or (not query.strip() and "query" in given):
            self.checks.fail("an empty table name or query")
        for version in self.document.all(node, "sqlVersion"):
            iri = self.checks.iri(version, "rr:sqlVersion")
            if iri.startswith(RR) and tail(iri) not in _SQL_VERSIONS:
                way_out = suggestion(tail(iri), _SQL_VERSIONS) or "leave it out"
                self.checks.fail(f"unknown SQL version {tail(iri)!r}", way_out=way_out)
        return ("" if query else name), query

    def _formulation(self, node: Node) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Local name of the reference formulation, and the namespaces of XPath."""
        found = self.document.one(node, "referenceFormulation")
        if found is None:
            return "", ()
        if isinstance(found, ox.BlankNode) or self.document.properties(found) or self.document.types(found):
            return self._described(found)
        name = tail(self.checks.iri(found, "a reference formulation"))
        if found.value.startswith((QL, RML, RML_LEGACY)) and name not in FORMULATIONS:
            known = ", ".join(sorted(FORMULATIONS))
            self.checks.fail(f"unknown reference formulation {name!r}", way_out=suggestion(name, FORMULATIONS) or f"known are {known}")
        return name, ()

    def _described(self, node: Node) -> tuple[str, tuple[tuple[str, str], ...]]:
        with self.checks.at(node):
            self.checks.known(node, "formulation")
            kinds = sorted(tail(one) for one in self.document.types(node) if tail(one).removesuffix("ReferenceFormulation") in FORMULATIONS)
            if len(kinds) != 1:
                self.checks.fail("a reference formulation needs one class", way_out="e.g. a rml:XPathReferenceFormulation")
            spaces = [self._namespace(one) for one in self.document.all(node, "namespace")]
            return kinds[0].removesuffix("ReferenceFormulation"), tuple(sorted(spaces))

    def _namespace(self, node: Node) -> tuple[str, str]:
        with self.checks.at(node):
            self.checks.known(node, "namespace")
            return self.checks.literal(node, "namespacePrefix"), self.checks.exactly_one(node, "namespaceURL").value

    # -- what a source accesses

    def _access(self, node: Node) -> Access | None:
        found = self.document.one(node, "source")
        if found is None:
            return None
        if isinstance(found, ox.Literal):
            return FileAccess(found.value)
        with self.checks.at(found):
            return self._description(found)

    def _description(self, node: Node) -> Access:
        types = self.document.types(node)
        if _D2RQ + "Database" in types or self.document.value(node, _D2RQ + "jdbcDSN"):
            return self._database(node)
        if _CSVW + "Table" in types or self.document.value(node, _CSVW + "url"):
            return self._table(node)
        for said_by in (_DCAT + "downloadURL", _DCAT + "accessURL"):
            if url := self.document.value(node, said_by):
                return self._file(node, url)
        if url := self._thing(node):
            return self._file(node, url)
        if self.document.properties(node) & {"path", "root"}:
            self.checks.known(node, "source")
            return self._file(node, self.checks.literal(node, "path"))
        if not self.document.described(node):
            return self._undescribed(node)
        self.checks.known(node, "source")
        return OtherAccess(self._other(node))

    def _thing(self, node: Node) -> str:
        """Address of a Web of Things description that is a plain resource, or empty."""
        steps = [node]
        for name in (_THING + "hasPropertyAffordance", _THING + "hasForm", _HYPERMEDIA + "hasTarget"):
            steps = [value for one in steps for value in self.document.values(one, name)]
        return steps[0].value if len(steps) == 1 and steps[0].value.startswith(("http:", "https:", "file:")) else ""

    def _undescribed(self, node: Node) -> Access:
        if isinstance(node, ox.NamedNode) and "#" not in node.value:
            return FileAccess(node.value)
        return self.checks.fail(
            f"the source {self.document.name(node)} is not described", way_out="give it a class, e.g. rml:RelativePathSource with rml:path"
        )

    def _other(self, node: Node) -> str:
        kinds = sorted(tail(one) for one in self.document.types(node) - {RML + "Source", RML + "BaseSource"})
        address = self.document.value(node, _SERVICE + "endpoint") or self.document.value(node, _VOID + "dataDump")
        where = f" at {address}" if address else f" {self.document.name(node)}" if isinstance(node, ox.NamedNode) else ""
        return f"{' and '.join(kinds) or 'a source'}{where}"

    def _database(self, node: Node) -> DatabaseAccess:
        url, user, password = (self.document.value(node, _D2RQ + name) for name in ("jdbcDSN", "username", "password"))
        return DatabaseAccess(url, user, password, self._nulls(node))

    def _nulls(self, node: Node) -> tuple[str, ...]:
        found = [one.value for one in self.document.all(node, "null")]
        return tuple(sorted({*found, *(one.value for one in self.document.values(node, _CSVW + "null"))}))

    def _table(self, node: Node) -> FileAccess:
        url = self.document.value(node, _CSVW + "url")
        if not url:
            self.checks.fail("a csvw:Table needs csvw:url")
        described = self.document.values(node, _CSVW + "dialect")
        if not described:
            return self._file(node, url)
        (dialect, encoding), nulls = self._dialect(described[0]), self._nulls(described[0])
        plain = self._file(node, url)
        nulls = tuple(sorted({*plain.nulls, *nulls}))
        return replace(plain, encoding=plain.encoding or encoding, nulls=nulls, dialect=dialect)

    def _dialect(self, node: Node) -> tuple[Dialect, str]:
        """The dialect of a text table (CSV on the Web, §5.9), and its encoding."""
        with self.checks.at(node):
            def said(name: str, otherwise: str) -> str:
                found = self.document.values(node, _CSVW + name)
                return found[0].value if found else otherwise

            skipped, rows = said("skipRows", "0"), said("headerRowCount", "1")
            if not (skipped.isdigit() and rows.isdigit()):
                self.checks.fail("csvw:skipRows and csvw:headerRowCount must be numbers")
            header = said("header", "true") in _TRUE and rows != "0"
            trim = said("trim", "false") in (*_TRUE, "start", "end")
            dialect = Dialect(said("delimiter", ""), said("quoteChar", '"'), said("commentPrefix", ""), header, int(skipped), trim)
            return dialect, self._encoding(said("encoding", ""))

    def _file(self, node: Node, path: str) -> FileAccess:
        root, folder = self._root(node, Root.MAPPING)
        encoding = self._encoding(self.document.text(node, "encoding"))
        return FileAccess(path, root, folder, encoding, self._compression(node), self._nulls(node))

    def _root(self, node: Node, otherwise: Root) -> tuple[Root, str]:
        found = self.document.one(node, "root")
        if found is None:
            return otherwise, ""
        if isinstance(found, ox.Literal):
            return Root.GIVEN, found.value
        name = tail(self.checks.iri(found, "rml:root"))
        if name not in _ROOTS:
            way_out = suggestion(name, _ROOTS) or f"known are {', '.join(_ROOTS)}, or a path"
            self.checks.fail(f"unknown rml:root {name!r}", way_out=way_out)
        return _ROOTS[name], ""

    def _encoding(self, given: str) -> str:
        name = tail(given)
        try:
            found = codecs.lookup(name).name if name else "utf-8"
        except LookupError:
            self.checks.fail(f"unknown encoding {name!r}", way_out="e.g. rml:UTF-8, rml:UTF-16")
        return "" if found == "utf-8" else found

    def _compression(self, node: Node) -> str:
        name = tail(self.document.text(node, "compression"))
        if name not in _COMPRESSIONS:
            way_out = suggestion(name, _COMPRESSIONS) or "e.g. rml:gzip, rml:zip, rml:targz"
            self.checks.fail(f"unknown compression {name!r}", way_out=way_out)
        return _COMPRESSIONS[name]

    # -- logical targets

    def target(self, node: Node) -> Target:
        """A logical target."""
        with self.checks.at(node):
            self.checks.known(node, "logicalTarget")
            where = self.checks.exactly_one(node, "target")
            with self.checks.at(where):
                path, mode, root, folder = self._aim(where)
            inner = where if self.document.described(where) else node
            encoding = self.document.text(node, "encoding") or self.document.text(inner, "encoding")
            compression = self._compression(node) or self._compression(inner)
            serialization = self.document.text(node, "serialization") or self.document.text(inner, "serialization")
            named = tail(self.document.text(node, "mode")) or mode
            return Target(
                self.document.name(node), path, root, folder, tail(serialization) or "N-Quads", compression, self._encoding(encoding), named
            )

    def _aim(self, node: Node) -> tuple[str, str, Root, str]:
        """Path, way of writing, root and its folder."""
        if isinstance(node, ox.Literal) or not self.document.described(node):
            return node.value, "", Root.WORKING, ""
        if "path" in self.document.properties(node):
            self.checks.known(node, "target")
            return self.checks.literal(node, "path"), "", *self._root(node, Root.WORKING)
        for said_by in (_VOID + "dataDump", _DCAT + "downloadURL"):
            if url := self.document.value(node, said_by):
                return url, "", *self._root(node, Root.WORKING)
        kinds = sorted(tail(one) for one in self.document.types(node) - {RML + "Target"})
        return self.document.value(node, _SERVICE + "endpoint") or node.value, " and ".join(kinds) or "unknown", Root.WORKING, ""


def scope_of(source: LogicalSource) -> Scope:
    """What references over a source mean."""
    return Scope(columns=source.formulation not in NESTED)
