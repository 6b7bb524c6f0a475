"""Files: every vector format, compressed ones, RDF, and which file a mapping may name."""

from __future__ import annotations

import bz2
import gc
import gzip
import lzma
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import geopandas
import pyarrow as pa
import pyogrio
import pytest
import shapely

from earthweave.mapping import LogicalSource, Options
from earthweave.mapping.plan import FileAccess, OtherAccess, Root
from earthweave.mapping.sources import Opener, Place, Source, column_of, geometry_names, nested_records, open_source
from earthweave.mapping.sources import _compressed as compressed
from earthweave.ontology import ForbiddenError, MappingError, NotFoundError, ProductError, SizeLimitError, UnsupportedError

POINTS = [shapely.Point(23.5, 38.0), shapely.Point(24.0, 37.5)]
CSV = b"id,name\n1,Bob\n2,Sue\n"


def opened(folder: Path, path: str, formulation: str = "", iterator: str = "", **access: Any) -> Any:
    source = LogicalSource(formulation=formulation, iterator=iterator, access=FileAccess(path, **access))
    return Opener(Place(None, folder, folder), Options())(source)


def rows(source: Source) -> list[dict[str, Any]]:
    return [row for batch in source.batches(source.fields, source.geometry is not None) for row in batch.to_pylist()]


def packed(path: Path, members: dict[str, bytes]) -> Path:
    """Write an archive, or compress the only member, as the suffix says."""
    (data,) = list(members.values())[:1]
    streams = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    elif ".tar" in path.name:
        plain = BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, BytesIO(content))
        path.write_bytes(streams[path.suffix](plain.getvalue()))
    else:
        path.write_bytes(streams[path.suffix](data))
    return path


