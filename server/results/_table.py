"""Writes an Arrow table of RDF terms as SPARQL 1.1 JSON, XML, CSV and TSV results (W3C Recommendations of 2013-03-21)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa

from earthweave.ontology import XSD, NotAcceptableError

Write = Callable[[str, str, str | None, str | None], Any]
"""Writes one term: kind (``uri``, ``bnode``, ``literal``), value, datatype, language."""

_PLAIN = (None, "", str(XSD.string))
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOT_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_TSV_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def cells(column: pa.ChunkedArray, write: Write, unbound: Any) -> list[Any]:
    """Write every term of one column; ``unbound`` stands where there is none."""
    if not column.null_count and not len(column):
        return []
    parts = dict(zip((field.name for field in column.type), column.flatten(), strict=True))
    kinds, values = parts["kind"].to_pylist(), parts["value"].to_pylist()
    datatypes, languages = parts["datatype"].to_pylist(), parts["language"].to_pylist()
    return [unbound if k is None else write(k, v, d, g) for k, v, d, g in zip(kinds, values, datatypes, languages, strict=True)]


def rows(table: pa.Table, write: Write, unbound: Any) -> Iterable[tuple[Any, ...]]:
    """Write a table row by row; a table without columns still has its rows."""
    if not table.num_columns:
        return repeat((), table.num_rows)
    return zip(*(cells(column, write, unbound) for column in table.columns), strict=True)


def _json_term(kind: str, value: str, datatype: str | None, language: str | None) -> str:
    term = {"type": kind, "value": value}
    if language:
        term["xml:lang"] = language
    elif datatype not in _PLAIN:
        term["datatype"] = str(datatype)
    return json.dumps(term, ensure_ascii=False)


def to_json(table: pa.Table, extra: Mapping[str, Any]) -> bytes:
    """SPARQL 1.1 Query Results JSON; ``extra`` becomes the member ``earthweave``, which the format lets readers ignore."""
    names = [json.dumps(name, ensure_ascii=False) for name in table.column_names]
    bindings = (
        "{" + ",".join(f"{name}:{term}" for name, term in zip(names, row, strict=True) if term) + "}" for row in rows(table, _json_term, "")
    )
    head = json.dumps({"vars": table.column_names}, ensure_ascii=False)
    told = json.dumps(dict(extra), ensure_ascii=False)
    return f'{{"head":{head},"earthweave":{told},"results":{{"bindings":[{",".join(bindings)}]}}}}'.encode()


def boolean_to_json(value: bool, extra: Mapping[str, Any]) -> bytes:
    """The answer to ASK as SPARQL 1.1 Query Results JSON."""
    return json.dumps({"head": {}, "earthweave": dict(extra), "boolean": value}, ensure_ascii=False).encode()


def xml_text(value: str) -> str:
    """Text of an element; raises `NotAcceptableError` for a character that XML 1.0 cannot hold."""
    if found := _NOT_XML.search(value):
        what = f"a value holds the character U+{ord(found[0]):04X}, which XML 1.0 cannot hold"
        raise NotAcceptableError(what, way_out="ask for json, tsv or csv instead of xml")
    return escape(value, {"\r": "&#13;"})


def xml_attribute(value: str) -> str:
    """A quoted value of an attribute."""
    return quoteattr(value)


def _xml_term(kind: str, value: str, datatype: str | None, language: str | None) -> str:
    text = xml_text(value)
    if kind != "literal":
        return f"<{kind}>{text}</{kind}>"
    if language:
        return f"<literal xml:lang={xml_attribute(language)}>{text}</literal>"
    if datatype not in _PLAIN:
        return f"<literal datatype={xml_attribute(xml_text(str(datatype)))}>{text}</literal>"
    return f"<literal>{text}</literal>"


def _xml_document(variables: Iterable[str], body: str, comment: str) -> bytes:
    head = "".join(f"<variable name={xml_attribute(name)}/>" for name in variables)
    opening = f'<?xml version="1.0" encoding="UTF-8"?>\n{comment}<sparql xmlns="http://www.w3.org/2005/sparql-results#">'
    return f"{opening}<head>{head}</head>{body}</sparql>\n".encode()


def to_xml(table: pa.Table, comment: str = "") -> bytes:
    """SPARQL Query Results XML, a comment first; raise `NotAcceptableError` for a control character that XML 1.0 cannot hold."""
    names = [xml_attribute(name) for name in table.column_names]
    body = "".join(
        "<result>" + "".join(f"<binding name={n}>{t}</binding>" for n, t in zip(names, row, strict=True) if t) + "</result>"
        for row in rows(table, _xml_term, "")
    )
    return _xml_document(table.column_names, f"<results>{body}</results>", comment)


def boolean_to_xml(value: bool, comment: str = "") -> bytes:
    """The answer to ASK as SPARQL Query Results XML."""
    return _xml_document((), f"<boolean>{'true' if value else 'false'}</boolean>", comment)


def _csv_field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in '",\r\n') else text


def _csv_term(kind: str, value: str, datatype: str | None, language: str | None) -> str:
    text = f"_:{value}" if kind == "bnode" else value
    if text.startswith(_FORMULA) and not _NUMBER.match(text):
        text = f"'{text}"
    return _csv_field(text)


def to_csv(table: pa.Table) -> bytes:
    """SPARQL 1.1 Query Results CSV, safe to open in a spreadsheet.

    A cell that a spreadsheet would run as a formula (it begins with ``= + - @``, a tab or a return, and is not a number) gets an
    apostrophe in front; TSV and JSON keep every value as it is.
    """
    lines = [",".join(map(_csv_field, table.column_names)), *(",".join(row) for row in rows(table, _csv_term, ""))]
    return ("\r\n".join(lines) + "\r\n").encode()


def _iri(value: str) -> str:
    return "<" + _NOT_IRI.sub(lambda found: f"\\u{ord(found[0]):04X}", value) + ">"


def _tsv_term(kind: str, value: str, datatype: str | None, language: str | None) -> str:
    if kind == "uri":
        return _iri(value)
    if kind == "bnode":
        return f"_:{value}"
    text = f'"{value.translate(_TSV_ESCAPES)}"'
    if language:
        return f"{text}@{language}"
    return text if datatype in _PLAIN else f"{text}^^{_iri(str(datatype))}"


def to_tsv(table: pa.Table) -> bytes:
    """SPARQL 1.1 Query Results TSV: every term in full Turtle syntax, nothing lost."""
    lines = ["\t".join(f"?{name}" for name in table.column_names), *("\t".join(row) for row in rows(table, _tsv_term, ""))]
    return ("\n".join(lines) + "\n").encode()
