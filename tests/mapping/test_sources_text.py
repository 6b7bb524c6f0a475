"""Text tables: dialects, texts that mean no value, encodings, rows that are broken; against the standard library's reader."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping import LogicalSource, Options
from earthweave.mapping.plan import Dialect, FileAccess
from earthweave.mapping.sources import Opener, Place, Source
from earthweave.mapping.sources import _text as reading
from earthweave.ontology import MappingError, ProductError, SizeLimitError

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=6)


def table(path: Path, *, formulation: str = "CSV", delimiter: str | None = None, **access: Any) -> Source:
    source = LogicalSource(formulation=formulation, access=FileAccess(path.name, **access))
    opened = Opener(Place(None, path.parent, path.parent), Options(delimiter=delimiter))(source)
    assert isinstance(opened, Source)
    return opened


def rows(source: Source, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in source.batches(columns or source.fields, False) for row in batch.to_pylist()]


def write(folder: Path, text: str, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@pytest.mark.parametrize(
    ("text", "access", "found"),
    [
        ("a,b\n1,\n", {}, [("1", "")]),
        ("a,b\n1,\n", {"nulls": ("",)}, [("1", None)]),
        ('a,b\n1,"NULL"\n', {"nulls": ("", "NULL")}, [("1", None)]),
        ("a;b\n1;x,y\n", {"dialect": Dialect(";")}, [("1", "x,y")]),
        ("a\tb\n1\t2\n", {"dialect": Dialect("\t")}, [("1", "2")]),
        ("'a','b'\n1,'x,y'\n", {"dialect": Dialect(quote="'")}, [("1", "x,y")]),
        ('a,b\n1,"x"\n', {"dialect": Dialect(quote="")}, [("1", '"x"')]),
        ("# note\na,b\n# note\n1,2\n", {"dialect": Dialect(comment="#")}, [("1", "2")]),
        ("note\nnote, more\na,b\n1,2\n", {"dialect": Dialect(skip_rows=2)}, [("1", "2")]),
        (" a , b \n 1 ,  \n", {"dialect": Dialect(trim=True)}, [("1", "")]),
        (" a , b \n 1 ,  \n", {"dialect": Dialect(trim=True), "nulls": ("", "1")}, [(None, None)]),
        ('a,b\n1,"x\ny"\n', {}, [("1", "x\ny")]),
    ],
)
def test_dialects_and_texts_that_mean_no_value(tmp_path: Path, text: str, access: dict[str, Any], found: list[Any]) -> None:
    source = table(write(tmp_path, text), **access)
    assert source.fields == ("a", "b")
    assert rows(source) == found
    assert rows(source, "b") == [row[1:] for row in found]


def test_a_table_without_header_has_numbered_columns(tmp_path: Path) -> None:
    source = table(write(tmp_path, "1,2\n3,4\n"), dialect=Dialect(header=False))
    assert source.fields == ("_col.1", "_col.2")
    assert rows(source) == [("1", "2"), ("3", "4")]


def test_without_a_formulation_an_empty_field_is_no_value_and_a_quoted_one_an_empty_text(tmp_path: Path) -> None:
    assert rows(table(write(tmp_path, 'a,b\n,""\n'), formulation="")) == [(None, "")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "cp1252"])
def test_declared_encodings(tmp_path: Path, encoding: str) -> None:
    assert rows(table(write(tmp_path, "é,b\nü,2\n", encoding=encoding), encoding=encoding)) == [("ü", "2")]


def test_an_encoding_that_is_none_or_not_the_files_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a\nü\n", encoding="latin-1")
    with pytest.raises(MappingError, match="no encoding 'UTF-99'"):
        table(path, encoding="UTF-99")
    with pytest.raises(ProductError, match="is not UTF-16"):
        table(write(tmp_path, "a", "odd.csv"), encoding="UTF-16")


@pytest.mark.parametrize(("dialect", "what"), [(Dialect("::"), "delimiter"), (Dialect(quote="''"), "quote")])
def test_a_dialect_of_several_characters_is_refused(tmp_path: Path, dialect: Dialect, what: str) -> None:
    with pytest.raises(MappingError, match=what):
        table(write(tmp_path, "a::b\n"), dialect=dialect)


@pytest.mark.parametrize("text", ["", "a,a\n1,2\n"])
def test_a_table_needs_distinct_names(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProductError, match="distinct names"):
        table(write(tmp_path, text))


def test_a_header_alone_is_a_table_without_rows_and_broken_rows_are_told(tmp_path: Path) -> None:
    assert rows(table(write(tmp_path, "a,b\n"))) == []
    source = table(write(tmp_path, "a,b\n1,2\n3\n4,5\n"))
    assert rows(source) == [("1", "2"), ("4", "5")]
    assert len(source.faults) == 1


def test_a_broken_row_is_an_error_where_bad_rows_are(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1,2\n3\n")
    logical = LogicalSource(formulation="CSV", access=FileAccess(path.name))
    source = Opener(Place(None, tmp_path, tmp_path), Options(on_error="fail"))(logical)
    assert isinstance(source, Source)
    with pytest.raises(ProductError, match=r"t\.csv: a row cannot be read"):
        rows(source)


def test_rows_longer_than_a_block_are_read(tmp_path: Path) -> None:
    long = "x" * 5_000_000
    path = write(tmp_path, f"a,b\n1,2\n3\n2,{long}\n3,4\n")
    source = table(path)
    assert [(one, len(two)) for one, two in rows(source)] == [("1", 1), ("2", len(long)), ("3", 1)]
    assert len(source.faults) == 1


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    with patch.object(reading, "MAX_HEADER", 100), pytest.raises(SizeLimitError, match="first line"):
        table(write(tmp_path, "a" * 200))
    with pytest.raises(ProductError, match="no header that can be read"):
        table(write(tmp_path, "a" * 200_000))


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), st.sampled_from(",;|\t"), st.sampled_from(["utf-8", "utf-16"]), st.booleans())
def test_what_the_standard_library_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], delimiter: str, encoding: str, suffix: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / f"written.{'tsv' if suffix else 'csv'}"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *cells])
    assert rows(table(path, encoding=encoding, dialect=Dialect(delimiter))) == cells
