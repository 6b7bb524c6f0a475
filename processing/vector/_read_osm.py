"""Features of layers, read from an OpenStreetMap file in one pass, or two where areas are wanted; memory is that of the node locations.

Nodes become points, ways lines, closed ways and relations of type multipolygon or boundary areas, which libosmium assembles and checks.
An extract that was cut by a box has ways whose nodes are not all there: such a line keeps the parts that are there, such an area has no
outline. Both are counted, as is every area that cannot be assembled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from earthweave.ontology import BBox, MissingDependencyError, ProductError

from ._table import Kind, OsmLayer

SUFFIXES = {".pbf": "pbf", ".osm": "osm", ".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2", ".o5m": "o5m"}
"""Endings of the files that are read, and libosmium's name of the format."""
Get = Callable[[str], str | None]
Row = tuple[Any, ...]
"""WKB, osm id, osm type, name, class, attributes …, and perhaps all tags as JSON."""
Matched = dict[str, tuple[int, str]]
Selector = tuple[tuple[str, tuple[tuple[str, int, frozenset[str] | None], ...]], ...]


@dataclass(frozen=True)
class Header:
    """What a file says of itself: its box, lon lat, and the time of the data; None where it does not."""

    box: BBox | None
    time: datetime | None


@dataclass
class Faults:
    """What could not be read as it was meant.

    Attributes:
        lost_points: nodes without a place on Earth.
        cut_lines: ways without some of their nodes, of which the parts that are there were kept.
        lost_lines: ways with fewer than two places.
        lost_areas: closed ways and relations that give no area; counted at the end.
    """

    lost_points: int = 0
    cut_lines: int = 0
    lost_lines: int = 0
    lost_areas: dict[str, int] = field(default_factory=dict)


def osm_header(path: Path) -> Header:
    """Box and time in the header; raises `ProductError` for a file that is none of OpenStreetMap, or a history."""
    osmium = _osmium()
    with _reading(path):
        with osmium.io.Reader(_file(path), osmium.osm.NOTHING) as reader:
            header = reader.header()
        if header.has_multiple_object_versions:
            raise _disordered(path.name, "it is a history: objects have several versions", "take a state of it: osmium time-filter")
        box = header.box()
        corners = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat) if box.valid() else None
    return Header(BBox(*corners) if corners else None, _moment(header.get("osmosis_replication_timestamp", "")))


def read_osm(
    path: Path, layers: Mapping[str, OsmLayer], *, locations: str = "flex_mem", tags: bool = False, faults: Faults | None = None
) -> Iterator[tuple[str, Row]]:
    """Layer and row of every feature, in the order of the file: nodes, ways with closed ones, relations as soon as they are complete.

    Args:
        locations: libosmium's index of node locations: in memory, or ``sparse_file_array,PATH``.
        tags: whether rows end with all tags.
        faults: counts what could not be read.
    """
    osmium = _osmium()
    reader = _Reader(osmium, path.name, layers, tags, faults if faults is not None else Faults())
    rows = reader.readers()
    with _reading(path):
        for entity in reader.processor(_file(path), locations):
            yield from rows[type(entity)](entity)
    reader.close()