# -- vector formats


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Two points with a number and a text, in a format."""
    frame = geopandas.GeoDataFrame({"number": [1, 2], "text": ["é", None]}, geometry=POINTS, crs=4326)

    def write(name: str) -> Path:
        path = tmp_path_factory.mktemp("points") / name
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        elif path.suffix == ".csv":
            frame.to_wkt().to_csv(path, index=False)
        else:
            pyogrio.write_dataframe(frame, path, driver="LIBKML" if path.suffix == ".kml" else None)
        return path

    return write


@pytest.mark.parametrize("name", ["p.shp", "p.gpkg", "p.geojson", "p.fgb", "p.kml", "p.gml", "p.parquet"])
def test_every_vector_format_gives_its_rows(points: Callable[[str], Path], name: str) -> None:
    source = open_source(points(name), "", Options())
    assert isinstance(source, Source)
    number, text = (str(column_of(one, source)) for one in ("number", "text"))
    # FlatGeobuf keeps its own, spatial order
    found = sorted(rows(source), key=lambda row: int(row[number]))
    assert [(int(row[number]), row[text]) for row in found] == [(1, "é"), (2, None)]
    assert "geometry" in geometry_names(source)
    assert shapely.equals(shapely.from_wkb([row[str(source.geometry)] for row in found]), POINTS).all()
    assert (source.crs.authority, source.crs.code) in {("EPSG", "4326"), ("OGC", "CRS84")}
    assert source.total in (2, None)
    assert source.empty(source.fields[:1], True).num_rows == 0


def test_a_kmz_is_a_kml_in_a_zip(tmp_path: Path, points: Callable[[str], Path]) -> None:
    packed(tmp_path / "p.zip", {"doc.kml": points("p.kml").read_bytes(), "images/a.png": b""}).rename(tmp_path / "p.kmz")
    assert len(rows(open_source(tmp_path / "p.kmz", "", Options()))) == 2


def test_a_table_with_wkt_is_text(points: Callable[[str], Path]) -> None:
    source = open_source(points("p.csv"), "", Options())
    assert [row["geometry"] for row in rows(source)] == ["POINT (23.5 38)", "POINT (24 37.5)"]


def test_a_view_of_a_geopackage_has_no_key(points: Callable[[str], Path]) -> None:
    path = points("p.gpkg")
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE VIEW twice AS SELECT 1 AS fid, geom, number FROM p")
        database.execute("INSERT INTO gpkg_contents (table_name, data_type, srs_id) VALUES ('twice', 'features', 4326)")
        database.execute("INSERT INTO gpkg_geometry_columns VALUES ('twice', 'geom', 'POINT', 4326, 0, 0)")
        database.commit()
    assert open_source(path, "twice", Options()).keys == ()
    assert open_source(path, "p", Options()).keys == ("fid",)


def test_keys_are_columns_that_are_proven_unique(points: Callable[[str], Path]) -> None:
    assert open_source(points("p.gpkg"), "", Options()).keys == ("fid",)
    assert [row["fid"] for row in rows(open_source(points("p.gpkg"), "", Options()))] == [1, 2]
    for other in ("p.shp", "p.geojson", "p.parquet", "p.csv"):
        assert open_source(points(other), "", Options()).keys == ()
    assert open_source(pa.table({"id": [1]}), "", Options()).keys == ()


def test_geojson_is_a_layer_unless_its_paths_are_asked_for(points: Callable[[str], Path]) -> None:
    path = points("p.geojson")
    assert isinstance(opened(path.parent, path.name), Source)
    records = opened(path.parent, path.name, "JSONPath", "$.features[*]").records()
    assert [record.values("properties.number") for record in records] == [[1], [2]]
    assert [record.values("$.number") for record in opened(path.parent, path.name, "JSONPath", "$..[?@.number]").records()] == [[1], [2]]


def test_kml_is_a_layer_unless_its_paths_are_asked_for(points: Callable[[str], Path]) -> None:
    path = points("p.kml")
    assert len(rows(opened(path.parent, path.name))) == 2
    assert len(list(opened(path.parent, path.name, "XPath", "//*[local-name()='Placemark']").records())) == 2


def test_a_binary_layer_is_what_it_is_whatever_the_mapping_says(points: Callable[[str], Path]) -> None:
    path = points("p.gpkg")
    assert len(rows(opened(path.parent, path.name, "CSV"))) == 2


# -- compressed


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.zip", "t.csv.zip", "t.tar.gz", "t.tar.xz", "t.tar.bz2"])
def test_compressed_tables(tmp_path: Path, name: str) -> None:
    packed(tmp_path / name, {"t.csv": CSV})
    source = opened(tmp_path, name, "CSV")
    assert source.name == name
    assert rows(source) == [{"id": "1", "name": "Bob"}, {"id": "2", "name": "Sue"}]
    assert rows(open_source(tmp_path / name, "", Options())) == rows(source)


@pytest.mark.parametrize(
    ("compression", "name"),
    [("gzip", "t.gz"), ("bzip2", "t.bz2"), ("xz", "t.xz"), ("zip", "t.zip"), ("targz", "t.tar.gz"), ("tarxz", "t.tar.xz")],
)
def test_what_the_mapping_says_of_compression_goes_before_the_suffix(tmp_path: Path, compression: str, name: str) -> None:
    packed(tmp_path / name, {"t.csv": CSV}).rename(tmp_path / "plain.csv")
    assert len(rows(opened(tmp_path, "plain.csv", "CSV", compression=compression))) == 2


def test_compressed_layers_json_and_xml(tmp_path: Path, points: Callable[[str], Path]) -> None:
    shape, layer = points("p.shp"), points("p.geojson")
    parts = {one.name: one.read_bytes() for one in sorted(shape.parent.iterdir())}
    packed(tmp_path / "p.zip", {"note.txt": b"x", **{f"folder/{name}": data for name, data in parts.items()}} | {"folder/p.txt.bak": b""})
    with pytest.raises(ProductError, match=r"one file that can be read\n.*note.txt"):
        opened(tmp_path, "p.zip")
    packed(tmp_path / "p.zip", {"README": b"x", **{f"folder/{name}": data for name, data in parts.items()}})
    assert len(rows(opened(tmp_path, "p.zip"))) == 2
    packed(tmp_path / "p.geojson.gz", {"p": layer.read_bytes()})
    assert len(rows(opened(tmp_path, "p.geojson.gz"))) == 2
    assert len(list(opened(tmp_path, "p.geojson.gz", "JSONPath", "$.features[*]").records())) == 2
    packed(tmp_path / "a.xml.bz2", {"a": b"<a><b/><b/></a>"})
    assert len(list(opened(tmp_path, "a.xml.bz2", "XPath", "/a/b").records())) == 2


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.zip", "t.tar.gz"])
def test_a_bomb_is_refused_and_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    packed(tmp_path / name, {"t.csv": b"a\n" + b"0\n" * 500_000})
    with (
        patch.object(compressed, "FREE_BYTES", 1000), patch.object(compressed, "MAX_RATIO", 20),
        patch.object(tempfile, "tempdir", str(tmp_path / "made")), pytest.raises(SizeLimitError, match="more than"),
    ):
        (tmp_path / "made").mkdir()
        opened(tmp_path, name, "CSV")
    assert list((tmp_path / "made").iterdir()) == []


def test_temporary_files_go_with_the_source(tmp_path: Path) -> None:
    packed(tmp_path / "t.csv.gz", {"t": CSV})
    (tmp_path / "made").mkdir()
    with patch.object(tempfile, "tempdir", str(tmp_path / "made")):
        source = opened(tmp_path, "t.csv.gz", "CSV", encoding="latin-1")
        assert len(rows(source)) == 2
    assert len(list((tmp_path / "made").iterdir())) == 1
    del source
    gc.collect()
    assert list((tmp_path / "made").iterdir()) == []


@pytest.mark.parametrize("evil", ["../evil.csv", "/tmp/evil.csv", "a/../../evil.csv", "folder\\evil.csv"])
def test_names_inside_archives_are_no_paths(tmp_path: Path, evil: str) -> None:
    (tmp_path / "in" / "side").mkdir(parents=True)
    for name in ("t.zip", "t.tar.gz"):
        packed(tmp_path / "in" / "side" / name, {evil: CSV})
        assert len(rows(opened(tmp_path / "in" / "side", name, "CSV"))) == 2
    assert sorted(one.name for one in tmp_path.rglob("*evil*")) == []


def test_links_in_archives_are_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as archive:
        link = tarfile.TarInfo("t.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(ProductError, match="holds nothing"):
        opened(tmp_path, "t.tar.gz", "CSV")


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.zip", "t.tar.gz", "t.tar.xz"])
def test_damaged_files_are_told(tmp_path: Path, name: str) -> None:
    whole = packed(tmp_path / name, {"t.csv": CSV * 100}).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"plain", b""):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(ProductError):
            rows(opened(tmp_path, name, "CSV"))


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(CSV)
    with pytest.raises(UnsupportedError, match="compression rar"):
        opened(tmp_path, "t.csv", "CSV", compression="rar")


# -- RDF


def test_an_rdf_file_is_queried(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text('@prefix e: <http://e.org/> . e:a e:name "Bob"@en ; e:age 3 . e:b e:name "Sue" .')
    query = "PREFIX e: <http://e.org/> SELECT ?s ?name ?age { ?s e:name ?name OPTIONAL { ?s e:age ?age } } ORDER BY ?s"
    source = opened(tmp_path, "a.ttl", "SPARQL_Results_CSV", query)
    assert source.fields == ("s", "name", "age")
    assert [tuple(row.values()) for row in rows(source)] == [("http://e.org/a", "Bob", "3"), ("http://e.org/b", "Sue", None)]
    assert rows(opened(tmp_path, "a.ttl", "SPARQL_Results_CSV", "SELECT ?x { ?x a ?x }")) == []


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT * { SERVICE <http://e.org/> { ?s ?p ?o } }", ForbiddenError), ("SELECT { ?s ?p", MappingError),
        ("ASK { ?s ?p ?o }", MappingError), ("DELETE WHERE { ?s ?p ?o }", MappingError),
    ],
)
def test_a_query_that_is_none_or_reaches_out_is_refused(tmp_path: Path, query: str, error: type[Exception]) -> None:
    (tmp_path / "a.nt").write_text("<http://e.org/s> <http://e.org/service> <http://e.org/o> .\n")
    with pytest.raises(error):
        opened(tmp_path, "a.nt", "SPARQL_Results_CSV", query)
    assert len(rows(opened(tmp_path, "a.nt", "SPARQL_Results_CSV", "SELECT * { ?s <http://e.org/service> ?o } # no service"))) == 1


# -- which file


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a mapping's and a working folder, and a table in each, beside and outside."""
    for folder in ("all/mapping/deep", "all/working"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("all/mapping/m.csv", "all/mapping/deep/d.csv", "all/working/w.csv", "all/outside.csv", "all/mapping/a b.csv"):
        (tmp_path / name).write_bytes(CSV)
    (tmp_path / "all/mapping/link.csv").symlink_to(tmp_path / "all/outside.csv")
    (tmp_path / "all/mapping/inner.csv").symlink_to(tmp_path / "all/mapping/m.csv")
    return tmp_path / "all"


def read(tree: Path, path: str, **access: Any) -> int:
    source = LogicalSource(formulation="CSV", access=FileAccess(path, **access))
    return len(rows(Opener(Place(None, tree / "mapping", tree / "working"), Options())(source)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "access"),
    [
        ("m.csv", {}), ("./m.csv", {}), ("deep/d.csv", {}), ("deep/../m.csv", {}), ("inner.csv", {}), ("w.csv", {"root": Root.WORKING}),
        ("w.csv", {}), ("m.csv", {"root": Root.WORKING}), ("d.csv", {"root": Root.GIVEN, "folder": "deep"}), ("../working/w.csv", {}),
    ],
)
def test_files_below_the_mapping_and_the_working_folder_are_read(tree: Path, path: str, access: dict[str, Any]) -> None:
    assert read(tree, path, **access) == 2


def test_file_iris_and_absolute_paths_are_paths(tree: Path) -> None:
    assert read(tree, (tree / "mapping" / "a b.csv").as_uri()) == 2
    assert read(tree, str(tree / "working" / "w.csv")) == 2
    assert read(tree, "d.csv", root=Root.GIVEN, folder=(tree / "mapping" / "deep").as_uri()) == 2


@pytest.mark.parametrize(
    ("path", "access"),
    [
        ("../outside.csv", {}), ("link.csv", {}), ("/etc/passwd", {}), ("file:///etc/passwd", {}),
        ("passwd", {"root": Root.GIVEN, "folder": "/etc"}),
        ("http://e.org/a.csv", {}), ("https://e.org/a.csv", {}), ("ftp://e.org/a.csv", {}), ("file://elsewhere/a.csv", {}),
        ("/vsicurl/http://e.org/a.csv", {}), ("deep/../../outside.csv", {}),
        ("%2e%2e/outside.csv", {"root": Root.GIVEN, "folder": "file:///%2e%2e"}),
    ],
)
def test_no_mapping_leaves_its_folders(tree: Path, path: str, access: dict[str, Any]) -> None:
    with pytest.raises(ForbiddenError):
        read(tree, path, **access)


def test_what_is_not_there_is_told_with_the_places_looked_at(tree: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no file absent.csv\n.*mapping.*working"):
        read(tree, "absent.csv")
    for none in ("", "a\0b"):
        with pytest.raises(MappingError, match="no path"):
            read(tree, none)


def test_a_local_copy_of_an_address_is_handed_in_under_it(tree: Path) -> None:
    source = LogicalSource(formulation="CSV", access=FileAccess("http://e.org/a.csv"))
    place = Place(None, tree / "mapping", tree / "working", {"http://e.org/a.csv": tree / "outside.csv"})
    assert len(rows(Opener(place, Options())(source))) == 2  # type: ignore[arg-type]


def test_the_caller_may_hand_in_any_file(tree: Path) -> None:
    source = LogicalSource(formulation="CSV", access=FileAccess("http://e.org/a.csv"))
    assert len(rows(Opener(Place(tree / "outside.csv", tree / "mapping"), Options())(source))) == 2  # type: ignore[arg-type]


def test_a_file_that_is_a_database_is_read_as_one(tree: Path) -> None:
    with closing(sqlite3.connect(tree / "mapping" / "t.sqlite")) as database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [(1, "Bob"), (2, None)])
        database.commit()
    named = Place(None, tree / "mapping", tree / "working")
    for place, access in ((named, FileAccess("t.sqlite")), (Place(tree / "mapping" / "t.sqlite"), None)):
        source = Opener(place, Options())(LogicalSource("t", access=access))
        assert isinstance(source, Source)
        assert rows(source) == [{"id": 1, "name": "Bob"}, {"id": 2, "name": None}]
    with pytest.raises(ForbiddenError):
        Opener(named, Options())(LogicalSource("t", access=FileAccess("../../elsewhere.sqlite")))


def test_other_accesses_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="a stream of Kafka"):
        Opener(Place(), Options())(LogicalSource(access=OtherAccess("a stream of Kafka")))
    with pytest.raises(MappingError, match="no file or database for roads"):
        Opener(Place(), Options())(LogicalSource("roads"))
    with pytest.raises(UnsupportedError, match="inside a text"):
        nested_records("x", "", "SQL2008Table")
