"""Knowledge in one file: an Arrow file of one row, whose lists are the arrays of the index, mapped into memory when it is opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

from ._indexing import index_of
from ._knowledge import ClassEntry, Knowledge, PropertyEntry, RelationEntry
from ._likeness import Likeness
from ._minilm import embedder
from ._names import NameIndex

VERSION = 8
_KEY, _VECTORS = b"earthweave.knowledge", b"earthweave.vectors"


def write(knowledge: Knowledge, path: Path) -> None:
    """Keep knowledge in a file; whoever reads the old one goes on doing so."""
    names = knowledge.names if isinstance(knowledge.names, NameIndex) else index_of(())
    head = json.dumps({**_made(), **_plain(knowledge)}, ensure_ascii=False)
    rows = {name: pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values) for name, values in names.columns.items()}
    batch = pa.RecordBatch.from_arrays(list(rows.values()), names=list(rows))
    schema = batch.schema.with_metadata({_KEY: head.encode(), _VECTORS: knowledge.likeness.vectors.tobytes()})
    # of its own, because others may write the same just now
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> Knowledge | None:
    """Knowledge of a file; None if there is none, or it cannot be read, is damaged or of another version or release."""
    with suppress(OSError, pa.ArrowInvalid, ValueError, KeyError, TypeError):
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        head = json.loads(reader.schema.metadata[_KEY])
        if _made().items() <= head.items():
            batch = reader.get_batch(0)
            known = _knowledge(head, NameIndex({name: batch.column(name).values for name in batch.schema.names}))
            alike = head["alike"]
            # vectors that a model would add now are worth learning anew
            if alike or not known.classes or embedder() is None:
                vectors = np.frombuffer(reader.schema.metadata[_VECTORS], np.float32).reshape(len(alike), -1 if alike else 0)
                return replace(known, likeness=Likeness(tuple(alike), vectors))
    return None


def _made() -> dict[str, Any]:
    """The version of the file's form, and the release whose vocabulary the store was read with."""
    return {"version": VERSION, "release": version("earthweave")}


def _plain(knowledge: Knowledge) -> dict[str, Any]:
    return {
        "classes": [asdict(entry) for entry in knowledge.classes.values()],
        "properties": [asdict(entry) for entry in knowledge.properties.values()],
        "relations": [asdict(entry) for entry in knowledge.relations],
        "alike": knowledge.likeness.iris, "geometry": knowledge.geometry, "generation": knowledge.generation, "notices": knowledge.notices,
    }  # fmt: skip


def _knowledge(head: Mapping[str, Any], names: NameIndex) -> Knowledge:
    classes = [ClassEntry(**_tuples(row)) for row in head["classes"]]
    properties = [PropertyEntry(**_tuples(row)) for row in head["properties"]]
    relations = tuple(RelationEntry(**row) for row in head["relations"])
    return Knowledge(
        names, {one.iri: one for one in classes}, {one.iri: one for one in properties}, relations,
        tuple(map(tuple, head["geometry"])), head["generation"], tuple(head["notices"]),
    )  # fmt: skip


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
