"""Loading record batches of terms: the same store as from N-Quads, batches of different columns, what is refused."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import shapely

from earthweave.ontology import GEO, InputError
from earthweave.server.store import open_store
from earthweave.server.store._tables import ipc_chunks, read_batches

_POINT = '"POINT (1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
LINES = (
    b'<http://e.org/a> <http://e.org/name> "x\\ny" .\n<http://e.org/b> <http://e.org/name> "z"@en <http://e.org/g> .\n'
    b"_:n <http://e.org/knows> <http://e.org/a> .\n" + f"<http://e.org/a> <{GEO.asWKT}> {_POINT} .\n".encode()
)


def _batches() -> list[pa.RecordBatch]:
    first = {
        "subject": pa.array(["http://e.org/a", "http://e.org/b", "_:n"]).dictionary_encode(),
        "predicate": ["http://e.org/name", "http://e.org/name", "http://e.org/knows"],
        "object": ["x\ny", "z", "http://e.org/a"],
        "object_type": ["literal", "literal", "iri"],
        "language": [None, "en", None],
        "graph": [None, "http://e.org/g", None],
    }
    second = {
        "subject": ["http://e.org/a"], "predicate": [str(GEO.asWKT)], "object": ["POINT (1 2)"], "datatype": [str(GEO.wktLiteral)],
        "wkb": [shapely.to_wkb(shapely.Point(1, 2))],
    }
    return [pa.RecordBatch.from_pydict(first), pa.RecordBatch.from_pydict(second)]


def test_tables_load_as_the_same_statements_in_quads_do(tmp_path: Path) -> None:
    texts = []
    for name in ("tables", "quads"):
        with open_store(tmp_path / name) as store:
            report = store.load_tables(_batches(), name=name) if name == "tables" else store.load_quads([LINES], name=name)
            assert (report.triples, report.geometries) == (4, 1)
            store.export(tmp_path / f"{name}.nq")
        lines = (tmp_path / f"{name}.nq").read_text().splitlines()
        texts.append(sorted("_:b" + line[line.index(" "):] if line.startswith("_:") else line for line in lines))
    assert texts[0] == texts[1]


def test_a_table_has_a_column_of_valid_times(tmp_path: Path) -> None:
    period, moment = "[2020-01-01T00:00:00,2020-02-01T00:00:00)", "2020-01-15T00:00:00Z"
    batch = pa.RecordBatch.from_pydict({
        "subject": ["http://e.org/a"] * 4, "predicate": ["http://e.org/p"] * 4, "object": ["1", "1", moment, "2"],
        "time": pa.array([period, moment, period, None])})
    wrong = pa.RecordBatch.from_pydict({**batch.slice(0, 1).to_pydict(), "time": ["[2020-02-01T00:00:00,2020-01-01T00:00:00)"]})
    with open_store(tmp_path / "s") as store:
        assert store.load_tables([batch], name="timed").triples == 4
        with pytest.raises(InputError, match="is no valid time"):
            store.load_tables([wrong], name="wrong")
        store.export(tmp_path / "s.nq")
        store.load_quads([(tmp_path / "s.nq").read_bytes()], name="again")
        assert store.statistics().triples == 4
    kinds = (f'"{period}"^^<http://strdf.di.uoa.gr/ontology#period>', f'"{moment}"^^<http://www.w3.org/2001/XMLSchema#dateTime>')
    head = "<http://e.org/a> <http://e.org/p>"
    assert sorted((tmp_path / "s.nq").read_text().splitlines()) == sorted([
        f'{head} "1" {kinds[0]} .', f'{head} "1" {kinds[1]} .', f'{head} "{moment}" {kinds[0]} .', f'{head} "2" .'])


def test_a_table_that_is_not_good_changes_nothing(tmp_path: Path) -> None:
    wrong = pa.RecordBatch.from_pydict({"subject": ["no iri"], "predicate": ["http://e.org/p"], "object": ["x"]})
    with open_store(tmp_path / "s") as store:
        with pytest.raises(InputError, match="no absolute IRI"):
            store.load_tables([*_batches(), wrong], name="wrong")
        assert store.statistics().triples == 0


def test_batches_survive_the_way_to_a_worker() -> None:
    batches = _batches()
    many = pa.RecordBatch.from_pydict({"subject": [f"http://e.org/{number}" for number in range(300_000)]})
    data = b"".join(ipc_chunks([*batches, batches[1], many]))

    class Dripping:
        place = 0

        def read(self, size: int = -1) -> bytes:
            some = data[self.place: self.place + min(size, 1 << 16)]
            self.place += len(some)
            return some

    found = list(read_batches(Dripping()))
    assert [one.to_pydict() for one in found[:3]] == [one.to_pydict() for one in (*batches, batches[1])]
    assert pa.Table.from_batches(found[3:]).column(0).to_pylist() == many.column(0).to_pylist()
    assert list(read_batches(_Empty())) == []


class _Empty:
    def read(self, size: int = -1) -> bytes:
        """Nothing."""
        return b""
