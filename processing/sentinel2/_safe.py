"""SAFE products: the folder or zip in which ESA publishes Sentinel-2, L1C and L2A.

Both layouts are read: the compact one (since December 2016, one tile, files called ``MTD_…``), and the first one, whose names are long
and which holds several tiles. Sources: Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD 14.9; 13 for the first layout).
The XML is read by local element names, without schema validation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from earthweave.ontology import Crs, CrsError, ParameterError, ProductError

from ..raster import Grid
from ._bands import BANDS, band_name
from ._package import Package, open_package, safe_name
from ._product import read_info
from ._scene import BandFile, Scene
from ._xml import Document, parse_xml

MAIN = re.compile(r"^(?:[^/]+/)?(?:MTD_MSIL|S2[A-D]_(?:OPER|USER)_MTD_SAFL)(1C|2A)(?:_[^/]*)?\.xml$")
"""Names of the main metadata file, compact and first layout."""
_COMPACT = "MTD_MSIL"
_TILE = re.compile(r"_T(\d{2}[A-Z]{3})")
_TILE_FILE = re.compile(r"^(?:MTD_TL|S2[A-D]_(?:OPER|USER)_MTD_L(?:1C|2A)_TL_.*)\.xml$")
_IMAGE = re.compile(r"_(B\d[\dA]|SCL|AOT|WVP)(?:_(10|20|60)m)?$")
_OLD_EXTRA = re.compile(r"^S2[A-D]_(?:OPER|USER)_(SCL|AOT|WVP)_L2A_.*_(10|20|60)m$")
_NATIVE = {"B01": 60, "B02": 10, "B03": 10, "B04": 10, "B08": 10, "B09": 60, "B10": 60}
_IMAGES = (".jp2", ".tif")


def read_safe(path: Path, tile: str | None = None) -> Scene:
    """Read the metadata of a SAFE folder, of a zip that holds one, or of the folder that the main metadata file lies in.

    ``tile`` (``T32TQR`` or ``32TQR``) says which one of a product of the first layout. Band files need not be there until they are
    read. Raises `ProductError`; `ParameterError` if a product of several tiles needs, or has not, the ``tile``.
    """
    home = path.parent if MAIN.match(path.name) else path
    package = open_package(home)
    main_name = _only([name for name in package.names if MAIN.match(name)], home)
    base = main_name.rpartition("/")[0]
    main = parse_xml(package.read(main_name), main_name)
    granule = f"{base}/" * bool(base) + _granule(package, main, base, home, tile)
    tile_name = _tile_file(package, granule)
    about = parse_xml(package.read(tile_name), tile_name)
    matched = _TILE.search(about.demand("TILE_ID"))
    names = {str(number): name for number, name in enumerate(BANDS)}
    generated = _time(main, "GENERATION_TIME") if main.text("GENERATION_TIME") else None
    return Scene(
        id=main.demand("PRODUCT_URI", "PRODUCT_URI_2A").removesuffix(".SAFE"),
        path=home,
        level=_level(main_name),
        time=_time(main, "PRODUCT_START_TIME"),
        grid=_grid(about),
        bands=_bands(package, main, _images(package, main, base, granule), _level(main_name) == "L2A"),
        simulated=(main.text("SIMULATED") or "").lower() == "true",
        tile=matched[1] if matched else None,
        platform=main.text("SPACECRAFT_NAME"),
        baseline=main.text("PROCESSING_BASELINE"),
        orbit=int(main.number("SENSING_ORBIT_NUMBER")),
        cloud_cover=main.known("Cloud_Coverage_Assessment"),
        metadata=tuple(Path(package.address(name)) for name in (main_name, tile_name)) if home.is_dir() else (),
        product=read_info(main, about, generated, names),
    )


def _granule(package: Package, main: Document, base: str, path: Path, tile: str | None) -> str:
    """The folder of the granule to read, from the main folder."""
    granules = _granules(package, main, base)
    by_tile = {found[1]: name for name in granules if (found := _TILE.search(name))}
    if tile is not None:
        wanted = by_tile.get(tile.upper().removeprefix("T"))
        if wanted is None:
            raise ParameterError(
                f"{path.name} has no tile {tile}", why=f"its tiles are {', '.join(by_tile) or 'not named'}", way_out="give one of these"
            )
        return wanted
    if not granules:
        raise ProductError(f"{path.name} has 0 granules", why="no image is listed and no granule is there", way_out="get the product again")
    if len(granules) > 1:
        raise ParameterError(
            f"{path.name} has {len(granules)} granules",
            why=f"products made before December 2016 hold several tiles: {', '.join(by_tile)}",
            way_out="say which one: --tile T32TQR",
        )
    return granules[0]


def _granules(package: Package, main: Document, base: str) -> list[str]:
    """Folders of the granules, from the main folder: of the listed images, or those that are there, since the first layout names
    images by file and not by path."""
    if _COMPACT in main.name:
        names = _listed(main)
    else:
        names = [name[len(base) + 1 if base else 0 :] for name in package.names]
    return sorted({"/".join(name.split("/")[:2]) for name in names if name.startswith("GRANULE/") and name.count("/") >= 2})


def _listed(main: Document) -> list[str]:
    return [safe_name(found.value) for name in ("IMAGE_FILE", "IMAGE_FILE_2A") for found in main.all(name)]


def _tile_file(package: Package, granule: str) -> str:
    found = [name for name in package.names if name.rpartition("/")[0] == granule and _TILE_FILE.match(name.rpartition("/")[2])]
    return found[0] if len(found) == 1 else f"{granule}/MTD_TL.xml"


def _images(package: Package, main: Document, base: str, granule: str) -> list[str]:
    """Images of the granule as names in the package: those that the product lists, else (first layout) those that are there."""
    suffix = ".tif" if any(found.root.get("imageFormat") == "GeoTIFF" for found in main.all("Granule")) else ".jp2"
    if _COMPACT in main.name:
        return [f"{base}/{image}{suffix}" if base else f"{image}{suffix}" for image in _listed(main)]
    return sorted(name for name in package.names if name.startswith(f"{granule}/IMG_DATA/") and name.endswith(_IMAGES))


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
    match = MAIN.match(main)
    if match is None:
        raise ProductError(f"{main} is of an unknown level", why="L1C and L2A are read", way_out="give an L1C or L2A product")
    return f"L{match[1]}"


def _time(main: Document, name: str) -> datetime:
    written = main.demand(name)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise ProductError(f"{main.name}: {name} is no time", why=str(error), way_out="get the product again") from error
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
    try:
        crs = Crs.parse(tile.demand("HORIZONTAL_CS_CODE"))
    except CrsError as error:
        raise ProductError(f"{tile.name}: {error.what}", why=error.why, way_out="get the product again") from error
    return Grid(crs, west, north, float(finest), float(finest), width, height)


def _bands(package: Package, main: Document, images: list[str], surface: bool) -> tuple[BandFile, ...]:
    offsets = _offsets(main, "BOA_ADD_OFFSET" if surface else "RADIO_ADD_OFFSET")
    scales = _scales(main, surface)
    return tuple(
        BandFile(name, resolution, package.address(image), 1, offsets.get(name, 0.0), scales.get(name, scales["reflectance"]))
        for image in images
        for name, resolution in _parts(image.rpartition("/")[2].rpartition(".")[0])
    )


def _scales(main: Document, surface: bool) -> Mapping[str, float]:
    """Numbers per unit: of reflectance, and of aerosol optical thickness and water vapour (cm); class numbers are what they are."""
    quantities = ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE") if surface else ("QUANTIFICATION_VALUE",)
    extra = {
        name: main.number(*words) if main.text(*words) else 1000.0
        for name in ("AOT", "WVP")
        for words in [(f"{name}_QUANTIFICATION_VALUE", f"L2A_{name}_QUANTIFICATION_VALUE")]
    }
    scales = {"reflectance": main.number(*quantities), "SCL": 1.0, **extra}
    for name, value in scales.items():
        if value <= 0:
            raise ProductError(
                f"{main.name}: quantification of {name} is {value:g}", why="it is to be above 0", way_out="get the product again"
            )
    return scales


def _offsets(main: Document, tag: str) -> dict[str, float]:
    """Offset per band; empty before processing baseline 04.00."""
    numbered = {str(number): name for number, name in enumerate(BANDS)}
    return {numbered.get(found.attribute("band_id"), ""): found.number() for found in main.all(tag)}


def _parts(image: str) -> list[tuple[str, float]]:
    """Band and resolution that an image name tells; none for previews (TCI)."""
    match = _OLD_EXTRA.match(image) or _IMAGE.search(image)
    if match is None:
        return []
    name = band_name(match[1])
    return [(name, float(match[2] or _NATIVE.get(name, 20)))]
