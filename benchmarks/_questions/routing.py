"""Requests to a digital assistant, with the engine that should take each."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from earthweave.qa.language import annotate, read, route

from .cases import Case
from .pipeline import TODAY, Asker
from .stores import QA

_NAMES = {
    "IMAGE_RETRIEVAL_BY_METADATA": "metadata", "IMAGE_RETRIEVAL_BY_CAPTION": "caption", "IMAGE_RETRIEVAL_BY_IMAGE": "image",
    "OBJECT_COUNTING": "counting", "BINARY_VISUAL_QA": "visual", "IMAGE_SEGMENTATION": "segmentation", "GEOSPATIAL_QA": "features",
}  # fmt: skip


def cases(asking: Asker) -> Iterator[Case]:
    """Every request, judged."""
    given = json.loads((QA / "da4dte_requests.json").read_text("utf-8"))
    rows = given if isinstance(given, list) else next(value for value in given.values() if isinstance(value, list))
    for number, row in enumerate(rows):
        started = time.perf_counter()
        question = read(row["request"])
        engine = route(question, annotate(question, asking.knowledge, TODAY))
        right = engine == _NAMES[row["category"]]
        seconds = time.perf_counter() - started
        yield Case(str(number), row["category"], row["request"], right, "" if right else "answer", f"got {engine}", seconds)
