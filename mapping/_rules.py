"""The mapping documents that come with the package."""

from __future__ import annotations

from pathlib import Path

from earthweave.ontology import NotFoundError

_FOLDER = Path(__file__).parent / "rules"


def shipped_rules() -> tuple[str, ...]:
    """Names of the rules that come with the package, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.ttl")))


def rules(name: str) -> Path:
    """The file of a shipped rule, for `read_rules`; raise `NotFoundError` for another name."""
    path = _FOLDER / f"{name}.ttl"
    if name not in shipped_rules():
        raise NotFoundError(f"there is no rule {name!r}", way_out=f"shipped are {', '.join(shipped_rules())}")
    return path
