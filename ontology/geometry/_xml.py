"""Small XML documents read without their dangers: no document type, no entities, no deep nesting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from .. import GeometryError

_DEEPEST = 64


@dataclass
class Element:
    """An element without its namespaces: prefixes are cut off names, so that undeclared ones do no harm.

    Attributes:
        name: local name.
        attributes: by local name.
        children: elements in order.
        text: all characters directly within it.
    """

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, *names: str) -> list[Element]:
        """Children of these names, in order."""
        return [child for child in self.children if child.name in names]


def read_xml(text: str) -> Element:
    """Read a document; raise `GeometryError` for what is not well-formed, has a document type, or nests deeper than 64 elements."""
    root = Element("", {})
    open_elements = [root]
    parts: list[list[str]] = [[]]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_elements) > _DEEPEST:
            raise GeometryError(f"elements nested deeper than {_DEEPEST}")
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        open_elements[-1].children.append(element)
        open_elements.append(element)
        parts.append([])

    def end(_name: str) -> None:
        open_elements.pop().text = "".join(parts.pop())

    def refuse(*_: Any) -> None:
        raise GeometryError("document types and entities are not read")

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda characters: parts[-1].append(characters)
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise GeometryError(f"not well-formed XML: {error}") from None
    return root.children[0]


def _local(name: str) -> str:
    return name.rpartition(":")[2]
