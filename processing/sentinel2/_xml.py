"""Reading product metadata: plain elements by local name, no document type, no entities."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from earthweave.ontology import ProductError


class _Builder(TreeBuilder):
    """Refuses a DOCTYPE at its first character, before any entity in it could be expanded."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ProductError(
            "a DOCTYPE in the metadata",
            why="Sentinel-2 metadata has none, and entities in it can exhaust memory",
            way_out="get the product again from its publisher",
        )


def parse_xml(data: bytes, name: str) -> Element:
    """Parse ``data``; raises `ProductError` that names the file if it is no XML or declares a document type."""
    parser = XMLParser(target=_Builder())
    try:
        parser.feed(data)
        root: Element = parser.close()
    except ParseError as error:
        raise ProductError(f"{name} is not well-formed XML", why=str(error), way_out="download or unpack the product again") from error
    except ProductError as error:
        raise ProductError(f"{name}: {error.what}", why=error.why, way_out=error.way_out) from error
    return root


def elements(root: Element, name: str) -> Iterator[Element]:
    """All elements with this local name, whatever the namespace, in document order."""
    return (element for element in root.iter() if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] == name)


def text(root: Element, *names: str) -> str | None:
    """Text of the first element found under the first of ``names`` that exists, without blanks; None if there is none."""
    for name in names:
        found = next(elements(root, name), None)
        if found is not None and found.text and found.text.strip():
            return found.text.strip()
    return None


def demand(root: Element, file: str, *names: str) -> str:
    """As `text`; raises `ProductError` that names the file and the element if it is missing."""
    found = text(root, *names)
    if found is None:
        raise ProductError(
            f"{file} has no {' or '.join(names)}",
            why="the element is required by the product specification",
            way_out="check that the file is the metadata of a Sentinel-2 product",
        )
    return found
