"""Words for Earth-observation products: missions, platforms, product types, levels, polarisations, orbits, collections, themes.

Each becomes conditions on properties that are named by the terms of STAC and OGC 17-003; which predicates of a store those are is the
planner's to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from earthweave.ontology import EW

from ..request import Amount, Assumption, Compare, Concept, Constraint, Property, Text
from ._collections import AGENCIES, COLLECTIONS, DATASETS, THEMES
from ._reading import Reading, Scored
from ._tokens import Question, Token

PRODUCT = Concept("Earth-observation product", str(EW.EarthObservationProduct))
COLLECTION = Concept("collection")
"""What products are kept in: no store of ours has them as things yet."""
_COLLECTIONS = "data cube, datacube, image collection, data collection, product collection, stac collection, satellite collection"
_NOUNS = {
    "image": 1.0, "imagery": 1.0, "picture": 1.0, "scene": 1.0, "photo": 0.9, "photograph": 0.9, "acquisition": 1.0, "product": 1.0,
    "granule": 1.0, "tile": 0.7, "satellite image": 1.0, "satellite imagery": 1.0, "satellite picture": 1.0, "satellite photo": 1.0,
    "satellite data": 1.0, "satellite scene": 1.0, "snapshot": 0.8, "quicklook": 0.8, "item": 0.7, "composite": 0.8, "dataset": 0.6,
    "data set": 0.6, "data": 0.5, "earth observation product": 1.0, "eo product": 1.0, "raster": 0.6, "mosaic": 0.6, "pass": 0.3,
}  # fmt: skip
_SENTINELS = {
    "1": "ABCD", "2": "ABCD", "3": "ABCD", "5p": "", "5": "", "6": "AB", "4": "AB",
}  # fmt: skip
_SPELLED = {"one": "1", "two": "2", "three": "3", "five": "5", "six": "6", "1": "1", "2": "2", "3": "3", "4": "4", "5": "5", "6": "6"}
_MISSIONS: tuple[tuple[str, str], ...] = (
    ("Sentinel-5P", "sentinel 5 p, sentinel 5 precursor, s5p, tropomi"),
    ("Landsat-8", "landsat 8, l8"), ("Landsat-9", "landsat 9, l9"), ("Landsat-7", "landsat 7"), ("Landsat-5", "landsat 5"),
    ("Landsat-4", "landsat 4"), ("Landsat", "landsat"),
    ("Sentinel", "sentinel"), ("MODIS", "modis, terra modis, aqua modis"), ("VIIRS", "viirs"), ("ASTER", "aster"),
    ("CBERS-4A", "cbers 4 a, cbers 4a, cbers4a"), ("CBERS-4", "cbers 4, cbers4"), ("CBERS", "cbers"),
    ("Amazonia-1", "amazonia 1"), ("PlanetScope", "planetscope, planet scope"), ("WorldView", "worldview"), ("SPOT", "spot 6, spot 7"),
    ("EnMAP", "enmap"), ("PRISMA", "prisma"), ("ALOS", "alos, alos palsar, palsar"), ("RADARSAT", "radarsat"), ("Envisat", "envisat"),
    ("TerraSAR-X", "terrasar x, terrasar - x"), ("GOES", "goes"),
    ("HLS", "hls, harmonized landsat sentinel 2, harmonised landsat sentinel 2, harmonized landsat and sentinel 2, "
     "harmonised landsat and sentinel 2, harmonized landsat sentinel, harmonised landsat sentinel"),
    ("NAIP", "naip"),
)  # fmt: skip
_VALUES: tuple[tuple[str, str, str], ...] = (
    ("product type", "GRD", "grd, ground range detected, grdh, grdm"), ("product type", "SLC", "slc, single look complex"),
    ("product type", "OCN", "ocn"), ("product type", "RAW", "raw"), ("product type", "RTC", "rtc, radiometrically terrain corrected"),
    ("product type", "S2MSI1C", "s2msi1c, msi l1c, msil1c"), ("product type", "S2MSI2A", "s2msi2a, msi l2a, msil2a"),
    ("processing level", "L0", "l0, level 0, level - 0"),
    ("processing level", "L1C", "l1c, level 1c, level 1 c, level - 1c, level - 1 c, top of atmosphere, toa"),
    ("processing level", "L2A", "l2a, level 2a, level 2 a, level - 2a, level - 2 a, bottom of atmosphere, boa, atmospherically corrected, "
     "surface reflectance"),
    ("processing level", "L1", "l1, level 1, level - 1"), ("processing level", "L2", "l2, level 2, level - 2"),
    ("processing level", "L3", "l3, level 3, level - 3"),
    ("polarisation", "VV", "vv, vertical vertical, vertical - vertical"), ("polarisation", "VH", "vh, vertical horizontal"),
    ("polarisation", "HH", "hh, horizontal horizontal, horizontal - horizontal"), ("polarisation", "HV", "hv, horizontal vertical"),
    ("orbit direction", "ascending", "ascending, ascending pass, ascending orbit"),
    ("orbit direction", "descending", "descending, descending pass, descending orbit"),
    ("instrument mode", "IW", "iw, interferometric wide, interferometric wide swath"), ("instrument mode", "EW", "ew, extra wide swath"),
    ("instrument mode", "SM", "stripmap"), ("instrument mode", "WV", "wave mode"),
    ("instrument", "SAR", "sar, radar, synthetic aperture radar"), ("instrument", "optical", "optical, multispectral, multi spectral"),
    ("instrument", "OLCI", "olci"), ("instrument", "SLSTR", "slstr"), ("instrument", "MSI", "msi"),
    ("instrument", "TM", "thematic mapper"), ("instrument", "ETM+", "etm, etm +, enhanced thematic mapper"),
    ("instrument", "OLI", "oli, operational land imager"), ("instrument", "TIRS", "tirs"),
    ("timeliness", "NRT", "near real time, near - real - time, nrt"),
)  # fmt: skip
_NUMBERED: tuple[tuple[str, str], ...] = (
    ("relative orbit", "relative orbit number, relative orbit, track, rel orbit"),
    ("absolute orbit", "absolute orbit number, absolute orbit"),
    ("orbit number", "orbit number, orbit"), ("slice number", "slice number, slice"), ("cycle number", "cycle number, cycle"),
    ("EPSG code", "epsg, epsg code"),
)  # fmt: skip
_CODE = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[A-Za-z][A-Za-z0-9_.]*(?:[-_][A-Za-z0-9.]+)+")
_TILE = re.compile(r"t?\d{2}[a-z]{3}", re.ASCII)
_JOINTS = frozenset("- _".split())


def _table(rows: tuple[tuple[Any, ...], ...]) -> dict[tuple[str, ...], tuple[Any, ...]]:
    return {tuple(words.split()): tuple(row) for *row, phrases in rows for words in phrases.split(", ")}


_MISSION_WORDS, _VALUE_WORDS, _NUMBERED_WORDS = _table(_MISSIONS), _table(_VALUES), _table(_NUMBERED)
_THEME_WORDS = {tuple(words.split()): theme for theme, phrases in THEMES.items() for words in phrases.split(", ")}
_DATASET_WORDS = {tuple(words.split()): id for id, phrases in DATASETS.items() for words in phrases.split(", ")}
_COLLECTION_WORDS: dict[tuple[str, ...], float] = {tuple(words.split()): 0.95 for words in _COLLECTIONS.split(", ")}
_COLLECTION_WORDS["collection",] = 0.6
_NOUN_WORDS: dict[tuple[str, ...], float] = {tuple(words.split()): score for words, score in _NOUNS.items()}


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """Everything that speaks of products."""
    del knowledge, today
    tokens = question.tokens
    beside = _beside_missions(tokens)
    for at in range(len(tokens)):
        satellites = [*_sentinel(tokens, at)]
        yield from satellites
        yield from _coverages(tokens, satellites)
        yield from _code(question, at)
        yield from () if satellites else _missions(question, at)
        yield from _values(tokens, at)
        yield from _themes(tokens, at, _THEME_OF_MISSION if at in beside else 0.5)
        yield from _datasets(question, at)
        yield from _nouns(tokens, at)


def _coverages(tokens: tuple[Token, ...], satellites: Iterable[Reading]) -> Iterator[Reading]:
    """ "Sentinel-2 coverage of Kent": what has been taken of it."""
    for one in satellites:
        if one.end < len(tokens) and tokens[one.end].lower == "coverage":
            yield Reading("class", one.end, one.end + 1, (Scored(PRODUCT, 0.9),), 0.9, "product noun")


def _missions(question: Question, at: int) -> Iterator[Reading]:
    """A mission in words, with the abbreviation and the version behind it."""
    for words, (mission,) in _starting(question.tokens, at, _MISSION_WORDS):
        end, told = _version(question, _abbreviated(question, at + words))
        yield _product(at, end, 0.95, _equals("mission", mission), told=told)


def _values(tokens: tuple[Token, ...], at: int) -> Iterator[Reading]:
    """A value of a property of products ("VV polarisation"), or such a property and its number ("orbit 45")."""
    for words, (label, value) in _starting(tokens, at, _VALUE_WORDS):
        yield _product(at, _beyond(tokens, at + words, _LABELS.get(label, ())), 0.95, _equals(label, value))
    for words, (label,) in _starting(tokens, at, _NUMBERED_WORDS):
        yield from _numbered(tokens, at, at + words, label)


def _themes(tokens: tuple[Token, ...], at: int, score: float) -> Iterator[Reading]:
    """What products are about: "burned area", "sea surface temperature"."""
    for words, theme in _starting(tokens, at, _THEME_WORDS):
        yield _product(at, at + words, score, _equals("theme", theme))


def _datasets(question: Question, at: int) -> Iterator[Reading]:
    """A collection by its title, with the agency that made it in front, and with its theme behind it: "WorldCover land cover"."""
    tokens = question.tokens
    for words, id in _starting(tokens, at, _DATASET_WORDS):
        made = at > 0 and tokens[at - 1].lower in AGENCIES
        end = _abbreviated(question, at + words)
        more = max((size for size, _ in _starting(tokens, end, _THEME_WORDS)), default=0)
        for last in dict.fromkeys((end, end + more)):
            yield _product(at - made, last, 1.0, _equals("collection", id))


def _nouns(tokens: tuple[Token, ...], at: int) -> Iterator[Reading]:
    """Words for products and for collections of them."""
    for words, score in _starting(tokens, at, _NOUN_WORDS):
        yield Reading("class", at, at + words, (Scored(PRODUCT, score),), score, "product noun")
        if tokens[at + words - 1].lemma in _SETS and _is_chosen(tokens, at + words):
            yield Reading("class", at, at + words, (Scored(COLLECTION, 0.95),), 0.95, "collection noun")
    for words, score in _starting(tokens, at, _COLLECTION_WORDS):
        yield Reading("class", at, at + words, (Scored(COLLECTION, score),), score, "collection noun")


_SETS = frozenset(("dataset", "set", "data", "product"))


def _is_chosen(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether one is sought to work with: "which datasets can I use to study …", "which product is best for …"."""
    following = [token.lower for token in tokens[at : at + 5]]
    return following[:1] != ["to"] and not {"use", "suited", "suitable", "best", "recommended", "appropriate"}.isdisjoint(following)


