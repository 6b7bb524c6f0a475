"""Value types, errors and settings."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import process_time

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj.exceptions import ProjError

from earthweave import ontology
from earthweave.ontology import (
    CRS84,
    EPSG4326,
    GEO,
    Axis,
    BBox,
    Crs,
    CrsError,
    EarthweaveError,
    GeometryLiteral,
    InputError,
    Interval,
    Quantity,
    setting,
    settings_of,
)
from earthweave.ontology.geometry import read_wkt

moments = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("EPSG:4326", Axis.YX),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", Axis.YX),
        ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84>", Axis.XY),
        ("CRS84", Axis.XY),
        ("urn:ogc:def:crs:EPSG::4326", Axis.YX),
        ("urn:x-ogc:def:crs:EPSG:6.9:4326", Axis.YX),
        ("EPSG:32756", Axis.XY),
        ("EPSG:3035", Axis.YX),
        ("EPSG:3031", Axis.XY),
        ("EPSG:3413", Axis.XY),
        ("EPSG:3995", Axis.XY),
        ("EPSG:3976", Axis.XY),
        ("EPSG:5041", Axis.XY),
        ("EPSG:32661", Axis.YX),
        ("EPSG:32761", Axis.YX),
    ],
)
def test_axis_order_follows_the_authority(text: str, axis: Axis) -> None:
    assert Crs.parse(text).axis is axis


PROJECTED = pyproj.database.query_crs_info(auth_name="EPSG", pj_types=["PROJECTED_CRS"])


@settings(deadline=None)
@given(st.sampled_from(PROJECTED))
def test_axis_order_of_projections_is_the_one_that_proj_turns(info: pyproj.database.CRSInfo) -> None:
    crs = pyproj.CRS.from_epsg(info.code)
    try:
        ways = [pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=turned) for turned in (False, True)]
    except ProjError:
        # a few that PROJ lists and has no way to
        return
    area = info.area_of_use
    longitude, latitude = (area.west + area.east) / 2 + 0.01, (area.south + area.north) / 2 + 0.02
    written = ways[0].transform(latitude, longitude, direction="INVERSE")
    plain = ways[1].transform(longitude, latitude, direction="INVERSE")
    if np.isfinite(written).all():
        assert plain == (written[::-1] if Crs("EPSG", info.code).axis is Axis.YX else written)


@given(st.sampled_from(pyproj.database.query_crs_info(auth_name="EPSG", pj_types=["GEOGRAPHIC_2D_CRS"])))
def test_axis_order_of_degrees_is_the_one_of_their_abbreviations(info: pyproj.database.CRSInfo) -> None:
    first = pyproj.CRS.from_epsg(info.code).axis_info[0].abbrev
    crs = Crs("EPSG", info.code)
    assert crs.latitude_first == (crs.axis is Axis.YX) == (first == "Lat")


def test_quantities_and_geometry_literals_are_what_they_say() -> None:
    assert Quantity(2.5, "km2") == Quantity(2.5, "km2") != Quantity(2.5, "har")
    literal = GeometryLiteral("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(-33.6 150.8)")
    assert literal.datatype == str(GEO.wktLiteral)
    assert read_wkt([literal.lexical]).geometries[0].coords[0] == (150.8, -33.6)


@given(st.sampled_from(pyproj.database.query_crs_info(auth_name="EPSG", pj_types=["GEOGRAPHIC_2D_CRS", "PROJECTED_CRS"])))
def test_a_crs_reads_back_from_its_iri(info: object) -> None:
    crs = Crs.parse(f"EPSG:{info.code}")  # type: ignore[attr-defined]
    assert Crs.parse(crs.iri) == crs
    assert crs.iri.startswith("http://www.opengis.net/def/crs/EPSG/0/")


@pytest.mark.parametrize("text", ["EPSG:999999", "nonsense", "http://example.org/crs/1", "", "a:b:4326", "http://www.2);" * 100])
def test_an_unknown_crs_says_so(text: str) -> None:
    with pytest.raises(CrsError) as caught:
        Crs.parse(text)
    assert caught.value.way_out and len(caught.value.what) < 200


def test_a_urn_is_the_same_system_as_its_iri() -> None:
    assert Crs.parse("urn:ogc:def:crs:EPSG::4326").iri == "http://www.opengis.net/def/crs/EPSG/0/4326"


def test_what_is_no_name_of_a_system_is_refused_at_once() -> None:
    began = process_time()
    for number in range(100):
        with pytest.raises(CrsError):
            Crs.parse(f"http://www.{number});http://www.{number}" * 20)
    assert process_time() - began < 0.5


def test_wgs84_twins_differ_in_axis_order_alone() -> None:
    assert CRS84.geographic
    assert EPSG4326.geographic
    assert CRS84.axis is not EPSG4326.axis


@given(moments, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1000)))
def test_an_interval_reads_back(start: datetime, length: timedelta) -> None:
    if start.year > 9990:
        return
    interval = Interval(start, start + length)
    assert Interval.parse(*interval.texts) == interval


def test_an_interval_refuses_what_has_no_meaning() -> None:
    now = datetime.now(UTC)
    with pytest.raises(InputError, match="before it starts"):
        Interval(now, now - timedelta(1))
    with pytest.raises(InputError, match="time zones"):
        Interval(now.replace(tzinfo=None), now.replace(tzinfo=None))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday"])
def test_a_time_beyond_the_calendar_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        Interval.parse(text)


def test_a_box_upside_down_is_refused() -> None:
    with pytest.raises(InputError, match="south"):
        BBox(150, -33, 151, -34)


ERRORS = [one for name in ontology.__all__ if isinstance(one := getattr(ontology, name), type) and issubclass(one, EarthweaveError)]


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_have_a_code_of_their_own_and_survive_a_process_border(kind: type[EarthweaveError]) -> None:
    error = kind("what", why="why", way_out="way out")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.what, again.why, again.way_out) == (kind, "what", "why", "way out")
    assert str(error) == "what\nwhy\nway out"
    assert [one for one in ERRORS if one.code == kind.code] == [kind]


def test_the_tree_of_errors_is_drawn_whole() -> None:
    from earthweave.ontology import _errors

    drawn = _errors.__doc__ or ""
    assert [one.__name__ for one in ERRORS if one.__name__ not in drawn] == []


def test_settings_carry_their_unit_and_help() -> None:
    @dataclass(frozen=True)
    class Limits:
        query_deadline: float = setting(30.0, unit="s", help="Longest query.")

    (row,) = settings_of(Limits)
    assert (row.name, row.default, row.unit, row.help) == ("query_deadline", 30.0, "s", "Longest query.")
    assert row.variable == "EARTHWEAVE_QUERY_DEADLINE"
