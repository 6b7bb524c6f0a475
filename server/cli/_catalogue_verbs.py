"""``catalogue list|search|load|download``: products in catalogues, found, kept, loaded, fetched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from earthweave.mapping import Report
from earthweave.ontology import Interval, NotFoundError, ParameterError
from earthweave.processing.catalogue import (
    KNOWN,
    Catalogue,
    Found,
    Recorder,
    Replay,
    Search,
    Transport,
    items,
    open_catalogue,
    read_items,
)
from earthweave.processing.raster import read_aoi
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store
from earthweave.server.workflows import WAYS, download, guarded_door, load_products, search_and_load

from ._console import Outcome, Reporter, store_option, text_table, verb

_FIRST, _LAST = datetime(1957, 10, 4, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@click.group()
def catalogue() -> None:
    """Find satellite products in catalogues, load what was found into a store, and fetch it."""


@catalogue.command("list")
@verb
def list_() -> Outcome:
    """List the catalogues that are known by name."""
    rows = [{"name": one.name, "kind": one.kind, "url": one.url, "title": one.title} for one in KNOWN]
    return Outcome(rows, "\n".join(text_table(["name", "kind", "url", "title"], [list(row.values()) for row in rows])))


@dataclass(frozen=True)
class Way:
    """How a catalogue in the network is reached: through the guarded door, kept on the way, or from what was kept."""

    record: Path | None
    replay: Path | None

    def __post_init__(self) -> None:
        if self.record and self.replay:
            raise ParameterError("--record and --replay exclude each other", way_out="record over the network, replay without it")

    def open(self) -> tuple[Transport, Callable[[], tuple[str, ...]]]:
        """The transport, and the notices that it causes."""
        if self.replay:
            kept = Replay(self.replay)
            return kept, lambda: (kept.notice,)
        asked = guarded_door()
        return (Recorder(asked, self.record, lambda: datetime.now(UTC)) if self.record else asked), tuple


def _interval(start: str | None, end: str | None) -> Interval | None:
    """The interval of ``--from`` and ``--to``; a last day is meant whole."""
    if start is None and end is None:
        return None
    try:
        first = Interval.parse(start).start if start else _FIRST
        last = Interval.parse(end).start if end else _LAST
        last += timedelta(days=1) if end and len(end.strip()) == 10 else timedelta()
    except (ValueError, OverflowError) as error:
        given = " … ".join(filter(None, (start, end)))
        raise ParameterError(f"{given}: no dates", why=str(error), way_out="write 2021-03-15 or 2021-03-15T00:02:41Z") from error
    return Interval(first, last)


def _row(found: Found) -> list[str]:
    cloud = "" if found.cloud_cover is None else f"{found.cloud_cover:.1f}"
    return [found.id, found.time.texts[0], found.tile or "", cloud, f"{found.size / 1e6:,.0f}" if found.size else ""]


def _products_text(products: Sequence[Found]) -> str:
    lines = text_table(["product", "taken", "tile", "cloud %", "MB"], [_row(one) for one in products])
    return "\n".join([*lines, f"({len(products):,} product{'' if len(products) == 1 else 's'})"])


def _described(found: Found) -> dict[str, Any]:
    start, end = found.time.texts
    plain = ("id", "title", "catalogue", "collection", "platform", "product_type", "level", "cloud_cover", "tile", "relative_orbit", "size")
    links = [{"rel": rel, "href": href, "type": kind} for rel, href, kind in found.links]
    return {**{name: getattr(found, name) for name in plain}, "start": start, "end": end, "footprint": found.footprint.wkt, "links": links}


@catalogue.command()
@click.argument("where", metavar="CATALOGUE")
@click.option("--aoi", metavar="AREA", help="Area that the products must meet: WKT or GeoJSON, lon lat, or a vector file.")
@click.option("--from", "start", metavar="DATE", help="First day or moment, e.g. 2021-03-15; UTC unless it says its zone.")
@click.option("--to", "end", metavar="DATE", help="Last day (whole), or the moment before which.")
@click.option(
    "--collection",
    default="SENTINEL-2",
    show_default=True,
    help="SENTINEL-1, -2, -3 or -5P anywhere, or a collection's own name in the catalogue; empty: any.",
)
@click.option("--cloud", type=click.FloatRange(0, 100), metavar="PERCENT", help="Most cloud cover.")
@click.option("--level", metavar="LEVEL", help="Processing level, e.g. L1C or L2A.")
@click.option("--type", "product_type", metavar="TYPE", help="Product type as the catalogue writes it, or a part of it, e.g. GRD.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="Products at most.")
@click.option("--geojson", is_flag=True, help="Print the products as STAC items, for files, maps, `catalogue load` and `download`.")
@click.option("--store", "store_path", metavar="DIR", help="Load what was found into this store as well.")
@click.option("--record", type=click.Path(path_type=Path), metavar="DIR", help="Keep the catalogue's replies in this folder.")
@click.option("--replay", type=click.Path(path_type=Path), metavar="DIR", help="Ask the replies in this folder instead of the network.")
@verb
def search(
    where: str, aoi: str | None, start: str | None, end: str | None, collection: str, cloud: float | None, level: str | None,
    product_type: str | None, limit: int, geojson: bool, store_path: str | None, record: Path | None, replay: Path | None,
) -> Outcome:  # fmt: skip
    """Search CATALOGUE: a known name (catalogue list), an address, a folder of scenes, or a file of STAC items.

    Known catalogues may be asked; others must be named in catalogue_allow. An address is taken for the kind of catalogue that it looks
    like; odata+https://…, stac+, finder+ and hub+ say it. An area across 180° is a MULTIPOLYGON cut there.

    \b
    Examples:
      earthweave catalogue search cdse --aoi area.geojson --from 2021-03-01 --to 2021-03-31 --cloud 20 --level L1C
      earthweave catalogue search earth-search --collection sentinel-2-l2a --geojson > found.geojson
      earthweave catalogue search cdse --from 2021-03-15 --to 2021-03-15 --record kept/ --store my-store
      earthweave catalogue search cdse --from 2021-03-15 --to 2021-03-15 --replay kept/        the same, offline
      earthweave catalogue search scenes/ --cloud 10 --store my-store
    """
    wanted = Search(collection, read_aoi(aoi) if aoi else None, _interval(start, end), cloud, level, product_type, limit)
    transport, told = Way(record, replay).open()
    opened = open_catalogue(where, transport)
    with Reporter() as reporter:
        found, added, skipped = _found(opened, wanted, store_path, reporter)
    notices = (*opened.notices, *skipped, *told(), *((f"cut at {limit} products: raise --limit for more",) if len(found) == limit else ()))
    if geojson:
        return Outcome(items(found), raw=(json.dumps(items(found), indent=1) + "\n").encode(), notices=notices)
    loaded = [] if added is None else [f"loaded {added:,} new statements into {store_path}"]
    result = {"products": [_described(one) for one in found], **({} if added is None else {"added": added})}
    return Outcome(result, "\n".join([_products_text(found), *loaded]), notices=notices, limits={"limit": limit})


def _found(
    opened: Catalogue, wanted: Search, store_path: str | None, reporter: Reporter
) -> tuple[tuple[Found, ...], int | None, tuple[str, ...]]:
    """The products; with a store, how many statements it did not have, and what could not be mapped."""
    if store_path is None:
        return tuple(opened.search(wanted, reporter)), None, ()
    with open_store(store_path, limits=read(Limits)) as store:
        loaded = search_and_load(opened, wanted, store, progress=reporter)
    return loaded.found, loaded.added, _skipped(loaded.mapped)


def _skipped(report: Report | None) -> tuple[str, ...]:
    reasons = report.reasons if report else {}
    return tuple(f"left out {count:,} times: {reason}" for reason, count in reasons.items())


@catalogue.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@store_option
@verb
def load(file: Path, store_path: str) -> Outcome:
    """Load products from FILE, STAC items as `catalogue search --geojson` writes them, into the store."""
    products = read_items(file)
    if not products:
        raise NotFoundError(f"{file.name} holds no product", way_out="search again with other dates or another area")
    with open_store(store_path, limits=read(Limits)) as store, Reporter() as reporter:
        report = load_products(products, store, name=file.name, progress=reporter)
    text = f"loaded {report.quads:,} statements about {len(products)} products"
    return Outcome({"products": len(products), "statements": report.quads}, text, notices=_skipped(report))


@catalogue.command("download")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--id", "ids", multiple=True, metavar="PRODUCT", help="Fetch this product of FILE alone; may be repeated.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("products"),
    show_default=True,
    metavar="DIR",
    help="Folder for the products.",
)
@click.option(
    "--way",
    type=click.Choice(WAYS),
    default="auto",
    show_default=True,
    help="EODAG, or S3; auto: S3 if the product lies there and keys are set, else EODAG.",
)
@verb
def download_(file: Path, ids: tuple[str, ...], output: Path, way: str) -> Outcome:
    """Fetch the products in FILE, STAC items as `catalogue search --geojson` writes them. Prints their paths.

    This needs the extra catalogue (pip install 'earthweave[catalogue]') and an account at the provider: in ~/.config/eodag/eodag.yml or
    EODAG__…__CREDENTIALS__… for EODAG, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for S3. Products that lie on this machine stay there.

    \b
    Example:
      earthweave catalogue search cdse --from 2021-03-15 --to 2021-03-15 --geojson > found.geojson
      earthweave catalogue download found.geojson -o scenes
    """
    products = {one.id: one for one in read_items(file)}
    if missing := [one for one in ids if one not in products]:
        names = ", ".join(list(products)[:5])
        raise NotFoundError(f"{file.name} holds no product {missing[0]}", why=f"it holds {names or 'none'}", way_out="give one of its ids")
    with Reporter() as reporter:
        wanted = [products[one] for one in ids or products]
        paths = [str(download(one, output, way=way, environment=os.environ, transport=guarded_door(), progress=reporter)) for one in wanted]
    return Outcome(paths, "\n".join(paths))
