"""SAFE products: the folder or zip in which ESA publishes Sentinel-2, compact naming (since December 2016), L1C and L2A.

Sources: Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD 14.9). The XML is read by local element names, without
schema validation. Not read: products of the first, non-compact layout.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from earthweave.ontology import Crs, ProductError

from ..raster import Grid
from ._bands import BANDS, band_name
from ._scene import BandFile, Scene
from ._xml import Document, parse_xml

_MAIN = re.compile(r"^(?:[^/]+/)?MTD_MSIL(1C|2A)\.xml$")
_TILE = re.compile(r"_T(\d{2}[A-Z]{3})")
_IMAGE = re.compile(r"_(B\d[\dA]|SCL|AOT|WVP)(?:_(10|20|60)m)?$")
_NATIVE = {"B01": 60, "B02": 10, "B03": 10, "B04": 10, "B08": 10, "B09": 60, "B10": 60}
_LARGEST = 64 * 1024 * 1024
_MEMBERS = 20000


@dataclass(frozen=True)
class _Package:
    """An opened product: names inside it, and how to read and address them."""

    path: Path
    main: str
    read: Callable[[str], bytes]
    address: Callable[[str], str]

    @property
    def base(self) -> str:
        return self.main.rpartition("/")[0]

    def inside(self, name: str) -> str:
        return f"{self.base}/{name}" if self.base else name


def read_safe(path: Path) -> Scene:
    """Read the metadata of a SAFE folder, of a zip that holds one, or of the folder that a ``MTD_MSIL….xml`` lies in.

    Band files need not be there until they are read. Raises `ProductError`.
    """
    home = path.parent if path.name.startswith("MTD_") else path
    package = _folder(home) if home.is_dir() else _zipped(home)
    main = parse_xml(package.read(package.main), package.main)
    images = [_safe_name(found.value) for name in ("IMAGE_FILE", "IMAGE_FILE_2A") for found in main.all(name)]
    tile_name = package.inside(f"{_granule(images, path)}/MTD_TL.xml")
    tile = parse_xml(package.read(tile_name), tile_name)
    matched = _TILE.search(tile.demand("TILE_ID"))
    return Scene(
        id=main.demand("PRODUCT_URI", "PRODUCT_URI_2A").removesuffix(".SAFE"),
        path=home,
        level=_level(package.main),
        time=_time(main),
        grid=_grid(tile),
        bands=_bands(package, main, images),
        simulated=(main.text("SIMULATED") or "").lower() == "true",
        tile=matched[1] if matched else None,
        platform=main.text("SPACECRAFT_NAME"),
        baseline=main.text("PROCESSING_BASELINE"),
        orbit=int(main.number("SENSING_ORBIT_NUMBER")),
        cloud_cover=main.number("Cloud_Coverage_Assessment") if main.text("Cloud_Coverage_Assessment") else None,
        metadata=tuple(Path(package.address(name)) for name in (package.main, tile_name)) if home.is_dir() else (),
    )


def _granule(images: list[str], path: Path) -> str:
    granules = {"/".join(image.split("/")[:2]) for image in images}
    if len(granules) != 1:
        raise ProductError(
            f"{path.name} has {len(granules)} granules", why="a compact product has one", way_out="use products made since December 2016"
        )
    return granules.pop()


def _folder(path: Path) -> _Package:
    here = [found.name for found in path.glob("MTD_MSIL*.xml")] or [
        f"{found.parent.name}/{found.name}" for found in sorted(path.glob("*.SAFE/MTD_MSIL*.xml"))
    ]
    return _Package(path, _only(here, path), lambda name: _bytes(path / name), lambda name: str(path / name))


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise ProductError(f"{path.name} is too large for metadata", why=f"more than {_LARGEST} bytes", way_out="get the product again")
        return path.read_bytes()
    except OSError as error:
        raise ProductError(f"{path.name} cannot be read", why=str(error.strerror), way_out="check that the product is complete") from error


def _zipped(path: Path) -> _Package:
    """A zip is never unpacked: metadata is read through it, and GDAL reads the bands inside; its names are still checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise ProductError(f"{path.name} is not a complete zip", why=str(error), way_out="download it again") from error
    if len(sizes) > _MEMBERS:
        raise ProductError(
            f"{path.name} has {len(sizes)} members", why=f"a product has fewer than {_MEMBERS}", way_out="get the product again"
        )
    names = {_safe_name(name) for name in sizes}

    def read(name: str) -> bytes:
        if sizes.get(name, 0) > _LARGEST:
            raise ProductError(f"{name} is too large for metadata", why=f"{sizes[name]} bytes", way_out="get the product again")
        with zipfile.ZipFile(path) as archive:
            try:
                return archive.read(name)
            except (KeyError, zipfile.BadZipFile, RuntimeError) as error:
                raise ProductError(f"{path.name}: {name} cannot be read", why=str(error), way_out="download it again") from error

    return _Package(
        path, _only([name for name in names if _MAIN.match(name)], path), read, lambda name: f"/vsizip/{{{path.absolute()}}}/{name}"
    )


