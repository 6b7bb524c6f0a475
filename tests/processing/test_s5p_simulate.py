"""The simulated Sentinel-5P product: structure and swath of the real one, said to be simulated; and the service on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pyogrio
import pytest
import shapely
from rdflib import Graph, Literal

from earthweave.mapping import rules
from earthweave.ontology import PREFIXES, ParameterError, validate
from earthweave.processing import Result, run_service, service
from earthweave.processing.air import Area, co_maximum, open_swath
from earthweave.processing.simulate import CoOrbit, sentinel5p_co
from earthweave.server.workflows import map_layer

REAL = "data/s5p/stactools-packages+sentinel5p"
FIJI = "POLYGON((175 -20, 185 -20, 185 -12, 175 -12, 175 -20))"


@pytest.fixture(scope="module")
def orbit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole orbit."""
    return sentinel5p_co(tmp_path_factory.mktemp("s5p"))


@pytest.fixture(scope="module")
def result(orbit: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """CO-max around Fiji."""
    given = {"input": orbit.parent, "aoi": FIJI, "start": "2020-03-03", "end": "2020-03-04", "output_path": tmp_path_factory.mktemp("out")}
    return run_service(service("CO-max"), given)


def _real(shared: Path) -> Path:
    return next((shared / REAL).rglob("*OFFL*CO*.nc"))


def test_groups_and_attributes_are_those_of_the_real_product(orbit: Path, shared: Path) -> None:
    with netCDF4.Dataset(orbit) as made, netCDF4.Dataset(_real(shared)) as real:
        sizes = {name: len(one) for name, one in real["PRODUCT"].dimensions.items()}
        assert {name: len(one) for name, one in made["PRODUCT"].dimensions.items()} == sizes
        assert (sizes["scanline"], sizes["ground_pixel"]) == (4172, 215)
        assert set(made.ncattrs()) - {"EARTHWEAVE_SIMULATED", "simulator"} <= set(real.ncattrs())
        for name in ("time_reference", "time_coverage_start", "time_coverage_resolution", "orbit", "Conventions", "cdm_data_type", "sensor",
                     "time_reference_days_since_1950", "time_reference_julian_day", "time_reference_seconds_since_1970"):  # fmt: skip
            assert made.getncattr(name) == real.getncattr(name)
        for group in ("GRANULE_DESCRIPTION", "QA_STATISTICS"):
            assert set(made["METADATA"][group].ncattrs()) <= set(real["METADATA"][group].ncattrs())
        assert set(made["METADATA/GRANULE_DESCRIPTION"].ncattrs()) == set(real["METADATA/GRANULE_DESCRIPTION"].ncattrs())


def test_it_says_that_it_is_simulated(orbit: Path) -> None:
    with netCDF4.Dataset(orbit) as made:
        assert made.EARTHWEAVE_SIMULATED == "true" and made.simulator.startswith("earthweave")
        assert "SIMULATED" in made.title and "SIMULATED" in made.summary and "simulated" in made.institution
    assert orbit.name.startswith("S5P_TEST_L2__CO_____")
    with open_swath(orbit) as swath:
        assert swath.simulated and swath.orbit == 12367 and swath.id == orbit.stem


def test_columns_are_spread_as_those_of_the_real_orbit(orbit: Path, shared: Path) -> None:
    with netCDF4.Dataset(orbit) as made, netCDF4.Dataset(_real(shared)) as real:
        histogram = real["METADATA/QA_STATISTICS/carbonmonoxide_total_column_histogram"]
        edges = np.asarray(real["METADATA/QA_STATISTICS/carbonmonoxide_total_column_histogram_bounds"][:])
        counts, below, above = np.asarray(histogram[:]), histogram.number_of_underflow_values, histogram.number_of_overflow_values
        assert made["PRODUCT/carbonmonoxide_total_column"].units == "mol m-2"
        column, flag = made["PRODUCT/carbonmonoxide_total_column"][0], np.rint(made["PRODUCT/qa_value"][0] * 100)
    low, high = edges.min(), edges.max()
    found = column.compressed()
    middle = np.median(found[(found >= low) & (found < high)])
    assert (found < low).mean() == pytest.approx(below / (below + above + counts.sum()), abs=0.05)
    assert middle == pytest.approx(edges[np.searchsorted(np.cumsum(counts), counts.sum() / 2)].mean(), rel=0.05)
    assert found.size / column.size == pytest.approx((below + above + counts.sum()) / column.size, abs=0.1)
    assert set(np.unique(flag)) == {0, 40, 70, 100} and not column[flag > 50].mask.any()


def test_the_swath_lies_where_the_real_one_lies(orbit: Path, shared: Path) -> None:
    item = json.loads(next((shared / REAL / "examples").glob("*OFFL*.json")).read_text())
    footprint = shapely.make_valid(shapely.from_geojson(json.dumps(item["geometry"])))
    with open_swath(orbit) as swath:
        low = np.abs(swath.latitude) < 60
        inside = shapely.contains_xy(footprint, swath.longitude[low], swath.latitude[low])
        assert inside.mean() > 0.97
        assert swath.latitude.max() > 89.5 and swath.latitude.min() < -89.5
        assert (np.abs(np.diff(swath.longitude, axis=1)) > 180).any()


def test_corners_are_around_their_centres(orbit: Path) -> None:
    with open_swath(orbit) as swath:
        east, north = swath.corners(slice(1500, 2500))
        middle = swath.latitude[1500:2500]
        assert (north.min(-1) < middle).all() and (middle < north.max(-1)).all()
        assert float(np.ptp(north, axis=-1).max()) < 0.5


def test_a_granule_is_a_part_of_its_orbit(orbit: Path, tmp_path: Path) -> None:
    part = sentinel5p_co(tmp_path, CoOrbit(rows=(1700, 1760)))
    with open_swath(part) as granule, open_swath(orbit) as swath:
        assert granule.shape == (60, 215)
        assert np.array_equal(granule.longitude, swath.longitude[1700:1760])
        assert np.array_equal(granule.times, swath.times[1700:1760])


# -- the service


def test_the_service_publishes_figures_and_a_layer(result: Result, orbit: Path) -> None:
    said = json.loads((result.folder / "co_max.json").read_text())
    found = co_maximum([orbit], Area.read(FIJI))
    assert said == json.loads(json.dumps(found.describe())) == result.report["figures"]
    assert said["simulated"] and result.report["simulated"] and "(simulated)" in result.layers[0].title
    assert result.report["attribution"] == ["Simulated data; contains no Copernicus Sentinel data."]
    assert result.report["inputs"][0]["id"] == orbit.stem
    assert {path.suffix for path in result.folder.iterdir()} >= {".geojson", ".json"}
    assert result.layers[0].path.name == "CO_max_20200303T000000Z_20200304T000000Z.geojson"


def test_the_layer_opens_in_gis(result: Result) -> None:
    frame = pyogrio.read_dataframe(result.layers[0].path)
    said = result.report["figures"]
    assert len(frame) == 1 and frame.crs.to_epsg() == 4326
    assert (frame.geometry[0].x, frame.geometry[0].y) == (said["longitude"], said["latitude"])
    assert frame["value"][0] == said["value"] and bool(frame["simulated"][0]) and frame["unit"][0] == "mol/m2"


def test_it_becomes_an_air_observation(result: Result, tmp_path: Path) -> None:
    assert rules("co-max").is_file()
    map_layer(result.layers[0], "co-max", tmp_path / "co.nt")
    graph = Graph().parse(tmp_path / "co.nt")
    assert validate(graph) == ()
    query = """SELECT ?value ?uncertainty ?cells ?wkt ?simulated WHERE {
        ?o a ew:AirObservation ; ew:statistic "max" ; ew:unitSymbol "mol/m2" ; sosa:hasSimpleResult ?value ; ew:cells ?cells ;
           qudt:standardUncertainty ?uncertainty ; ew:simulated ?simulated ; sosa:hasFeatureOfInterest ?pixel .
        ?pixel geo:hasGeometry [ geo:asWKT ?wkt ] }"""
    ((value, uncertainty, cells, wkt, simulated),) = graph.query(query, initNs=PREFIXES)
    said = result.report["figures"]
    assert (float(value), float(uncertainty), int(cells)) == (said["value"], pytest.approx(said["precision"]), said["pixels"])
    assert shapely.distance(shapely.from_wkt(str(wkt)), shapely.Point(said["longitude"], said["latitude"])) < 1e-6
    assert simulated == Literal(True)


def _refused(orbit: Path, folder: Path, **more: Any) -> ParameterError:
    with pytest.raises(ParameterError) as caught:
        run_service(service("co-max"), {"input": [orbit], "aoi": FIJI, "output_path": folder, **more})
    assert not list(folder.iterdir())
    return caught.value


def test_wrong_parameters_are_told(orbit: Path, tmp_path: Path) -> None:
    assert "period is empty" in _refused(orbit, tmp_path, start="2020-03-04", end="2020-03-04").what
    assert "quality" in _refused(orbit, tmp_path, quality=1.0).what
    assert "area of interest" in _refused(orbit, tmp_path, aoi="POINT(1 2)").what


def test_the_estimate_knows_products_from_their_names(orbit: Path) -> None:
    spec = service("co-max")
    assert spec.estimate is not None
    given = {"input": orbit.parent, "aoi": FIJI, "output_path": "x"}
    assert spec.estimate(spec.parameters.model_validate({**given, "input": [orbit.parent]})).note.startswith("1 products")
    none = spec.estimate(spec.parameters.model_validate({**given, "input": [orbit.parent], "end": "2019-01-01T00:00:00Z"}))
    assert none.note.startswith("0 products")
