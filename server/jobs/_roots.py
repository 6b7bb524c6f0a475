"""Where the jobs of strangers may read: below folders that the operator has named, links followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from earthweave.ontology import ParameterError
from earthweave.processing import Parameters
from earthweave.processing.frame import at_home, extra


def confined(values: Parameters, roots: Sequence[Path]) -> None:
    """Refuse what was said if it names a file or folder outside the roots; raises `ParameterError` that names the parameter.

    A text of an input or an area counts as a path if it could be one: it names something on the disk, or is written like a path.
    """
    real = [at_home(root).resolve() for root in roots]
    for name in sorted(values.model_fields_set):
        role = str(extra(type(values), name).get("role", "option"))
        for path in _paths(getattr(values, name), role):
            if not any(at_home(path).resolve().is_relative_to(root) for root in real):
                raise ParameterError(
                    f"{name} = {path} is not accepted",
                    why="it lies below none of the folders that jobs may read here" if roots else "no folder is open to jobs here",
                    way_out="name a file below such a folder, or have whoever runs the server add one (EARTHWEAVE_INPUT_ROOTS)",
                )


def _paths(value: Any, role: str) -> Iterator[Path]:
    if role == "output":
        return
    if isinstance(value, tuple | list):
        for one in value:
            yield from _paths(one, role)
    elif isinstance(value, Path) or (isinstance(value, str) and role in ("input", "aoi") and _names_a_file(value)):
        yield Path(value)


def _names_a_file(text: str) -> bool:
    """Whether a text that may also be WKT, JSON, an address or a word stands for a file."""
    if "://" in text and not text.lower().startswith("file:"):
        return False
    if text.startswith(("/", "~", "./", "../", "file:")):
        return True
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        # too long for a name, or holds a zero byte
        return False
