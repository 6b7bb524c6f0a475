"""GeoQuery: its database as linked data of our own mapping, and the answers of its SQL."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from earthweave.qa.planning import Feature, Figure

from .cases import Case
from .pipeline import Told, asker
from .stores import QA, usa


def rows() -> list[dict[str, Any]]:
    """The questions that have an answer."""
    found = json.loads((QA / "geoquery_train_dev.json").read_text("utf-8"))
    return [row for row in found if row["answer"] is not None]


def cases(folder: Path, sample: int = 0) -> Iterator[Case]:
    """Every question, judged; or a sample of them."""
    given = rows()
    if sample:
        given = random.Random(1).sample(given, min(sample, len(given)))
    with usa(folder) as store:
        asking = asker(store, folder / "usa.knowledge")
        for number, row in enumerate(given):
            told = asking.tell(row["question"])
            right = told.result is not None and _right(row["answer"], told)
            note = "" if right else f"{told.note()} gold={json.dumps(row['answer'])[:120]} got={sorted(map(str, _values(told)))[:8]}"
            yield Case(
                str(row.get("id", number)),
                str(row["query_split"]),
                row["question"],
                right,
                "" if right else told.stage(),
                note,
                told.seconds,
            )


def _values(told: Told) -> set[Any]:
    result = told.result
    if result is None:
        return set()
    if told.truth() is not None:
        return {told.truth()}
    if result.numbers:
        return {one.value for one in result.numbers if one is not None}
    wanted = [at for at, one in enumerate(result.outputs) if one.role == "value"]
    if not wanted:
        return {row.feature.label.lower() for row in result.rows}
    return {_plain(row.values[at]) for row in result.rows for at in wanted if row.values[at] is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Figure):
        return value.value
    return value.label.lower() if isinstance(value, Feature) else str(value).lower()


def _right(gold: list[list[Any]], told: Told) -> bool:
    """The same set of values: SQL repeats a river for every state."""
    wanted = {_number(one) for row in gold for one in row[:1]}
    return {_number(one) for one in _values(told)} == wanted


def _number(value: Any) -> Any:
    try:
        return float(f"{float(value):.6g}")
    except (TypeError, ValueError):
        return value
