"""``map run direct``: the W3C Direct Mapping of a database in place of rules."""

from __future__ import annotations

from pathlib import Path

from earthweave.mapping import Plan, direct_mapping, schema_of
from earthweave.ontology import ParameterError

_FILES = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".gpkg": "sqlite", ".duckdb": "duckdb"}
NAME = "direct"
"""What stands in the place of RULES."""


def direct_plan(source: Path | None, databases: dict[str, str], base: str | None) -> tuple[Plan, dict[str, str]]:
    """The plan of a database, which is a file or the unnamed URL, and the databases to run it on.

    Raises `ParameterError` if there is no base, no database or more than one; and as `schema_of` does.
    """
    if base is None:
        raise ParameterError("the Direct Mapping needs a base", way_out="say it: -b http://example.org/")
    url = databases.get("", "") if source is None else f"{_kind(source)}:///{source.absolute()}"
    if not url or len(databases) > 1:
        raise ParameterError("the Direct Mapping is of one database", way_out="give its file or URL as SOURCE")
    return direct_mapping(schema_of(url), base), {"": url}


def _kind(source: Path) -> str:
    kind = _FILES.get(source.suffix.lower())
    if kind is None:
        raise ParameterError(f"{source.name} is no database", why=f"its name ends in none of {' '.join(_FILES)}",
                             way_out="for other files: earthweave map generate, then map run")
    return kind
