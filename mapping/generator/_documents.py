"""What JSON and XML documents hold, gathered by path: values of records, and records inside records."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from earthweave.ontology import ProductError, UnsupportedError

Steps: TypeAlias = tuple[str, ...]
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": False, "load_dtd": False, "dtd_validation": False}


@dataclass
class Found:
    """Values at one path of the records of a group.

    Attributes:
        reference: the path, as a mapping writes it.
        steps: names on the way.
        many: True if a record has several.
        cells: number of the record, and a value.
    """

    reference: str
    steps: Steps
    many: bool
    cells: list[tuple[int, Any]] = field(default_factory=list)


@dataclass
class Group:
    """Records under one path.

    Attributes:
        name: of the repeated thing.
        iterator: the path from the root.
        rows: how many.
        values: by path.
        children: groups inside, each with the path from here.
        notes: what was left out.
        namespaces: prefix and IRI.
    """

    name: str
    iterator: str
    rows: int
    values: dict[Steps, Found] = field(default_factory=dict)
    children: list[tuple[str, Group]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    namespaces: tuple[tuple[str, str], ...] = ()


# -- JSON

def json_groups(path: Path) -> Group | None:
    """The records of a JSON or JSON Lines file; None for GeoJSON, which is a layer.

    Raises `ProductError` if it is no JSON, `UnsupportedError` for a STAC item.
    """
    try:
        text = path.read_text("utf-8-sig")
        lines = path.suffix.lower() != ".json"
        root = [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProductError(f"{path.name} is not JSON", why=str(error), way_out="mend it there, or export it again") from error
    if isinstance(root, dict) and _geojson(root):
        return None
    if isinstance(root, list):
        return _json_group(path.stem, "$[*]", [one for one in root if isinstance(one, dict)])
    if isinstance(root, dict) and root.get("type") == "Feature" and "stac_version" in root:
        # GDAL takes a single item for a catalogue of rasters, and its assets are named, not listed
        way_out = f"the shipped rules read it: earthweave map run stac {path.name}"
        raise UnsupportedError(f"no mapping can be made from {path.name}", why="it is a STAC item", way_out=way_out)
    return _json_group(path.stem, "$", [root] if isinstance(root, dict) else [])


def _geojson(root: dict[str, Any]) -> bool:
    if "stac_version" in root and root.get("type") == "Feature":
        return False
    return root.get("type") in ("FeatureCollection", "Feature") and ("features" in root or "geometry" in root)


def _json_group(name: str, iterator: str, nodes: list[dict[str, Any]]) -> Group:
    group = Group(name, iterator, len(nodes))
    found: dict[str, dict[Steps, list[tuple[int, Any]]]] = {"one": {}, "many": {}, "inner": {}, "deep": {}}
    for row, node in enumerate(nodes):
        for kind, steps, value in _json_leaves(node, ()):
            found[kind].setdefault(steps, []).append((row, value))
    _put_single(group, found)
    for steps, cells in found["many"].items():
        flat = [(row, value) for row, values in cells for value in values]
        group.values[steps] = Found(f"{json_path(steps)}[*]", steps, True, flat)
    for steps, cells in found["inner"].items():
        inner = [value for _, values in cells for value in values]
        text = f"{json_path(steps)}[*]"
        group.children.append((text, _json_group(steps[-1] or "item", _below(iterator, text), inner)))
    group.notes += [f"{json_path(steps)} is left out: it holds arrays of arrays, or arrays of mixed kinds." for steps in found["deep"]]
    return group


def _put_single(group: Group, found: dict[str, dict[Steps, list[tuple[int, Any]]]]) -> None:
    """Single values; a path that leads to an array or object in another record cannot be referred to."""
    for steps, cells in found["one"].items():
        elsewhere = any(steps in found[kind] for kind in ("many", "inner", "deep")) or _above(steps, found)
        if not elsewhere:
            group.values[steps] = Found(json_path(steps), steps, False, cells)
        elif any(one is not None for _, one in cells):
            group.notes.append(f"{json_path(steps)} is left out where it is a single value: elsewhere it is an array or an object.")


def _above(steps: Steps, found: dict[str, dict[Steps, list[tuple[int, Any]]]]) -> bool:
    """True if something lies below these steps, which are an object there."""
    return any(other[: len(steps)] == steps and len(other) > len(steps) for kind in found.values() for other in kind)


def _json_leaves(node: dict[str, Any], steps: Steps) -> Iterator[tuple[str, Steps, Any]]:
    for key, value in node.items():
        path = (*steps, key)
        if isinstance(value, dict):
            yield from _json_leaves(value, path)
        elif not isinstance(value, list):
            yield "one", path, value
        elif value and all(isinstance(one, dict) for one in value):
            yield "inner", path, value
        elif any(isinstance(one, dict | list) for one in value):
            yield "deep", path, value
        else:
            yield "many", path, value


def json_path(steps: Steps) -> str:
    """Steps as a relative JSONPath; names that are not plain stand in brackets (RFC 9535 §2.7)."""
    if all(_PLAIN.fullmatch(one) for one in steps):
        return ".".join(steps)
    return "$" + "".join(f"['{_bracketed(one)}']" for one in steps)


def _bracketed(name: str) -> str:
    escapes = {"\\": "\\\\", "'": "\\'", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    return "".join(escapes.get(one, one) for one in name)


def _below(iterator: str, path: str) -> str:
    return iterator + path[1:] if path.startswith("$") else f"{iterator}.{path}"


# -- XML

def xml_groups(path: Path) -> Group:
    """The records of an XML file; raises `ProductError` if it is not well formed."""
    from lxml import etree  # type: ignore[import-untyped]

    try:
        root = etree.parse(path, etree.XMLParser(remove_comments=True, remove_pis=True, **_SAFE)).getroot()
    except etree.XMLSyntaxError as error:
        raise ProductError(f"{path.name} is not well-formed XML", why=str(error), way_out="mend it there, or export it again") from error
    return _XmlReader(root).group(_local(root.tag), "", [root], ())


class _XmlReader:
    def __init__(self, root: Any) -> None:
        self._prefixes: dict[str, str] = {}
        for element in root.iter():
            for prefix, iri in element.nsmap.items():
                self._declare(prefix, iri)
        self.namespaces = tuple(sorted((prefix, iri) for iri, prefix in self._prefixes.items()))

    def _declare(self, prefix: str | None, iri: str) -> None:
        if iri in self._prefixes:
            return
        name = prefix or "ns"
        taken = set(self._prefixes.values())
        while name in taken:
            name += "_"
        self._prefixes[iri] = name

    def _name(self, tag: str) -> str:
        iri, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        if iri == "http://www.w3.org/XML/1998/namespace":
            return f"xml:{local}"
        return f"{self._prefixes[iri]}:{local}" if iri else local

    def group(self, name: str, above: str, elements: list[Any], steps: Steps) -> Group:
        """The elements as records."""
        iterator = f"{above}/{'/'.join(steps)}" if steps else f"/{self._name(elements[0].tag)}"
        group = Group(name, iterator, len(elements), namespaces=self.namespaces)
        kinds = _Kinds()
        for element in elements:
            self._judge(element, (), kinds)
        inner: dict[Steps, list[Any]] = {}
        for row, element in enumerate(elements):
            self._read(element, (), row, kinds, group, inner)
        for path, found in inner.items():
            group.children.append(("/".join(path), self.group(_local(found[0].tag), iterator, found, path)))
        return group

    def _judge(self, element: Any, steps: Steps, kinds: _Kinds) -> None:
        counts = Counter(self._name(child.tag) for child in element)
        kinds.repeated |= {(*steps, name) for name, count in counts.items() if count > 1}
        if counts:
            kinds.parents.add(steps)
        if counts or element.attrib:
            kinds.complex.add(steps)
        for child in element:
            self._judge(child, (*steps, self._name(child.tag)), kinds)

    def _read(self, element: Any, steps: Steps, row: int, kinds: _Kinds, group: Group, inner: dict[Steps, list[Any]]) -> None:
        for name, value in element.attrib.items():
            _put(group, (*steps, f"@{self._name(name)}"), False, row, value)
        if steps not in kinds.parents:
            _put(group, steps, False, row, "".join(element.itertext()))
        for child in element:
            path = (*steps, self._name(child.tag))
            if path in kinds.repeated and path in kinds.complex:
                inner.setdefault(path, []).append(child)
            elif path in kinds.repeated:
                _put(group, path, True, row, "".join(child.itertext()))
            else:
                self._read(child, path, row, kinds, group, inner)


@dataclass
class _Kinds:
    """Paths of elements that occur twice in a parent, hold elements, hold elements or attributes."""

    repeated: set[Steps] = field(default_factory=set)
    parents: set[Steps] = field(default_factory=set)
    complex: set[Steps] = field(default_factory=set)


def _put(group: Group, steps: Steps, many: bool, row: int, value: str) -> None:
    reference = "/".join(steps) or "."
    group.values.setdefault(steps, Found(reference, steps or ("value",), many)).cells.append((row, value))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
