"""Exports: every RDF syntax read back by another reader, feature tables read back by GDAL and geopandas."""

from __future__ import annotations

import datetime
import gzip
import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas
import pyarrow.parquet as pq
import pyogrio
import pyoxigraph as ox
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import NotFoundError, ParameterError, UnsupportedError
from earthweave.server.store.loading import SYNTAXES, Document, export, load, quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

Build = Callable[..., Snapshot]
A = "http://a.example/"
GIS = {"geopackage": "gpkg", "flatgeobuf": "fgb", "kml": "kml", "geojson": "geojson", "geoparquet": "parquet"}


def _canonical(quads: Any, *, graphs: bool) -> set[str]:
    dataset = ox.Dataset(quads if graphs else [ox.Quad(one.subject, one.predicate, one.object) for one in quads])
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def _source(folder: Path) -> list[ox.Quad]:
    turtle = ox.parse((folder / "source0.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)
    return [*turtle, *ox.parse((folder / "source1.nq").read_bytes(), format=ox.RdfFormat.N_QUADS)]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_rdf_syntax_comes_back(world: Snapshot, tmp_path: Path, syntax: str) -> None:
    form = SYNTAXES[syntax]
    report = export(world, tmp_path / "out.x", syntax)
    found = list(ox.parse((tmp_path / "out.x").read_bytes(), format=form))
    assert _canonical(found, graphs=form.supports_datasets) == _canonical(_source(tmp_path), graphs=form.supports_datasets)
    assert report.rows == len(found) == (28 if form.supports_datasets else 27)


def test_gzip_is_by_name_and_repeats(world: Snapshot, tmp_path: Path) -> None:
    export(world, tmp_path / "out.nt.gz")
    export(world, tmp_path / "again.nt.gz")
    export(world, tmp_path / "out.nt")
    packed = (tmp_path / "out.nt.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "out.nt").read_bytes()
    assert packed == (tmp_path / "again.nt.gz").read_bytes()


def test_turtle_keeps_what_a_subject_has_together(world: Snapshot, tmp_path: Path) -> None:
    export(world, tmp_path / "out.ttl")
    assert (tmp_path / "out.ttl").read_text().count(f"\n<{A}flood1>") == 1


ODD = ['"', "\\", "\n", "\r", "\t", '\\"', "\x00", "a\u2028"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(ODD)
NOT_XML = [syntax for syntax in SYNTAXES if syntax != "rdfxml"]


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXTS, st.sampled_from(["", "en", "a:d"])), max_size=20), st.sampled_from(NOT_XML))
def test_every_text_comes_back(values: list[tuple[str, str]], syntax: str) -> None:
    form = SYNTAXES[syntax]
    quads = {ox.Quad(ox.NamedNode("a:s"), ox.NamedNode("a:p"), _literal(*value), ox.DefaultGraph()) for value in values}
    document = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
    with tempfile.TemporaryDirectory() as name:
        builder = SnapshotBuilder(Path(name) / "new")
        load(builder, [Document("x", quads=quads_of(document, "nquads"))])
        export(builder.finish(), Path(name) / "out", syntax)
        assert set(ox.parse((Path(name) / "out").read_bytes(), format=form)) == quads


def _literal(text: str, kind: str) -> ox.Literal:
    if kind == "en":
        return ox.Literal(text, language=kind)
    return ox.Literal(text, datatype=ox.NamedNode(kind)) if kind else ox.Literal(text)


@pytest.fixture
def features(world: Snapshot, flat: Snapshot, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Any]:
    path = tmp_path / f"out.{GIS[request.param]}"
    return path, export(flat if request.param == "flatgeobuf" else world, path)


def _by_iri(frame: Any, column: str = "iri") -> dict[str, Any]:
    return {str(row[column]): row for _, row in frame.iterrows()}


@pytest.mark.parametrize("features", GIS, indirect=True)
def test_features_with_class_and_geometry(features: tuple[Path, Any]) -> None:
    path, report = features
    assert (report.rows, report.unreadable) == (3, 2)
    frame = geopandas.read_parquet(path) if path.suffix == ".parquet" else pyogrio.read_dataframe(path)
    rows = _by_iri(frame, "Name" if path.suffix == ".kml" else "iri")
    assert set(rows) == {f"{A}flood1", f"{A}flood2", f"{A}place"}
    assert rows[f"{A}flood1"]["class"] == f"{A}Flood"
    assert set(rows[f"{A}flood2"]["class"].split()) == {f"{A}Flood", f"{A}Wet"}
    assert shapely.equals(rows[f"{A}flood1"].geometry, shapely.Polygon([(0, 0), (2, 0), (2, 2)]))
    # the literal says latitude first
    assert rows[f"{A}flood2"].geometry.coords[0][:2] == (10, 50)
    assert rows[f"{A}place"].geometry.coords[0] == ((1, 2) if path.suffix == ".fgb" else (1, 2, 3))
    assert frame.crs.to_epsg() in (4326, None)


@pytest.mark.parametrize("features", ["geoparquet", "geopackage"], indirect=True)
def test_properties_have_types(features: tuple[Path, Any]) -> None:
    path, report = features
    frame = geopandas.read_parquet(path) if path.suffix == ".parquet" else pyogrio.read_dataframe(path)
    rows = _by_iri(frame)
    first, second = rows[f"{A}flood1"], rows[f"{A}flood2"]
    assert (first["level"], second["level"]) == (3, 4) and (first["depth"], second["depth"]) == (1.5, 2.5)
    assert first["wet"] in (True, 1) and second["wet"] is None or second["wet"] != second["wet"]
    assert str(first["since"])[:10] == "2020-01-02"
    assert second["seen"].to_pydatetime().astimezone(datetime.UTC) == datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert first["label"] == 'café "x"\n'
    assert rows[f"{A}place"]["Level_2"] == "high"
    assert {*report.left_out} == {f"{A}name", f"{A}next"}


def test_geoparquet_says_what_it_is(world: Snapshot, tmp_path: Path) -> None:
    export(world, tmp_path / "out.parquet")
    facts = json.loads(pq.read_schema(tmp_path / "out.parquet").metadata[b"geo"])
    column = facts["columns"]["geometry"]
    assert facts["primary_column"] == "geometry" and column["encoding"] == "WKB"
    assert column["geometry_types"] == ["Point", "Point Z", "Polygon"] and column["bbox"] == [0, 0, 10, 50]


@pytest.mark.parametrize("form", ["geopackage", "flatgeobuf", "kml", "geojson"])
def test_another_gdal_opens_it(flat: Snapshot, tmp_path: Path, gdal_tools: dict[str, str], form: str) -> None:
    path = tmp_path / f"out.{GIS[form]}"
    export(flat, path)
    told = subprocess.run([gdal_tools["ogrinfo"], "-al", "-so", str(path)], capture_output=True, text=True, check=True).stdout
    assert "Feature Count: 3" in told and "Extent: (0.000000, 0.000000) - (10.000000, 50.000000)" in told and "WGS 84" in told


def test_one_geometry_type_is_the_layers(build: Build, tmp_path: Path) -> None:
    wkt = "http://www.opengis.net/ont/geosparql#wktLiteral"
    document = "".join(f'<a:s{n}> <a:p> "POINT ({n} 2)"^^<{wkt}> .\n' for n in range(5))
    export(build((document.encode(), "nt")), tmp_path / "out.gpkg")
    assert pyogrio.read_info(tmp_path / "out.gpkg")["geometry_type"] == "Point"


@pytest.mark.parametrize("form", GIS)
def test_a_snapshot_without_features_gives_an_empty_file(build: Build, tmp_path: Path, form: str) -> None:
    report = export(build((b"<a:s> <a:p> <a:o> .", "nt")), tmp_path / f"out.{GIS[form]}")
    assert report.rows == 0 and (tmp_path / f"out.{GIS[form]}").exists()


@pytest.mark.parametrize("line", ["<a:s> <http://a/1> <a:o> .", "<a:s> <http://a/p%41> <a:o> .", '<a:s> <a:p> "\x01" .',
                                  "<a:s> <http://www.w3.org/1999/02/22-rdf-syntax-ns#li> <a:o> ."])
def test_a_statement_that_a_syntax_cannot_write_is_an_error(build: Build, tmp_path: Path, line: str) -> None:
    target = tmp_path / "out.rdf"
    target.write_text("old")
    with pytest.raises(UnsupportedError, match="rdfxml"):
        export(build((line.encode(), "nt")), target)
    assert target.read_text() == "old" and not list(tmp_path.glob(".*part*"))


def test_line_ends_survive_another_reader_of_xml(build: Build, tmp_path: Path) -> None:
    export(build((b'<a:s> <http://a/p> "a\\r\\nb\\rc" .', "nt")), tmp_path / "out.rdf")
    assert ElementTree.parse(tmp_path / "out.rdf").getroot()[0][0].text == "a\r\nb\rc"
    assert [one.object.value for one in ox.parse((tmp_path / "out.rdf").read_bytes(), format=ox.RdfFormat.RDF_XML)] == ["a\r\nb\rc"]


def test_heights_are_not_lost_in_silence(world: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="heights"):
        export(world, tmp_path / "out.fgb")


def test_a_folder_that_is_not_there_is_named(world: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="absent"):
        export(world, tmp_path / "absent" / "out.nt")


@pytest.mark.parametrize(("name", "form", "error"), [
    ("out.txt", None, UnsupportedError), ("out.nt", "word", ParameterError), ("out.gpkg.gz", None, UnsupportedError),
])
def test_unknown_formats_are_refused(world: Snapshot, tmp_path: Path, name: str, form: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        export(world, tmp_path / name, form)
