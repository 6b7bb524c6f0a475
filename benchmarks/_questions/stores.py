"""The stores that questions are put to, made from shared data by our own mapper, and kept between runs while the data is the same."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from earthweave.mapping import map_source, read_rules
from earthweave.server.store import Store, open_store

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("EARTHWEAVE_SHARED", "../shared"))
QA = SHARED / "data/qa"


@contextmanager
def store_of(folder: Path, name: str, fill: Callable[[Store, Path], None], *given: Path) -> Iterator[Store]:
    """An open store that ``fill`` made, made anew if one of the files that it is made from has changed."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in given)).hexdigest()
    target, mark = folder / name, folder / f"{name}.made"
    if not mark.is_file() or mark.read_text() != digest:
        shutil.rmtree(target, ignore_errors=True)
        # a new store may have the generation of the old one
        (folder / f"{name}.knowledge").unlink(missing_ok=True)
        with open_store(target) as store:
            fill(store, folder)
        mark.write_text(digest)
    with open_store(target) as store:
        yield store


def mapped(store: Store, rules: Path, source: Path) -> None:
    """A source through rules into a store."""
    run = map_source(read_rules(rules), source)
    tables = run.tables()
    if tables is not None:
        store.load_tables(tables, name=source.name)
    else:
        store.load_quads(iter(run), name=source.name)


def pois(folder: Path) -> AbstractContextManager[Store]:
    """The points of interest of GS-QA."""
    return store_of(folder, "pois", filled_pois, QA / "gsqa_pois.csv.gz", HERE / "pois.ttl")


def filled_pois(store: Store, work: Path) -> None:
    """Load the points of interest of GS-QA."""
    plain = work / "pois.csv"
    plain.write_bytes(gzip.decompress((QA / "gsqa_pois.csv.gz").read_bytes()))
    mapped(store, HERE / "pois.ttl", plain)


def usa(folder: Path) -> AbstractContextManager[Store]:
    """The database of GeoQuery."""

    def fill(store: Store, work: Path) -> None:
        mapped(store, HERE / "usa.ttl", QA / "geoquery_geography.sqlite")

    return store_of(folder, "usa", fill, QA / "geoquery_geography.sqlite", HERE / "usa.ttl")


def hamburg(folder: Path) -> AbstractContextManager[Store]:
    """The Sentinel-2 catalogue of Hamburg."""
    archive = SHARED / "data/derived/linked/hamburg_no_s1.zip"

    def fill(store: Store, work: Path) -> None:
        with zipfile.ZipFile(archive) as packed:
            for name in packed.namelist():
                if name.endswith(".nt"):
                    store.load([packed.extract(name, work / "hamburg-nt")])

    return store_of(folder, "hamburg", fill, archive)
