"""The registry of services, and what the frame does around the run of any of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pytest
import shapely

import earthweave.processing as room
from earthweave.ontology import CRS84, BBox, NotFoundError, ParameterError, ProcessingError
from earthweave.processing import ServiceSpec, run_service, service, services
from earthweave.processing.frame import Context, Outcome, Product, digest, footprint
from earthweave.processing.frame._style import give_styles


def test_registry() -> None:
    assert [spec.id for spec in services()][:5] == ["s2-preprocess", "s2-cd", "flood-mask", "water-mask", "crop-map"]
    assert all(service(spec.id) is service(spec.executable) is spec for spec in services())
    with pytest.raises(NotFoundError, match="'s9'") as caught:
        service("s9")
    assert "flood-mask" in caught.value.way_out


def test_import_is_light_and_free_of_the_simulator() -> None:
    """Raster, vector and simulator code are loaded when a service runs, not when it is listed."""
    heavy = ("rasterio", "pyogrio", "scipy", "netCDF4", "pystac", "pandas", "earthweave.processing.simulate")
    code = f"import sys, earthweave.processing; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"


def test_facade_lists_what_it_holds() -> None:
    assert sorted(room.__all__) == room.__all__
    assert all(hasattr(room, name) for name in room.__all__)


def _stub(run: Any) -> ServiceSpec:
    like = service("flood-mask")
    return ServiceSpec("stub", "Stub", "1", "t", "a", like.parameters, like.outputs, run)


def test_failure_leaves_neither_product_nor_scratch(tmp_path: Path) -> None:
    def run(p: Any, context: Context) -> Outcome:
        (context.folder / "half.tif").write_text("half")
        raise ProcessingError("broken on purpose")

    with pytest.raises(ProcessingError):
        run_service(_stub(run), {"input": "x", "output_path": tmp_path / "out" / "x.shp"})
    assert list((tmp_path / "out").iterdir()) == []


def test_result_replaces_an_older_one_and_the_record_comes_last(write, tmp_path: Path) -> None:
    target = tmp_path / "out" / "f.gpkg"
    records = []
    for level in (5, 6):
        source = write("x.tif", np.full((1, 20, 20), level, np.float32))
        records.append(run_service(service("flood-mask"), {"input": source, "output_path": target}))
    assert [record.report["figures"]["per_level"] for record in records] == [{"5": 1}, {"6": 1}]
    assert json.loads(records[1].record.read_text())["run"] == records[1].report["run"] != records[0].report["run"]
    assert sorted(path.name for path in target.parent.iterdir()) == ["f.gpkg", "f.item.json", "f.qml", "f.run.json"]
    assert records[1].report["outputs"][0]["digest"] == digest(target)


def test_folder_that_cannot_be_made_is_refused(write, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ParameterError, match="output_path"):
        run_service(
            service("flood-mask"), {"input": write("x.tif", np.ones((1, 4, 4), np.float32)), "output_path": tmp_path / "file" / "f.shp"}
        )


def test_digest_of_a_folder_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    members = (tmp_path / "a", tmp_path / "b")
    before = digest(tmp_path, members)
    assert before == digest(tmp_path, members[::-1])
    (tmp_path / "b").write_text("3")
    assert digest(tmp_path, members) != before


# -- styles and footprints that the frame makes


def _product(path: Path, **more: Any) -> Product:
    kind = "raster" if path.suffix == ".tif" else "vector"
    return Product("made", path, kind, more.pop("name", path.stem), "Made", "image/tiff", CRS84, BBox(0, 0, 1, 1), None, **more)


def _entries(path: Path, tag: str) -> list[tuple[str | None, str | None]]:
    return [(one.get("value"), one.get("label")) for one in ElementTree.parse(path.with_suffix(".qml")).iter(tag)]


def test_a_raster_of_classes_is_shown_in_colours_and_named_by_its_legend(write, tmp_path: Path) -> None:
    pixels = np.array([[[0, 1, 2, 255]] * 4], np.uint8)
    named, plain = (write(f"{name}.tif", pixels, nodata=255) for name in ("named", "plain"))
    give_styles([_product(named, legend={0: "dry", 1: "water & ice"}), _product(plain)])
    assert _entries(named, "paletteEntry") == [("0", "dry"), ("1", "water & ice")]
    assert _entries(plain, "paletteEntry") == [("0", "0"), ("1", "1"), ("2", "2")]


def test_a_raster_of_quantities_is_stretched_over_most_of_its_values(write) -> None:
    pixels = np.linspace(0, 100, 1_000_000, dtype=np.float32).reshape(1, 1000, 1000)
    pixels[0, 0, :500], pixels[0, -1, -1] = np.nan, 1e9
    path = write("amount.tif", pixels, nodata=np.nan)
    give_styles([_product(path)])
    root = ElementTree.parse(path.with_suffix(".qml"))
    low, high = (float(root.findtext(f".//{name}") or "nan") for name in ("minValue", "maxValue"))
    assert 0 <= low < 15 and 85 < high <= 100


def test_a_style_of_the_service_itself_is_kept(write) -> None:
    path = write("own.tif", np.ones((1, 4, 4), np.uint8))
    path.with_suffix(".qml").write_text("<qgis/>")
    give_styles([_product(path)])
    assert path.with_suffix(".qml").read_text() == "<qgis/>"


def _points(path: Path, layer: str, **fields: Any) -> None:
    count = len(next(iter(fields.values())))
    geometry = shapely.to_wkb(shapely.points(np.arange(count), np.arange(count)))
    pyogrio.raw.write(
        path, geometry=geometry, field_data=[np.array(values) for values in fields.values()], fields=np.array(list(fields), object),
        layer=layer, driver="GPKG" if path.suffix == ".gpkg" else "GeoJSON", geometry_type="Point", crs="EPSG:4326", append=path.exists(),
    )  # fmt: skip


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_a_vector_layer_is_drawn_by_its_first_explained_field(suffix: str, tmp_path: Path) -> None:
    few, many, none = (tmp_path / f"{name}{suffix}" for name in ("few", "many", "none"))
    _points(few, "few", id=[1, 2, 3], kind=["a", "b & c", "a"])
    _points(many, "many", amount=np.linspace(0, 1, 200))
    _points(none, "none", id=[1, 2])
    give_styles([_product(few, meaning={"kind": "k"}), _product(many, meaning={"amount": "m"}), _product(none)])
    assert _entries(few, "category") == [("a", "a"), ("b & c", "b & c"), ("", "other")]
    ranges = [
        (float(one.get("lower", "")), float(one.get("upper", ""))) for one in ElementTree.parse(many.with_suffix(".qml")).iter("range")
    ]
    assert len(ranges) == 5 and ranges[0][0] == 0 and ranges[-1][1] == 1
    assert all(before[1] == after[0] for before, after in zip(ranges, ranges[1:], strict=False))
    renderer = ElementTree.parse(none.with_suffix(".qml")).find("renderer-v2")
    assert renderer is not None and renderer.get("type") == "singleSymbol"


def test_layers_of_one_geopackage_have_their_styles_in_it(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    for name in ("first", "second"):
        _points(path, name, kind=["a", "b"])
    give_styles([_product(path, name=name, meaning={"kind": "k"}) for name in ("first", "second")])
    assert not path.with_suffix(".qml").exists()
    styles = pyogrio.read_dataframe(path, layer="layer_styles", read_geometry=False)
    assert sorted(styles["f_table_name"]) == ["first", "second"] and styles["useAsDefault"].all()
    assert all(ElementTree.fromstring(text).tag == "qgis" for text in styles["styleQML"])
    assert pyogrio.read_info(path, layer="second")["features"] == 2


@pytest.mark.parametrize(
    ("box", "kind", "parts", "area"),
    [
        ((1, 2, 3, 4), "Polygon", 1, 4),
        ((1, 2, 1, 2), "Point", 1, 0),
        ((1, 2, 3, 2), "LineString", 1, 0),
        ((170, -5, -170, 5), "MultiPolygon", 2, 200),
        ((170, -5, -180, 5), "Polygon", 1, 100),
        ((180, -5, -170, 5), "Polygon", 1, 100),
        ((180, -5, -180, 5), "LineString", 1, 0),
    ],
)
def test_footprints_are_valid_whatever_the_box(box: tuple[float, ...], kind: str, parts: int, area: float) -> None:
    found = shapely.from_geojson(json.dumps(footprint(*box)))
    assert found.geom_type == kind and found.is_valid and len(shapely.get_parts(found)) == parts
    assert found.area == area


@pytest.mark.parametrize(("shapes", "kind"), [(["POINT(1 2)", "MULTIPOINT((3 4))"], "0"), (["POINT(1 2)", "LINESTRING(0 0, 1 1)"], None)])
def test_a_layer_of_any_geometry_is_styled_if_all_are_of_one_kind(shapes: list[str], kind: str | None, tmp_path: Path) -> None:
    """And by its classes, not by its identifiers."""
    path = tmp_path / "any.gpkg"
    pyogrio.raw.write(
        path, geometry=shapely.to_wkb(shapely.from_wkt(shapes)), field_data=[np.array([7, 8]), np.array(["a", "b"])],
        fields=np.array(["osm_id", "class"], object), layer="any", driver="GPKG", geometry_type="Unknown", crs="EPSG:4326",
    )  # fmt: skip
    give_styles([_product(path, meaning={"osm_id": "number", "class": "c"})])
    style = path.with_suffix(".qml")
    assert style.exists() == (kind is not None)
    if kind is not None:
        assert ElementTree.parse(style).findtext("layerGeometryType") == kind
        assert _entries(path, "category") == [("a", "a"), ("b", "b"), ("", "other")]
