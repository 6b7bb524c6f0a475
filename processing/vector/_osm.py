"""OSM-layers: human features of an OpenStreetMap extract as layers: roads, buildings, power, water, settlements and what the table adds.

::

    X.osm.pbf ──▶ rows of the layers that the table names ──▶ AoI ──▶ valid polygons ──▶ GPKG, GeoJSON or shapefile, piece by piece
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import shapely
from pydantic import BeforeValidator

from earthweave.ontology import CRS84, BBox, Interval, ParameterError, ProcessingError, ProductError, Source

from ..frame import Context, Estimate, Outcome, Output, Parameters, Product, Question, Reference, ServiceSpec, digest, parameter
from ..raster import read_aoi
from ._layers import MEDIA, Sheet, Writer, open_writer
from ._read_osm import Faults, Header, Row, osm_header, read_osm
from ._table import OsmLayer, chosen, read_table

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright"
_PIECE = 50_000
"""Features that are held before they are written."""
_LARGE = 2**30
"""Bytes of an extract from which node locations go to the disk."""
_GEOMETRY = {"points": "Point", "lines": "MultiLineString", "areas": "MultiPolygon"}
_KIND = {1: "points", 2: "lines", 5: "lines", 6: "areas", 3: "areas", 4: "points"}
"""Kind by the number of a type in WKB."""
_LINE_PREFIX = bytes.fromhex("010500000001000000")
Names = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: tuple(value.replace(",", " ").split()) if isinstance(value, str) else value)
]


class OsmParameters(Parameters):
    """Parameters of OSM-layers."""

    input: Path = parameter(
        ..., "extract of OpenStreetMap: .osm.pbf, .osm, .osm.gz, .osm.bz2 or .o5m", options=["-i", "--input"], role="input"
    )
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path", "--outdir"], role="output")
    layers: Names = parameter((), "layers to make, by their names in the table; default all of them", options=["-l", "--layers"])
    aoi: str | None = parameter(
        None,
        "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; default the whole extract",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    clip: bool = parameter(False, "cut features at the border of the area of interest instead of keeping them whole", options=["--clip"])
    output_format: Literal["GPKG", "GeoJSON", "ESRI Shapefile"] = parameter(
        "GPKG", "format: one GeoPackage with all layers, or a file for each", options=["--output_format"]
    )
    tags: bool = parameter(False, "keep all tags of a feature too, as a JSON object in the column tags", options=["--tags"])
    table: Path | None = parameter(
        None, "table of layers in place of the shipped one, TOML", options=["--table"], role="input", suffixes=(".toml",)
    )


@dataclass
class _Tally:
    """What was written of one sheet."""

    features: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    repaired: int = 0
    bounds: Any = field(default_factory=lambda: np.array([np.inf, np.inf, -np.inf, -np.inf]))

    def add(self, shapes: Any, classes: Sequence[str]) -> None:
        self.features += len(shapes)
        for name in classes:
            self.classes[name] = self.classes.get(name, 0) + 1
        if len(shapes):
            west, south, east, north = shapely.total_bounds(shapes)
            self.bounds = np.array([*np.minimum(self.bounds[:2], (west, south)), *np.maximum(self.bounds[2:], (east, north))])


class _Pieces:
    """Collects rows and writes them when there are many."""

    def __init__(self, p: OsmParameters, layers: dict[str, OsmLayer], writer: Writer) -> None:
        self._p, self._layers, self._writer = p, layers, writer
        self._area = read_aoi(p.aoi) if p.aoi else None
        self._rows: dict[str, list[Row]] = {name: [] for name in layers}
        self._held = 0
        self.tallies: dict[str, _Tally] = {}
        self.sheets: dict[str, Sheet] = {}

    def add(self, name: str, row: Row) -> bool:
        """Take a row; True if a piece was written."""
        self._rows[name].append(row)
        self._held += 1
        if self._held >= _PIECE:
            self.flush()
        return self._held == 0

    def flush(self) -> None:
        """Write what is held."""
        for name, rows in self._rows.items():
            for kind, some in self._parted(rows):
                self._write(name, some, kind)
            rows.clear()
        self._held = 0

    def close(self) -> dict[str, Path]:
        """Write what is held, and layers without features empty; returns sheet → file."""
        self.flush()
        if self._p.output_format != "ESRI Shapefile":
            for name in self._rows:
                if name not in self.sheets:
                    self._write(name, [], "")
        self.sheets = {name: self.sheets[name] for name in sorted(self.sheets, key=self._rank)}
        return self._writer.close()

    def _rank(self, name: str) -> tuple[int, str]:
        return next(number for number, layer in enumerate(self._layers) if name == layer or name.startswith(f"{layer}_")), name

    @property
    def shortened(self) -> int:
        """Texts that the format could not hold whole."""
        return self._writer.cut

    def _parted(self, rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
        """A shapefile holds one kind of geometry."""
        if self._p.output_format != "ESRI Shapefile":
            yield from [("", rows)] if rows else []
            return
        kinds: dict[str, list[Row]] = {}
        for row in rows:
            kinds.setdefault(_KIND[row[0][1]], []).append(row)
        yield from kinds.items()

    def _write(self, name: str, rows: list[Row], kind: str) -> None:
        sheet = self._sheet(name, kind)
        tally = self.tallies.setdefault(sheet.name, _Tally())
        rows, shapes, wkb = self._shaped(rows, tally, sheet.geometry == "MultiLineString")
        tally.add(shapes, [row[4] for row in rows])
        if rows or sheet.name not in self.sheets:
            columns: list[Sequence[Any]] = [()] * (len(sheet.columns) - 1)
            if rows:
                columns[:] = list(zip(*rows, strict=True))[1:]
            columns.insert(4, (self._layers[name].concept,) * len(rows))
            self._writer.write(sheet, wkb, columns)
            self.sheets[sheet.name] = sheet

    def _shaped(self, rows: list[Row], tally: _Tally, lines: bool) -> tuple[list[Row], Any, list[bytes]]:
        """Rows within the area of interest, their geometries, and these as WKB."""
        wkb = [row[0] for row in rows]
        shapes = shapely.from_wkb(np.array(wkb, object)) if rows else np.empty(0, object)
        changed = np.zeros(len(rows), bool)
        if self._area is not None:
            rows, shapes, changed = self._cut(rows, shapes)
            wkb = [row[0] for row in rows]
        broken = ~shapely.is_valid(shapes) & (shapely.get_dimensions(shapes) == 2)
        shapes[broken] = [_only(shapely.make_valid(shape), 2) for shape in shapes[broken]]
        tally.repaired += int(broken.sum())
        for place in np.flatnonzero(changed | broken):
            wkb[place] = shapely.to_wkb(shapes[place])
        return rows, shapes, [_LINE_PREFIX + blob if blob[1] == 2 else blob for blob in wkb] if lines else wkb

    def _cut(self, rows: list[Row], shapes: Any) -> tuple[list[Row], Any, Any]:
        area = self._area
        shapely.prepare(area)
        inside = shapely.intersects(area, shapes)
        rows, shapes = [row for row, keep in zip(rows, inside, strict=True) if keep], shapes[inside]
        changed = ~shapely.contains(area, shapes) if self._p.clip else np.zeros(len(rows), bool)
        shapes[changed] = [_only(shapely.intersection(shape, area), shapely.get_dimensions(shape)) for shape in shapes[changed]]
        empty = shapely.is_empty(shapes)
        return [row for row, gone in zip(rows, empty, strict=True) if not gone], shapes[~empty], changed[~empty]

    def _sheet(self, name: str, kind: str) -> Sheet:
        layer = self._layers[name]
        kinds = (kind,) if kind else layer.kinds
        columns = {
            "osm_id": "integer",
            "osm_type": "text",
            "name": "text",
            "class": "text",
            "concept": "text",
            **dict.fromkeys(layer.attributes, "text"),
        }
        columns |= {"tags": "text"} if self._p.tags else {}
        geometry = _GEOMETRY[kinds[0]] if len(kinds) == 1 else "Unknown"
        suffix = f"_{kind}" if kind and len(layer.kinds) > 1 else ""
        return Sheet(f"{name}{suffix}", layer.title, columns, geometry, ATTRIBUTION)


def _only(shape: Any, dimension: int) -> Any:
    """The parts of a geometry that have this dimension, as one multi-geometry."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    kept = parts[shapely.get_dimensions(parts) == dimension]
    make = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)[dimension]
    return kept[0] if len(kept) == 1 and dimension < 2 else make(kept)


