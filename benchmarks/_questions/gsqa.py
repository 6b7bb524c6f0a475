"""GS-QA over the points of interest that its gold answers were computed from: ids, distances and angles must be equal."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from earthweave.qa.planning import Feature, Figure

from .cases import Case
from .pipeline import Told, asker
from .stores import QA, pois


def rows() -> list[dict[str, Any]]:
    """The questions whose answers the file of points gives."""
    with gzip.open(QA / "gsqa_questions.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [row for row in map(json.loads, lines) if row["reproducible_over_pois"]]


def cases(folder: Path, sample: int = 0) -> Iterator[Case]:
    """Every question, judged; or a sample of them."""
    given = rows()
    if sample:
        given = random.Random(1).sample(given, min(sample, len(given)))
    with pois(folder) as store:
        asking = asker(store, folder / "pois.knowledge")
        for row in given:
            told = asking.tell(row["question"])
            right = told.result is not None and _right(row, told)
            note = "" if right else f"{told.note()} gold={json.dumps(row['answers'])[:120]} got={_got(told)[:120]}"
            yield Case(
                str(row["id"]),
                f"{row['template']} {row['type']}",
                row["question"],
                right,
                "" if right else told.stage(),
                note,
                told.seconds,
                apart=_ABSENT if any("multihop_answer" in one for one in row["answers"]) else "",
            )


_ABSENT = "the thing is found, and its attribute is not among the points"


def _things(told: Told) -> dict[int, list[float]]:
    """Id of a point → the numbers told with it."""
    found: dict[int, list[float]] = {}
    for row in told.result.rows if told.result else ():
        about = [row.feature, *(one for one in row.values if isinstance(one, Feature))]
        for feature in about:
            id = feature.iri.rsplit("/", 1)[-1]
            if "/poi/" in feature.iri and id.isdigit():
                found.setdefault(int(id), []).extend(one.value for one in row.values if isinstance(one, Figure))
    return found


def _right(row: dict[str, Any], told: Told) -> bool:
    """The same things; where distances or angles are asked for, the same numbers."""
    gold, things = row["answers"], _things(told)
    name = next((one for one in ("distance", "angle") if one in gold[0]), "") if gold else ""
    if not name:
        return set(things) == {one["id"] for one in gold}
    # things in the same direction have one row
    wanted, found = {one[name] for one in gold}, {value for values in things.values() for value in values}
    return bool(found) and _covered(wanted, found, name) and _covered(found, wanted, name)


def _covered(some: set[float], others: set[float], name: str) -> bool:
    """Whether each number is among the others, within a metre or a twentieth of a degree."""
    return all(any(abs(a - b) <= max(1.0 if name == "distance" else 0.05, 1e-4 * abs(b)) for b in others) for a in some)


def _got(told: Told) -> str:
    return str(dict(list(_things(told).items())[:5]))
