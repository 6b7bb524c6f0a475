"""The tutorial's queries as printed, and the layers that the demo's map shows."""

from __future__ import annotations

from importlib.resources import files

QUERIES = ("query-1", "query-2a", "query-2b")
"""Names of the tutorial's queries (BiDS 2023 tutorial, §3.5.2)."""


def tutorial_query(name: str) -> str:
    """The text of a query by name; the tutorial's letter by letter as printed (2a with its ``geof:sIntersects``)."""
    return (files("earthweave.server.workflows") / "data" / f"{name}.rq").read_text("utf-8")


def tutorial_layers() -> list[dict[str, str]]:
    """The two layers of the tutorial's map, name and query, with the whole extent between them: 2b shows fifty areas of it."""
    return [
        {"name": "Administrative areas", "query": tutorial_query("query-2a")},
        {"name": "Flood extent", "query": tutorial_query("flood-extent")},
        {"name": "Flooded areas", "query": tutorial_query("query-2b")},
    ]
