"""RDF files queried by SPARQL as sources (RML-IO, formulations of SPARQL results); all in memory, and without network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import ForbiddenError, MappingError, ProductError, SizeLimitError, UnsupportedError

from ..plan import Options
from ._memory import MemorySource

MAX_BYTES = 256 * 1024**2
"""Bytes of the largest RDF file that is queried."""
SUFFIXES = {".nt": "N_TRIPLES", ".nq": "N_QUADS", ".ttl": "TURTLE", ".trig": "TRIG", ".rdf": "RDF_XML", ".n3": "N3", ".jsonld": "JSON_LD"}
_NOT_CODE = re.compile(
    r"""<[^<>"{}|^`\\\x00-\x20]*>|\"{3}(?:"{0,2}(?:[^"\\]|\\.))*"{3}|'{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}"""
    r"""|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*'|#[^\n\r]*""", re.DOTALL)
"""IRIs, texts and comments as SPARQL 1.1 §19.8 has them: what looks like one of them but is none must not hide anything."""


def open_rdf(path: Path, query: str, options: Options, *, name: str) -> MemorySource:
    """The rows of a SELECT query; IRIs and literals are texts, what is not bound is NULL.

    Raises `MappingError` for a query that is none, `ForbiddenError` for one with SERVICE, `SizeLimitError`, `ProductError`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UnsupportedError(f"{name} has no suffix of an RDF file", way_out=f"offered: {' '.join(SUFFIXES)}")
    if re.search(r"service|\\u", _NOT_CODE.sub(" ", query), re.IGNORECASE):
        raise ForbiddenError("the query of the source uses SERVICE: the mapper reads no network", way_out="fetch the data first")
    if path.stat().st_size > MAX_BYTES:
        raise SizeLimitError(f"{name} is larger than {MAX_BYTES:,} bytes", way_out="load it into a store, and query that")
    return MemorySource(_selected(path, query, name), options, name)


def _selected(path: Path, query: str, name: str) -> Any:
    import pyoxigraph as ox

    store = ox.Store()
    try:
        store.bulk_load(path=str(path), format=getattr(ox.RdfFormat, SUFFIXES[path.suffix.lower()]), base_iri=path.as_uri())
    except (SyntaxError, OSError, ValueError) as error:
        raise ProductError(f"{name} cannot be read as RDF", why=str(error)) from error
    try:
        solutions = store.query(query, use_default_graph_as_union=True)
        if not isinstance(solutions, ox.QuerySolutions):
            raise MappingError("the query of the source must be a SELECT query")
        names = [variable.value for variable in solutions.variables]
        rows = [[None if term is None else _text(term) for term in solution] for solution in solutions]
    except (SyntaxError, OSError, RuntimeError) as error:
        raise MappingError("the query of the source is no SPARQL query, or cannot be answered", why=str(error)) from error
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table({one: pa.array(column, pa.string()) for one, column in zip(names, columns, strict=True)})


def _text(term: Any) -> str:
    """IRI, lexical form or blank node label; a triple as it is written."""
    return str(getattr(term, "value", term))
