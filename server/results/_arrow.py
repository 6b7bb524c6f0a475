"""Writes a table of RDF terms as an Arrow IPC stream, the columns as the store gives them."""

from __future__ import annotations

import io
import json

import pyarrow as pa

from earthweave.server.store import Answer

from ._told import told


def to_arrow(answer: Answer) -> bytes:
    """The table as an Arrow IPC stream: a struct of kind, value, datatype, language per variable; `told` as JSON is in its metadata."""
    note = json.dumps(told(answer), ensure_ascii=False)
    table = answer.table.replace_schema_metadata({**(answer.table.schema.metadata or {}), b"earthweave": note.encode()})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
