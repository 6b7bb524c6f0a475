"""The readers of literals and lines that take any text, each with what it begins from; what they must not do is raise, hang or swell.

A reader may raise an error of ours, or tell of a literal that it cannot be read; whatever else comes out of it, the neighbours of a bad
literal lost among it, is a fault.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from earthweave.ontology import EarthweaveError
from earthweave.ontology.geometry import AxisOrder, block_proof, normalised, read_block, read_wkt, split_strdf
from earthweave.server.store.loading import blocks_ntriples, quads_of
from earthweave.server.store.snapshot import read_moments, read_periods

SECONDS = 4.0
"""Of processor time that one text may take; PROJ looks more than a second for the way from some CRS, once in a process."""
LONGEST = 4096
NEIGHBOURS = {
    "wkt": "POINT (1 2)",
    "strdf": "POINT (1 2)",
    "geojson": '{"type":"Point","coordinates":[1,2]}',
    "gml": '<gml:Point xmlns:gml="http://www.opengis.net/gml/3.2"><gml:pos>1 2</gml:pos></gml:Point>',
    "kml": "<Point><coordinates>1,2</coordinates></Point>",
}
"""A literal that stands beside each in the same block."""


class Fault(Exception):
    """What no text may bring about."""


@dataclass(frozen=True)
class Reader:
    """One way in.

    Attributes:
        read: takes a text.
        seeds: texts that it understands, or nearly.
        words: of which texts for it are made.
    """

    read: Callable[[str], object]
    seeds: tuple[str, ...]
    words: tuple[str, ...]


def tried(reader: Reader, text: str) -> None:
    """Read a text; raises `Fault` for what must not happen."""
    began = time.process_time()
    try:
        reader.read(text)
    except EarthweaveError:
        pass
    took = time.process_time() - began
    if took > SECONDS:
        raise Fault(f"{took:.1f} s for {text[:200]!r}")


def _literals(form: str, order: AxisOrder = AxisOrder.STRICT) -> Callable[[str], object]:
    def read(text: str) -> None:
        block = read_block([text, NEIGHBOURS[form]], form)
        placed = normalised(block, order, block_proof(block, [text, NEIGHBOURS[form]]) if order is AxisOrder.AUTO else None)
        if placed.shapes()[1] is None or {one.index for one in placed.problems} - {0}:
            raise Fault(f"the neighbour of {text[:200]!r} is not read")

    return read


def _one_by_one(text: str) -> None:
    for order in AxisOrder:
        if read_wkt([text, NEIGHBOURS["wkt"]], order).geometries[1] is None:
            raise Fault(f"the neighbour of {text[:200]!r} is not read")


def _split(text: str) -> None:
    split_strdf(text)


def _periods(text: str) -> None:
    column = pa.array([text, "[2012-01-01T00:00:00,2013-01-01T00:00:00)"], type=pa.large_string())
    if not read_periods(column, 0).good[1]:
        raise Fault(f"the neighbour of {text[:200]!r} is not read")
    read_moments(pl.Series([text], dtype=pl.String), 0)


def _lines(text: str) -> None:
    document = f"{text}\n{_NEIGHBOUR_LINE}".encode("utf-8", "replace")
    timed = set()
    for block in blocks_ntriples(io.BytesIO(document), source="lines", strict=False, token="n"):
        texts = block.terms.text.to_pylist()
        timed |= {texts[one] for one in ([] if block.time is None else block.subject[block.time >= 0].tolist())}
    if "http://e/neighbour" not in timed:
        raise Fault(f"the line behind {text[:200]!r} is not read")


def _quads(text: str) -> None:
    for _ in quads_of(text.encode("utf-8", "replace"), "nquads"):
        pass


_CRS = ("<http://www.opengis.net/def/crs/EPSG/0/4326> ", "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> ", "<EPSG:2100> ", "<http://e/> ")
_WKT = (
    "POINT (1 2)",
    "POINT EMPTY",
    "LINESTRING Z (1 2 3, 4 5 6)",
    "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
    "MULTIPOINT ((1 2), (3 4))",
    "MULTIPOINT (1 2, 3 4)",
    "MULTILINESTRING ((1 2, 3 4), EMPTY)",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), EMPTY)",
    "GEOMETRYCOLLECTION (POINT M (1 2 3), GEOMETRYCOLLECTION EMPTY)",
    "POINT ZM (1e3 -2.5E-1 nan inf)",
    "point(1 2",
    "",
    "CIRCULARSTRING (0 0, 1 1, 2 0)",
    "POLYHEDRALSURFACE (((0 0 0, 1 0 0, 1 1 0, 0 0 0)))",
    "POINT(1,2)",
    "SRID=4326;POINT(1 2)",
)
_WORDS = ("POINT", "LINESTRING", "POLYGON", "MULTI", "GEOMETRYCOLLECTION", "EMPTY", " Z ", "M", "(", ")", ",", "1e308", "-0", "nan", *_CRS)
_GML = (
    NEIGHBOURS["gml"],
    '<Polygon xmlns="http://www.opengis.net/gml" srsName="EPSG:4326"><exterior><LinearRing><posList>0 0 0 1 1 1 0 0</posList></LinearRing>'
    "</exterior></Polygon>",
    '<gml:MultiSurface xmlns:gml="http://www.opengis.net/gml/3.2"><gml:surfaceMember><gml:Polygon/></gml:surfaceMember></gml:MultiSurface>',
    '<!DOCTYPE a [<!ENTITY b "c">]><gml:Point xmlns:gml="http://www.opengis.net/gml"><gml:coordinates>1,2</gml:coordinates></gml:Point>',
    '<gml:LineString xmlns:gml="http://www.opengis.net/gml/3.2" srsDimension="3"><gml:posList>1 2 3 4 5 6</gml:posList></gml:LineString>',
    '<gml:Envelope xmlns:gml="http://www.opengis.net/gml/3.2"><gml:lowerCorner>1 2</gml:lowerCorner></gml:Envelope>',
)
_KML = (
    NEIGHBOURS["kml"],
    '<Polygon xmlns="http://www.opengis.net/kml/2.2"><outerBoundaryIs><LinearRing><coordinates>0,0 1,0,5 1,1 0,0</coordinates></LinearRing>'
    "</outerBoundaryIs></Polygon>",
    "<MultiGeometry><Point><coordinates>1,2</coordinates></Point><LineString><coordinates>0,0\n1,1</coordinates></LineString></MultiGeometry>",
)
_GEOJSON = (
    NEIGHBOURS["geojson"],
    '{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]],"crs":{"type":"name","properties":{"name":"EPSG:4326"}}}',
    '{"type":"GeometryCollection","geometries":[{"type":"MultiPoint","coordinates":[[1,2,3],[4,5,6]]}]}',
    '{"type":"Point","coordinates":[]}',
    '{"type":"Feature","geometry":null,"properties":{}}',
    '{"type":"LineString","coordinates":[[1e400,NaN],[true,null]]}',
)
_PERIODS = (
    "[2012-01-01T00:00:00,2013-01-01T00:00:00)",
    "[2012-01-01T00:00:00Z,UC)",
    "(NOW,2012-01-01]",
    "2012-02-30T24:00:00+14:00",
    "2012-12-31",
    "[-0001-01-01T00:00:00.123456789,99999-01-01T00:00:00)",
    "[2012-01-01T00:00:00,2011-01-01T00:00:00]",
    "UC",
    "NOW",
)
_LINES = tuple(
    f"<http://e/s> <http://e/p> {term} {end}.\n"
    for term in ("<http://e/o>", "_:b", '"x"@en', '"1"^^<http://www.w3.org/2001/XMLSchema#integer>')
    for end in (
        "",
        "<http://e/g> ",
        '"[2012-01-01T00:00:00,UC)"^^<http://strdf.di.uoa.gr/ontology#period> ',
        '"2012-01-01T00:00:00"^^<http://www.w3.org/2001/XMLSchema#dateTime> ',
    )
)
_NEIGHBOUR_LINE = _LINES[2].replace("http://e/s", "http://e/neighbour")
_TAGS = ("<gml:Point", "</", "/>", "<!--", "]]>", "<![CDATA[", "&lt;", "&#0;", ' srsName="', "coordinates", "posList", "pos", ">", '"')
_JSON = ('"type":', '"coordinates":', "[", "]", "{", "}", "1e999", "null", "Point", "MultiPolygon", ",")
_TIMES = ("[", ")", "UC", "NOW", "T00:00:00", "2012-01-01", ".999999", "+14:00", "Z", "-", ",")
_TERMS = ("<http://e/", "> ", '"', '\\"', "\\u00e9", "\\U0010FFFF", "^^<", "@en-", " .\n", "_:", "#")

READERS: dict[str, Reader] = {
    "wkt": Reader(_literals("wkt"), (*_WKT, *(crs + _WKT[3] for crs in _CRS)), _WORDS),
    "wkt, longitude first": Reader(_literals("wkt", AxisOrder.LONLAT), (*_WKT, *(crs + _WKT[2] for crs in _CRS)), _WORDS),
    "wkt, to be proved": Reader(_literals("wkt", AxisOrder.AUTO), tuple(crs + one for crs in _CRS for one in _WKT), _WORDS),
    "wkt, one by one": Reader(_one_by_one, (*_WKT, *(crs + _WKT[0] for crs in _CRS)), _WORDS),
    "strdf": Reader(
        _literals("strdf"),
        tuple(one + end for one in _WKT for end in ("", ";4326", ";<http://e/>", "; EPSG:2100 ;")),
        (*_WORDS, ";", ";4326", ";http://www.opengis.net/def/crs/EPSG/0/2100"),
    ),
    "strdf, crs": Reader(_split, tuple(_WKT[0] + end for end in (";4326", ";", ";http://www.opengis.net/def/crs/EPSG/0/2100")), _WORDS),
    "gml": Reader(_literals("gml"), _GML, (*_TAGS, *_WORDS[:5])),
    "kml": Reader(_literals("kml"), _KML, _TAGS),
    "geojson": Reader(_literals("geojson"), _GEOJSON, _JSON),
    "periods": Reader(_periods, _PERIODS, _TIMES),
    "lines with times": Reader(_lines, _LINES, (*_TERMS, *_TIMES)),
    "lines": Reader(_quads, _LINES, _TERMS),
}


def mutations(reader: Reader, chance: random.Random) -> Iterator[str]:
    """Texts without end that are made of the seeds: pieces left out, said again, exchanged, and words and characters put in."""
    while True:
        text = chance.choice(reader.seeds)
        for _ in range(chance.choice((0, 1, 1, 2, 4, 8))):
            text = _changed(text, reader, chance)
        yield text[:LONGEST]


def _changed(text: str, reader: Reader, chance: random.Random) -> str:
    first, last = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    other: Any = chance.choice(reader.seeds)
    middle = chance.choice(
        (
            "",
            text[first:last] * chance.choice((2, 3, 50)),
            chance.choice(reader.words),
            chr(chance.choice((0, 9, 32, 39, 127, 160, 0x3B1, 0x1F600))),
            other[: chance.randrange(len(other) + 1)],
            str(chance.randrange(-(10**9), 10**9)),
            chance.choice(("9" * 400, "(" * 300, "<a>" * 200, "-")),
        )
    )
    return text[:first] + middle + text[last if chance.random() < 0.5 else first :]
