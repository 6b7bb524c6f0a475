"""The highest CO column: against brute force over random granules, at the antimeridian and the poles, at edges of period and quality."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import Phase, given
from hypothesis import settings as many
from hypothesis import strategies as st

from earthweave.ontology import Interval, ParameterError, ProcessingError, ProductError
from earthweave.processing.air import Area, Maximum, co_maximum, find_products, meeting, open_swath, product_of
from tests.processing.granules import MIDNIGHT, cap, lattice, name_of, write_granule

Array = np.ndarray[Any, Any]
HOUR = 3600.0
WORLD = shapely.box(-180, -90, 180, 90)
Granule = Callable[..., Path]


@pytest.fixture
def granule(tmp_path: Path) -> Granule:
    """``granule(value, …)`` → a product of 4 × 5 pixels of half a degree at 10° E 45° N."""

    def make(value: Any = 0.03, quality: Any = 100, *, name: str = "", place: Any = None, **more: Any) -> Path:
        east, north = place or lattice(10, 45, 0.5, 4, 5)
        values = np.broadcast_to(np.asarray(value, float), east.shape[:2]).copy()
        flags = np.broadcast_to(np.asarray(quality, np.uint8), east.shape[:2])
        return write_granule(tmp_path / (name or name_of(more.get("seconds", HOUR), 7)), east, north, values, flags, **more)

    return make


def period(start: float, end: float) -> Interval:
    """Seconds of 3 March 2020."""
    return Interval(MIDNIGHT + timedelta(seconds=start), MIDNIGHT + timedelta(seconds=end))


# -- the oracle: one pixel after the other, another projection, no index


def _polar_polygon(lon: Array, lat: Array, sign: int) -> Any:
    plane = pyproj.Transformer.from_crs("+proj=longlat +R=1", f"+proj=aeqd +lat_0={sign * 90} +R=1", always_xy=True)
    return shapely.Polygon(list(zip(*plane.transform(lon, lat), strict=True)))


def _dense(area: Any) -> tuple[Array, Array]:
    """Points on the straight edges of a polygon, 0.05° apart."""
    ring = np.asarray(area.exterior.coords)
    parts = [np.linspace(a, b, max(2, int(np.abs(b - a).max() / 0.05) + 1)) for a, b in zip(ring[:-1], ring[1:], strict=True)]
    points = np.concatenate(parts)
    return points[:, 0], points[:, 1]


def brute_meets(area: Any, lon: Array, lat: Array, middle: float) -> bool:
    """Whether one pixel meets a polygon, by trying the turns of the globe, or in a plane that touches the pole."""
    if abs(middle) >= 80:
        sign = 1 if middle > 0 else -1
        part = area.intersection(shapely.box(-720, 60, 720, 90) if sign > 0 else shapely.box(-720, -90, 720, -60))
        pieces = [one for one in shapely.get_parts(part) if one.geom_type == "Polygon" and not one.is_empty]
        return any(_polar_polygon(*_dense(one), sign).buffer(0).intersects(_polar_polygon(lon, lat, sign)) for one in pieces)
    turned = lon[0] + (lon - lon[0] + 180) % 360 - 180
    return any(shapely.Polygon(np.column_stack([turned + turn, lat])).intersects(area) for turn in (-720, -360, 0, 360, 720))


def brute_maximum(paths: list[Path], area: Any, time: Interval | None, quality: float) -> dict[str, Any] | None:
    """Every pixel of every file, read by masked arrays of netCDF4."""
    rows = []
    for path in paths:
        with netCDF4.Dataset(path) as file:
            product = file["PRODUCT"]
            bounds = product["SUPPORT_DATA/GEOLOCATIONS"]
            value, flag = product["carbonmonoxide_total_column"][0], np.rint(product["qa_value"][0] * 100) / 100
            for line, pixel in np.ndindex(value.shape):
                moment = MIDNIGHT + timedelta(milliseconds=int(product["delta_time"][0, line]))
                lon, lat = (np.asarray(bounds[f"{axis}_bounds"][0, line, pixel], float) for axis in ("longitude", "latitude"))
                good = not np.ma.is_masked(value[line, pixel]) and not np.ma.is_masked(flag[line, pixel]) and flag[line, pixel] > quality
                during = time is None or time.start <= moment < time.end
                if good and during and brute_meets(area, lon, lat, float(product["latitude"][0, line, pixel])):
                    rows.append((-float(value[line, pixel]), moment, path.stem, line, pixel))
    if not rows:
        return None
    best = min(rows)
    return {"value": -best[0], "time": best[1], "product": best[2], "scanline": best[3], "ground_pixel": best[4], "pixels": len(rows)}


def _told(found: Maximum) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("value", "time", "product", "scanline", "ground_pixel", "pixels")}


PLACES = st.one_of(
    st.tuples(st.floats(-180, 180), st.floats(-70, 70)).map(lambda at: lattice(*at, 0.7, 3, 4)),
    st.tuples(st.sampled_from([180.0, -179.9, 179.6]), st.floats(-70, 70)).map(lambda at: lattice(*at, 0.7, 3, 4)),
    st.sampled_from([1, -1]).map(lambda sign: cap(sign, 0.8, 3, 4)),
)


@st.composite
def areas(draw: st.DrawFn, east: Array, north: Array) -> Any:
    """A triangle or box near one of the pixels' corners, or around the pole; its longitudes may go beyond 180."""
    lon, lat = float(east.ravel()[draw(st.integers(0, east.size - 1))]), float(north.ravel()[draw(st.integers(0, north.size - 1))])
    turn = draw(st.sampled_from([0, 0, 360, -360]))
    width, height = draw(st.floats(0.05, 3)), draw(st.floats(0.05, 3))
    if abs(lat) > 80:
        width *= 15
        lon = draw(st.floats(-180, 180))
    # off the corners: whether an area that only touches a pixel there meets it is a matter of the last digit
    west, south = max(min(lon + turn, 320), -320) + 0.0137, float(np.clip(lat, -88, 88 - height)) + 0.0119
    high = 90.0 if abs(lat) > 80 and lat > 0 and draw(st.booleans()) else south + height
    shape = shapely.box(west, south, west + width, high)
    return shape if draw(st.booleans()) else shapely.Polygon([(west, south), (west + width, south), (west + width / 2, high)])