_THEME_OF_MISSION = 0.97
"""How sure a theme is beside a mission: "MODIS burned area" are products, and no burned areas."""


def _beside_missions(tokens: tuple[Token, ...]) -> set[int]:
    """Where themes begin that stand beside a mission, or beside another theme that does."""
    themes = {(at, at + size) for at in range(len(tokens)) for size, _ in _starting(tokens, at, _THEME_WORDS)}
    reached = {(at, at + size) for at in range(len(tokens)) for size, _ in _starting(tokens, at, _MISSION_WORDS)}
    while more := {one for one in themes - reached if any(one[0] == end or one[1] == start for start, end in reached)}:
        reached |= more
    return {start for start, _ in themes & reached}


_LABELS = {
    "polarisation": ("polarisation", "polarization", "polarised", "channel"), "instrument mode": ("mode",), "instrument": ("sensor",),
}  # fmt: skip
"""Words that may stand behind a value and name what it is a value of."""


def _equals(label: str, value: str) -> Compare:
    return Compare(Property(label), "=", Text(value))


def _product(start: int, end: int, score: float, *conditions: Constraint, told: tuple[Assumption, ...] = ()) -> Reading:
    return Reading("product", start, end, conditions, score, "products", told)


def _abbreviated(question: Question, at: int) -> int:
    """The place after an abbreviation in brackets that stands there."""
    piece = question.tokens[at : at + 3]
    return at + 3 if [one.text for one in piece[::2]] == ["(", ")"] and piece[1].text.isupper() else at


