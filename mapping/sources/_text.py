"""Text tables as sources: CSV, TSV and their dialects (RFC 4180; CSV on the Web, Dialect Descriptions; RML-IO, ``rml:null``)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import MappingError, ProductError, SizeLimitError

from ..plan import Dialect, Options
from ..values import pc
from ._source import empty_batch, table_crs

MAX_ROW = 1 << 30
"""Bytes of the longest row."""
MAX_HEADER = 1 << 24
"""Characters of the longest header."""
_BLOCK = 1 << 22
_LONGER = "straddl"
_NO_ROWS = "cannot infer number of columns"
"""What Arrow says of a header without a newline behind it."""
_LIKELY = ",;\t|"


@dataclass(frozen=True)
class Layout:
    """How a text table is to be read.

    Attributes:
        dialect: delimiter, quote, header, lines to skip, trimming; an empty delimiter is found out, comments are gone already.
        nulls: texts that mean no value, quoted or not; None: only an empty field that is not quoted.
    """

    dialect: Dialect = Dialect()
    nulls: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for what, text in (("delimiter", self.dialect.delimiter), ("quote", self.dialect.quote)):
            if len(text.encode()) > 1:
                raise MappingError(f"the {what} of a text table is one ASCII character, not {text!r}")


PLAIN = Layout()
"""A table that nothing is said about."""


class TextSource:
    """A text table; every column is text. Unless its layout says otherwise an empty field is NULL and ``""`` an empty text."""

    def __init__(self, path: Path, options: Options, layout: Layout = PLAIN, *, name: str = "") -> None:
        self._path, self._dialect, self._nulls = path, layout.dialect, layout.nulls
        self._strict = options.on_error == "fail"
        self.name = name or path.name
        self.geometry: str | None = None
        self.crs = table_crs(options)
        self.total: int | None = None
        self.faults: list[tuple[int, str]] = []
        self.keys: tuple[str, ...] = ()
        try:
            self._delimiter, self._written = self._head(options)
        except csv.Error as error:
            raise ProductError(f"{self.name} has no header that can be read", why=str(error)) from error
        self.fields = tuple(name.strip() for name in self._written) if self._dialect.trim else self._written
        doubled = sorted({name for name in self.fields if self.fields.count(name) > 1})
        if doubled or not self.fields:
            why = f"more than once: {', '.join(map(repr, doubled))}" if doubled else "it is empty"
            raise ProductError(f"{self.name} needs a header with distinct names", why=why)

    def _head(self, options: Options) -> tuple[str, tuple[str, ...]]:
        """Delimiter, and names of the columns as they are written; without header they are numbered (CSVW, Annotating Columns)."""
        with self._path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            for _ in range(self._dialect.skip_rows):
                file.readline()
            first = file.readline(MAX_HEADER)
            if len(first) == MAX_HEADER:
                raise SizeLimitError(f"{self.name}: its first line has more than {MAX_HEADER:,} characters", why="it may be no text table")
            likely = "\t" if self._path.suffix.lower() == ".tsv" else max(_LIKELY, key=first.count)
            delimiter = options.delimiter or self._dialect.delimiter or likely
            cells = next(_cells(chain([first], file), delimiter, self._dialect.quote), [])
        return delimiter, tuple(cells) if self._dialect.header else tuple(f"_col.{n}" for n in range(1, len(cells) + 1))

    def _reader(self, columns: Sequence[str], block: int, *, lenient: bool) -> Any:
        from pyarrow import csv as arrow_csv

        dialect = self._dialect
        nulls = [] if dialect.trim else [""] if self._nulls is None else list(self._nulls)
        return arrow_csv.open_csv(
            self._path,
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=block, skip_rows=dialect.skip_rows,
                column_names=None if dialect.header else list(self.fields),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._delimiter, quote_char=dialect.quote or False, newlines_in_values=True,
                invalid_row_handler=self._fault if lenient else None,
            ),
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False, column_types={name: pa.string() for name in self._written},
                include_columns=[self._written[self.fields.index(name)] for name in columns] or None,
                null_values=nulls, strings_can_be_null=True, quoted_strings_can_be_null=self._nulls is not None,
            ),
        )

    def _fault(self, row: Any) -> str:
        self.faults.append((int(row.number or 0), f"{row.actual_columns} fields where the header has {row.expected_columns}"))
        return "skip"

    def batches(self, columns: Sequence[str], geometry: bool) -> Iterator[Any]:
        """See `Source`."""
        for batch in self._batches(columns):
            yield self._trimmed(batch) if self._dialect.trim else batch

    def _batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Rows from the first that is still to be given; after a fault in blocks that hold longer rows, or without the bad ones."""
        # Arrow lets go of a handler in a thread of its own, which ends a process that is just ending: none without need
        given, block, lenient = 0, _BLOCK, False
        while True:
            self.faults.clear()
            try:
                with self._reader(columns, block, lenient=lenient) as reader:
                    for batch in _after(reader, given):
                        given += len(batch)
                        yield batch
            except pa.ArrowInvalid as error:
                if _NO_ROWS in str(error):
                    return
                if _LONGER in str(error) and block < MAX_ROW:
                    block *= 8
                elif lenient or self._strict:
                    raise ProductError(f"{self.name}: a row cannot be read", why=str(error).splitlines()[0]) from error
                else:
                    lenient = True
            else:
                return

    def _trimmed(self, batch: Any) -> Any:
        """Without white space around names and values; what is no value shows only then."""
        nulls = pa.array([""] if self._nulls is None else self._nulls, pa.string())
        texts = [pc.utf8_trim_whitespace(column) for column in batch.columns]
        names = [name.strip() for name in batch.schema.names]
        kept = [pc.if_else(pc.is_in(text, value_set=nulls), pa.scalar(None, pa.string()), text) for text in texts]
        return pa.RecordBatch.from_arrays(kept, names=names)

    def empty(self, columns: Sequence[str], geometry: bool) -> Any:
        """See `Source`."""
        return empty_batch(pa.schema([(name, pa.string()) for name in columns]), columns)


def _after(batches: Any, given: int) -> Iterator[Any]:
    """The rows behind the first ``given`` ones."""
    for batch in batches:
        rest = batch.slice(min(given, len(batch)))
        given -= len(batch) - len(rest)
        if len(rest):
            yield rest


def _cells(lines: Iterator[str], delimiter: str, quote: str) -> Iterator[list[str]]:
    """Cells of each row; without a quote character quotes are texts like any other."""
    if not quote:
        return csv.reader(lines, delimiter=delimiter, quotechar=None, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=delimiter, quotechar=quote)
