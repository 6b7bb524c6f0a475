"""The index of names against plain dictionaries, and with whatever labels a store may hold."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa.knowledge import Called, Knowledge, NameIndex, fold, index_of, key, read, write
from earthweave.qa.knowledge._forms import variants

HOSTILE = (
    'Bobby"; DROP',
    "(brackets] {all}",
    "two\nlines\tand tabs",
    "",
    "   ",
    "x" * 10_000,
    "مدينة القاهرة",
    "🌋 Etna 🌋",
    "\u202eevil",
    "a\x00b",
    "'",
    "<iri>",
)
NAMES = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    ["Loch Ness", "Saint-Malo", "Ærøskøbing", "The Hague", "New York City"]
)


def _index(*names: str) -> NameIndex:
    return index_of(Called(f"http://example.org/{number}", ((name, 1.0),)) for number, name in enumerate(names))


@given(st.lists(NAMES, max_size=30))
@settings(max_examples=60)
def test_every_name_is_found_and_nothing_else_is(names: list[str]) -> None:
    index, oracle = _index(*names), defaultdict[str, set[str]](set)
    for number, name in enumerate(names):
        for words, _ in variants(name):
            if words:
                oracle[" ".join(words)].add(f"http://example.org/{number}")
    assert len(index) == len(oracle)
    for text, iris in oracle.items():
        assert {match.named.iris[0] for match in index.find(text.split())} == iris
        assert sum(match.score for match in index.find(text.split())) <= 1.0001
    assert index.find(("never", "written", "anywhere")) == ()


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_are_names_like_others_or_none(label: str) -> None:
    index = _index(label, "Etna")
    assert [match.named.name for match in index.find(("etna",))][-1:] == ["Etna"]
    for match in index.find(key(label)):
        assert match.named.name in (label, "Etna")
    assert bool(index.find(key(label)[:10])) == (0 < len(key(label)) and len(label) <= 400)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Ærøskøbing", "aeroskobing"), ("São Paulo", "Sao Paulo"), ("St. Ives", "Saint Ives"), ("Saint-Malo", "st malo"),
        ("King's Cross", "Kings Cross"), ("The Hague", "hague"), ("County Galway", "galway"), ("City of Cork", "cork"),
        ("River Thames", "thames"), ("Mt Etna", "Mount Etna"), ("Windsor (New South Wales)", "Windsor"), ("Δήμος", "δημος"),
    ],
)  # fmt: skip
def test_spellings_of_one_name(written: str, asked: str) -> None:
    found = _index(written, "Elsewhere").find(asked.split())
    assert [match.named.name for match in found] == [written]


@pytest.mark.parametrize("name", ["County", "Lake", "City", "River Park"])
def test_a_word_for_a_kind_alone_is_not_shortened(name: str) -> None:
    assert all(" ".join(words) not in ("", "lake", "park", "river") or " ".join(words) == fold(name) for words, _ in variants(name))


def test_the_likeliest_comes_first_and_numbers_add_up() -> None:
    things = [
        Called("http://example.org/village", (("Paris", 1.0),), prior=1.0),
        Called("http://example.org/city", (("Paris", 1.0),), prior=9.0),
    ]
    found = index_of(things).find(("paris",))
    assert [(match.named.iris[0][-4:], round(match.score, 3)) for match in found] == [("city", 0.9), ("lage", 0.1)]


@settings(max_examples=50)
@given(st.sampled_from(["Manchester", "Thessaloniki", "Edinburgh", "Christchurch", "Llandudno"]), st.integers(0, 8), st.integers(0, 2))
def test_one_typing_error_is_forgiven(name: str, at: int, how: int) -> None:
    index = _index("Manchester", "Thessaloniki", "Edinburgh", "Christchurch", "Llandudno", "Chester", "Burgh")
    typed = (name[:at] + name[at + 1 :], name[:at] + "x" + name[at + 1 :], name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :])[
        how
    ]
    assert index.similar((typed,))[0][0].named.name == name


def test_what_is_far_or_short_is_not_similar() -> None:
    index = _index("Manchester", "Cork")
    assert index.similar(("bananaville",)) == ()
    assert index.similar(("cor",)) == ()


def test_beginnings() -> None:
    things = [
        Called(f"http://example.org/{name}", ((name, 1.0),), prior=prior)
        for name, prior in (("Corfu", 2.0), ("Cork", 3.0), ("Corinth", 1.0), ("Bath", 9.0))
    ]
    index = index_of(things)
    assert [match.named.name for match in index.starting("Cor")] == ["Cork", "Corfu", "Corinth"]
    assert [match.named.name for match in index.starting("cor", limit=1)] == ["Cork"]
    assert list(index.starting("")) == list(index.starting("zzz")) == []


def test_a_file_holds_all_and_strange_files_hold_nothing(tmp_path: Path) -> None:
    called = Called("http://example.org/a", (("Athens", 1.0),), ("http://example.org/City",), 2.0, (23.0, 37.0, 24.0, 38.0), ("Greece",))
    path = tmp_path / "store.knowledge"
    write(Knowledge(index_of([called]), generation="7", notices=("half",)), path)
    known = read(path)
    assert known is not None
    assert (known.generation, known.notices) == ("7", ("half",))
    (match,) = known.names.find(("athens",))
    assert (match.named.cls, match.box, match.context) == ("http://example.org/City", (23.0, 37.0, 24.0, 38.0), ("greece",))
    assert read(tmp_path / "absent") is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert read(path) is None
    path.write_text("nothing")
    assert read(path) is None
    assert read(tmp_path) is None


def test_a_file_of_another_release_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(Knowledge(index_of([]), generation="7"), tmp_path / "store.knowledge")
    assert read(tmp_path / "store.knowledge") is not None
    monkeypatch.setattr("earthweave.qa.knowledge._file.version", lambda package: f"9.9.9 of {package}")
    assert read(tmp_path / "store.knowledge") is None


def test_who_writes_the_same_file_just_now_is_left_alone(tmp_path: Path) -> None:
    path, other = tmp_path / "store.knowledge", tmp_path / "store.knowledge.part"
    other.write_text("half of the same, by another process")
    write(Knowledge(index_of([]), generation="7"), path)
    assert sorted(tmp_path.iterdir()) == [path, other]
    assert other.read_text() == "half of the same, by another process"
