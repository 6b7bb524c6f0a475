"""What the name of a Sentinel product says (naming conventions of the Copernicus Sentinels, ESA), and one spelling for names of things."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SUFFIXES = (".zip", ".SAFE", ".SEN3", ".nc", ".tar", ".gz", ".EOF")
_FORMS = (
    re.compile(r"^S(?P<mission>2[A-D])_MSIL(?P<level>1C|2A)_\d{8}T\d{6}_(?:N\d{4}_)?R(?P<orbit>\d{3})_T(?P<tile>\d{2}[A-Z]{3})_"),
    re.compile(r"^S(?P<mission>2[A-D])_(?:OPER|USER)_PRD_MSIL(?P<level>1C|2A)_\w{4}_\d{8}T\d{6}_R(?P<orbit>\d{3})_V\d{8}T"),
    re.compile(r"^S(?P<mission>1[A-D])_[A-Z0-9]{2}_(?P<type>RAW|SLC|GRD|OCN|ETA)[FHM_]_(?P<level>[0-2])[SAN_]"),
    re.compile(r"^S(?P<mission>3[A-D])_[A-Z]{2}_(?P<level>[0-2])_(?P<type>\w{6})_"),
    re.compile(r"^S(?P<mission>5P)_\w{4}_(?P<type>L(?P<level>[0-2])\w{8})_\d{8}T"),
)
_PLATFORM = re.compile(r"^(?:sentinel|s)[-_ ]?([1-6])[-_ ]?([a-d]|p)?$", re.IGNORECASE)
_LEVEL = re.compile(r"(?:^|[^0-9])([0-4][A-C]?)\w?$")
_TILE = re.compile(r"^(?:MGRS-)?T?(\d{1,2}[A-Z]{3})$")


@dataclass(frozen=True)
class Named:
    """What a name says; None where it does not."""

    platform: str | None = None
    level: str | None = None
    product_type: str | None = None
    tile: str | None = None
    relative_orbit: int | None = None


def bare(name: str) -> str:
    """A product's name without folders and suffixes."""
    found = name.rstrip("/").rpartition("/")[2]
    while suffix := next((one for one in _SUFFIXES if found.endswith(one) and found != one), ""):
        found = found.removesuffix(suffix)
    return found


def said_by_name(name: str) -> Named | None:
    """What a product's name says; None for one that follows no known convention."""
    match = next(filter(None, (form.match(bare(name)) for form in _FORMS)), None)
    if match is None:
        return None
    said = match.groupdict()
    optical = said["mission"].startswith("2")
    return Named(
        platform_name(f"S{said['mission']}"),
        f"L{said['level']}",
        f"S2MSI{said['level']}" if optical else said["type"],
        said.get("tile"),
        int(said["orbit"]) if said.get("orbit") else None,
    )


def platform_name(text: str | None) -> str | None:
    """One spelling of a platform: ``S2A``, ``SENTINEL-2A`` and ``Sentinel-2A`` are ``sentinel-2a``; others in lower case."""
    match = _PLATFORM.match(text.strip()) if text else None
    return f"sentinel-{match[1]}{(match[2] or '').lower()}" if match else text.strip().lower() if text else None


def level_name(text: str | None) -> str | None:
    """One spelling of a processing level: ``LEVEL1C``, ``S2MSI1C`` and ``Level-1C`` are ``L1C``; None for what says none."""
    match = _LEVEL.search(text.strip().upper()) if text else None
    return f"L{match[1]}" if match else None


def tile_name(text: str | None) -> str | None:
    """A tile of the military grid: ``T14ULD`` and ``MGRS-14ULD`` are ``14ULD``, ``1LAC`` is ``01LAC``; None for what is none."""
    match = _TILE.match(text.strip().upper()) if text else None
    return match[1].zfill(5) if match else None


def family(collection: str) -> str | None:
    """``1``, ``2``, ``3`` or ``5P`` if a collection is that of a whole Sentinel mission."""
    match = _PLATFORM.match(collection.strip())
    return f"{match[1]}{(match[2] or '').upper()}" if match and (match[2] or "").upper() in ("", "P") else None