class _Reader:
    """Rows of objects; what is called for every object is kept short."""

    def __init__(self, osmium: Any, name: str, layers: Mapping[str, OsmLayer], tags: bool, faults: Faults) -> None:
        self._osmium, self._name, self._tags, self.faults = osmium, name, tags, faults
        self._last = "", 0
        self._points, self._lines, self._areas = (_selector(layers, kind) for kind in ("points", "lines", "areas"))
        self._keys = {name: ("name", *layer.attributes.values()) for name, layer in layers.items()}
        self._without = {name: layer.without for name, layer in layers.items() if layer.without}
        self._wkb = osmium.geom.WKBFactory()
        self._ways: dict[int, Matched] = {}
        self._wanted: set[int] = set()
        self._outlined: set[int] = set()

    def readers(self) -> dict[type, Callable[[Any], list[tuple[str, Row]]]]:
        """What makes the rows of each kind of object."""
        types = self._osmium.osm.types
        return {types.Node: self._point, types.Way: self._way, types.Area: self._area, types.Relation: self._relation}

    def processor(self, file: Any, locations: str) -> Any:
        """The objects that may be features; all others never become Python objects."""
        osm, filters = self._osmium.osm, self._osmium.filter
        points, lines, areas = ([key for key, _ in selector] for selector in (self._points, self._lines, self._areas))
        found = self._osmium.FileProcessor(file)
        if lines or areas:
            found = found.with_locations(locations)
        if areas:
            found = found.with_areas(filters.KeyFilter(*areas))
        for entity, keys in ((osm.NODE, points), (osm.WAY, [*lines, *areas]), (osm.RELATION, areas), (osm.AREA, areas)):
            only = filters.KeyFilter(*(keys or ["-"]))  # no key is called so
            only.enable_for(entity)
            found = found.with_filter(only)
        return found

    def close(self) -> None:
        """Count what was never assembled."""
        lost = {"way": len(self._ways), "relation": len(self._wanted - self._outlined)}
        self.faults.lost_areas = {kind: number for kind, number in lost.items() if number}

    def _point(self, node: Any) -> list[tuple[str, Row]]:
        self._follow("node", node.id)
        found = self._matched(node.tags.get, self._points)
        if not found:
            return []
        if not node.location.valid():
            self.faults.lost_points += 1
            return []
        return self._made(found, self._wkb.create_point(node), node.id, "node", node.tags)

    def _way(self, way: Any) -> list[tuple[str, Row]]:
        """The line that a way is; what a closed one encloses is remembered until its area comes."""
        self._follow("way", way.id)
        tags = way.tags
        get, areas = tags.get, None
        if len(way.nodes) and way.is_closed():
            said = get("area")
            if said != "no" and (areas := self._matched(get, self._areas)):
                self._ways[way.id] = areas
            if said == "yes":
                return []
        lines = self._matched(get, self._lines)
        if lines and areas:
            lines = {name: value for name, value in lines.items() if name not in areas}
        return self._made(lines, wkb, way.id, "way", tags) if lines and (wkb := self._outline(way)) else []

    def _relation(self, relation: Any) -> list[tuple[str, Row]]:
        """A relation comes after its area, if that can be assembled at all."""
        get = relation.tags.get
        if get("type") in ("multipolygon", "boundary") and self._matched(get, self._areas):
            self._wanted.add(relation.id)
        return []

    def _area(self, area: Any) -> list[tuple[str, Row]]:
        number, whole = area.orig_id(), area.from_way()
        found = self._ways.get(number) if whole else self._matched(area.tags.get, self._areas)
        if not found or not area.num_rings()[0]:  # libosmium gives an area without rings for an outline that is open or crosses itself
            return []
        if whole:
            del self._ways[number]
        else:
            self._outlined.add(number)
        return self._made(found, self._wkb.create_multipolygon(area), number, "way" if whole else "relation", area.tags)

    def _follow(self, kind: str, number: int) -> None:
        """Refuse objects in another order than nodes, ways: places would not be known in time; and those that come twice."""
        if (kind, number) == self._last:
            raise _disordered(self._name, f"it holds the {kind} {number} twice", "take one version of each object: osmium time-filter")
        if kind == "node" and self._last[0] == "way":
            raise _disordered(self._name, f"the node {number} comes after the way {self._last[1]}", "put it in order: osmium sort")
        self._last = kind, number

    def _matched(self, get: Get, selector: Selector) -> Matched:
        """Layers that an object belongs to: rank of the key by which it does, and its class there."""
        found: Matched = {}
        for key, wanted in selector:
            value = get(key)
            if value is not None:
                for name, rank, values in wanted:
                    if (value in values if values else value != "no") and (name not in found or rank < found[name][0]):
                        found[name] = rank, value
        for name in self._without.keys() & found.keys() if self._without else ():
            if any(_fits(get(key), values) for key, values in self._without[name].items()):
                del found[name]
        return found

    def _made(self, found: Matched, wkb: str, number: int, kind: str, tags: Any) -> list[tuple[str, Row]]:
        get, geometry = tags.get, bytes.fromhex(wkb)
        rest = (json.dumps({tag.k: tag.v for tag in tags}, ensure_ascii=False),) if self._tags else ()
        rows = []
        for name, (_, value) in found.items():
            title, *more = map(get, self._keys[name])
            rows.append((name, (geometry, number, kind, title, value, *more, *rest)))
        return rows

    def _outline(self, way: Any) -> str:
        try:
            if len(way.nodes) and way.nodes[0].location.valid():  # libosmium takes invalid places at the beginning for one that is repeated
                return str(self._wkb.create_linestring(way))
        except RuntimeError:  # two places at least
            self.faults.lost_lines += 1
            return ""
        except self._osmium.InvalidLocationError:
            pass
        return self._parts(way)

    def _parts(self, way: Any) -> str:
        """What is there of a way that lacks nodes; nothing is drawn across a gap."""
        import shapely

        runs: list[list[tuple[float, float]]] = [[]]
        for node in way.nodes:
            if node.location.valid():
                runs[-1].append((node.location.lon, node.location.lat))
            elif runs[-1]:
                runs.append([])
        lines = [shapely.LineString(run) for run in runs if len(set(run)) > 1]
        if not lines:
            self.faults.lost_lines += 1
            return ""
        self.faults.cut_lines += 1
        return str(shapely.to_wkb(lines[0] if len(lines) == 1 else shapely.MultiLineString(lines), hex=True))


def _fits(value: str | None, values: frozenset[str] | None) -> bool:
    return value is not None and (value in values if values else value != "no")


def _selector(layers: Mapping[str, OsmLayer], kind: Kind) -> Selector:
    """Key → the layers that ask for it, with the rank of the key there and the values that fit."""
    found: dict[str, list[tuple[str, int, frozenset[str] | None]]] = {}
    for name, layer in layers.items():
        for rank, (key, values) in enumerate(getattr(layer, kind).items()):
            found.setdefault(key, []).append((name, rank, values))
    return tuple((key, tuple(wanted)) for key, wanted in found.items())


def _osmium() -> Any:
    try:
        import osmium
    except ImportError as error:
        raise MissingDependencyError("OSM-layers needs pyosmium", why=str(error), way_out="pip install 'earthweave[osm]'") from error
    return osmium


def _file(path: Path) -> Any:
    """The file for libosmium; the path is absolute, because it takes a name that looks like a URL for one."""
    suffix = next((end for end in sorted(SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(end)), None)
    if not path.is_file() or suffix is None:
        why = f"its name ends in none of {', '.join(SUFFIXES)}" if path.is_file() else "there is no such file"
        raise ProductError(f"input = {path.name} cannot be read", why=why, way_out="give an extract of OpenStreetMap, e.g. X.osm.pbf")
    return _osmium().io.File(str(path.absolute()), SUFFIXES[suffix])


def _disordered(name: str, why: str, way_out: str) -> ProductError:
    return ProductError(f"input = {name} is no extract of the present state, in order", why=why, way_out=way_out)


class _reading:
    """Faults of libosmium as `ProductError` that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        if isinstance(error, RuntimeError | ValueError) and not isinstance(error, RecursionError):
            what = f"input = {self._path.name} cannot be read as OpenStreetMap data"
            raise ProductError(what, why=str(error), way_out="fetch the extract again") from error


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
