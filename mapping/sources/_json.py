"""JSON documents and JSON Lines as records (RFC 8259, RFC 9535).

A path that begins with names and then takes all elements of an array, such as ``$.features[*]``, is read element by element, with the
memory of one; any other loads the document.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

from earthweave.ontology import ProductError, SizeLimitError

from ._json_path import JsonPath, Step, json_path, walk
from ._records import Asked, Record, Value

MAX_DOCUMENT = 512 * 1024**2
"""Bytes of the largest document that is loaded as a whole."""
MAX_ELEMENT = 256 * 1024**2
"""Characters of the largest element that is read at a time."""
LINES = {".jsonl", ".ndjson"}
_PIECE = 1 << 20
_NEAR_END = 16
_BLANK = " \t\n\r"
_AFTER = tuple(" \t\n\r,]}:")
_SURROGATE = re.compile("[\ud800-\udfff]")
Node: TypeAlias = Any


def _no_constant(text: str) -> Node:
    raise ValueError(f"{text} is no JSON number")


class Written(float):
    """A number that remembers how it is written."""

    text: str

    def __new__(cls, text: str) -> Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_WRITTEN = json.JSONDecoder(parse_constant=_no_constant, parse_float=Written)


@dataclass(frozen=True)
class JsonRecord:
    """A node of a document; ``texts`` as `LogicalSource` has it."""

    node: Node
    texts: bool = False
    asked: Asked | None = None

    def values(self, reference: str) -> Sequence[Value]:
        """See `Record`; raises `ProductError` for an object or array where a value must be."""
        nodes = json_path(reference).find(self.node)
        if self.asked is not None:
            self.asked.note(reference, bool(nodes))
        if self.texts:
            nodes = [_text(inner) for one in nodes for inner in (one if isinstance(one, list) else [one])]
        found = [one for one in nodes if one is not None]
        if any(map(_halved, found)):
            raise ProductError(f"{reference} is a text with half a character", why="a surrogate stands alone in it (RFC 8259 §8.2)")
        if any(isinstance(one, dict | list) for one in found):
            kind, end = ("an array", "[*]") if any(isinstance(one, list) for one in found) else ("an object", ".name")
            raise ProductError(f"{reference} is {kind}, not a value", way_out=f"refer to what is in it: {reference}{end}")
        return found

    def within(self, iterator: str, formulation: str) -> Iterator[Record]:
        """See `Record`."""
        if not formulation or (formulation == "JSONPath" and not isinstance(self.node, str)):
            yield from (JsonRecord(one, self.texts) for one in json_path(iterator or "$").find(self.node))
        elif isinstance(self.node, str):
            from ._nested import nested_records

            yield from nested_records(self.node, iterator, formulation)


def _halved(node: Node) -> bool:
    """True for a text with a surrogate that stands alone."""
    return isinstance(node, str) and not node.isascii() and _SURROGATE.search(node) is not None


def _text(node: Node) -> Node:
    """A number or boolean as it is written."""
    if isinstance(node, bool):
        return "true" if node else "false"
    if isinstance(node, Written):
        return node.text
    return str(node) if isinstance(node, int) else node


def json_records(text: str, iterator: str, name: str) -> Iterator[Record]:
    """The records in a text; raises `ProductError` if it is no JSON."""
    try:
        node = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise ProductError(f"{name} is not JSON", why=str(error)) from error
    yield from map(JsonRecord, json_path(iterator or "$").find(node))


@dataclass(frozen=True)
class JsonReading:
    """How a file is read.

    Attributes:
        iterator: path of the records; empty: the document.
        encoding: name as Python knows it; empty: by the first bytes.
        texts: as `LogicalSource` has it.
        strict: a bad line, or a reference that no record has, is an error.
    """

    iterator: str = ""
    encoding: str = ""
    texts: bool = False
    strict: bool = False


class JsonSource:
    """A file of JSON, or of JSON Lines, which count as one array of all lines."""

    def __init__(self, path: Path, reading: JsonReading, *, name: str = "") -> None:
        self._path, self._reading = path, reading
        self.name = name or path.name
        self.total: int | None = None
        self.faults: list[tuple[int, str]] = []
        self._lines = path.suffix.lower() in LINES
        self._iterator: JsonPath = json_path(reading.iterator or "$")
        self._decoder = _WRITTEN if reading.texts else _DECODER

    def check(self, references: Sequence[str]) -> None:
        """See `Records`."""
        for reference in references:
            json_path(reference)

    def records(self) -> Iterator[Record]:
        """See `Records`."""
        self.faults.clear()
        asked = Asked(self.name) if self._reading.strict else None
        for node in self._nodes():
            yield JsonRecord(node, self._reading.texts, asked)
        if asked is not None:
            asked.require()

    def _nodes(self) -> Iterator[Node]:
        steps = self._iterator.steps
        with self._path.open(encoding=self._codec(), newline="") as text:
            try:
                if self._lines:
                    yield from self._of_lines(text)
                elif steps is not None and _streamable(steps):
                    yield from _streamed(Scanner(text, self.name, self._decoder), steps)
                else:
                    yield from self._iterator.find(self._loaded(text))
            except UnicodeError as error:
                raise ProductError(f"{self.name} is not {self._reading.encoding or 'UTF-8'}", why=str(error)) from error

    def _codec(self) -> str:
        """UTF-8, UTF-16 or UTF-32 by the first bytes (RFC 4627 §3), unless the mapping says more."""
        with self._path.open("rb") as file:
            head = file.read(4)
        found = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else json.detect_encoding(head)
        return found if not self._reading.encoding or found == "utf-8-sig" else self._reading.encoding

    def _loaded(self, text: IO[str]) -> Node:
        if self._path.stat().st_size > MAX_DOCUMENT:
            raise SizeLimitError(
                f"{self.name} is larger than {MAX_DOCUMENT:,} bytes", why="its iterator needs the whole document",
                way_out="an iterator such as $.list[*] is read element by element",
            )
        try:
            return self._decoder.decode(text.read())
        except (ValueError, RecursionError) as error:
            if isinstance(error, UnicodeError):
                raise
            raise ProductError(f"{self.name} is not JSON", why=str(error)) from error

    def _of_lines(self, text: IO[str]) -> Iterator[Node]:
        steps = self._iterator.steps
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                node = self._decoder.decode(line)
            except (ValueError, RecursionError) as error:
                if isinstance(error, UnicodeError):
                    raise
                if self._reading.strict:
                    raise ProductError(f"{self.name}, line {number}: not JSON", why=str(error)) from error
                self.faults.append((number, f"not JSON: {error}"))
                continue
            if steps is None:
                yield from self._iterator.find([node])
            elif steps[:1] in ((), (None,)):
                yield from walk(steps[1:], node)
            else:
                yield from walk(steps, node)


def _streamable(steps: Sequence[Step]) -> bool:
    """True for a path that takes all of something, before which nothing counts from the end."""
    return None in steps and not any(isinstance(one, int) and one < 0 for one in steps[: list(steps).index(None)])


def _streamed(scanner: Scanner, steps: Sequence[Step]) -> Iterator[Node]:
    """Nodes behind the first ``*``, which stands for what is scanned one by one."""
    first = list(steps).index(None)
    if scanner.enter(steps[:first]):
        for node in scanner.each():
            yield from walk(steps[first + 1 :], node)
        scanner.leave()


class Scanner:
    """A document read in pieces, only as far as it is needed."""

    def __init__(self, text: IO[str], name: str, decoder: json.JSONDecoder) -> None:
        self._text, self._name, self._decoder = text, name, decoder
        self._buffer, self._at, self._ended = "", 0, False
        self._open: list[tuple[Iterator[int], bool]] = []

    def enter(self, steps: Sequence[Step]) -> bool:
        """Go to the node behind these names and numbers; False if there is none."""
        for step in steps:
            entered = self._member(step) if isinstance(step, str) else isinstance(step, int) and self._element(step)
            if not entered:
                return False
        return True

    def leave(self) -> None:
        """Go to the end of the document, behind what was entered; raises `ProductError` if something is broken, or follows."""
        while self._open:
            members, named = self._open.pop()
            for _ in members:
                if named:
                    self._name_of_member()
                self._value()
        if not self._at_end():
            raise self._broken("something stands behind its end")

    def each(self) -> Iterator[Node]:
        """Elements of the array, or values of the object, that stands here; anything else is passed over."""
        opened = self._peek()
        if opened not in ("[", "{"):
            self._value()
            return
        for _ in self._members("]" if opened == "[" else "}"):
            if opened == "{":
                self._name_of_member()
            yield self._value()

    def _member(self, name: str) -> bool:
        if self._peek() != "{":
            return False
        members = self._members("}")
        for _ in members:
            if self._name_of_member() == name:
                self._open.append((members, True))
                return True
            self._value()
        return False

    def _element(self, number: int) -> bool:
        if self._peek() != "[":
            return False
        members = self._members("]")
        for at in members:
            if at == number:
                self._open.append((members, False))
                return True
            self._value()
        return False

    def _members(self, closing: str) -> Iterator[int]:
        """Numbers of the elements or members behind the bracket that stands here; before each the reading stands when it is given."""
        self._at += 1
        number = 0
        while self._peek() != closing:
            if number and self._peek() != ",":
                raise self._broken(f"',' or '{closing}' must stand before {self._buffer[self._at : self._at + 16]!r}")
            self._at += bool(number)
            yield number
            number += 1
        self._at += 1

    def _name_of_member(self) -> str:
        name = self._value()
        if not isinstance(name, str) or self._peek() != ":":
            raise self._broken("a member needs a name and a colon")
        self._at += 1
        return name

    def _value(self) -> Node:
        self._peek()
        while True:
            try:
                node, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                unfinished = error.msg.startswith("Unterminated") or error.pos >= len(self._buffer) - _NEAR_END
                if not unfinished or not self._fill():
                    raise self._broken(error.msg) from error
            except (ValueError, RecursionError) as error:
                raise self._broken(str(error)) from error
            else:
                if self._finished(end) or not self._fill():
                    self._at = end
                    return node

    def _finished(self, end: int) -> bool:
        """True if a value that seems to end here does so: a number may go on in the next piece."""
        return self._buffer[end : end + 1] in _AFTER or len(self._buffer) - end > _NEAR_END

    def _peek(self) -> str:
        """The next character that is no white space; raises at the end of the text."""
        if self._at_end():
            raise self._broken("it ends too early")
        return self._buffer[self._at]

    def _at_end(self) -> bool:
        """True if only white space is left, which is passed over."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._buffer):
                return False
            if not self._fill():
                return True

    def _fill(self) -> bool:
        """Read on, at least as much as is waiting, so that a long element is not decoded too often; False at the end."""
        waiting = self._buffer[self._at :]
        if len(waiting) > MAX_ELEMENT:
            raise SizeLimitError(f"{self._name}: one element has more than {MAX_ELEMENT:,} characters")
        piece = "" if self._ended else self._text.read(max(_PIECE, len(waiting)))
        self._ended = not piece
        self._buffer, self._at = waiting + piece, 0
        return bool(piece)

    def _broken(self, reason: str) -> ProductError:
        return ProductError(f"{self._name} is not JSON", why=reason)
