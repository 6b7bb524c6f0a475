"""What the rows of a flat source show: datatypes of texts, missing values, keys, codes, geometries; one pass, little memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ..values import is_text, lexical, pc

MOST_CODES = 40
_ROWS_A_CODE = 10
_LONGEST_CODE, _LONGEST_KEY = 60, 64
_GREATEST_CODE = 9999
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
_ZONE = r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?"
_WHOLE = r"-?(0|[1-9][0-9]*)"
# first match wins; a number with leading zeros is a code, not a number
_FORMS = {
    "integer": f"^{_WHOLE}$", "decimal": rf"^{_WHOLE}(\.[0-9]+)?$", "double": rf"^{_WHOLE}(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
    "boolean": "^(true|false)$", "date": f"^{_DAY}$", "dateTime": f"^{_DAY}T{_CLOCK}{_ZONE}$", "time": f"^{_CLOCK}$",
    "wkt": r"(?i)^\s*(MULTI)?(POINT|LINESTRING|POLYGON)\s*(Z|M|ZM)?\s*(\(|EMPTY)|^\s*GEOMETRYCOLLECTION",
}
_KEYWORD = r"(?i)^\s*(?:MULTI)?(?P<word>[A-Z]+)"
_NUMBERS = ("integer", "decimal", "double")


@dataclass
class ColumnProfile:
    """What one column shows.

    Attributes:
        kind: Arrow type.
        most: distinct values that are remembered.
        rows, missing: counts; texts that are not UTF-8 count as missing.
        forms: datatypes that all texts so far are forms of.
        values: distinct lexical forms, None once there are too many.
        least, greatest: of numbers.
        longest: characters of the longest text.
        blank: True if a text is empty.
        spaced: True if a text holds white space.
        counts_rows: True if the values are the numbers of the rows, from 0 or 1.
        keywords: those that WKT begins with.
    """

    kind: Any
    most: int = MOST_CODES
    rows: int = 0
    missing: int = 0
    forms: dict[str, str] = field(default_factory=lambda: dict(_FORMS))
    values: set[str] | None = field(default_factory=set)
    least: float = float("inf")
    greatest: float = float("-inf")
    longest: int = 0
    blank: bool = False
    spaced: bool = False
    counts_rows: bool = True
    keywords: set[str] = field(default_factory=set)
    _hashes: list[Any] | None = field(default_factory=list)

    def __post_init__(self) -> None:
        if not is_text(self.kind):
            self.forms = {}

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    @property
    def number(self) -> bool:
        """True if all values are numbers."""
        if is_text(self.kind):
            return self.filled > 0 and any(form in self.forms for form in _NUMBERS)
        return bool(pa.types.is_integer(self.kind) or pa.types.is_floating(self.kind) or pa.types.is_decimal(self.kind))

    @property
    def unique(self) -> bool:
        """True if every row has a value, and none has the same as another."""
        if self._hashes is None or self.missing or not self.rows:
            return False
        return bool(np.unique(np.concatenate(self._hashes)).size == self.rows)

    def datatype(self, infer: bool) -> str:
        """Local name of the XSD type; texts are read for what they are forms of if ``infer``."""
        if not is_text(self.kind):
            return lexical(pa.array([], self.kind))[1].rpartition("#")[2] or "string"
        found = next(iter(self.forms), "") if infer and self.filled else ""
        return found if found and found != "wkt" else "string"

    def within(self, bound: float) -> bool:
        """True if all values are numbers from -bound to bound."""
        return self.number and self.filled > 0 and -bound <= self.least and self.greatest <= bound

    def codes(self, forced: bool) -> tuple[str, ...]:
        """The values, sorted, if they are few for the rows, short texts or small whole numbers; all there are if ``forced``."""
        if not self.values or (not forced and not self._coded()):
            return ()
        return tuple(sorted(self.values, key=lambda one: (len(one), one) if self.number else (0, one)))

    def _coded(self) -> bool:
        assert self.values is not None
        if self.filled < max(2 * _ROWS_A_CODE, _ROWS_A_CODE * len(self.values)) or len(self.values) < 2:
            return False
        if self.number:
            whole = pa.types.is_integer(self.kind) or "integer" in self.forms
            return bool(whole and self.least >= 0 and self.greatest <= _GREATEST_CODE)
        dated = any(form in self.forms for form in ("boolean", "date", "dateTime", "time", "wkt"))
        return is_text(self.kind) and self.longest <= _LONGEST_CODE and not dated

    def names_rows(self, identifying: bool) -> bool:
        """True if the values can be a key: named like one, or many short texts without a blank, none twice."""
        if not (is_text(self.kind) or pa.types.is_integer(self.kind)) or not self.unique or self.blank:
            return False
        apart = is_text(self.kind) and not self.number and not self.spaced and self.rows >= 2 * _ROWS_A_CODE
        return identifying or (apart and self.longest <= _LONGEST_KEY and "dateTime" not in self.forms and "date" not in self.forms)

    # -- a batch

    def add(self, column: Any) -> None:
        """Look at some more rows."""
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        text = _readable(column) if is_text(column.type) else lexical(column)[0]
        self._count(column, text)
        present = text.drop_null()
        if is_text(column.type):
            self._judge_texts(present)
        self._measure(column if not is_text(column.type) else present)
        self._distinguish(present)
        self.rows += len(column)
        self.missing += text.null_count

    def _count(self, column: Any, text: Any) -> None:
        if not (self.counts_rows and pa.types.is_integer(column.type)) or text.null_count:
            self.counts_rows = False
            return
        ahead = np.unique(np.asarray(column) - np.arange(self.rows, self.rows + len(column)))
        self.counts_rows = len(ahead) == 0 or (len(ahead) == 1 and ahead[0] in (0, 1))

    def _judge_texts(self, present: Any) -> None:
        for form, pattern in list(self.forms.items()):
            if pc.all(pc.match_substring_regex(present, pattern=pattern)).as_py() is False:
                del self.forms[form]
        if "wkt" in self.forms:
            words = pc.struct_field(pc.extract_regex(present, _KEYWORD), 0)
            self.keywords |= {one.upper() for one in pc.unique(words).to_pylist() if one}
        self.longest = max(self.longest, pc.max(pc.utf8_length(present)).as_py() or 0)
        self.blank = self.blank or bool(pc.any(pc.equal(present, "")).as_py())
        self.spaced = self.spaced or bool(pc.any(pc.match_substring_regex(present, pattern=r"\s")).as_py())

    def _measure(self, column: Any) -> None:
        if not self.number and not (is_text(column.type) and any(form in self.forms for form in _NUMBERS)):
            return
        ends = pc.min_max(column.cast(pa.float64()))
        if ends["min"].as_py() is not None:
            self.least, self.greatest = min(self.least, ends["min"].as_py()), max(self.greatest, ends["max"].as_py())
        if not is_text(column.type):
            self.longest = max(self.longest, 1)

    def _distinguish(self, present: Any) -> None:
        if self.values is not None:
            self.values.update(pc.unique(present).to_pylist())
            if len(self.values) > self.most:
                self.values = None
        if self._hashes is not None:
            import polars as pl

            found = pl.Series(pl.from_arrow(present)).hash().to_numpy()
            self._hashes.append(found)
            if np.unique(found).size < len(found):
                self._hashes = None


def _readable(column: Any) -> Any:
    """A column of texts, None where the bytes are not UTF-8."""
    column = column.cast(pa.large_binary()).cast(pa.binary()) if not pa.types.is_string(column.type) else column
    try:
        column.validate(full=True)
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        blobs = column.cast(pa.binary()).to_pylist()
        return pa.array([None if one is None else _decoded(one) for one in blobs], pa.string())


def _decoded(blob: bytes) -> str | None:
    try:
        return blob.decode()
    except UnicodeDecodeError:
        return None


# -- geometries

_DIMENSIONS = {1: 0, 2: 1, 3: 2, 4: 0, 5: 1, 6: 2}
_KEYWORDS = {"POINT": 0, "LINESTRING": 1, "POLYGON": 2}


@dataclass
class GeometryProfile:
    """What a column of WKB shows.

    Attributes:
        missing: rows without one.
        dimensions: topological dimensions that occur, -1 for what may hold any.
    """

    missing: int = 0
    dimensions: set[int] = field(default_factory=set)

    def add(self, column: Any) -> None:
        """Look at some more rows: type numbers alone (OGC 06-103r4, §8.2; with or without the flags of extended WKB)."""
        heads = pc.binary_slice(column.cast(pa.binary()), 0, 5).drop_null().unique().to_pylist()
        self.missing += column.null_count
        self.dimensions |= {_dimension(head) for head in heads}


def _dimension(head: bytes) -> int:
    if len(head) < 5:
        return -1
    number = int.from_bytes(head[1:], "little" if head[0] else "big")
    return _DIMENSIONS.get((number & 0xFFFF) % 1000, -1)


def wkt_dimensions(keywords: Iterable[str]) -> frozenset[int]:
    """Dimensions of what such keywords of WKT begin."""
    return frozenset(_KEYWORDS.get(one, -1) for one in keywords)