@given(data=st.data())
@many(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_the_maximum_is_that_of_brute_force(data: st.DataObject) -> None:
    east, north = data.draw(PLACES)
    area = data.draw(areas(east, north))
    rng = np.random.default_rng(data.draw(st.integers(0, 99_999)))
    quality = data.draw(st.sampled_from([0.0, 0.5, 0.57]))
    time = data.draw(st.sampled_from([None, period(HOUR, HOUR + 2), period(HOUR + 1, HOUR + 40)]))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, seconds in enumerate((HOUR, HOUR + 1)):
            value = rng.choice([0.02, 0.03, 0.04, np.nan], east.shape[:2])
            flag = rng.choice(np.array([0, 40, 50, 57, 70, 100, 255], np.uint8), east.shape[:2])
            path = Path(folder) / f"{'ba'[number]}.nc"
            paths.append(write_granule(path, east, north, value, flag, seconds=seconds))
        expected = brute_maximum(paths, area, time, quality)
        for order in (paths, paths[::-1]):
            if expected is None:
                with pytest.raises(ProcessingError):
                    co_maximum(order, Area(area), time, quality=quality)
            else:
                assert _told(co_maximum(order, Area(area), time, quality=quality)) == expected


HUNDREDTHS = {name: st.integers(low, high).map(lambda whole: whole / 100) for name, low, high in (
    ("lon", -18_000, 17_999), ("lat", -8900, 8900), ("west", -35_000, 35_000), ("south", -8900, 8000), ("width", 10, 20_000),
)}  # fmt: skip


@given(**HUNDREDTHS)
@many(max_examples=200)
def test_centres_lie_in_the_area_whatever_turn_it_is_written_in(lon: float, lat: float, west: float, south: float, width: float) -> None:
    # off the grid of the areas, whose borders are a matter of the last digit
    lon, lat, width = lon + 0.003, lat + 0.003, min(width, 360 - west)
    box = shapely.box(west, south, west + width, south + 9)
    inside = south <= lat <= south + 9 and any(west <= lon + turn <= west + width for turn in (-720, -360, 0, 360, 720))
    held = Area(box)
    assert bool(held.covers(np.array([lon]), np.array([lat]))[0]) == inside
    assert not inside or held.near(np.array([lon]), np.array([lat]))[0]


# -- the antimeridian and the poles


def test_an_area_across_the_antimeridian_is_the_same_in_one_piece_and_in_two(granule: Granule) -> None:
    value = np.arange(20.0).reshape(4, 5)
    path = granule(value, place=lattice(180, -17, 0.5, 4, 5))
    whole, other = (Area.read(f"POLYGON(({w} -20, {e} -20, {e} -15, {w} -15, {w} -20))") for w, e in ((179, 181), (-181, -179)))
    parts = "MULTIPOLYGON(((179 -20, 180 -20, 180 -15, 179 -15, 179 -20)), ((-180 -20, -179 -20, -179 -15, -180 -15, -180 -20)))"
    found = [co_maximum([path], area) for area in (whole, other, Area.read(parts))]
    assert found[0] == found[1] == found[2]
    assert found[0].value == 19 and found[0].pixels == 20
    # the long way round has nothing in common with these pixels but those at its ends
    rest = co_maximum([path], Area(shapely.box(-178.99, -20, 178.99, -15)))
    assert rest.pixels < 20


def test_a_pixel_over_the_antimeridian_has_its_corners_side_by_side(granule: Granule) -> None:
    value = np.zeros((4, 5))
    value[2, 2] = 1
    found = co_maximum([granule(value, place=lattice(180, 10, 0.5, 4, 5))], Area(WORLD))
    assert abs(found.longitude) == pytest.approx(180, abs=1e-4)
    longitudes = [x for x, _ in found.corners]
    assert max(longitudes) - min(longitudes) == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_pixel_over_the_pole_meets_every_area_at_the_pole(granule: Granule, sign: int) -> None:
    value = np.zeros((3, 3))
    value[1, 1] = 1
    path = granule(value, place=cap(sign, 0.8, 3, 3))
    south, north = sorted((sign * 89.99, sign * 90.0))
    for west in (-180, -90, 0, 77.7):
        found = co_maximum([path], Area(shapely.box(west, south, west + 5, north)))
        assert (found.value, found.pixels) == (1, 1)
    south, north = sorted((sign * 86.0, sign * 87.0))
    ring = Area(shapely.box(-180, south, 180, north))
    with pytest.raises(ProcessingError):
        co_maximum([path], ring)


# -- ties, periods, quality


def test_of_equal_columns_the_earliest_is_taken(granule: Granule) -> None:
    late, early = granule(name="a.nc", seconds=HOUR + 60), granule(name="b.nc", seconds=HOUR)
    found = co_maximum([late, early], Area(WORLD))
    assert (found.product, found.scanline, found.ground_pixel) == ("b", 0, 0)
    same = granule(name="aa.nc", seconds=HOUR)
    assert co_maximum([early, same], Area(WORLD)).product == co_maximum([same, early], Area(WORLD)).product == "aa"


def test_a_period_holds_its_start_and_not_its_end(granule: Granule) -> None:
    path = granule(np.repeat([[1.0], [2.0], [3.0], [4.0]], 5, 1))
    assert co_maximum([path], Area(WORLD), period(HOUR, HOUR + 3)).value == 3
    assert co_maximum([path], Area(WORLD), period(HOUR + 3, HOUR + 4)).value == 4
    only = co_maximum([path], Area(WORLD), period(HOUR + 1, HOUR + 1.001))
    assert (only.value, only.pixels, only.coverage) == (2, 5, period(HOUR + 1, HOUR + 1))
    with pytest.raises(ProcessingError, match="no product looked"):
        co_maximum([path], Area(WORLD), period(HOUR + 3.001, HOUR + 9))


def test_quality_has_to_be_above_the_threshold(granule: Granule) -> None:
    flags = np.array([[50, 51, 57, 58, 255]] * 4)
    path = granule(np.array([[9.0, 1.0, 8.0, 2.0, 10.0]] * 4), flags)
    assert co_maximum([path], Area(WORLD), quality=0.5).value == 8
    assert co_maximum([path], Area(WORLD), quality=0.57).value == 2
    assert co_maximum([path], Area(WORLD), quality=0).value == 9
    with pytest.raises(ProcessingError, match="good enough") as caught:
        co_maximum([path], Area(WORLD), quality=0.6)
    assert "20 pixels" in caught.value.why and "--quality" in caught.value.way_out


def test_a_product_of_fill_values_alone_has_no_maximum(granule: Granule) -> None:
    with pytest.raises(ProcessingError, match="good enough"):
        co_maximum([granule(np.nan)], Area(WORLD))


def test_figures_beside_the_maximum(granule: Granule) -> None:
    value = np.full((4, 5), np.nan)
    value[0, 0], value[3, 4] = 0.01, 0.03
    found = co_maximum([granule(value, precision=np.full((4, 5), np.nan))], Area(WORLD))
    assert (found.pixels, found.pixels_in_area, found.mean) == (2, 20, pytest.approx(0.02))
    assert np.isnan(found.precision) and found.describe()["precision"] is None
    assert found.describe()["unit"] == "mol/m2" and not found.simulated


def test_by_centre_a_pixel_at_the_rim_does_not_count(granule: Granule) -> None:
    path = granule(np.arange(20.0).reshape(4, 5))
    area = Area(shapely.box(10.1, 44.1, 10.2, 44.2))
    assert co_maximum([path], area).pixels == 1
    with pytest.raises(ProcessingError):
        co_maximum([path], area, by="centre")
    with pytest.raises(ProductError, match="no corners") as caught:
        co_maximum([granule(name="n.nc", without=("corners",))], area)
    assert "--pixels centre" in caught.value.way_out
    assert co_maximum([granule(name="c.nc", without=("corners",))], Area(WORLD), by="centre").pixels == 20


def test_threads_get_the_same_answer(granule: Granule) -> None:
    rng = np.random.default_rng(4)
    path = granule(rng.random((60, 70)), place=lattice(10, 45, 0.1, 60, 70))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: co_maximum([path], Area(shapely.box(9, 44, 11, 46))), range(40)))
    assert all(one == found[0] for one in found)


