"""Reading product metadata: plain elements by local name, no document type, no entities."""

from __future__ import annotations

import math
from dataclasses import dataclass
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


def parse_xml(data: bytes, name: str) -> Document:
    """Parse ``data``; raises `ProductError` that names the file if it is no XML or declares a document type."""
    parser = XMLParser(target=_Builder())
    try:
        parser.feed(data)
        root: Element = parser.close()
    except ParseError as error:
        raise ProductError(f"{name} is not well-formed XML", why=str(error), way_out="download or unpack the product again") from error
    except ProductError as error:
        raise ProductError(f"{name}: {error.what}", why=error.why, way_out=error.way_out) from error
    return Document(root, name)


@dataclass(frozen=True)
class Document:
    """A metadata file, or a part of one; elements are found by local name, whatever the namespace, in document order."""

    root: Element
    name: str

    def all(self, name: str) -> list[Document]:
        """Every element of this name."""
        return [Document(element, self.name) for element in self.root.iter() if _local(element) == name]

    def text(self, *names: str) -> str | None:
        """Text of the first element under the first of ``names`` that has any; None if there is none."""
        found = (document.value for name in names for document in self.all(name))
        return next(filter(None, found), None)

    @property
    def value(self) -> str:
        """Its own text without blanks around."""
        return (self.root.text or "").strip()

    def demand(self, *names: str) -> str:
        """As `text`; raises `ProductError` that names the file and the element if it is missing."""
        found = self.text(*names)
        if found is None:
            raise ProductError(
                f"{self.name} has no {' or '.join(names)}",
                why="the product specification requires the element",
                way_out="check that the file is the metadata of a Sentinel-2 product",
            )
        return found

    def number(self, *names: str) -> float:
        """As `demand`, as a finite number; without ``names`` its own text. Raises `ProductError` if it is none."""
        written = self.demand(*names) if names else self.value
        try:
            found = float(written)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            what = " or ".join(names) or _local(self.root)
            raise ProductError(
                f"{self.name}: {what} is not a number", why=f"it is {written[:40]!r}", way_out="get the product again from its publisher"
            )
        return found

    def known(self, name: str) -> float | None:
        """As `number`; None where there is no such element, or NaN in it, as for a band that saw nothing of the tile."""
        written = self.text(name)
        return None if written is None or written.lower() == "nan" else self.number(name)

    def attribute(self, name: str) -> str:
        """An attribute; raises `ProductError` if it is missing."""
        if name not in self.root.attrib:
            raise ProductError(
                f"{self.name}: {_local(self.root)} has no {name}", why="the attribute is required", way_out="get the product again"
            )
        return self.root.attrib[name]


def _local(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""
