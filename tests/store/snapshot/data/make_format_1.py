"""Makes ``format-1.zip``: the statements of ``format-1.nq`` as a snapshot of format 1, built in two loads.

Run once, when format 1 was current: ``python tests/store/snapshot/data/make_format_1.py``. The file stays as it is, so that stores of
today are read for ever.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.snapshot import BNODE, IRI, Kind, Quads, Snapshot, SnapshotBuilder, Term, Terms, TermType

HERE = Path(__file__).parent


def term(found: object) -> Term | None:
    """A term of pyoxigraph's as ours."""
    if isinstance(found, ox.NamedNode):
        return Term(found.value, IRI)
    if isinstance(found, ox.BlankNode):
        return Term(found.value, BNODE)
    if isinstance(found, ox.Literal):
        return Term(found.value, TermType(Kind.LITERAL, found.datatype.value, found.language or ""))
    return None


def block(lines: list[str]) -> Quads:
    """Lines of N-Quads as a block."""
    places: dict[Term, int] = {}
    columns: list[list[int]] = [[], [], [], []]
    for quad in ox.parse("\n".join(lines), format=ox.RdfFormat.N_QUADS):
        for column, one in zip(columns, map(term, (quad.subject, quad.predicate, quad.object, quad.graph_name)), strict=True):
            column.append(-1 if one is None else places.setdefault(one, len(places)))
    kinds = {kind: code for code, kind in enumerate(dict.fromkeys(one.type for one in places))}
    code = np.array([kinds[one.type] for one in places], dtype=np.int32)
    terms = Terms(pa.array([one.text for one in places], pa.large_string()), code, tuple(kinds))
    return Quads(terms, *(np.array(column, dtype=np.int32) for column in columns))


def load(target: Path, base: Snapshot | None, lines: list[str]) -> Snapshot:
    """One load of one source."""
    builder = SnapshotBuilder(target, base)
    builder.begin("format-1.nq", AxisOrder.AUTO)
    builder.add(block(lines))
    builder.end()
    return builder.finish()


def main() -> None:
    """Build it and pack it."""
    lines = (HERE / "format-1.nq").read_text("utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(HERE / "format-1.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        base = load(Path(folder) / "a", None, lines[:-3])
        for path in sorted(load(Path(folder) / "b", base, lines[-3:]).path.iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