def _safe_name(name: str) -> str:
    """Refuse names that lead out of the product."""
    if name.startswith(("/", "~")) or "\\" in name or ":" in name or "{" in name or "}" in name or ".." in name.split("/"):
        raise ProductError(
            f"the product names {name[:80]!r}", why="the path leads out of the product or is not plain", way_out="get it from its publisher"
        )
    return name


def _only(names: list[str], path: Path) -> str:
    if len(names) != 1:
        found = "there is none" if not names else f"there are {len(names)}: {', '.join(sorted(names)[:3])}"
        raise ProductError(
            f"{path.name} is not a Sentinel-2 product",
            why=f"it needs one MTD_MSIL1C.xml or MTD_MSIL2A.xml; {found}",
            way_out="give one SAFE folder or its zip, or a GeoTIFF with --stack-bands",
        )
    return names[0]


def _level(main: str) -> str:
    match = _MAIN.match(main)
    if match is None:
        raise ProductError(f"{main} is of an unknown level", why="L1C and L2A are read", way_out="give an L1C or L2A product")
    return f"L{match[1]}"


def _time(main: Document) -> datetime:
    written = main.demand("PRODUCT_START_TIME")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise ProductError(f"{main.name}: PRODUCT_START_TIME is no time", why=str(error), way_out="get the product again") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _grid(tile: Document) -> Grid:
    """Grid of the finest pixels that the tile metadata declares."""
    sizes = {found.attribute("resolution"): found for found in tile.all("Size")}
    corners = {found.attribute("resolution"): found for found in tile.all("Geoposition")}
    finest = next((resolution for resolution in ("10", "20", "60") if resolution in sizes and resolution in corners), None)
    if finest is None:
        raise ProductError(
            f"{tile.name} has no Size and Geoposition", why="the grid is unknown", way_out="check that it is a Sentinel-2 tile"
        )
    west, north = (corners[finest].number(key) for key in ("ULX", "ULY"))
    width, height = (int(sizes[finest].number(key)) for key in ("NCOLS", "NROWS"))
    return Grid(Crs.parse(tile.demand("HORIZONTAL_CS_CODE")), west, north, float(finest), float(finest), width, height)


def _bands(package: _Package, main: Document, images: list[str]) -> tuple[BandFile, ...]:
    surface = _level(package.main) == "L2A"
    offsets = _offsets(main, "BOA_ADD_OFFSET" if surface else "RADIO_ADD_OFFSET")
    quantities = ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE") if surface else ("QUANTIFICATION_VALUE",)
    suffix = ".tif" if any(found.root.get("imageFormat") == "GeoTIFF" for found in main.all("Granule")) else ".jp2"
    return tuple(
        BandFile(name, resolution, package.address(package.inside(f"{image}{suffix}")), 1, offsets.get(name, 0.0), main.number(*quantities))
        for image in images
        for name, resolution in _parts(image)
    )


def _offsets(main: Document, tag: str) -> dict[str, float]:
    """Offset per band; empty before processing baseline 04.00."""
    numbered = {str(number): name for number, name in enumerate(BANDS)}
    return {numbered.get(found.attribute("band_id"), ""): found.number() for found in main.all(tag)}


def _parts(image: str) -> list[tuple[str, float]]:
    """Band and resolution that an image name tells; none for previews (TCI)."""
    match = _IMAGE.search(image)
    if match is None:
        return []
    name = band_name(match[1])
    return [(name, float(match[2] or _NATIVE.get(name, 20)))]
