"""Loads: reports, limits, progress, and going on after one was cut off."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from earthweave.ontology import ForbiddenError, NotFoundError, ParameterError, Progress, RdfSyntaxError, SizeLimitError, UnsupportedError
from earthweave.server.store.loading import Bounds, Document, LoadOptions, Staging, load, quads_of
from earthweave.server.store.snapshot import Quads, Snapshot, SnapshotBuilder, iri

GEO = "http://www.opengis.net/ont/geosparql#"
GOOD = b"".join(b'<a:s%d> <a:p> "v%d" .\n' % (n, n) for n in range(50))
BAD = b'nonsense\n<a:s> <a:p> <a:o> .\n<a:s> <a:p> <rel> .\n<a:t> <a:p> "x\n'


def _file(folder: Path, name: str, content: bytes) -> Document:
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return Document.of(path)


def _loaded(folder: Path, documents: list[Document], options: LoadOptions | None = None, **more: Any) -> tuple[Any, Snapshot]:
    builder = SnapshotBuilder(folder)
    reports = load(builder, documents, options, **more)
    return reports, builder.finish()


def test_each_document_is_reported(tmp_path: Path) -> None:
    wkt = f'<a:g> <{GEO}asWKT> "POINT (1 2)"^^<{GEO}wktLiteral>, "POINT (x)"^^<{GEO}wktLiteral> .'.encode()
    files = [_file(tmp_path, "a.nt", GOOD), _file(tmp_path, "b.ttl.gz", wkt)]
    reports, snapshot = _loaded(tmp_path / "new", files)
    found = [(one.name, one.triples, one.geometries, one.unreadable, one.bad) for one in reports]
    assert found == [("a.nt", 50, 0, 0, 0), ("b.ttl.gz", 2, 2, 1, 0)]
    assert "POINT (x)" in reports[1].problems[0] and reports[1].axis_order == "strict"
    assert snapshot.triples == 52


def test_bad_lines_are_counted_where_they_do_not_stop(tmp_path: Path) -> None:
    document = _file(tmp_path, "bad.nt", BAD)
    (report,), snapshot = _loaded(tmp_path / "new", [document], LoadOptions(strict=False))
    assert (report.triples, report.bad, snapshot.triples) == (1, 3, 1)
    assert [(one.line, one.sample) for one in report.bad_lines] == [(1, "nonsense"), (3, "<a:s> <a:p> <rel> ."), (4, '<a:t> <a:p> "x')]
    with pytest.raises(RdfSyntaxError, match="bad.nt, line 1, column 1"):
        load(SnapshotBuilder(tmp_path / "other"), [document])


def test_other_syntaxes_stop_even_when_bad_lines_do_not(tmp_path: Path) -> None:
    with pytest.raises(RdfSyntaxError, match="line 1"):
        load(SnapshotBuilder(tmp_path / "new"), [_file(tmp_path, "bad.ttl", BAD)], LoadOptions(strict=False))


def test_a_graph_is_given_to_statements_without_one(tmp_path: Path) -> None:
    document = _file(tmp_path, "a.nq", b"<a:s> <a:p> <a:o> .\n<a:s> <a:p> <a:o> <a:g> .\n")
    _, snapshot = _loaded(tmp_path / "new", [document], LoadOptions(graph=iri("a:mine")))
    assert {snapshot.term(int(one)).text for one in snapshot.graphs} == {"a:mine", "a:g"}


def test_streams_and_blocks_are_sources_too(tmp_path: Path) -> None:
    sources = [Document("stream", "nquads", stream=io.BytesIO(GOOD)), Document("blocks", quads=quads_of(b"<a:x> <a:p> 1 .", "turtle"))]
    reports, snapshot = _loaded(tmp_path / "new", sources)
    assert [one.triples for one in reports] == [50, 1] and snapshot.triples == 51


def test_progress_tells_fraction_rate_and_what_remains(tmp_path: Path) -> None:
    told: list[Progress] = []
    _loaded(tmp_path / "new", [_file(tmp_path, "a.nt", GOOD), _file(tmp_path, "b.nt.gz", GOOD)], progress=told.append)
    assert [one.stage for one in told] == ["loading a.nt", "loading b.nt.gz"]
    first, second = (one.fraction or 0.0 for one in told)
    assert 0 < first < second == 1.0
    assert "100 triples" in told[1].note and "triples/s" in told[1].note and told[1].note.endswith("0 s remaining")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("long.nt", GOOD * 100, SizeLimitError), ("deep.jsonld", b"[" * 300, SizeLimitError), ("torn.nt.gz", None, RdfSyntaxError),
        ("type.rdf", b"<?xml version='1.0'?><!DOCTYPE x []><x/>", ForbiddenError),
    ],
)
def test_limits_hold(tmp_path: Path, name: str, content: bytes | None, error: type[Exception]) -> None:
    document = _file(tmp_path, name, content or GOOD)
    if content is None and document.path:
        document.path.write_bytes(document.path.read_bytes()[:-20])
    with pytest.raises(error, match="50,000 bytes" if name == "long.nt" else name):
        load(SnapshotBuilder(tmp_path / "new"), [document], LoadOptions(bounds=Bounds(bytes=50_000, nesting=100)))


def test_nothing_to_load_and_unknown_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        load(SnapshotBuilder(tmp_path / "new"), [])
    with pytest.raises(NotFoundError, match="no file absent.nt"):
        load(SnapshotBuilder(tmp_path / "third"), [Document.of(tmp_path / "absent.nt")])
    with pytest.raises(UnsupportedError, match="names no RDF syntax"):
        _file(tmp_path, "a.txt", GOOD)
    with pytest.raises(ForbiddenError, match="not read from a stream"):
        load(SnapshotBuilder(tmp_path / "other"), [Document("x", "rdfxml", stream=io.BytesIO(b""))])


class _Cut(Exception):
    """The machine went down."""


class _Failing:
    """A builder that goes down in the middle of a source."""

    def __init__(self, folder: Path, source: str) -> None:
        self._builder = SnapshotBuilder(folder)
        self._source, self._name = source, ""

    def begin(self, source: str, axis_order: Any, graph: Any = None) -> None:
        self._name = source
        self._builder.begin(source, axis_order, graph)

    def add(self, quads: Quads) -> None:
        if self._name == self._source:
            raise _Cut
        self._builder.add(quads)

    def end(self) -> Any:
        return self._builder.end()


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[tuple[Path, list[Document]]]:
    """A staging folder of a load that ended in its third file."""
    names = {"a.nt": GOOD, "b.nt": b"_:x <a:p> _:y .\n" + BAD, "c.ttl": b"<a:x> <a:p> 1, 'z'@EN .", "d.nt": GOOD[:36]}
    documents = [_file(tmp_path, name, content) for name, content in names.items()]
    with pytest.raises(_Cut):
        load(_Failing(tmp_path / "gone", "c.ttl"), documents, LoadOptions(strict=False), staging=Staging(tmp_path / "staging"))
    yield tmp_path / "staging", documents


def _resumed(folder: Path, staging: Path, documents: list[Document], *, strict: bool = False, resume: bool = True) -> tuple[Any, Snapshot]:
    return _loaded(folder, documents, LoadOptions(strict=strict), staging=Staging(staging, resume=resume))


def test_finished_files_are_not_parsed_again(tmp_path: Path, cut_off: tuple[Path, list[Document]]) -> None:
    staging, documents = cut_off
    whole, expected = _loaded(tmp_path / "whole", documents, LoadOptions(strict=False))
    reports, snapshot = _resumed(tmp_path / "new", staging, documents)
    assert [one.resumed for one in reports] == [True, True, False, False]
    assert [replace(one, resumed=False) for one in reports] == list(whole)
    assert snapshot.triples == expected.triples == 54


def test_a_changed_file_is_parsed_again(tmp_path: Path, cut_off: tuple[Path, list[Document]]) -> None:
    staging, documents = cut_off
    _file(tmp_path, "a.nt", GOOD + b"<a:new> <a:p> <a:o> .\n")
    reports, snapshot = _resumed(tmp_path / "new", staging, documents)
    assert [one.resumed for one in reports] == [False, True, False, False]
    assert snapshot.find(iri("a:new")) >= 0


def test_a_strict_load_does_not_take_over_lenient_readings(tmp_path: Path, cut_off: tuple[Path, list[Document]]) -> None:
    staging, documents = cut_off
    with pytest.raises(RdfSyntaxError, match="b.nt, line 2"):
        _resumed(tmp_path / "new", staging, documents, strict=True)


def test_a_torn_journal_line_is_no_line(tmp_path: Path, cut_off: tuple[Path, list[Document]]) -> None:
    staging, documents = cut_off
    journal = staging / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-7])
    (staging / "part-2.arrow").write_bytes(b"half a part")
    for folder in ("new", "again"):
        reports, snapshot = _resumed(tmp_path / folder, staging, documents)
        assert snapshot.triples == 54
        assert [one.resumed for one in reports][:2] == [True, folder == "again"]


def test_without_resume_all_is_read_anew(tmp_path: Path, cut_off: tuple[Path, list[Document]]) -> None:
    staging, documents = cut_off
    reports, _ = _resumed(tmp_path / "new", staging, documents, resume=False)
    assert not any(one.resumed for one in reports)
