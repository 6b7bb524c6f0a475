"""XML documents as records (XPath 1.0), without network or external entities; entities of the document itself grow only so far.

A large document whose iterator is a plain path from the root, such as ``/a/b/c``, is read element by element; then references may look
down and to the attributes of ancestors, but not to the ancestors' other content. Any other document is loaded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from earthweave.ontology import MappingError, ProductError, SizeLimitError

from ._records import Asked, Record, Value

MAX_DOCUMENT = 512 * 1024**2
"""Bytes of the largest document that is loaded as a whole."""
STREAMED_FROM = 16 * 1024**2
"""Bytes from which a document is read element by element, if its iterator allows it."""
Namespaces: TypeAlias = tuple[tuple[str, str], ...]
_PLAIN = re.compile(r"(?:/[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?)+")
_UPWARD = re.compile(r"(?:^|[(|,=\s])\s*/|\.\.|\b(?:ancestor|parent|preceding|following)(?:-or-self|-sibling)?\s*::")
_ATTRIBUTE_ABOVE = re.compile(r"(?:\.\./)+@[\w:.-]+")
_SAFE: dict[str, Any] = {"resolve_entities": "internal", "no_network": True, "huge_tree": False, "load_dtd": False, "dtd_validation": False}


def _library() -> Any:
    from lxml import etree  # type: ignore[import-untyped]

    return etree


@lru_cache(maxsize=4096)
def _compiled(path: str, namespaces: Namespaces) -> Callable[[Any], Any]:
    etree = _library()
    compiled: Callable[[Any], Any]
    try:
        compiled = etree.XPath(path, namespaces=dict(namespaces), smart_strings=False, regexp=False)
    except (etree.XPathError, ValueError) as error:
        raise MappingError(f"{path!r} is no XPath 1.0", why=str(error), way_out="paths look like name, @id, a/b/text()") from error
    return compiled


def _found(path: str, node: Any, namespaces: Namespaces) -> Any:
    etree = _library()
    try:
        return _compiled(path, namespaces)(node)
    except (etree.XPathError, KeyError) as error:
        known = ", ".join(prefix for prefix, _ in namespaces) or "none"
        raise MappingError(f"{path!r} cannot be followed", why=f"{error}; prefixes that the mapping declares: {known}") from error


@dataclass(frozen=True)
class XmlRecord:
    """An element, attribute or text of a document.

    ``streamed`` names the source if only this part of it is there.
    """

    node: Any
    namespaces: Namespaces = ()
    streamed: str = ""
    asked: Asked | None = None

    def values(self, reference: str) -> Sequence[Value]:
        """See `Record`: string values of nodes (XPath 1.0 §5), text of numbers and booleans."""
        if isinstance(self.node, str):
            return (self.node,) if reference in (".", "text()") else ()
        if self.streamed and looks_up(reference):
            why = f"{self.streamed} is larger than {STREAMED_FROM:,} bytes and is read element by element"
            raise MappingError(f"{reference!r} looks to other parts of the document", why=why)
        found = _found(reference, self.node, self.namespaces)
        if self.asked is not None:
            self.asked.note(reference, not isinstance(found, list) or bool(found))
        return [_text(one) for one in found] if isinstance(found, list) else [_text(found)]

    def within(self, iterator: str, formulation: str) -> Iterator[Record]:
        """See `Record`."""
        if formulation in ("", "XPath"):
            found = [self.node] if isinstance(self.node, str) else _found(iterator or ".", self.node, self.namespaces)
            yield from (XmlRecord(one, self.namespaces, self.streamed) for one in found)
        else:
            from ._nested import nested_records

            yield from nested_records(_text(self.node), iterator, formulation, namespaces=self.namespaces)


def looks_up(reference: str) -> bool:
    """True for a reference to other parts of the document than the record and its ancestors' attributes."""
    return _ATTRIBUTE_ABOVE.fullmatch(reference.strip()) is None and _UPWARD.search(reference) is not None


def _text(node: Any) -> str:
    """The string value."""
    if isinstance(node, str):
        return str(node)
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, float):
        return _number(node)
    if isinstance(node, tuple):
        return str(node[1])
    return "".join(node.itertext()) if isinstance(node.tag, str) else str(node.text or "")