def _run(p: OsmParameters, context: Context) -> Outcome:
    table = read_table(p.table)
    layers = chosen(table, p.layers)
    if p.clip and not p.aoi:
        raise ParameterError("clip has nothing to cut at", why="there is no area of interest", way_out="give --AoI as well")
    context.progress("reading header", 0.0, p.input.name)
    header, faults = osm_header(p.input), Faults()
    stem = p.input.name.split(".")[0]
    pieces = _Pieces(p, layers, open_writer(p.output_format, context.folder, f"OSM_{stem}"))
    count = 0
    for count, (name, row) in enumerate(read_osm(p.input, layers, locations=_locations(p, context), tags=p.tags, faults=faults), 1):
        if pieces.add(name, row):
            context.progress("extracting", None, f"{count:,} features")
    files = pieces.close()
    if not any(tally.features for tally in pieces.tallies.values()):
        raise ProcessingError(
            f"{p.input.name} has no feature of {', '.join(layers)}{' in the area of interest' if p.aoi else ''}",
            why=f"{count:,} features of these layers were read",
            way_out="choose other layers, or an area that the extract covers",
        )
    context.progress("written", 0.95, f"{count:,} features")
    return _outcome(p, header, pieces, files, faults)


def _locations(p: OsmParameters, context: Context) -> str:
    if p.input.stat().st_size < _LARGE:
        return "flex_mem"
    scratch = context.folder / ".scratch"
    scratch.mkdir(exist_ok=True)
    return f"sparse_file_array,{scratch / 'nodes'}"


