"""Names in questions, against what is known of a real store."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa.knowledge import Called, ClassEntry, Knowledge, index_of
from earthweave.qa.language import read
from earthweave.qa.language._names import readings as names
from tests.qa.knowledge.real import E, learned
from tests.qa.language.linked import readings, rows


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return learned(tmp_path_factory)[1]


@pytest.mark.parametrize(
    ("text", "words", "iri"),
    [
        ("How large is Lough Corrib?", "Lough Corrib", "corrib"),
        ("is the burren protected", "burren", "burren"),
        ("Which lakes are in County Galway?", "County Galway", "galway"),
        ("lakes in Galway county", "Galway county", "galway"),
        ("What is the population of the city of Galway?", "city of Galway", "galwaycity"),
        ("Which cities are in Éire?", "Éire", "ireland"),
        ("Name Irish rivers", "Irish", "ireland"),
        ("What is Texas's area?", "Texas", "texas"),
        ("Where does the River Erne flow?", "River Erne", "erne"),
        ("Where is Galway, Ireland?", "Galway, Ireland", "galwaycity"),
        ("Where is Galway, TX?", "Galway, TX", "galwaytexas"),
        ("population of galway texas?", "galway", "galwaytexas"),
        ("Find pictures of Slieve League", "Slieve League", "resource/Slieve_League"),
        ("how far is dublin from cork", "dublin", "dublin"),
    ],
)
def test_a_name_means_the_thing_that_fits_the_words_around_it(known: Knowledge, text: str, words: str, iri: str) -> None:
    assert rows(names, text, known)[words].iris == (E + iri,)


def test_all_things_of_a_name_are_told(known: Knowledge) -> None:
    found = {one.value.iris[0] for one in readings(names, "Where is Galway?", known)["Galway"].value}
    assert found >= {f"{E}galway", f"{E}galwaycity", f"{E}galwaytexas"}


def test_typing_errors_are_told(known: Knowledge) -> None:
    found = readings(names, "Is Dublni near Swansea?", known)["Dublni"]
    assert found.value[0].value.iris == (f"{E}dublin",)
    assert 0.5 < found.score < 0.95
    assert found.assumptions[0].code == "misspelt"
    assert found.assumptions[0].about == "Dublni"


@pytest.mark.parametrize(("text", "name"), [("hotels near Bananaville", "Bananaville"), ("images of xqzwvkt in may", "xqzwvkt")])
def test_unknown_names_are_told_and_unsure(known: Knowledge, text: str, name: str) -> None:
    found = readings(names, text, known)[name]
    assert (found.value[0].value.name, found.value[0].value.iris) == (name, ())
    assert found.score < 0.5


@pytest.mark.parametrize(
    "text", ["What is the largest of all lakes?", "which is the most populated", "show images near here in march", "how many are there"]
)
def test_common_words_are_hardly_names(known: Knowledge, text: str) -> None:
    assert all(found.score < 0.5 for found in readings(names, text, known).values())


def test_words_of_a_class_are_hardly_names() -> None:
    kinds = {f"{E}Lake": ClassEntry(f"{E}Lake", ("lake",))}
    world = Knowledge(index_of([Called(f"{E}1", (("Lake", 1.0),)), Called(f"{E}2", (("Most", 1.0),))]), kinds)
    assert readings(names, "is there a lake", world)["lake"].score < 0.3
    assert readings(names, "How far is Most from here?", world)["Most"].score > 0.5


def test_what_lies_inside_wins_by_its_place() -> None:
    things = [
        Called(f"{E}a", (("Windsor", 1.0),), prior=9.0, box=(-0.6, 51.4, -0.5, 51.5)),
        Called(
            f"{E}b",
            (("Windsor", 1.0),),
            box=(
                150.8,
                -33.6,
            )
            * 2,
        ),
        Called(f"{E}nsw", (("New South Wales", 1.0),), box=(141.0, -37.5, 153.6, -28.1)),
    ]
    world = Knowledge(index_of(things))
    assert rows(names, "floods near Windsor, NSW", world)["Windsor, NSW"].iris == (f"{E}b",)
    assert rows(names, "floods near Windsor", world)["Windsor"].iris == (f"{E}a",)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
@settings(max_examples=60)
def test_any_text_is_read(text: str) -> None:
    world = Knowledge(index_of([Called(f"{E}1", (("Loch Ness", 1.0),))]))
    question = read(text)
    for found in names(question, world, None):
        assert 0 <= found.start < found.end <= len(question.tokens)
        assert 0 <= found.score <= 1
        assert found.value


HOSTILE = ('Bobby"; DROP', "(brackets] {all}", "two\nlines", "🌋 Etna", "مدينة القاهرة", "a > b")


@pytest.mark.parametrize("label", HOSTILE)
def test_hostile_labels_give_the_same_shape(label: str) -> None:
    for name in (label, "Galway"):
        world = Knowledge(index_of([Called(f"{E}1", ((name, 1.0),))]))
        found = [one for one in names(read(f"lakes in {name}"), world, None) if one.rule == "name"]
        assert found and found[0].value[0].value.iris == (f"{E}1",)


def test_long_names_are_found_whole() -> None:
    name = "Museum of the History of Science and Industry of the Lower Rhine Valley"
    world = Knowledge(index_of([Called(f"{E}1", ((name, 1.0),))]))
    assert rows(names, f"hotels near {name}", world)[name].iris == (f"{E}1",)


@pytest.mark.parametrize("text", ["hotels near Sunny Side Diner, Nowhereville, VT", "hotels near Sunny Side Diner, Ohio"])
def test_addresses_that_the_store_does_not_tell_belong_to_the_name(text: str) -> None:
    world = Knowledge(index_of([Called(f"{E}1", (("Sunny Side Diner", 1.0),))]))
    assert rows(names, text, world)[text.removeprefix("hotels near ")].iris == (f"{E}1",)


@pytest.mark.parametrize(("text", "words", "iri"), [
    ("lakes near the volcano Etna", "volcano Etna", "volcano"), ("lakes near Mount Etna", "Mount Etna", "volcano"),
    ("lakes near the city of Etna", "city of Etna", "town"), ("lakes near Etna, Ohio", "Etna, Ohio", "town"),
    ("lakes near Etna", "Etna", "volcano"),
])  # fmt: skip
def test_a_word_for_the_kind_or_what_it_lies_in_decides(text: str, words: str, iri: str) -> None:
    kinds = {E + kind: ClassEntry(E + kind, (kind,)) for kind in ("volcano", "settlement", "state")}
    things = [
        Called(f"{E}volcano", (("Etna", 1.0),), (f"{E}volcano",), 3.0, (15.0, 37.7, 15.0, 37.7)),
        Called(f"{E}town", (("Etna", 1.0),), (f"{E}settlement",), 2.0, (-82.7, 40.0, -82.7, 40.0)),
        Called(f"{E}ohio", (("Ohio", 1.0),), (f"{E}state",), 5.0, (-84.8, 38.4, -80.5, 41.9)),
    ]
    assert rows(names, text, Knowledge(index_of(things), kinds))[words].iris == (E + iri,)
