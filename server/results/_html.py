"""Writes a table of RDF terms as a page without scripts, styles or anything that a value could break out of."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from earthweave.server.store import Answer

from ._table import rows

_SCHEMES = ("http", "https")


def _linked(value: str) -> str:
    """An IRI as a link where its scheme is one that runs nothing, else as text."""
    text = escape(value)
    try:
        scheme = urlsplit(value).scheme
    except ValueError:
        return text
    return f'<a href="{text}" rel="nofollow noreferrer">{text}</a>' if scheme in _SCHEMES else text


def _cell(kind: str, value: str, datatype: str | None, language: str | None) -> str:
    if kind == "uri":
        return f"<td>{_linked(value)}</td>"
    text = escape(f"_:{value}" if kind == "bnode" else value)
    if language:
        return f'<td lang="{escape(language)}">{text}</td>'
    return f'<td title="{escape(datatype)}">{text}</td>' if datatype else f"<td>{text}</td>"


def _page(answer: Answer, body: str) -> bytes:
    told = "".join(f"<p><strong>{escape(notice.code)}</strong>: {escape(notice.text)}</p>" for notice in answer.notices)
    return _framed(told + body)


def _framed(body: str) -> bytes:
    head = '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Result</title></head><body>\n'
    return f"{head}{body}\n</body></html>\n".encode()


def to_html(answer: Answer) -> bytes:
    """A table as an HTML page, its notices above it; values are text, IRIs of http and https links."""
    table = answer.table
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.column_names)
    lines = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows(table, _cell, "<td></td>"))
    seconds = f"{table.num_rows:,} rows in {answer.seconds:.3f} s"
    return _page(answer, f"<table><caption>{seconds}</caption><thead><tr>{names}</tr></thead><tbody>\n{lines}\n</tbody></table>")


def boolean_to_html(answer: Answer) -> bytes:
    """The answer to ASK as an HTML page."""
    return _page(answer, f"<p>{'true' if answer.boolean else 'false'}</p>")


def turtle_to_html(turtle: bytes) -> bytes:
    """A graph as an HTML page that shows it as Turtle."""
    return _framed(f"<pre>{escape(turtle.decode())}</pre>")
