"""Questions made from the catalogue of Hamburg: what is asked is drawn first, then worded, then answered apart from the question layer.

Wordings come in families. Those marked ``kept`` were written after the grammar's tables and are reported apart: no rule may be made for
them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import shapely

from earthweave.ontology import GEO
from earthweave.server.store import Store

from .cases import Case
from .pipeline import Told, asker
from .stores import hamburg
from .wordings import DEVELOPMENT, KEPT

_SPACE = "https://ai-team-uoa.github.io/LTEOI-BIDS-2025/ontology/"
_PRODUCTS = f"""
PREFIX o: <{_SPACE}> PREFIX geo: <{GEO}>
SELECT ?s ?wkt ?time ?cloud ?vegetation ?water ?snow ?platform WHERE {{
  ?s a o:sentinel2 ; geo:hasGeometry ?g ; o:propertiesLink ?p . ?g geo:asWKT ?wkt .
  ?p o:hasTimestamp ?time ; o:hasCloudCover ?cloud ; o:hasVegetationPercentage ?vegetation ; o:hasWaterPercentage ?water ;
     o:hasSnowIcePercentage ?snow ; o:hasPlatform ?platform }}"""
_PLACES = f"""
PREFIX o: <{_SPACE}> PREFIX geo: <{GEO}>
SELECT ?name ?wkt WHERE {{ ?s geo:hasGeometry ?g ; o:propertiesLink ?p . ?g geo:asWKT ?wkt . ?p o:hasGADM_Name|o:hasName ?name }}"""
_MONTHS = "January February March April May June July August September October November December".split()
_SHARES = {"cloud": ("cloud cover", "cloud coverage", "clouds"),
           "vegetation": ("vegetation", "vegetation percentage", "vegetation coverage"),
           "water": ("water", "water percentage", "water coverage"), "snow": ("snow", "snow cover", "snow percentage")}  # fmt: skip


@dataclass(frozen=True)
class Product:
    """A row of the catalogue, read apart from the question layer."""

    iri: str
    shape: Any
    time: date
    shares: dict[str, float]
    platform: str


@dataclass(frozen=True)
class Asked:
    """What a question asks for: place, days ``[start, end)`` with their wording, bounds on shares, platform, and what of it is wanted."""

    form: str
    place: str = ""
    start: date | None = None
    end: date | None = None
    when: str = ""
    bounds: tuple[tuple[str, str, int], ...] = ()
    platform: str = ""
    order: tuple[str, bool] | None = None
    limit: int = 0


def _rows(store: Store, query: str) -> list[dict[str, str]]:
    return [{name: cell["value"] for name, cell in row.items()} for row in store.query(query).table.to_pylist()]


def catalogue(store: Store) -> tuple[list[Product], dict[str, Any]]:
    """All products, and the places by name."""
    products = [
        Product(
            row["s"], shapely.from_wkt(row["wkt"]), datetime.fromisoformat(row["time"]).date(),
            {name: float(row[name]) for name in _SHARES}, row["platform"],
        )
        for row in _rows(store, _PRODUCTS)
    ]  # fmt: skip
    places: dict[str, Any] = {}
    for row in _rows(store, _PLACES):
        shape = shapely.make_valid(shapely.from_wkt(row["wkt"]))
        places[row["name"]] = shapely.union(places[row["name"]], shape) if row["name"] in places else shape
    return products, places


# what is asked
def drawn(rng: random.Random, places: Sequence[str]) -> Asked:
    """A random thing to ask."""
    form = rng.choice(["list"] * 5 + ["count"] * 3 + ["ask"] + ["best"] * 2)
    start, end, when = rng.choice([_none, _month, _year, _range, _since, _season])(rng)
    names = rng.sample(sorted(_SHARES), rng.choice([0, 0, 1, 1, 2]))
    bounds = tuple((name, rng.choice(["<", ">"]), rng.choice([5, 10, 20, 30, 50, 70])) for name in names)
    platform = rng.choice(["", "", "", "sentinel-2a", "sentinel-2b"])
    order = (rng.choice(["cloud", "time"]), rng.random() < 0.5) if form == "best" else None
    limit = rng.choice([1, 3, 5]) if form == "best" else rng.choice([0, 0, 0, 5, 10]) if form == "list" else 0
    return Asked(form, rng.choice([*places, "Hamburg", "Hamburg", "Hamburg", ""]), start, end, when, bounds, platform, order, limit)


def _none(rng: random.Random) -> tuple[date | None, date | None, str]:
    return None, None, ""


def _month(rng: random.Random) -> tuple[date | None, date | None, str]:
    year, month = rng.choice([2020, 2021, 2022]), rng.randint(1, 12)
    end = date(year + month // 12, month % 12 + 1, 1)
    return (
        date(year, month, 1),
        end,
        rng.choice([f"in {_MONTHS[month - 1]} {year}", f"during {_MONTHS[month - 1]} {year}", f"from {_MONTHS[month - 1]} {year}"]),
    )


def _year(rng: random.Random) -> tuple[date | None, date | None, str]:
    year = rng.choice([2020, 2021, 2022])
    return date(year, 1, 1), date(year + 1, 1, 1), rng.choice([f"in {year}", f"during {year}", f"taken in {year}"])


def _range(rng: random.Random) -> tuple[date | None, date | None, str]:
    first = date(2020, 1, 1) + timedelta(days=rng.randint(0, 900))
    last = first + timedelta(days=rng.randint(3, 120))
    words = rng.choice(["between {a} and {b}", "from {a} to {b}"])
    form = rng.choice(["{0.day} {1} {0.year}", "{0:%Y-%m-%d}", "{1} {0.day}, {0.year}"])
    spoken = {name: form.format(day, _MONTHS[day.month - 1]) for name, day in (("a", first), ("b", last))}
    return first, last + timedelta(days=1), words.format(**spoken)


def _since(rng: random.Random) -> tuple[date | None, date | None, str]:
    year = rng.choice([2021, 2022])
    if rng.random() < 0.5:
        return None, date(year, 1, 1), f"before {year}"
    return date(year, 1, 1), None, f"since {year}"


def _season(rng: random.Random) -> tuple[date | None, date | None, str]:
    year, (name, month) = rng.choice([2020, 2021]), rng.choice([("spring", 3), ("summer", 6), ("autumn", 9)])
    return date(year, month, 1), date(year, month + 3, 1), f"in {name} {year}"


# how it is worded
def _shares(rng: random.Random, asked: Asked, style: int) -> str:
    said = []
    for name, op, value in asked.bounds:
        noun = rng.choice(_SHARES[name][: 2 if style else 3])
        less, more = [("less than", "more than"), ("under", "over"), ("below", "above")][style % 3]
        said.append(
            f"{less if op == '<' else more} {value}% {noun}" if style < 2 else f"{noun} {less if op == '<' else more} {value} percent"
        )
    return " and ".join(said)


def _noun(asked: Asked, words: str = "images") -> str:
    return f"{asked.platform or 'sentinel-2'} {words}"


def _with(text: str, lead: str = " with ") -> str:
    return f"{lead}{text}" if text else ""


_BEST = {
    ("cloud", False): ("least cloudy", "clearest"), ("cloud", True): ("cloudiest", "most clouded"),
    ("time", True): ("most recent", "latest"), ("time", False): ("oldest", "earliest"),
}  # fmt: skip


def _slots(rng: random.Random, asked: Asked) -> dict[str, str]:
    """What the templates are filled with; see `wordings`."""
    when, place = asked.when and f" {asked.when}", asked.place
    shares, other = _shares(rng, asked, 0), _shares(rng, asked, 2)
    count = f"{asked.limit} " if asked.limit > 1 else ""
    best, top = _BEST[asked.order] if asked.order else ("", "")
    return {
        "count": count, "count_or_all": count or "all ", "count_or_any": count or "any ", "best": best, "top": top,
        "be": "is" if asked.limit == 1 else "are", "noun": _noun(asked), "scenes": _noun(asked, "scenes"),
        "products": _noun(asked, "products"), "acquisitions": _noun(asked, "acquisitions"), "single": _noun(asked, "image"),
        "one": _noun(asked, "image" if asked.limit == 1 else "images"), "place": place, "Place": place, "of": _with(place, " of "),
        "over": _with(place, " over "), "cover": _with(place, " covering "), "when": when, "when_or": when or " so far",
        "When": "" if asked.when.startswith("taken") else asked.when[:1].upper() + asked.when[1:], "shares_or": shares, "Other": other,
        "with_shares": _with(shares), "having_shares": _with(shares, " having "), "with_other": _with(other),
        "comma_other": _with(other, ", "),
    }  # fmt: skip


_NEEDED = ("When", "Place", "Other", "shares_or")
"""Slots that a template is only used with where they are filled."""


def _wordings(rng: random.Random, asked: Asked) -> Iterator[tuple[str, str]]:
    """Family and text, two of each side; families that begin with ``kept`` are reported apart."""
    slots = _slots(rng, asked)
    for side, families in (("", DEVELOPMENT), ("kept ", KEPT)):
        fit = [
            (name, form)
            for name, form in families[asked.form].items()
            if all(slots[slot] or f"{{{slot}}}" not in form for slot in _NEEDED)
            and not (asked.limit and name in ("which", "any", "what", "fronted time"))
        ]
        for name, form in rng.sample(fit, min(2, len(fit))):
            yield f"{side}{asked.form} {name}", " ".join(form.format(**slots).split()).replace(" ,", ",")


# the answer, found apart
def _meets(asked: Asked, one: Product, places: dict[str, Any]) -> bool:
    inside = not asked.place or bool(shapely.intersects(one.shape, places[asked.place]))
    timely = (asked.start is None or one.time >= asked.start) and (asked.end is None or one.time < asked.end)
    within = all(one.shares[name] < value if op == "<" else one.shares[name] > value for name, op, value in asked.bounds)
    return inside and timely and within and (not asked.platform or one.platform == asked.platform)


def _right(asked: Asked, told: Told, products: Sequence[Product], places: dict[str, Any]) -> bool:
    fitting = [one for one in products if _meets(asked, one, places)]
    result = told.result
    if result is None:
        return False
    if asked.form == "count":
        return bool(result.numbers and result.numbers[0] and result.numbers[0].value == len(fitting))
    if asked.form == "ask":
        return told.truth() is bool(fitting)
    found = {row.feature.iri for row in result.rows}
    if asked.form == "best":
        assert asked.order
        name, descending = asked.order
        ranked = sorted((one.shares["cloud"] if name == "cloud" else one.time.toordinal() for one in fitting), reverse=descending)[
            : asked.limit
        ]
        values = {one.iri: one.shares["cloud"] if name == "cloud" else one.time.toordinal() for one in fitting}
        return found <= set(values) and len(found) >= min(asked.limit, len(fitting)) and {values[iri] for iri in found} == set(ranked)
    wanted = {one.iri for one in fitting}
    return (found <= wanted and len(found) == min(asked.limit, len(wanted))) if asked.limit else found == wanted


def cases(folder: Path, sample: int = 0) -> Iterator[Case]:
    """Questions of every family, judged by the exact answer."""
    rng = random.Random(20)
    with hamburg(folder) as store:
        products, places = catalogue(store)
        asking = asker(store, folder / "hamburg.knowledge")
        names = sorted(name for name in places if name != "Hamburg")
        for number in range(sample or 300):
            asked = drawn(rng, names)
            for family, text in _wordings(rng, asked):
                told = asking.tell(text)
                right = _right(asked, told, products, places)
                category = "kept apart" if family.startswith("kept") else "development"
                yield Case(f"{family} {number}", category, text, right, "" if right else told.stage(), told.note()[:400], told.seconds)
