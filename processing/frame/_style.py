"""Styles for QGIS beside every layer: ``x.qml`` is taken up when ``x.tif`` or ``x.gpkg`` is opened.

A service may write a style of its own; what has none gets one from the layer itself: classes in colours, quantities in grey, features by
the field ``class``, or by the first that the service explains and that is no identifier. Layers that share one GeoPackage get theirs in
its table ``layer_styles``, where QGIS looks first. Tried in QGIS 3.22.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import numpy as np

from ..raster import write_style

if TYPE_CHECKING:
    from ._run import Product

Array = np.ndarray[Any, Any]
_HEAD = (
    "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    '<qgis version="3.28.0" styleCategories="AllStyleCategories">\n{}  <blendMode>0</blendMode>\n{}</qgis>\n'
)
_RASTERS = (".tif", ".tiff")
_VECTORS = (".shp", ".gpkg", ".geojson", ".fgb", ".parquet")
_GEOMETRIES = {"point": ("marker", 0), "linestring": ("line", 1), "polygon": ("fill", 2)}
_KINDS = {1: "point", 4: "point", 2: "linestring", 5: "linestring", 3: "polygon", 6: "polygon"}
"""By the number of a type in WKB."""
_ENVELOPES = (0, 32, 48, 48, 64, 0, 0, 0)
"""Bytes of the envelope in a GeoPackage binary, by its code."""
_COLOURS = ("1b9e77", "d95f02", "7570b3", "e7298a", "66a61e", "e6ab02", "a6761d", "1f78b4", "b2df8a", "fb9a99", "cab2d6", "666666")
"""Dark2 and Paired of ColorBrewer 2.0, which stay apart for most eyes."""
_RAMP = ("fef0d9", "fdcc8a", "fc8d59", "e34a33", "b30000")
"""OrRd of ColorBrewer 2.0."""
_MOST_CLASSES = 24
_WINDOW = 256
_ROWS = 200_000


def give_styles(products: Sequence[Product]) -> None:
    """Write a style for each layer that has none and whose format QGIS opens by its name."""
    files = {one.path: [other for other in products if other.path == one.path] for one in products}
    for path, held in files.items():
        suffix = path.suffix.lower()
        if len(held) > 1 and suffix == ".gpkg":
            _embed(path, held)
        elif path.with_suffix(".qml").exists():
            continue
        elif suffix in _RASTERS:
            _style_raster(held[0])
        elif suffix in _VECTORS and (style := _vector(held[0], _of_file(path, held[0].name))):
            path.with_suffix(".qml").write_text(style, "utf-8")


# -- rasters


def _style_raster(product: Product) -> None:
    import rasterio

    with rasterio.open(product.path) as dataset:
        classes = product.legend or (_labels(_values(dataset)) if dataset.dtypes[0] == "uint8" and dataset.count == 1 else {})
        if 0 < len(classes) <= _MOST_CLASSES:
            _write_palette(product.path, {value: text for value, text in classes.items() if value != dataset.nodata})
            return
        low, high = _span(dataset)
    write_style(product.path, (1,), low, high)


def _values(dataset: Any) -> Array:
    """Every value of the first band."""
    seen = np.zeros(256, bool)
    for _, window in dataset.block_windows(1):
        seen[np.unique(dataset.read(1, window=window, masked=True).compressed())] = True
    return np.flatnonzero(seen)


def _labels(values: Array) -> dict[int, str]:
    return {int(value): str(value) for value in values}


def _span(dataset: Any) -> tuple[float, float]:
    """Where most values of the first band lie: percentiles 2 and 98 of windows all over it, so that a large one is not read whole."""
    tops, lefts = (np.unique(np.linspace(0, max(0, size - _WINDOW), 3, dtype=int)).tolist() for size in (dataset.height, dataset.width))
    windows = [((top, min(top + _WINDOW, dataset.height)), (left, min(left + _WINDOW, dataset.width))) for top in tops for left in lefts]
    parts = [dataset.read(1, window=window, masked=True) for window in windows]
    values = np.concatenate([part.compressed() for part in parts]).astype(float)
    values = values[np.isfinite(values)]
    low, high = np.percentile(values, (2, 98)).tolist() if values.size else (0.0, 1.0)
    return low, high if high > low else low + 1


def _write_palette(raster: Path, classes: Mapping[Any, str]) -> None:
    rows = "".join(
        f'        <paletteEntry value="{value}" color="#{colour}" alpha="{0 if value == 0 else 255}" label={quoteattr(text)}/>\n'
        for (value, text), colour in zip(classes.items(), _cycle(len(classes)), strict=True)
    )
    body = (
        '  <pipe>\n    <rasterrenderer type="paletted" opacity="1" alphaBand="-1" band="1">\n'
        f"      <colorPalette>\n{rows}      </colorPalette>\n    </rasterrenderer>\n  </pipe>\n"
    )
    raster.with_suffix(".qml").write_text(_HEAD.format(body, ""), "utf-8")


def _cycle(count: int) -> list[str]:
    return [_COLOURS[number % len(_COLOURS)] for number in range(count)]


# -- vectors


@dataclass(frozen=True)
class _Layer:
    """What a style rests on: the type of the geometries, the fields, and the different values of a field, or some of all."""

    geometry: str
    fields: tuple[str, ...]
    different: Callable[[str], list[Any]]
    some: Callable[[str], list[Any]]


def _of_file(path: Path, name: str) -> _Layer:
    if path.suffix.lower() == ".gpkg":
        with closing(sqlite3.connect(path)) as database:
            tables = [row[0] for row in database.execute("select table_name from gpkg_contents where data_type = 'features'")]
        return _of_table(path, name if name in tables else tables[0])
    from pyogrio import read_info
    from pyogrio.raw import read

    def some(field: str) -> list[Any]:
        _, _, _, (column,) = read(path, columns=[field], read_geometry=False, max_features=_ROWS)
        return [value for value in column.tolist() if value is not None and value == value]

    info = read_info(path)
    return _Layer(str(info["geometry_type"]), tuple(info["fields"].tolist()), lambda field: sorted(set(some(field))), some)


def _of_table(path: Path, table: str) -> _Layer:
    """A layer of a GeoPackage, asked in SQL: many times faster than reading it."""
    name = _quoted(table)

    def ask(query: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(path)) as database:
            return database.execute(query, values).fetchall()

    def column(what: str, field: str, most: int) -> list[Any]:
        return [row[0] for row in ask(f"select {what} {_quoted(field)} from {name} where {_quoted(field)} is not null limit {most}")]

    found = ask("select geometry_type_name, column_name from gpkg_geometry_columns where table_name = ?", table)
    geometry = str(found[0][0]) if found else ""
    if geometry.upper() == "GEOMETRY":
        geometry = _only_kind([blob for (blob,) in ask(f"select {_quoted(found[0][1])} from {name} limit {_ROWS}") if blob])
    return _Layer(
        geometry,
        tuple(row[1] for row in ask(f"pragma table_info({name})")),
        lambda field: sorted(column("distinct", field, _MOST_CLASSES + 1)),
        lambda field: column("", field, _ROWS),
    )


def _only_kind(blobs: Sequence[bytes]) -> str:
    """The kind that all geometries have, by their GeoPackage binaries (OGC 12-128r18, 2.1.3); empty if they differ."""
    kinds = set()
    for blob in blobs:
        start = 8 + _ENVELOPES[blob[3] >> 1 & 7]
        number = int.from_bytes(blob[start + 1 : start + 5], "little" if blob[start] else "big")
        kinds.add(_KINDS.get(number % 1000, ""))
    return kinds.pop() if len(kinds) == 1 else ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _vector(product: Product, layer: _Layer) -> str:
    """The style of one vector layer: by the first explained field that it has, else all alike; empty if it mixes kinds of geometry."""
    kind, number = next((row for name, row in _GEOMETRIES.items() if name in layer.geometry.lower()), ("", 0))
    if not kind:
        return ""
    explained = [name for name in product.meaning if name in layer.fields and not name.lower().endswith("id")]
    field = "class" if "class" in explained else next(iter(explained), None)
    renderer = _by_field(product, layer, field, kind) if field else _alike(kind)
    return _HEAD.format(renderer, f"  <layerGeometryType>{number}</layerGeometryType>\n")


def _by_field(product: Product, layer: _Layer, field: str, kind: str) -> str:
    values = [] if product.legend else layer.different(field)
    numbers = all(isinstance(value, int | float) for value in values)
    legend = product.legend or {value: str(value) for value in values}
    if 0 < len(legend) <= _MOST_CLASSES and not any(isinstance(value, float) for value in legend):
        return _categories(field, legend, kind)
    return _steps(field, np.array(layer.some(field), float), kind) if values and numbers else _alike(kind)


def _categories(field: str, legend: Mapping[Any, str], kind: str) -> str:
    rows = "".join(
        f'      <category value={quoteattr(str(value))} symbol="{number}" label={quoteattr(text)} render="true"/>\n'
        for number, (value, text) in enumerate(legend.items())
    )
    # the last one stands for every other value, so that nothing is invisible
    rows += f'      <category value="" symbol="{len(legend)}" label="other" render="true"/>\n'
    symbols = _symbols(kind, [*_cycle(len(legend)), "999999"])
    return _renderer("categorizedSymbol", f"    <categories>\n{rows}    </categories>\n{symbols}", f" attr={quoteattr(field)}")


def _steps(field: str, values: Array, kind: str) -> str:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, len(_RAMP) + 1)))
    if len(edges) < 2:
        return _alike(kind)
    rows = "".join(
        f'      <range lower="{low!r}" upper="{high!r}" symbol="{number}" label="{low:g} – {high:g}" render="true"/>\n'
        for number, (low, high) in enumerate(zip(edges.tolist(), edges[1:].tolist(), strict=False))
    )
    symbols = _symbols(kind, list(_RAMP[: len(edges) - 1]))
    more = f' attr={quoteattr(field)} graduatedMethod="GraduatedColor"'
    return _renderer("graduatedSymbol", f"    <ranges>\n{rows}    </ranges>\n{symbols}", more)


def _alike(kind: str) -> str:
    return _renderer("singleSymbol", _symbols(kind, ["1f78b4"]))


def _renderer(name: str, body: str, more: str = "") -> str:
    return f'  <renderer-v2 type="{name}"{more} symbollevels="0" enableorderby="0" forceraster="0">\n{body}  </renderer-v2>\n'


def _symbols(kind: str, colours: Sequence[str]) -> str:
    rows = "".join(
        f'      <symbol type="{kind}" name="{number}" alpha="{0.7 if kind == "fill" else 1}" clip_to_extent="1" force_rhr="0">\n'
        f"{_drawn(kind, colour)}      </symbol>\n"
        for number, colour in enumerate(colours)
    )
    return f"    <symbols>\n{rows}    </symbols>\n"


def _drawn(kind: str, colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
    paint = f"{red},{green},{blue},255"
    layers = {
        "fill": ("SimpleFill", {"color": paint, "style": "solid", "outline_style": "no"}),
        "line": ("SimpleLine", {"line_color": paint, "line_width": "0.4", "line_width_unit": "MM"}),
        "marker": ("SimpleMarker", {"name": "circle", "color": paint, "size": "2", "size_unit": "MM", "outline_style": "no"}),
    }
    name, said = layers[kind]
    rows = "".join(f'          <prop k="{key}" v="{value}"/>\n' for key, value in said.items())
    return f'        <layer class="{name}" enabled="1" locked="0" pass="0">\n{rows}        </layer>\n'


# -- several layers in one file

_STYLES = """
create table if not exists layer_styles (
    id integer primary key autoincrement not null, f_table_catalog text(256), f_table_schema text(256), f_table_name text(256),
    f_geometry_column text(256), styleName text(30), styleQML text, styleSLD text, useAsDefault boolean, description text, owner text(30),
    ui text(30), update_time datetime default (strftime('%Y-%m-%dT%H:%M:%fZ','now')))
"""
"""The table as QGIS creates it in a GeoPackage."""
_LISTED = "insert or ignore into gpkg_contents (table_name, data_type, identifier) values ('layer_styles', 'attributes', 'layer_styles')"
_ADD = (
    "insert into layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD, "
    "useAsDefault, description, owner) values ('', '', ?, ?, ?, ?, '', 1, '', '')"
)


def _embed(path: Path, products: Sequence[Product]) -> None:
    """Put the styles of the layers of a GeoPackage into it, but for those that have one."""
    styles = {product.name: _vector(product, _of_table(path, product.name)) for product in products if product.kind == "vector"}
    with closing(sqlite3.connect(path)) as database:
        # in the staging folder nothing needs to outlive a crash
        database.execute("pragma synchronous=off")
        with database:
            database.execute(_STYLES)
            database.execute(_LISTED)
            there = {row[0] for row in database.execute("select f_table_name from layer_styles")}
            columns = dict(database.execute("select table_name, column_name from gpkg_geometry_columns").fetchall())
            rows = [(name, columns.get(name), name[:30], style) for name, style in styles.items() if style and name not in there]
            database.executemany(_ADD, rows)