def test_an_area_wider_than_the_globe_is_refused() -> None:
    with pytest.raises(ParameterError, match="wider than the globe"):
        Area(shapely.box(-200, 0, 200, 10))
    with pytest.raises(ParameterError):
        Area.read("POLYGON((0 80, 10 80, 10 100, 0 80))")


# -- files that are not what they should be


def test_the_real_product_without_arrays_is_told_as_such(shared: Path) -> None:
    path = next((shared / "data/s5p").rglob("S5P_OFFL_L2__CO*.nc"))
    with pytest.raises(ProductError, match="holds no measurements") as caught, open_swath(path):
        pass
    assert "stripped" in caught.value.why
    named = product_of(path)
    assert (named.orbit, named.stream) == (12367, "OFFL") and named.sensed


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"units": "1e15 molecules/cm2"}, "is in 1e15 molecules/cm2"),
        ({"without": ("qa_value",)}, "has no qa_value"),
        ({"without": ("carbonmonoxide_total_column",)}, "has no carbonmonoxide_total_column"),
    ],
)
def test_a_product_of_another_kind_is_refused(granule: Granule, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ProductError, match=words):
        co_maximum([granule(**more)], Area(WORLD))


def test_other_files_are_refused(tmp_path: Path, granule: Granule) -> None:
    (tmp_path / "text.nc").write_text("no NetCDF")
    with netCDF4.Dataset(tmp_path / "classic.nc", "w", format="NETCDF3_CLASSIC") as file:
        file.createDimension("x", 1)
    with netCDF4.Dataset(tmp_path / "bomb.nc", "w") as file:
        group = file.createGroup("PRODUCT")
        for name, size in (("time", 1), ("scanline", 10**9), ("ground_pixel", 10**9)):
            group.createDimension(name, size)
        for name in ("latitude", "longitude", "qa_value", "carbonmonoxide_total_column", "carbonmonoxide_total_column_precision"):
            made = group.createVariable(name, "f4", ("time", "scanline", "ground_pixel"), chunksizes=(1, 1000, 1000))
            made.units = "mol m-2"
        group.createVariable("delta_time", "i4", ("time", "scanline"), chunksizes=(1, 1000))
    whole = granule()
    (tmp_path / "half.nc").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    words = {"text": "cannot be read", "classic": "no Sentinel-5P", "bomb": "claims", "half": "half.nc", "none": "no file"}
    for name, match in words.items():
        with pytest.raises(ProductError, match=match) as caught:
            co_maximum([tmp_path / f"{name}.nc"], Area(WORLD))
        assert f"{name}.nc" in caught.value.what


