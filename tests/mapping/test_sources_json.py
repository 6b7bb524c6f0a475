"""JSON as records: paths against the library's, reading in pieces against reading as a whole, and documents that are none."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonpath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.mapping import LogicalSource, Options
from earthweave.mapping.plan import FileAccess
from earthweave.mapping.sources import Opener, Place, Record, Records, nested_records
from earthweave.mapping.sources import _json as reading
from earthweave.mapping.sources._json_path import json_path
from earthweave.ontology import MappingError, ProductError, SizeLimitError

STRICT = jsonpath.JSONPathEnvironment(strict=True)
NAMES = st.sampled_from(["a", "b", "c d", "é", "x-y", "0"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
STEPS = st.lists(NAMES | st.integers(-2, 3) | st.none(), max_size=4)


def written(steps: list[str | int | None]) -> str:
    """Steps in the long form, which is the same in every implementation."""
    return "$" + "".join("[*]" if step is None else f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)


def expected(document: Any, steps: list[str | int | None]) -> list[Any]:
    """What the library finds, which takes a text for a document of its own."""
    return STRICT.findall(written(steps), document) if isinstance(document, dict | list) else [document] * (not steps)


def records(path: Path, iterator: str, encoding: str = "") -> Records:
    source = LogicalSource(formulation="JSONPath", iterator=iterator, access=FileAccess(path.name, encoding=encoding))
    opened = Opener(Place(None, path.parent, path.parent), Options())(source)
    assert not hasattr(opened, "fields")
    return opened  # type: ignore[return-value]


def nodes(found: Iterator[Record]) -> list[Any]:
    return [record.node for record in found]  # type: ignore[attr-defined]


@given(VALUES, STEPS)
def test_simple_paths_find_what_the_library_finds(document: Any, steps: list[str | int | None]) -> None:
    path = json_path(written(steps))
    assert path.steps == tuple(steps)
    assert list(path.find(document)) == expected(document, steps)


@settings(max_examples=150)
@given(VALUES, STEPS, st.integers(1, 40), st.sampled_from([None, 2]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_a_document_read_in_pieces_gives_what_it_gives_as_a_whole(
    tmp_path_factory: pytest.TempPathFactory, document: Any, steps: list[str | int | None], piece: int, indent: int | None, encoding: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "pieces.json"
    path.write_text(json.dumps(document, indent=indent, ensure_ascii=False), encoding=encoding)
    with patch.object(reading, "_PIECE", piece):
        assert nodes(records(path, written(steps)).records()) == expected(document, steps)


@pytest.mark.parametrize(
    ("reference", "values"),
    [
        ("$.name", ["Bob"]), ("name", ["Bob"]), ("$.flag", [True]), ("$.none", []), ("$.absent", []), ("$.list[*]", [1, 2.5]),
        ("Country Code", ["AU"]), ("$.Country Code", ["AU"]), ("$['Country Code']", ["AU"]), ("deep.er", ["x"]), ("deep['er']", ["x"]),
        ("7_id", [7]), ("$..er", ["x"]), ("$.list[?@ > 2]", [2.5]), ("$.list[-1]", [2.5]), ("$.deep.*", ["x"]), ("x-y", ["dash"]),
    ],
)
def test_references_relative_to_a_record(reference: str, values: list[Any]) -> None:
    text = json.dumps({"name": "Bob", "flag": True, "none": None, "list": [1, 2.5], "Country Code": "AU", "deep": {"er": "x"}, "7_id": 7,
                       "x-y": "dash"})
    (record,) = nested_records(text, "$", "JSONPath")
    assert list(record.values(reference)) == values


def test_a_text_that_looks_like_a_document_is_a_text() -> None:
    (outer,) = nested_records('["[1]", {"a": "{"}]', "$", "JSONPath")
    for record in outer.within("$[*]", ""):
        assert list(record.values("$..b")) == []


@pytest.mark.parametrize("reference", ["$.list", "$.deep", "$"])
def test_arrays_and_objects_are_no_values(reference: str) -> None:
    (record,) = nested_records('{"list": [1], "deep": {"a": 1}}', "$", "JSONPath")
    with pytest.raises(ProductError, match="not a value"):
        record.values(reference)


@pytest.mark.parametrize("reference", ["$.a[*]]", "Dh;e", "$.", "$.a[?@.b==]", "$['a", ""])
def test_what_is_no_path_is_refused_before_a_record_is_read(reference: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    source = records(tmp_path / "a.json", "$[*]")
    with pytest.raises(MappingError, match="no JSONPath"):
        source.check(["$.fine", reference])


@pytest.mark.parametrize(
    "text",
    ['[{"a": 1}, {"a": ', '[{"a": 1}', '[1 2]', '[1,]', '[1,,2]', "[tru]", '["a', "[NaN]", "[1" + "0" * 5000 + "]", "", "[" * 100_000],
)
def test_what_is_no_json_is_told_not_guessed(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    for iterator in ("$[*]", "$"):
        with pytest.raises(ProductError, match="not JSON"):
            list(records(tmp_path / "a.json", iterator).records())


def test_lines_are_one_array_and_a_bad_one_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n\n{"a": \n{"a": 3, "b": [4]}\n')
    for iterator in ("$[*]", "$", ""):
        source = records(tmp_path / "a.jsonl", iterator)
        assert [record.values("a") for record in source.records()] == [[1], [3]]
        assert [number for number, _ in source.faults] == [3]
    assert nodes(records(tmp_path / "a.jsonl", "$[*].b[*]").records()) == [4]


def test_the_declared_encoding_is_used_and_bytes_that_it_has_not_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes('["Zürich"]'.encode("latin-1"))
    assert nodes(records(tmp_path / "a.json", "$[*]", "ISO-8859-1").records()) == ["Zürich"]
    with pytest.raises(ProductError, match="not UTF-8"):
        list(records(tmp_path / "a.json", "$[*]").records())


def test_records_inside_a_record(tmp_path: Path) -> None:
    text = json.dumps({"items": [{"t": "a,b\n1,2\n3,\n"}, {"t": "<r><x>5</x></r>"}, {"t": '{"x": 6}'}]})
    (record,) = nested_records(text, "$", "JSONPath")
    table, document, inner = record.within("$.items[*].t", "")
    assert [row.values("b") for row in table.within("", "CSV")] == [("2",), ("",)]
    assert [row.values("x") for row in document.within("/r", "XPath")] == [["5"]]
    assert [row.values("x") for row in inner.within("$", "JSONPath")] == [[6]]
    with pytest.raises(MappingError, match="no column 'c'"):
        next(iter(table.within("", "CSV"))).values("c")
    with pytest.raises(ProductError, match="not JSON"):
        list(document.within("$", "JSONPath"))


@pytest.mark.parametrize("text", ["a,b\n1\n", 'a,b\n1,"2', 'a,b\n"1"x,2\n'])
def test_a_broken_table_inside_a_record_is_told(text: str) -> None:
    with pytest.raises(ProductError, match="a text"):
        list(nested_records(text, "", "CSV"))


def test_a_large_array_takes_the_memory_of_one_element(tmp_path: Path) -> None:
    element = json.dumps({"name": "x" * 1000, "n": 1})
    (tmp_path / "large.json").write_text('{"skip": {"a": [1]}, "features": [' + ", ".join([element] * 20_000) + "]}")
    source = records(tmp_path / "large.json", "$.features[*].n")
    tracemalloc.start()
    assert sum(record.values("$")[0] for record in source.records()) == 20_000  # type: ignore[misc]
    assert tracemalloc.get_traced_memory()[1] < 12 * 1024**2
    tracemalloc.stop()


def test_a_document_too_large_to_load_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": [1, 2]}')
    with patch.object(reading, "MAX_DOCUMENT", 5):
        assert nodes(records(tmp_path / "a.json", "$.a[*]").records()) == [1, 2]
        with pytest.raises(SizeLimitError, match="larger than 5 bytes"):
            list(records(tmp_path / "a.json", "$..a").records())


def strict(path: Path, iterator: str) -> Records:
    source = LogicalSource(formulation="JSONPath", iterator=iterator, access=FileAccess(path.name))
    return Opener(Place(None, path.parent, path.parent), Options(on_error="fail"))(source)  # type: ignore[return-value]


def test_a_reference_that_no_record_has_is_an_error_where_bad_rows_are(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"a": 1, "n": null}, {"b": 2}]')
    for source in (records(tmp_path / "a.json", "$[*]"), strict(tmp_path / "a.json", "$[*]")):
        assert [[record.values(name) for name in ("a", "b", "n")] for record in source.records()] == [[[1], [], []], [[], [2], []]]
    assert [record.values("typo") for record in records(tmp_path / "a.json", "$[*]").records()] == [[], []]
    with pytest.raises(MappingError, match=r"no record of a\.json has typo"):
        assert [record.values("typo") for record in strict(tmp_path / "a.json", "$[*]").records()]
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a"\n')
    with pytest.raises(ProductError, match=r"a\.jsonl, line 2"):
        list(strict(tmp_path / "a.jsonl", "$").records())


@given(st.lists(VALUES.filter(lambda one: not isinstance(one, dict | list)), max_size=5))
def test_before_2023_values_are_texts_as_they_are_written(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "texts.json"
    path.write_text(json.dumps([{"v": values}]))
    source = LogicalSource(formulation="JSONPath", iterator="$[*]", access=FileAccess(path.name), texts=True)
    (record,) = Opener(Place(None, path.parent, path.parent), Options())(source).records()  # type: ignore[union-attr]
    texts = [one if isinstance(one, str) else json.dumps(one) for one in values if one is not None]
    assert record.values("v") == record.values("$.v[*]") == texts


def test_digits_are_kept_before_2023(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"a": 30.0E0, "b": 1.10, "c": 12345678901234567890123}]')
    source = LogicalSource(formulation="JSONPath", iterator="$[?@.b > 1]", access=FileAccess("a.json"), texts=True)
    (record,) = Opener(Place(None, tmp_path, tmp_path), Options())(source).records()  # type: ignore[union-attr]
    assert [*record.values("a"), *record.values("b"), *record.values("c")] == ["30.0E0", "1.10", "12345678901234567890123"]