def _version(question: Question, at: int) -> tuple[int, tuple[Assumption, ...]]:
    """The place after "version 2.0", and what is taken for granted of it: the store has the version that it has."""
    piece = question.tokens[at : at + 2]
    if len(piece) < 2 or piece[0].lower not in _VERSIONS or not piece[1].text[0].isdigit():
        return at, ()
    words = question.words(at, at + 2)
    return at + 2, (Assumption("any-version", f"“{words}” is not looked at: any version counts.", words),)


_VERSIONS = frozenset("version v ver release collection".split())


def _starting(tokens: tuple[Token, ...], at: int, table: dict[tuple[str, ...], Any]) -> Iterator[tuple[int, Any]]:
    """What begins at a place, hyphens apart: how many tokens, and the row."""
    for size in range(1, 9):
        piece = tokens[at : at + size]
        if len(piece) < size or piece[-1].text in _JOINTS:
            continue
        for words in (tuple(token.lower for token in piece), tuple(token.lemma for token in piece)):
            plain = tuple(word for word in words if word not in _JOINTS)
            row = table.get(words, table.get(plain) if piece[0].text not in _JOINTS else None)
            if row is not None:
                yield size, row
                break


def _sentinel(tokens: tuple[Token, ...], at: int) -> Iterator[Reading]:
    """``Sentinel-2``, ``sentinel 2A``, ``S2``, ``S-2B``, ``Sentinel two``."""
    word = tokens[at].lower
    if match := re.fullmatch(r"(?:sentinel|s)(1|2|3|6|5p)([a-d])?", word):
        yield _product(at, at + 1, 1.0, *_satellite(match[1], match[2] or ""))
    elif word in {"sentinel", "s"}:
        begin = at + 1 + (at + 1 < len(tokens) and tokens[at + 1].text in _JOINTS)
        if word == "sentinel" or begin > at + 1:
            yield from _apart(tokens, at, begin)


