"""Every function on geometries of the four kinds of literal, as constants of the query and from the store."""

from __future__ import annotations

import pytest
import shapely

from earthweave.ontology import GEO
from earthweave.ontology.geometry import RELATIONS, AxisOrder, normalised, read_block, write_literals, write_wkt
from earthweave.server.store._catalogue import AGGREGATES, FUNCTIONS
from earthweave.server.store.engine import evaluate
from earthweave.server.store.snapshot import Snapshot, Term

from .conftest import HEAD, snapshot_of

SHAPES = {"P": "POINT Z (10 45 7)", "L": "LINESTRING (0 0, 2 2)", "A": "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", "M": "MULTIPOINT (1 1, 2 2)"}
FORMS = {"wkt": "wktLiteral", "gml": "gmlLiteral", "geojson": "geoJSONLiteral", "kml": "kmlLiteral"}
FLAT = {"minZ", "maxZ"}
"""Functions without a value for geometries without heights."""
_METRE, _SPOT = "uom:metre", "'POINT(1 2)'^^geo:wktLiteral"
MORE = {
    "distance": f"{_SPOT}, {_METRE}", "metricDistance": _SPOT, "area": "uom:squareMetre", "length": _METRE, "perimeter": _METRE,
    "buffer": f"10, {_METRE}", "metricBuffer": "10", "geometryN": "1", "transform": "<http://www.opengis.net/def/crs/EPSG/0/3857>",
    "relate": f"{_SPOT}, 'T********'", **dict.fromkeys((*RELATIONS, "union", "intersection", "difference", "symDifference"), _SPOT),
}


def _literal(shape: str, form: str) -> str:
    text = write_literals([shapely.from_wkt(SHAPES[shape])], form)[0]
    return f"'''{text}'''^^<{GEO[FORMS[form]]}>"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    lines = [f":{shape}{form} :w {_literal(shape, form)} ." for shape in SHAPES for form in FORMS]
    return snapshot_of(tmp_path_factory.mktemp("kinds") / "full", ["\n".join(lines)])


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("kinds") / "bare", [":x :y :z ."])


def _value(snapshot: Snapshot, text: str) -> str | None:
    result = evaluate(snapshot, HEAD + text)
    (found,) = [one for batch in result.batches() for one in batch.column("x").tolist()]
    return None if found < 0 else _plain(result.context.terms.term(found))


def _plain(term: Term) -> str:
    """The text, GML as WKT: what is made of GML is GML."""
    if term.type.datatype != str(GEO.gmlLiteral):
        return term.text
    assert 'xmlns:gml="http://www.opengis.net/gml/3.2"' in term.text
    return write_wkt(normalised(read_block([term.text], "gml"), AxisOrder.STRICT).shapes())[0]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_gives_the_same_for_all_kinds_of_literals(name: str, stored: Snapshot, bare: Snapshot) -> None:
    more = f", {MORE[name]}" if name in MORE else ""
    for shape in SHAPES:
        values = set()
        for form in FORMS:
            literal = _literal(shape, form)
            given = f"VALUES ?g {{ {literal} }}" if name in AGGREGATES else f"BIND({literal} AS ?g)"
            values.add(_value(bare, f"SELECT (geof:{name}(?g{more}) AS ?x) {{ {given} }}"))
            values.add(_value(stored, f"SELECT (geof:{name}(?g{more}) AS ?x) {{ :{shape}{form} :w ?g }}"))
            if name not in AGGREGATES:
                values.add(_value(stored, f"SELECT (geof:{name}({literal}{more}) AS ?x) {{}}"))
        assert len(values) == 1, shape
        assert (None in values) == (name in FLAT and shape != "P"), shape


def test_a_constant_is_written_in_another_form_and_measured_by_its_datatype(bare: Snapshot) -> None:
    assert _value(bare, "SELECT (geof:asGeoJSON('POINT(10 45)'^^geo:wktLiteral) AS ?x) {}") == '{"type":"Point","coordinates":[10.0,45.0]}'
    assert _value(bare, "SELECT (geof:metricArea('<gml:Point/>'^^geo:gmlLiteral) AS ?x) {}") == "0.0"


def test_what_is_made_of_gml_is_gml_in_its_namespace(bare: Snapshot) -> None:
    point = "'<g:Point xmlns:g=\"http://www.opengis.net/ont/gml\"><g:pos>1 2</g:pos></g:Point>'^^geo:gmlLiteral"
    result = evaluate(bare, HEAD + f"SELECT (geof:envelope({point}) AS ?x) (geof:union('POINT(1 2)'^^geo:wktLiteral, {point}) AS ?y) {{}}")
    (batch,) = result.batches()
    envelope, union = (result.context.terms.term(int(batch.column(name)[0])) for name in "xy")
    assert envelope.type.datatype == str(GEO.gmlLiteral) and 'xmlns:gml="http://www.opengis.net/ont/gml"' in envelope.text
    assert (union.text, union.type.datatype) == ("POINT (1 2)", str(GEO.wktLiteral))
