"""Which pair of scenes is taken: nearest before and after, one tile and orbit, few clouds, enough area; and why not the others."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import shapely

from earthweave.ontology import Interval, ParameterError, ProcessingError
from earthweave.processing.catalogue import Found, Search, open_catalogue
from earthweave.server.workflows import Wanted, choose_pair, local_path

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


def test_another_tile_is_taken_where_there_is_no_better_pair() -> None:
    pair = choose_pair([found("2021-03-14", tile="56HLH"), found("2021-03-26")], wanted())
    assert "different or unknown tiles" in pair.why


@pytest.mark.parametrize(
    ("product", "why"),
    [
        (found("2021-03-14", cloud_cover=41.0), "41 % cloud cover, more than 40 %"),
        (found("2021-01-01"), "taken 73 days from the period, more than 30"),
        (found("2021-03-14", footprint=shapely.box(150.6, -33.8, 150.7, -33.5)), "covers 33% of the area, less than 50%"),
        (found("2021-03-14", footprint=shapely.box(0, 0, 1, 1)), "covers 0% of the area, less than 50%"),
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


def test_a_product_that_lies_elsewhere_has_to_be_fetched() -> None:
    with pytest.raises(ParameterError) as error:
        local_path(found("2021-03-14", links=(("data", "https://example.org/a.zip", "application/zip"),)))
    assert "--scenes" in error.value.way_out


def test_pair_from_a_folder_of_scenes(scenes: Path) -> None:
    near = wanted(coverage=0.001)
    pair = choose_pair(open_catalogue(scenes).search(Search("SENTINEL-2", AREA, near.search)), near)
    assert [local_path(one).name[11:19] for one in (pair.before, pair.after)] == ["20210315", "20210325"]
    assert pair.rejected == ()