def _number(number: float) -> str:
    """As XPath's string() writes it (XPath 1.0 §4.2)."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    return str(int(number)) if number.is_integer() else format(Decimal(repr(number)), "f")


def xml_records(text: str, iterator: str, name: str, namespaces: Sequence[tuple[str, str]] = ()) -> Iterator[Record]:
    """The records in a text; raises `ProductError` if it is no XML."""
    etree = _library()
    try:
        root = etree.fromstring(text.encode(), etree.XMLParser(encoding="utf-8", **_SAFE))
    except etree.XMLSyntaxError as error:
        raise ProductError(f"{name} is not XML", why=str(error)) from error
    yield from (XmlRecord(one, tuple(namespaces)) for one in _nodes(root, iterator or "/*", tuple(namespaces)))


def _nodes(root: Any, iterator: str, namespaces: Namespaces) -> Sequence[Any]:
    # a path without a slash counts from the document, not from its root element
    found = _found(iterator if iterator.startswith(("/", "(")) else f"/{iterator}", root.getroottree(), namespaces)
    if not isinstance(found, list):
        raise MappingError(f"{iterator!r} finds no nodes", why=f"it gives {found!r}")
    return found


@dataclass
class XmlSource:
    """A file of XML; if ``strict``, a reference that no record has is an error."""

    path: Path
    iterator: str
    namespaces: Namespaces = ()
    name: str = ""
    encoding: str = ""
    strict: bool = False
    total: int | None = None
    faults: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.name or self.path.name
        self._looking_up = False
        _compiled(self.iterator or "/*", self.namespaces)

    def check(self, references: Sequence[str]) -> None:
        """See `Records`."""
        for reference in references:
            _compiled(reference, self.namespaces)
            self._looking_up = self._looking_up or looks_up(reference)

    def records(self) -> Iterator[Record]:
        """See `Records`."""
        etree, size = _library(), self.path.stat().st_size
        asked = Asked(self.name) if self.strict else None
        streamed = size > STREAMED_FROM and not self._looking_up and bool(_PLAIN.fullmatch(self.iterator))
        try:
            nodes = self._streamed(etree) if streamed else _nodes(self._root(etree, size), self.iterator or "/*", self.namespaces)
            for node in nodes:
                yield XmlRecord(node, self.namespaces, self.name if streamed else "", asked)
        except (etree.XMLSyntaxError, OSError) as error:
            raise ProductError(f"{self.name} is not well-formed XML", why=str(error)) from error
        except LookupError as error:
            raise MappingError(f"there is no encoding {self.encoding!r}", why=str(error), way_out="write UTF-8, UTF-16 …") from error
        if asked is not None:
            asked.require()

    def _root(self, etree: Any, size: int) -> Any:
        if size > MAX_DOCUMENT:
            raise SizeLimitError(
                f"{self.name} is larger than {MAX_DOCUMENT:,} bytes", why="its iterator or references need the whole document",
                way_out="an iterator such as /a/b/c, with references below it, is read element by element",
            )
        return etree.parse(self.path, etree.XMLParser(encoding=self.encoding or None, **_SAFE)).getroot()

    def _streamed(self, etree: Any) -> Iterator[Any]:
        """Elements at the end of the path; what stands before them is let go of, what somebody holds stays whole."""
        steps = [_qualified(step, dict(self.namespaces)) for step in self.iterator[1:].split("/")]
        with self.path.open("rb") as file:
            for _, element in etree.iterparse(file, events=("end",), tag=steps[-1], encoding=self.encoding or None, **_SAFE):
                above = list(element.iterancestors())
                if [one.tag for one in (element, *above)] != steps[::-1]:
                    continue
                yield element
                for one in (element, *above)[:-1]:
                    while (before := one.getprevious()) is not None:
                        before.getparent().remove(before)


def _qualified(step: str, namespaces: dict[str, str]) -> str:
    prefix, _, local = step.rpartition(":")
    if prefix and prefix not in namespaces:
        raise MappingError(f"the prefix {prefix} of the iterator has no namespace", way_out="declare it: rml:namespace")
    return f"{{{namespaces[prefix]}}}{local}" if prefix else local