def _misshapen(path: Path, name: str, kind: Any, axes: tuple[str, ...], **attributes: Any) -> Path:
    """Replace one variable of a product by another of the same name."""
    with netCDF4.Dataset(path, "a") as file:
        product = file["PRODUCT"]
        product.renameVariable(name, "other")
        product.createDimension("few", 2)
        made = product.createVariable(name, kind, axes)
        made.setncatts(attributes)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "axes", "attributes"),
    [
        ("qa_value", "u1", ("time", "scanline", "few"), {}),
        ("qa_value", str, ("time", "scanline", "ground_pixel"), {}),
        ("latitude", "f4", ("scanline", "ground_pixel"), {}),
        ("longitude", str, ("time", "scanline", "ground_pixel"), {}),
        ("delta_time", str, ("time", "scanline"), {}),
        ("delta_time", "i4", ("time", "few"), {}),
        ("delta_time", "i4", ("time", "scanline"), {"units": "hours"}),
        ("carbonmonoxide_total_column", "i4", ("time", "scanline", "ground_pixel"), {"units": "mol m-2"}),
        ("carbonmonoxide_total_column", "f4", ("time", "scanline", "few"), {"units": "mol m-2"}),
        ("carbonmonoxide_total_column_precision", "f4", ("time", "few", "ground_pixel"), {"units": "mol m-2"}),
    ],
)
def test_misshapen_arrays_are_told(granule: Granule, name: str, kind: Any, axes: tuple[str, ...], attributes: dict[str, Any]) -> None:
    path = _misshapen(granule(), name, kind, axes, **attributes)
    with pytest.raises(ProductError, match=path.stem):
        co_maximum([path], Area(WORLD))


