"""How RDF is written: syntax, packing and encoding, found from the name of a file or said by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from earthweave.ontology import UnsupportedError, setting

LINES = ("ntriples", "nquads")
"""Syntaxes that are written as they come, without limit."""
_SUFFIXES = {
    ".nt": "ntriples", ".nq": "nquads", ".ttl": "turtle", ".trig": "trig", ".n3": "n3", ".rdf": "rdfxml", ".xml": "rdfxml",
    ".rdfxml": "rdfxml", ".owl": "rdfxml", ".jsonld": "jsonld", ".rj": "rdfjson", ".rdfjson": "rdfjson",
}
_PACKINGS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zip": "zip", ".tar.gz": "targz", ".tgz": "targz", ".tar.xz": "tarxz"}
_SYNTAX_NAMES = {
    "ntriples": "ntriples", "nt": "ntriples", "nquads": "nquads", "nq": "nquads", "turtle": "turtle", "ttl": "turtle", "trig": "trig",
    "n3": "n3", "rdfxml": "rdfxml", "jsonld": "jsonld", "rdfjson": "rdfjson",
}
_PACKING_NAMES = {
    "": "", "none": "", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2", "xz": "xz", "zip": "zip", "targz": "targz",
    "tarxz": "tarxz",
}
SYNTAXES = tuple(dict.fromkeys(_SYNTAX_NAMES.values()))
"""Every syntax that can be written."""
PACKINGS = tuple(dict.fromkeys(one for one in _PACKING_NAMES.values() if one))
"""Every packing that can be written."""


@dataclass(frozen=True)
class Form:
    """How one output is written.

    Attributes:
        syntax: one of `SYNTAXES`.
        packing: one of `PACKINGS`, or empty.
        encoding: as Python knows it; empty for UTF-8 without a mark. UTF-16 is written with a byte order mark.
    """

    syntax: str = "nquads"
    packing: str = ""
    encoding: str = ""

    @property
    def graphs(self) -> bool:
        """True if the syntax holds named graphs."""
        return self.syntax in ("nquads", "trig", "jsonld")


@dataclass(frozen=True)
class OutputLimits:
    """What writing may cost."""

    document_memory: int = setting(
        256, unit="MiB", help="most N-Quads to make Turtle, TriG, N3, RDF/XML, JSON-LD or RDF/JSON of; lines have no limit"
    )
    distinct_memory: int = setting(256, unit="MiB", help="memory for finding statements that were written before; beyond it, disk is used")
    part_bytes: int = setting(64 * 1024 * 1024, unit="bytes", help="size of the parts that a run which is cut off keeps")


def form_of(path: Path, syntax: str | None = None, packing: str | None = None) -> Form:
    """The form that a file's name says (``floods.ttl.gz``), unless said otherwise; a name that says nothing gets N-Quads.

    Raises `UnsupportedError` for a name of a syntax or packing that is not known.
    """
    name = path.name.lower()
    packed = next((suffix for suffix in sorted(_PACKINGS, key=len, reverse=True) if name.endswith(suffix)), "")
    inner = name.removesuffix(packed)
    found = Form(_SUFFIXES.get(Path(inner).suffix, "nquads"), _PACKINGS.get(packed, ""))
    if syntax is not None:
        found = replace(found, syntax=named_syntax(syntax))
    return found if packing is None else replace(found, packing=named_packing(packing))


def named_syntax(name: str) -> str:
    """A syntax by any of its usual names (``N-Triples``, ``RDF_XML``, ``ttl``); raises `UnsupportedError`."""
    return _named(name, _SYNTAX_NAMES, "RDF syntax", SYNTAXES)


def named_packing(name: str) -> str:
    """A packing by any of its usual names; empty for none. Raises `UnsupportedError`."""
    return _named(name, _PACKING_NAMES, "packing", PACKINGS)


def _named(name: str, names: dict[str, str], what: str, offered: tuple[str, ...]) -> str:
    plain = "".join(one for one in name.lower() if one.isalnum())
    if plain not in names:
        raise UnsupportedError(f"{name} is no {what} that can be written", way_out=f"choose from {', '.join(offered)}")
    return names[plain]