def _apart(tokens: tuple[Token, ...], at: int, begin: int) -> Iterator[Reading]:
    """The satellite at ``at`` whose number stands at ``begin``, and its letter perhaps behind that."""
    digit = tokens[begin].lower if begin < len(tokens) else ""
    match = re.fullmatch(r"([1-6]p?)([a-d])?", _SPELLED.get(digit, digit))
    if not match or match[1] not in _SENTINELS:
        return
    letter, end = match[2] or "", begin + 1
    if not letter and end < len(tokens) and re.fullmatch(r"[A-Dp]", tokens[end].text) and tokens[end].start == tokens[begin].end:
        letter, end = tokens[end].lower, end + 1
    number = "5p" if letter == "p" else match[1]
    yield _product(at, _beyond(tokens, end, ("platform", "satellite", "mission")), 1.0, *_satellite(number, letter.replace("p", "")))


def _satellite(number: str, letter: str) -> tuple[Compare, ...]:
    mission = _equals("mission", f"Sentinel-{number.upper()}")
    return (mission, _equals("platform", f"Sentinel-{number}{letter.upper()}")) if letter else (mission,)


def _beyond(tokens: tuple[Token, ...], at: int, words: tuple[str, ...]) -> int:
    """The place after a word that may follow."""
    return at + (at < len(tokens) and tokens[at].lemma in words)


def _numbered(tokens: tuple[Token, ...], start: int, at: int, label: str) -> Iterator[Reading]:
    """``orbit number 22113``, ``relative orbit = 45``."""
    begin = _beyond(tokens, at, ("=", "of", "equal", ":", "is"))
    begin = _beyond(tokens, begin, ("to",)) if begin > at else begin
    if begin < len(tokens) and tokens[begin].text.isdecimal() and len(tokens[begin].text) < 10:
        condition = Compare(Property(label), "=", Amount(float(tokens[begin].text)))
        yield _product(start, begin + 1, 1.0, condition)


def _code(question: Question, at: int) -> Iterator[Reading]:
    """A code that is written in one piece with hyphens and figures (``LANDSAT-16D-1``), an MGRS tile, or the id of a collection."""
    tokens = question.tokens
    if at and tokens[at - 1].end == tokens[at].start and tokens[at - 1].is_word:
        return
    end = _end_of_piece(tokens, at)
    text = question.words(at, end).rstrip("-_")
    named = at > 0 and tokens[at - 1].lower == "tile"
    if _TILE.fullmatch(text.lower()) and (named or text[0].lower() == "t"):
        yield _product(at - named, end, 1.0, _equals("tile", text.upper().removeprefix("T")))
    elif text.lower() in COLLECTIONS:
        yield _product(at, end, 1.0, _equals("collection", text))
    elif text.count("-") >= 1 and _CODE.fullmatch(text) and not text.lower().startswith(("sentinel", "level", "s-")):
        # one hyphen may as well be in an ordinary word ("mid-2021") or a mission's name
        yield _product(at, end, 1.0 if text.count("-") > 1 else 0.4, _equals("collection", text))


def _end_of_piece(tokens: tuple[Token, ...], at: int) -> int:
    """The place after words and hyphens without a space between them."""
    end = at + 1
    while end < len(tokens) and tokens[end].start == tokens[end - 1].end and (tokens[end].is_word or tokens[end].text in _JOINTS):
        end += 1
    return end
