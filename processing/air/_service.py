"""CO-max: the sample use case of AI4Copernicus as a service."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from earthweave.ontology import CRS84, BBox, Interval, ParameterError, ProcessingError, Source

from ..frame import (
    Context,
    Estimate,
    Moment,
    Outcome,
    Output,
    Parameters,
    Product,
    Question,
    Reference,
    ServiceSpec,
    digest,
    parameter,
)
from ._area import Area
from ._broker import AirProduct, find_products, meeting
from ._maximum import Maximum, co_maximum

_MEANING = {
    "value": "highest CO total column, mol/m2",
    "precision": "its standard error, mol/m2",
    "qa_value": "quality of the retrieval, 0 … 1",
    "time": "of the measurement, UTC",
    "product": "Sentinel-5P product that it is from",
    "pixels": "ground pixels with a value in the area and period",
    "simulated": "true if a product was simulated",
}


def _several(value: Any) -> Any:
    """One path as a list of one."""
    return [value] if isinstance(value, Path) else value


Paths = Annotated[tuple[Path, ...], BeforeValidator(_several)]


class CoMax(Parameters):
    """Parameters of CO-max."""

    input: Paths = parameter(
        ..., "Sentinel-5P L2 CO products (.nc), or folders of them", options=["-i", "--input"], role="input", min_length=1
    )
    output_path: Path = parameter(..., "folder for the results", options=["-outdir", "--output_path", "--outdir"], role="output")
    aoi: str = parameter(
        ...,
        "area of interest: WKT in lon lat, or a GeoJSON or GeoPackage file; across the antimeridian with longitudes beyond 180",
        options=["-p", "--AoI", "--aoi"],
        role="aoi",
    )
    start: Moment | None = parameter(None, "start of the period, ISO 8601, included; default the first product", options=["--start"])
    end: Moment | None = parameter(None, "end of the period, excluded; default the last product", options=["--end"])
    quality: float = parameter(0.5, "pixels count whose qa_value is above", options=["--quality"], unit="1", ge=0, lt=1)
    pixels: Literal["footprint", "centre"] = parameter(
        "footprint", "a pixel counts if its footprint meets the area, or if its centre lies in it", options=["--pixels"]
    )


def _period(p: CoMax) -> Interval | None:
    if p.start is None and p.end is None:
        return None
    start, end = p.start or datetime.min.replace(year=1970, tzinfo=UTC), p.end or datetime.max.replace(year=2999, tzinfo=UTC)
    if end <= start:
        raise ParameterError(
            "the period is empty: end is not after start", why=f"{end.isoformat()} ≤ {start.isoformat()}", way_out="give a later --end"
        )
    return Interval(start, end)


def _run(p: CoMax, context: Context) -> Outcome:
    context.progress("looking for products", 0.0)
    time, area = _period(p), Area.read(p.aoi)
    known = find_products(p.input, time)
    context.progress("looking where they looked", 0.1, f"{len(known)} products")
    products = meeting(known, area)
    if not products:
        raise ProcessingError(
            "no product looked at the area in the period",
            why=f"{len(known)} products are of the period, none has a pixel near the area",
            way_out="take another area, period or folder",
        )
    found = co_maximum([one.path for one in products], area, time, quality=p.quality, by=p.pixels, progress=context.sink)
    return _published(found, products, time, context.folder)


def _published(found: Maximum, products: tuple[AirProduct, ...], time: Interval | None, folder: Path) -> Outcome:
    said = found.describe()
    period = time if time and time.start.year > 1970 and time.end.year < 2999 else found.coverage
    path = folder / f"CO_max_{period.start:%Y%m%dT%H%M%S}Z_{period.end:%Y%m%dT%H%M%S}Z.geojson"
    word = " (simulated)" if found.simulated else ""
    title = f"Highest CO column {period.start:%Y-%m-%d %H:%M} – {period.end:%Y-%m-%d %H:%M}{word}"
    path.write_text(json.dumps(_collection(said, title), ensure_ascii=False, indent=1) + "\n", "utf-8")
    layer = Product(
        "co_max",
        path,
        "vector",
        "co_max",
        title,
        "application/geo+json",
        CRS84,
        _box(found),
        Interval(found.time, found.time),
        _MEANING,
    )
    answer = folder / "co_max.json"
    answer.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
    record = replace(
        layer, role="result", path=answer, kind="document", name="result", title=f"{title}: figures", media_type="application/json"
    )
    sources = tuple(Source(one.id, digest(one.path), found.simulated) for one in products)
    years = sorted({found.coverage.start.year, found.coverage.end.year})
    sentence = (
        "Simulated data; contains no Copernicus Sentinel data."
        if found.simulated
        else f"Contains modified Copernicus Sentinel data {' – '.join(map(str, years))}."
    )
    return Outcome((layer, record), sources, said, (sentence,))


def _collection(said: dict[str, Any], title: str) -> dict[str, Any]:
    """The maximum as a GeoJSON layer of one point (RFC 7946)."""
    fields = {name: value for name, value in said.items() if name not in ("longitude", "latitude", "corners", "products")}
    point = {"type": "Point", "coordinates": [said["longitude"], said["latitude"]]}
    feature = {"type": "Feature", "id": 1, "geometry": point, "properties": {**fields, "products": len(said["products"])}}
    return {"type": "FeatureCollection", "name": "co_max", "title": title, "features": [feature]}


def _box(found: Maximum) -> BBox:
    """Of the pixel, cut at the antimeridian."""
    corners = found.corners or ((found.longitude, found.latitude),)
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return BBox(max(min(xs), -180.0), min(ys), min(max(xs), 180.0), max(ys))


def _estimate(p: CoMax) -> Estimate:
    """By the number of products of the period: each is opened, some are read."""
    known = find_products(p.input, _period(p))
    size = sum(one.path.stat().st_size for one in known) / 2**20
    return Estimate(0.5 + 0.15 * len(known) + size / 300, 500.0, f"{len(known)} products, {size:,.0f} MiB")


CO_MAX = ServiceSpec(
    id="co-max",
    executable="CO-max",
    version="1.0",
    title="Highest carbon monoxide column in an area and a period",
    abstract=(
        "Searches Sentinel-5P level 2 CO products for the highest total column among the ground pixels of an area of interest and a "
        "period, and tells value, precision, quality, place, time and product. Areas and swaths may cross the antimeridian and lie at "
        "the poles. Limits: one pixel decides, so that a single bad retrieval above the quality threshold can win; columns are total "
        "columns as delivered, without correction of stripes or averaging kernels; of one orbit only the products of the best stream "
        "(reprocessed, off-line, near real time) are taken; every product in a folder is digested, so name products where there are many."
    ),
    parameters=CoMax,
    outputs=(
        Output(
            "co_max",
            "vector",
            "application/geo+json",
            "CO_max_{start}_{end}.geojson",
            "one point, lon lat; value and precision in mol/m2, qa_value, time, product, pixels, simulated",
        ),
        Output(
            "result",
            "document",
            "application/json",
            "co_max.json",
            "value, precision, mean in mol/m2 (unit), longitude, latitude in degrees, time, qa_value, product, orbit, scanline, "
            "ground_pixel, corners, pixels, pixels_in_area, products, simulated",
        ),
    ),
    run=_run,
    references=(
        Reference(
            "Landgraf et al.: Carbon monoxide total column retrievals from TROPOMI shortwave infrared measurements, AMT 9, 2016",
            "10.5194/amt-9-4955-2016",
        ),
        Reference("Sentinel-5 precursor/TROPOMI Level 2 Product User Manual Carbon Monoxide, SRON-S5P-LEV2-MA-002"),
    ),
    attribution=("Contains modified Copernicus Sentinel data.",),
    questions=(
        Question(
            "What was the highest carbon monoxide column in {place} between {date1} and {date2}?",
            {"place": "aoi", "date1": "start", "date2": "end"},
        ),
    ),
    domain="health",
    keywords=("air quality", "carbon monoxide", "Sentinel-5P", "TROPOMI"),
    estimate=_estimate,
)
