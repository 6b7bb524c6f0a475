"""Which pair of scenes is taken: nearest before and after, one tile and orbit, few clouds, enough area; and why not the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import shapely

from earthweave.ontology import Interval, NotFoundError, ProcessingError
from earthweave.processing.catalogue import Found, Search, open_catalogue
from earthweave.server.workflows import Pair, Wanted, choose_pair, local_path, obtain

AREA = shapely.box(150.6, -33.8, 150.9, -33.5)
WHOLE = shapely.box(150.0, -34.0, 151.2, -33.0)


def found(day: str, **more: Any) -> Found:
    time = datetime.fromisoformat(day).replace(tzinfo=UTC)
    said: dict[str, Any] = {"cloud_cover": 0.0, "tile": "56HKH", "relative_orbit": 30, "footprint": WHOLE, "level": "L2A", **more}
    name = f"{day}-{said['tile']}-{said['relative_orbit']}-{said['level']}-{said['cloud_cover']}"
    return Found(name, name, "test", "SENTINEL-2", "sentinel-2a", "S2MSI2A", time=Interval(time, time), **said)


def wanted(**more: Any) -> Wanted:
    said: dict[str, Any] = {"cloud_cover": 40.0, "coverage": 0.5, "days": 30, **more}
    return Wanted(datetime(2021, 3, 15, tzinfo=UTC), datetime(2021, 3, 25, tzinfo=UTC), AREA, **said)


def test_scenes_of_the_first_and_last_day_are_the_nearest() -> None:
    days = ["2021-03-05", "2021-03-15T00:02:41", "2021-03-20", "2021-03-25T00:02:41", "2021-04-04"]
    pair = choose_pair(map(found, days), wanted())
    assert (pair.before.time.start.day, pair.after.time.start.day) == (15, 25)
    assert pair.covered == pytest.approx(1)
    assert "the same tile 56HKH, relative orbit 30" in pair.why
    assert {one.id[:10]: one.why for one in pair.rejected} == {
        "2021-03-20": "taken inside the period",
        "2021-03-05": "farther from the period, or covers less, than the one taken",
        "2021-04-04": "farther from the period, or covers less, than the one taken",
    }


def test_the_order_of_the_catalogue_does_not_matter() -> None:
    products = [found("2021-03-10"), found("2021-03-12"), found("2021-03-28"), found("2021-03-12", tile="56HLH")]
    chosen = {(pair.before.id, pair.after.id) for pair in (choose_pair(some, wanted()) for some in permutations(products))}
    assert chosen == {("2021-03-12-56HKH-30-L2A-0.0", "2021-03-28-56HKH-30-L2A-0.0")}


def test_tile_and_orbit_come_before_nearness() -> None:
    products = [found("2021-03-14", relative_orbit=73), found("2021-03-10"), found("2021-03-26", tile="56HLH"), found("2021-03-30")]
    pair = choose_pair(products, wanted())
    assert (pair.before.time.start.day, pair.after.time.start.day) == (10, 30)
    reasons = {one.id[:10]: one.why for one in pair.rejected}
    assert reasons == {"2021-03-14": "of another orbit than the pair", "2021-03-26": "of another tile than the pair"}


def test_known_tiles_must_be_the_same_for_the_change_detection_refuses_others() -> None:
    with pytest.raises(ProcessingError, match="no pair of scenes was found"):
        choose_pair([found("2021-03-14", tile="56HLH"), found("2021-03-26")], wanted(any_orbit=True))
    pair = choose_pair([found("2021-03-14", tile=None, relative_orbit=None), found("2021-03-26")], wanted())
    assert "not known to be of the same tile, not known to be from the same orbit" in pair.why


def test_another_orbit_is_taken_when_it_may_be_and_said() -> None:
    products = [found("2021-03-14", relative_orbit=73), found("2021-03-26")]
    with pytest.raises(ProcessingError) as error:
        choose_pair(products, wanted())
    assert error.value.way_out.startswith(f"--any-orbit would take {products[0].id} (2021-03-14, 0 % clouds) and {products[1].id}")
    pair = choose_pair(products, wanted(any_orbit=True))
    assert "relative orbits 73 and 30, which see the ground from different sides" in pair.why
    same = choose_pair([*products, found("2021-03-01")], wanted(any_orbit=True))
    assert same.before.time.start.day == 1, "one orbit comes before nearness"


def test_surface_reflectance_comes_first_and_of_two_processings_the_later() -> None:
    days = ("2021-03-14", "2021-03-28")
    both = [found(day, level=level) for day in days for level in ("L1C", "L2A")]
    later = [replace(one, id=f"{one.id}-N0500") for one in both]
    pair = choose_pair([*both, *later], wanted())
    assert [pair.before.id, pair.after.id] == [one.id for one in later if one.level == "L2A"]
    assert {one.why for one in pair.rejected} == {
        "of another level than the pair",
        "another processing, or another part, of a scene of the pair",
    }
    nearer = choose_pair([*both[:2], *(found("2021-03-25", level="L1C"), both[3])], wanted())
    assert nearer.after.level == "L1C", "nearness comes before the level"


def test_the_tiles_of_the_rest_are_named() -> None:
    west, east = shapely.box(150.5, -34, 150.8, -33), shapely.box(150.78, -34, 151.2, -33)
    days = ("2021-03-14", "2021-03-26")
    products = [found(day, footprint=west) for day in days] + [found(day, tile="56HLH", footprint=east) for day in days]
    pair = choose_pair(products, wanted())
    assert (pair.before.tile, pair.beyond, pair.covered) == ("56HKH", ("56HLH",), pytest.approx(2 / 3, abs=1e-3))
    assert choose_pair(products, wanted(coverage=0.3)).beyond == ("56HLH",)
    assert choose_pair([found(day) for day in days], wanted()).beyond == ()


def test_a_desk_without_a_pair_learns_what_there_is() -> None:
    products = [
        found("2021-03-02", cloud_cover=95.0),
        found("2021-03-12", cloud_cover=57.2),
        found("2021-03-18"),
        found("2021-03-26", cloud_cover=None),
        found("2021-05-10"),
    ]
    with pytest.raises(ProcessingError) as error:
        choose_pair(products, wanted())
    early, near, _, late, _ = products
    assert error.value.why == (
        "5 scenes were found. 1 would do alone, but no two of them lie before and after, are of one tile, orbit and level, and cover the "
        f"area. Nearest before: {near.id} (2021-03-12, 57 % clouds): 57 % cloud cover, more than 40 %; "
        f"{early.id} (2021-03-02, 95 % clouds): 95 % cloud cover, more than 40 %. "
        f"Nearest after: {late.id} (2021-03-26, clouds unknown): would do; "
        f"{products[4].id} (2021-05-10, 0 % clouds): taken 45 days from the period, more than 30. 1 lie inside the period."
    )
    assert error.value.way_out.startswith(f"--cloudcover 58 would take {near.id} (2021-03-12, 57 % clouds) and {late.id}")
    with pytest.raises(ProcessingError) as error:
        choose_pair(products[:2], wanted(cloud_cover=100))
    assert "None lies after the period." in error.value.why
    assert "would take" not in error.value.way_out
    with pytest.raises(ProcessingError) as error:
        choose_pair([near, found("2021-04-30", footprint=shapely.box(150.6, -33.8, 150.7, -33.5))], wanted(days=20))
    assert error.value.way_out.startswith("--cloudcover 58 --coverage 33 --days 35 would take"), "all together where one is not enough"


def test_an_area_beyond_the_antimeridian_is_covered() -> None:
    search = Search(area=shapely.box(179, -17, 181, -16))
    product = found("2021-03-14", footprint=shapely.MultiPolygon([shapely.box(178, -18, 180, -15), shapely.box(-180, -18, -178, -15)]))
    pair = choose_pair([product, replace(product, id="b", time=found("2021-03-26").time)], replace(wanted(), area=search.area))
    assert pair.covered == pytest.approx(1)


def test_what_cannot_be_had_is_left_out_until_there_is_no_pair() -> None:
    products = [found("2021-03-10"), found("2021-03-12"), found("2021-03-14"), found("2021-03-26")]
    asked = list[str]()

    def get(product: Found, pair: Pair) -> Path:
        assert product in (pair.before, pair.after)
        asked.append(product.id[8:10])
        if product in gone:
            raise NotFoundError(f"{product.id} is gone")
        return Path(product.id)

    gone = products[1:3]
    pair, before, after = obtain(products, wanted(), get)
    assert (asked, pair.before, before.name, after.name) == (["14", "12", "10", "26"], products[0], products[0].id, products[3].id)
    assert {one.id: one.why for one in pair.rejected} == {one.id: f"{one.id} is gone" for one in gone}
    gone = products
    with pytest.raises(ProcessingError, match="no pair of scenes was found") as error:
        obtain(products, wanted(), get)
    assert "is gone" in error.value.why


@pytest.mark.parametrize(
    ("product", "why"),
    [
        (found("2021-03-14", cloud_cover=41.0), "41 % cloud cover, more than 40 %"),
        (found("2021-01-01"), "taken 73 days from the period, more than 30"),
        (found("2021-03-14", footprint=shapely.box(150.6, -33.8, 150.7, -33.5)), "covers 33% of the area, less than 50%"),
        (found("2021-03-14", footprint=shapely.box(0, 0, 1, 1)), "covers 0% of the area, less than 50%"),
        (found("2021-03-14", level="L1"), "of level L1, which is not compared"),
    ],
)
def test_each_reason_is_told(product: Found, why: str) -> None:
    pair = choose_pair([product, found("2021-03-01"), found("2021-03-30")], wanted())
    assert {one.id: one.why for one in pair.rejected} == {product.id: why}
    with pytest.raises(ProcessingError) as error:
        choose_pair([product, found("2021-03-30")], wanted())
    assert why in error.value.why
    assert "--cloudcover" in error.value.way_out


def test_scenes_of_two_levels_make_no_pair() -> None:
    with pytest.raises(ProcessingError) as error:
        choose_pair([found("2021-03-14", level="L1C"), found("2021-03-30")], wanted())
    assert "2 would do alone" in error.value.why


def test_an_empty_catalogue_is_told() -> None:
    with pytest.raises(ProcessingError) as error:
        choose_pair([], wanted())
    assert "no scene of the area from 30 days before to 30 days after" in error.value.why


def test_a_product_that_lies_elsewhere_is_not_here() -> None:
    assert local_path(found("2021-03-14", links=(("data", "https://example.org/a.zip", "application/zip"),))) is None


def test_pair_from_a_folder_of_scenes(scenes: Path) -> None:
    near = wanted(coverage=0.001)
    pair = choose_pair(open_catalogue(scenes).search(Search("SENTINEL-2", AREA, near.search)), near)
    assert [str(local_path(one))[-65:][11:19] for one in (pair.before, pair.after)] == ["20210315", "20210325"]
    assert pair.rejected == ()