# -- the broker


def test_products_are_found_by_their_names(tmp_path: Path) -> None:
    names = [name_of(HOUR * hour, 100 + hour) for hour in (1, 2, 3)]
    (tmp_path / "below").mkdir()
    for name in names:
        (tmp_path / "below" / name).write_text("")
    (tmp_path / name_of(HOUR, 1).replace("CO____", "NO2___")).write_text("")
    ids = [name.removesuffix(".nc") for name in names]
    assert [one.id for one in find_products(tmp_path)] == ids
    assert [one.id for one in find_products(tmp_path, period(2 * HOUR, 3 * HOUR))] == ids[1:2]
    assert [one.id for one in find_products([tmp_path / "below" / names[2], tmp_path], period(0, 2 * HOUR))] == ids[:1]


def test_of_one_orbit_the_best_stream_and_the_last_run_count(tmp_path: Path) -> None:
    wanted = [name_of(HOUR, 5, "RPRO", "20210101T000000"), name_of(HOUR, 6, "NRTI"), name_of(HOUR + 300, 6, "NRTI")]
    others = [name_of(HOUR, 5, "RPRO", "20200501T000000"), name_of(HOUR, 5, "OFFL"), name_of(HOUR + 9, 5, "NRTI")]
    for name in (*wanted, *others):
        (tmp_path / name).write_text("")
    assert {f"{one.id}.nc" for one in find_products(tmp_path)} == set(wanted)


def test_a_folder_without_products_and_a_missing_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="holds no Sentinel-5P CO product"):
        find_products(tmp_path)
    with pytest.raises(ProductError, match="nowhere.nc does not exist"):
        find_products(tmp_path / "nowhere.nc")


def test_the_broker_keeps_products_that_looked_there(granule: Granule) -> None:
    here = product_of(granule(name=name_of(HOUR, 1)))
    away = product_of(granule(name=name_of(HOUR, 2), place=lattice(-120, -45, 0.5, 4, 5)))
    assert meeting((here, away), Area(shapely.box(9, 44, 11, 46))) == (here,)
