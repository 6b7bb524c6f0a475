"""The vocabularies that mapping documents are written in, and what each kind of node in them may say.

R2RML ``rr:``, RML as it was (semweb.mmlab.be) and as it is (w3id.org/rml), GeoTriples' extension ``rrx:``, and our own ``ewm:``
share local names, so a document is read by local name, whatever mixture it is written in.
"""

from __future__ import annotations

from ..plan import EWM, RML, RML_LEGACY, RR, RRX

QL = "http://semweb.mmlab.be/ns/ql#"
_SAME = {"column": "reference", "logicalTable": "logicalSource", "sqlQuery": "query"}
_VOCABULARIES = (RR, RML_LEGACY, RML, RRX, EWM)

_EXPRESSION = {
    "template", "reference", "constant", "function", "argumentMap", "transformation", "functionExecution", "return", "returnMap",
    "condition",
}  # fmt: skip
_GATHER = {"gather", "gatherAs", "strategy", "allowEmptyListAndContainer"}
_TERM = _EXPRESSION | _GATHER | {
    "termType", "datatype", "datatypeMap", "language", "languageMap", "logicalTarget", "inverseExpression",
}  # fmt: skip

PARAMETERS = {
    "band", "values", "minPixels", "variable", "time", "unit", "bbox", "cellGeometry", "maxCells", "zones", "zoneKey", "zoneLayer",
    "statistics", "threshold", "zonalCells", "stripPixels", "optional",
}  # fmt: skip
"""What ``ewm:`` says of how a logical source is read, such as a raster as regions, cells or zones; sources know what it means."""

KNOWN: dict[str, set[str]] = {
    "triplesMap": {"logicalSource", "subjectMap", "subject", "predicateObjectMap", "baseIRI"},
    "logicalSource": {
        "tableName", "query", "source", "referenceFormulation", "sqlVersion", "required", "iterator", *PARAMETERS,
    },  # fmt: skip
    "logicalView": {"viewOn", "field", "leftJoin", "innerJoin", "structuralAnnotation"},
    "field": {"fieldName", "field", "iterator", "referenceFormulation", *_EXPRESSION},
    "viewJoin": {"parentLogicalView", "joinCondition", "field"},
    "subjectMap": _TERM | {"class", "graph", "graphMap"},
    "termMap": _TERM,
    "objectMap": _TERM | {"parentTriplesMap", "joinCondition"},
    "expressionMap": _EXPRESSION | {"logicalTarget", "termType"},
    "argument": _EXPRESSION | {"triplesMap", "termType", "datatype"},
    "joinCondition": {"child", "parent", "childMap", "parentMap", "function", "argumentMap"},
    "predicateObjectMap": {"predicate", "predicateMap", "object", "objectMap", "graph", "graphMap"},
    "functionExecution": {"function", "functionMap", "input"},
    "input": {"parameter", "parameterMap", "inputValue", "inputValueMap"},
    "source": {"path", "root", "encoding", "compression", "null"},
    "logicalTarget": {"target", "serialization", "compression", "encoding", "mode"},
    "target": {"path", "root", "encoding", "compression", "serialization", "mode"},
    "formulation": {"namespace"},
    "namespace": {"namespacePrefix", "namespaceURL"},
    "variable": {"name", "default"},
}
"""Which properties each kind of node may have."""

SINGLE = {
    "template", "reference", "constant", "termType", "datatype", "language", "function", "tableName", "query", "iterator",
    "referenceFormulation", "source", "gatherAs", "strategy", "allowEmptyListAndContainer", "gather", "path", "root", "encoding",
    "compression", "serialization", "target", "parentTriplesMap", "child", "parent", "childMap", "parentMap", "baseIRI", "return",
    "returnMap", "functionMap", "functionExecution", "fieldName", "viewOn", "parentLogicalView", "languageMap", "datatypeMap",
    "condition", "namespacePrefix", "namespaceURL", "parameter", "parameterMap", "inputValue", "inputValueMap", "argumentMap",
}  # fmt: skip
"""Properties that a node has at most once."""

FORMULATIONS = {
    "CSV", "TSV", "JSONPath", "XPath", "XQuery", "SQL2008Table", "SQL2008Query", "SQL2008", "SHP", "ROW", "Layer", "GeoJSON", "KML", "GML",
    "CSS3", "SPARQL_Results_CSV", "SPARQL_Results_TSV", "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_JSON", "SPARQL_XML",
    "XPathReferenceFormulation", "Parquet", "NetCDF", "GeoTIFF",
}  # fmt: skip
"""Reference formulations of the ``ql:`` and ``rml:`` vocabularies, by local name; others may stand under names of their own."""
NESTED = {"JSONPath", "XPath", "XQuery", "CSS3", "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_JSON", "SPARQL_XML"}
"""Formulations whose references are paths, not names of columns."""


def local(iri: str) -> str | None:
    """The shared local name of a mapping property, or None for anything else."""
    for vocabulary in _VOCABULARIES:
        if iri.startswith(vocabulary):
            name = iri[len(vocabulary):]
            return _SAME.get(name, name)
    return None


def tail(iri: str) -> str:
    """What stands behind the last slash or hash."""
    return iri.replace("#", "/").rsplit("/", 1)[-1]
