"""HTML, KML, KMZ and Arrow are read back by independent readers; hostile values stay text; notices stand in every body with room."""

from __future__ import annotations

import io
import json
import zipfile
from html.parser import HTMLParser
from typing import Any

import pyarrow as pa
import pyogrio
import pyoxigraph as ox
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from earthweave.ontology import GEO, XSD
from earthweave.server.results import serialise
from earthweave.server.store import Answer, Notice

TERM = pa.struct([(name, pa.string()) for name in ("kind", "value", "datatype", "language")])
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table>",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "--><x>",
    "]]>",
]
KML = "{http://www.opengis.net/kml/2.2}"


def term(value: str, kind: str = "literal", datatype: Any = None, language: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "value": value, "datatype": str(datatype) if datatype else None, "language": language}


def answer(*notices: Notice, **columns: list[dict[str, Any] | None]) -> Answer:
    return Answer("table", table=pa.table({name: pa.array(values, TERM) for name, values in columns.items()}), notices=notices)


class Page(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.cells: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name == "href"]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells and self.tags[-1] in ("td", "a"):
            self.cells[-1] += data


@given(
    st.lists(
        st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20),
        min_size=1,
        max_size=5,
    )
)
def test_values_are_text_in_a_page(values: list[str]) -> None:
    page = Page(serialise(answer(Notice("note", values[0]), a=[term(one) for one in values]), "html"))
    assert [cell.rstrip("\n") for cell in page.cells] == [value.rstrip("\n") for value in values]
    assert not {"script", "img", "x", "b"} & set(page.tags)


@pytest.mark.parametrize(
    ("value", "linked"),
    [
        ("http://e/a?b=1&c=2#d", True),
        ("https://e/'\"", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("urn:x", False),
        ("http://[bad", False),
        ("HTTP://e/", True),
        ("file:///etc/passwd", False),
    ],
)
def test_only_iris_of_the_web_are_links(value: str, linked: bool) -> None:
    page = Page(serialise(answer(a=[term(value, "uri")]), "html"))
    assert page.links == ([value] if linked else [])
    assert page.cells[0].rstrip("\n") == value


def test_other_answers_are_pages_too() -> None:
    assert b"<p>true</p>" in serialise(Answer("boolean", boolean=True), "html")
    page = serialise(Answer("graph", graph=b'<http://e/a> <http://e/b> "<script>" .\n', notices=(Notice("truncated", "cut"),)), "html")
    assert b"&lt;script&gt;" in page
    assert b"<script>" not in page
    assert b"# truncated: cut" in page


WKT = ["POINT (1 2)", "LINESTRING (0 0, 1 1.5)", "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))", "MULTIPOINT (0 0, 1 1)"]


def test_gdal_reads_the_map(tmp_path) -> None:
    shown = answer(label=[term(f"n{i}") for i in range(4)], g=[term(one, datatype=GEO.wktLiteral) for one in WKT])
    (tmp_path / "a.kml").write_bytes(serialise(shown, "kml"))
    read = pyogrio.read_dataframe(tmp_path / "a.kml", encoding="utf-8")
    assert [shapely.force_2d(one).normalize() for one in read.geometry] == [shapely.from_wkt(one).normalize() for one in WKT]
    assert list(read["label"]) == ["n0", "n1", "n2", "n3"]


def test_a_map_has_times_data_and_notices() -> None:
    period = "http://strdf.di.uoa.gr/ontology#period"
    shown = answer(
        Notice("truncated", "cut -- here"),
        when=[term("2021-03-04T05:06:07Z", datatype=XSD.dateTime), None],
        label=[term(HOSTILE[0]), term("b", language="en")],
        g=[term("POINT (1 2)", datatype=GEO.wktLiteral), None],
    )
    document = etree.fromstring(serialise(shown, "kml"))
    marks = document.findall(f".//{KML}Placemark")
    assert [one.findtext(f"{KML}TimeStamp/{KML}when") for one in marks] == ["2021-03-04T05:06:07Z", None]
    assert [one.findtext(f".//{KML}Data[@name='label']/{KML}value") for one in marks] == [HOSTILE[0], "b"]
    assert "truncated: cut -- here" in document.findtext(f".//{KML}Document/{KML}description")
    assert "rows-without-geometry" in document.findtext(f".//{KML}Document/{KML}description")
    assert [one.find(f"{KML}Point") is not None for one in marks] == [True, False]
    spanned = answer(
        t=[term("[2020-01-01T00:00:00, 2021-01-01T00:00:00)", datatype=period)], g=[term("POINT (1 2)", datatype=GEO.wktLiteral)]
    )
    span = etree.fromstring(serialise(spanned, "kml")).find(f".//{KML}TimeSpan")
    assert [one.text for one in span] == ["2020-01-01T00:00:00", "2021-01-01T00:00:00"]


def test_a_packed_map_holds_the_map_and_is_the_same_each_time() -> None:
    shown = answer(g=[term("POINT (1 2)", datatype=GEO.wktLiteral)])
    packed = serialise(shown, "kmz")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["doc.kml"]
        assert archive.read("doc.kml") == serialise(shown, "kml")
    assert packed == serialise(shown, "kmz")


def test_arrow_is_the_table_itself() -> None:
    shown = answer(Notice("truncated", "cut"), a=[term("x"), None], b=[term("http://e/", "uri"), term("7", datatype=XSD.integer)])
    read = pa.ipc.open_stream(serialise(shown, "arrow")).read_all()
    assert read.to_pylist() == shown.table.to_pylist()
    assert json.loads(read.schema.metadata[b"earthweave"])["notices"] == [{"code": "truncated", "text": "cut"}]


@pytest.mark.parametrize("format", ["json", "xml", "html", "geojson", "kml", "arrow"])
def test_a_notice_stands_in_every_table_with_room(format: str) -> None:
    shown = answer(Notice("alias", "geof:sIntersects ran as sfIntersects"), g=[term("POINT (1 2)", datatype=GEO.wktLiteral)])
    assert b"geof:sIntersects ran as sfIntersects" in serialise(shown, format)


@pytest.mark.parametrize(
    ("format", "parser"),
    [
        ("turtle", ox.RdfFormat.TURTLE),
        ("ntriples", ox.RdfFormat.N_TRIPLES),
        ("nquads", ox.RdfFormat.N_QUADS),
        ("trig", ox.RdfFormat.TRIG),
        ("rdfxml", ox.RdfFormat.RDF_XML),
    ],
)
def test_a_notice_stands_in_every_graph_with_room(format: str, parser: ox.RdfFormat) -> None:
    body = serialise(Answer("graph", graph=b"<http://e/a> <http://e/b> <http://e/c> .\n", notices=(Notice("alias", "said\nso"),)), format)
    assert b"alias: said" in body
    assert len(list(ox.parse(body, format=parser))) == 1


def test_a_notice_cannot_end_its_comment() -> None:
    hostile = answer(Notice("note", "--> <evil/> \x01 \ufffe"), a=[term("x")])
    document = etree.fromstring(serialise(hostile, "xml"))
    assert not document.findall(".//{*}evil")
    assert document.getprevious().tag is etree.Comment