def _outcome(p: OsmParameters, header: Header, pieces: _Pieces, files: dict[str, Path], faults: Faults) -> Outcome:
    time = Interval(header.time, header.time) if header.time else None
    day = f", {header.time:%Y-%m-%d}" if header.time else ""
    everything = _box([tally.bounds for tally in pieces.tallies.values()])
    products = tuple(
        Product(
            name,
            files[name],
            "vector",
            name,
            f"{sheet.title} (OpenStreetMap{day})",
            MEDIA[p.output_format],
            CRS84,
            _box([pieces.tallies[name].bounds]) or everything or BBox(-180, -90, 180, 90),
            time,
            _meaning(sheet),
        )
        for name, sheet in pieces.sheets.items()
    )
    return Outcome(products, (Source(p.input.name, digest(p.input)),), _figures(pieces, faults), (ATTRIBUTION,))


def _box(bounds: list[Any]) -> BBox | None:
    rows = [row for row in bounds if np.isfinite(row).all()]
    if not rows:
        return None
    low, high = np.min(rows, axis=0), np.max(rows, axis=0)
    return BBox(float(low[0]), float(low[1]), float(high[2]), float(high[3]))


def _meaning(sheet: Sheet) -> dict[str, str]:
    known = {
        "osm_id": "number of the node, way or relation",
        "osm_type": "node, way or relation",
        "name": "name as people there write it",
        "class": "value of the tag that makes it a feature of this layer",
        "tags": "all tags, JSON object",
        "concept": "class in the ontology of Earthweave",
    }
    return {name: known.get(name, "text of the tag of this name; see the table of layers") for name in sheet.columns}


def _figures(pieces: _Pieces, faults: Faults) -> dict[str, Any]:
    told = {
        name: {"features": tally.features, "classes": dict(sorted(tally.classes.items(), key=lambda row: (-row[1], row[0]))[:40])}
        for name, tally in pieces.tallies.items()
    }
    return {
        "layers": told,
        "features": sum(tally.features for tally in pieces.tallies.values()),
        "polygons_repaired": sum(tally.repaired for tally in pieces.tallies.values()),
        "points_lost": faults.lost_points,
        "lines_cut_by_the_extract": faults.cut_lines,
        "lines_lost": faults.lost_lines,
        "areas_not_assembled": faults.lost_areas,
        "texts_shortened": pieces.shortened,
    }


def _estimate(p: OsmParameters) -> Estimate:
    if not p.input.is_file():
        raise ProductError(f"input = {p.input.name} cannot be read", why="there is no such file", way_out="check the path")
    size = p.input.stat().st_size / 2**20
    return Estimate(1 + size, 200 + min(8 * size, 2048), f"{size:.1f} MiB of {p.input.name}")


def _outputs() -> tuple[Output, ...]:
    return tuple(
        Output(
            name,
            "vector",
            MEDIA["GPKG"],
            "OSM_{input}.gpkg",
            f"{layer.title}: {', '.join(layer.kinds)}; osm_id, osm_type, name, class, {', '.join(layer.attributes)}",
        )
        for name, layer in read_table().items()
    )


OSM_LAYERS = ServiceSpec(
    id="osm-layers",
    executable="OSM-layers",
    version="1.0",
    title="Layers of human features from OpenStreetMap",
    abstract=(
        "Takes roads, railways, buildings, power, settlements, amenities, water and more out of an extract of OpenStreetMap, by a table of "
        "tag filters that can be replaced; multipolygon relations are assembled, polygons are valid. Limits: what nobody mapped is not "
        "there, and nothing says so; relations other than multipolygons and boundaries (routes, restrictions) give none; areas whose "
        "outline is not whole in the extract are left out and counted; a value that lists several (school;college) is one word; "
        "texts of a shapefile are cut at 254 bytes, and counted. Memory grows with the nodes of the extract (16 bytes each) up to 1 GiB "
        "of file; for larger ones they lie on the disk."
    ),
    parameters=OsmParameters,
    outputs=_outputs(),
    run=_run,
    references=(
        Reference("OpenStreetMap Wiki: Map features, https://wiki.openstreetmap.org/wiki/Map_features"),
        Reference("OpenStreetMap Wiki: Relation:multipolygon, https://wiki.openstreetmap.org/wiki/Relation:multipolygon"),
    ),
    attribution=(ATTRIBUTION,),
    licence="ODbL-1.0",
    questions=(
        Question("Which roads and buildings are there in {place}?", {"place": "aoi"}),
        Question("Where are hospitals, schools and power lines in {place}?", {"place": "aoi"}),
    ),
    domain="security",
    keywords=("OpenStreetMap", "roads", "buildings", "infrastructure", "exposure"),
    estimate=_estimate,
)
