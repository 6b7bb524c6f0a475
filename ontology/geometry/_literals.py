"""WKT literals of GeoSPARQL 1.1 (OGC 22-047r1, §8.5.1) to geometries in CRS84 and back.

A literal is an optional CRS IRI in angle brackets, then WKT. No IRI means CRS84, longitude first. The order of coordinates
follows the IRI's authority, so ``EPSG/0/4326`` means latitude first; much published data writes longitude first under that IRI
all the same, which `prove_axis` can find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
import shapely

from .. import CRS84, Axis, Crs, CrsError
from ._transform import apply, reproject, written_in

MAX_CHARACTERS = 64 * 1024 * 1024
"""Longest literal that is handed to GEOS."""
_CURVED = re.compile(r"CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|MULTICURVE|MULTISURFACE", re.IGNORECASE)
MAX_NESTING = 32
"""Deepest nesting of parentheses that is handed to GEOS, which overflows the stack at some tens of thousands."""

PREFIX = re.compile(r"\s*<([^<>\s]*)>\s*")
_LATITUDE_LIMIT = 90.0
_LONGITUDE_LIMIT = 360.0
_ALL_DIGITS = 40


class AxisOrder(StrEnum):
    """How coordinates under a CRS IRI are read.

    ``AUTO`` decides per call of `read_wkt` by `prove_axis`; ``STRICT`` follows the authority; ``LONLAT`` takes x first, always.
    """

    AUTO = "auto"
    STRICT = "strict"
    LONLAT = "lonlat"


@dataclass(frozen=True)
class Problem:
    """Why the literal at ``index`` could not be read."""

    index: int
    reason: str


@dataclass(frozen=True)
class GeometryColumn:
    """What `read_wkt` read.

    Attributes:
        geometries: object array of shapely geometries in CRS84, longitude before latitude; None where unreadable.
        problems: one per unreadable literal, by index.
    """

    geometries: Any
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class AxisProof:
    """Whether a set of literals proves that it writes longitude first under a latitude-first CRS.

    Attributes:
        order: ``LONLAT`` if proved and not contradicted, else ``STRICT``.
        sample: shortened literal that proves it, or None.
        contradiction: shortened literal that can only be read latitude first, or None.
        checked: how many literals were under a latitude-first geographic CRS.
    """

    order: AxisOrder
    sample: str | None = None
    contradiction: str | None = None
    checked: int = 0

    def __add__(self, other: AxisProof) -> AxisProof:
        sample = self.sample or other.sample
        contradiction = self.contradiction or other.contradiction
        order = AxisOrder.LONLAT if sample and not contradiction else AxisOrder.STRICT
        return AxisProof(order, sample, contradiction, self.checked + other.checked)


def split_crs(literal: str) -> tuple[Crs, str]:
    """Split a literal into its CRS (CRS84 if it names none) and its WKT; raise `CrsError` for a CRS that PROJ does not know."""
    match = PREFIX.match(literal)
    if match is None:
        return CRS84, literal.strip()
    return _crs(match[1]), literal[match.end() :].strip()


@lru_cache(maxsize=256)
def known_crs(iri: str) -> Crs | str:
    """The CRS, or why it is not known: kept too, because PROJ takes its time to say so."""
    try:
        return Crs.parse(iri)
    except CrsError as error:
        return error.what


def _crs(iri: str) -> Crs:
    found = known_crs(iri)
    return found if isinstance(found, Crs) else Crs.parse(iri)


@lru_cache(maxsize=256)
def _latitude_first(crs: Crs) -> bool:
    # kept, because PROJ takes its time to say so
    return crs.latitude_first


def read_wkt(literals: Sequence[str], order: AxisOrder = AxisOrder.STRICT) -> GeometryColumn:
    """Read literals into CRS84 geometries, longitude before latitude, and tell each that could not be read.

    An empty literal is an empty geometry. Refused one by one: a CRS that PROJ does not know or cannot transform, bad WKT, more than
    `MAX_CHARACTERS` or `MAX_NESTING`, coordinates that are not finite, latitudes beyond ±90 and longitudes beyond ±360 degrees
    (0 … 360 is not wrapped).
    """
    crs, raw, problems = parse(literals)
    proof = _proof(literals, crs, raw) if order is AxisOrder.AUTO else None
    found = np.full(len(raw), None, dtype=object)
    for one in {each for each in crs if each}:
        mine = np.array([each == one for each in crs], dtype=bool)
        try:
            found[mine] = _normalise(raw[mine], one, swaps(one, order, proof))
        except CrsError as error:
            problems.update((int(index), error.what) for index in np.flatnonzero(mine & ~shapely.is_missing(raw)))
    filled = ~(shapely.is_missing(found) | shapely.is_empty(found))
    unplaced = beyond(shapely.bounds(found).reshape(-1, 4), filled)
    found[list(unplaced)] = None
    return GeometryColumn(found, told(problems | unplaced))


def told(problems: dict[int, str]) -> tuple[Problem, ...]:
    """Reasons by index as problems, in order."""
    return tuple(Problem(index, problems[index]) for index in sorted(problems))


def swaps(crs: Crs, order: AxisOrder, proof: AxisProof | None = None) -> bool:
    """True if coordinates of this system are to be turned; ``AUTO`` takes the proof for latitude-first degrees alone."""
    if order is AxisOrder.AUTO:
        order = proof.order if proof is not None and _latitude_first(crs) else AxisOrder.STRICT
    return order is not AxisOrder.LONLAT and crs.axis is Axis.YX


def _normalise(geometries: Any, crs: Crs, swapped: bool) -> Any:
    ordered = apply(geometries, lambda x, y: (y, x)) if swapped else geometries
    return reproject(ordered, crs, CRS84)


def beyond(bounds: Any, filled: Any) -> dict[int, str]:
    """Why some geometries are not on Earth, by index: of CRS84 bounds (n, 4), where ``filled``."""
    west, south, east, north = bounds.T
    with np.errstate(invalid="ignore"):
        off = filled & ~((south >= -_LATITUDE_LIMIT) & (north <= _LATITUDE_LIMIT))
        far = filled & ~off & ~((west >= -_LONGITUDE_LIMIT) & (east <= _LONGITUDE_LIMIT))
    problems = {}
    for index in np.flatnonzero(off).tolist():
        worst = north[index] if abs(north[index]) > abs(south[index]) else south[index]
        problems[index] = f"latitude {worst:g} is beyond 90 degrees: are longitude and latitude exchanged, for this CRS?"
    for index in np.flatnonzero(far).tolist():
        problems[index] = f"longitude {west[index]:g} … {east[index]:g} is beyond 360 degrees"
    return problems


def parse(literals: Sequence[str]) -> tuple[list[Crs | None], Any, dict[int, str]]:
    """CRS, geometry in the order written, and problems of every literal."""
    problems: dict[int, str] = {}
    crs: list[Crs | None] = []
    texts: list[str | None] = []
    for index, literal in enumerate(literals):
        found, text, reason = _split(literal)
        if reason:
            problems[index] = reason
        crs.append(found)
        texts.append(None if reason else text or "GEOMETRYCOLLECTION EMPTY")
    with np.errstate(over="ignore", invalid="ignore"):
        raw = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore") if texts else np.empty(0, dtype=object)
    for index in np.flatnonzero(shapely.is_missing(raw)).tolist():
        if (unread := texts[index]) is not None:
            problems[index] = _reason(unread)
    refuse_infinite(raw, problems)
    return crs, raw, problems


def _split(literal: str) -> tuple[Crs | None, str, str]:
    """CRS, WKT, and why it must not be handed to GEOS."""
    match = PREFIX.match(literal)
    if match is None:
        return CRS84, literal.strip(), unsafe_wkt(literal)
    crs = known_crs(match[1])
    if isinstance(crs, str):
        return None, "", crs
    text = literal[match.end() :].strip()
    return crs, text, unsafe_wkt(text)


def unsafe_wkt(text: str) -> str:
    """Why GEOS must not be given this WKT, or an empty text.

    That is what is longer than `MAX_CHARACTERS`, nested deeper than `MAX_NESTING`, or has curves.
    """
    if len(text) > MAX_CHARACTERS:
        return f"literal of {len(text):,} characters, more than {MAX_CHARACTERS:,}"
    if text.count("(") > MAX_NESTING and _depth(text) > MAX_NESTING:
        return f"parentheses nested deeper than {MAX_NESTING}"
    curved = _CURVED.search(text)
    return f"curves are not read: {curved[0].upper()}" if curved else ""


def _depth(text: str) -> int:
    codes = np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8)
    steps = (codes == ord("(")).astype(np.int8) - (codes == ord(")")).astype(np.int8)
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))


def _reason(text: str) -> str:
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            shapely.from_wkt(text)
    except shapely.GEOSException as error:
        return f"not WKT: {str(error).strip()[:200]}"
    return "not WKT"


def refuse_infinite(geometries: Any, problems: dict[int, str]) -> None:
    """Replace geometries with infinite or missing coordinates by None, and say so."""
    points, owner = shapely.get_coordinates(geometries, return_index=True)
    for index in np.unique(owner[~np.isfinite(points).all(axis=1)]):
        problems[int(index)] = "a coordinate is not a finite number"
        geometries[index] = None


def prove_axis(literals: Iterable[str]) -> AxisProof:
    """Look for proof that literals under a latitude-first CRS (EPSG:4326 …) write longitude first.

    Proof is one literal with a first coordinate beyond ±90 and all second ones within; a literal whose second coordinate is beyond
    ±90 contradicts it, because no latitude is. Without proof, or with a contradiction, the authority's order stands.
    Proofs of parts add up: ``prove_axis(a) + prove_axis(b)``.
    """
    texts = list(literals)
    crs, raw, _ = parse(texts)
    return _proof(texts, crs, raw)


def _proof(literals: Sequence[str], crs: Sequence[Crs | None], raw: Any) -> AxisProof:
    open_to_doubt = np.array([one is not None and _latitude_first(one) for one in crs], dtype=bool) & ~shapely.is_missing(raw)
    return prove(literals, open_to_doubt, shapely.bounds(raw).reshape(-1, 4))


def prove(texts: Any, open_to_doubt: Any, bounds: Any) -> AxisProof:
    """`prove_axis` of literals that were read, from their bounds as written; only those open to doubt count."""
    reach = np.abs(np.nan_to_num(bounds))
    first, second = reach[:, [0, 2]].max(axis=1, initial=0), reach[:, [1, 3]].max(axis=1, initial=0)
    proving = np.flatnonzero(open_to_doubt & (first > _LATITUDE_LIMIT) & (second <= _LATITUDE_LIMIT))
    denying = np.flatnonzero(open_to_doubt & (second > _LATITUDE_LIMIT))
    sample = _shorten(str(texts[int(proving[0])])) if proving.size else None
    contradiction = _shorten(str(texts[int(denying[0])])) if denying.size else None
    return AxisProof(AxisOrder.STRICT, sample, contradiction, int(open_to_doubt.sum())) + AxisProof(AxisOrder.STRICT)


def _shorten(literal: str, limit: int = 120) -> str:
    return literal if len(literal) <= limit else literal[: limit - 1] + "…"


def write_wkt(geometries: Any, crs: Crs = CRS84) -> list[str]:
    """Write CRS84 geometries (longitude before latitude) as literals in ``crs``, in its authority's axis order.

    CRS84 is written without an IRI, anything else with it. Every bit is kept, so that reading gives the same coordinates.
    None is not written: give only what was read. Raises `CrsError` if PROJ knows no way to ``crs``, `GeometryError` where it has no
    coordinates for a place.
    """
    array = np.atleast_1d(np.asarray(geometries, dtype=object))
    ordered = written_in(array, crs)
    prefix = "" if crs == CRS84 else f"<{crs.iri}> "
    return [prefix + text for text in shapely.to_wkt(ordered, rounding_precision=_ALL_DIGITS, trim=True)]
