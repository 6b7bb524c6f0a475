"""Value types, errors and settings."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave import ontology
from earthweave.ontology import CRS84, EPSG4326, Axis, BBox, Crs, CrsError, EarthweaveError, InputError, Interval, setting, settings_of

moments = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("EPSG:4326", Axis.YX),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", Axis.YX),
        ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84>", Axis.XY),
        ("CRS84", Axis.XY),
        ("EPSG:32756", Axis.XY),
        ("EPSG:3035", Axis.YX),
    ],
)
def test_axis_order_follows_the_authority(text: str, axis: Axis) -> None:
    assert Crs.parse(text).axis is axis


@given(st.sampled_from(pyproj.database.query_crs_info(auth_name="EPSG", pj_types=["GEOGRAPHIC_2D_CRS", "PROJECTED_CRS"])))
def test_a_crs_reads_back_from_its_iri(info: object) -> None:
    crs = Crs.parse(f"EPSG:{info.code}")  # type: ignore[attr-defined]
    assert Crs.parse(crs.iri) == crs
    assert crs.iri.startswith("http://www.opengis.net/def/crs/EPSG/0/")


@pytest.mark.parametrize("text", ["EPSG:999999", "nonsense", "http://example.org/crs/1", ""])
def test_an_unknown_crs_says_so(text: str) -> None:
    with pytest.raises(CrsError) as caught:
        Crs.parse(text)
    assert caught.value.way_out


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
