"""XML as records: XPath 1.0, namespaces, reading element by element against reading as a whole, and hostile documents."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping import LogicalSource, Options
from earthweave.mapping.plan import FileAccess
from earthweave.mapping.sources import Opener, Place, Records, nested_records
from earthweave.mapping.sources import _xml as reading
from earthweave.ontology import MappingError, ProductError, SizeLimitError

PEOPLE = """<?xml version="1.0"?><!-- a comment --><people xmlns:e="http://e.org/" at="2020">
<person id="1"><name>Bob <b>the</b> Builder</name><e:age>30</e:age><tag>x</tag><tag>y</tag><none/></person>
<other><person id="9"/></other><person id="2"><name>Sue</name></person></people>"""
ELEMENTS = st.recursive(
    st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", st.sampled_from("abc"), st.text("xyz ", max_size=3)),
    lambda inner: st.builds(
        lambda tag, key, below: f'<{tag} id="{key}">{"".join(below)}</{tag}>',
        st.sampled_from("abc"), st.integers(0, 9), st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)

REFERENCES = (".", "@id", "*/@id", "../@id")


def records(path: Path, iterator: str, *namespaces: tuple[str, str], encoding: str = "") -> Records:
    access = FileAccess(path.name, encoding=encoding)
    source = LogicalSource(formulation="XPath", iterator=iterator, namespaces=namespaces, access=access)
    return Opener(Place(None, path.parent, path.parent), Options())(source)  # type: ignore[return-value]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    (tmp_path / "people.xml").write_text(PEOPLE)
    return tmp_path / "people.xml"


@pytest.mark.parametrize(
    ("reference", "values"),
    [
        ("@id", ["1"]), ("name", ["Bob the Builder"]), ("name/text()", ["Bob ", " Builder"]), ("tag", ["x", "y"]), ("tag[2]", ["y"]),
        ("e:age", ["30"]), ("none", [""]), ("absent", []), ("count(tag)", ["2"]), ("e:age div 4", ["7.5"]), ("../@at", ["2020"]),
        ("string(name)", ["Bob the Builder"]), ("boolean(none)", ["true"]), ("./name/b", ["the"]), ("/people/@at", ["2020"]),
    ],
)
def test_references_relative_to_a_node(people: Path, reference: str, values: list[str]) -> None:
    source = records(people, "/people/person", ("e", "http://e.org/"))
    source.check([reference])
    assert list(next(iter(source.records())).values(reference)) == values


@pytest.mark.parametrize(
    ("iterator", "ids"), [("/people/person", ["1", "2"]), ("//person", ["1", "9", "2"]), ("people/person[@id=2]", ["2"])]
)
def test_iterators(people: Path, iterator: str, ids: list[str]) -> None:
    assert [record.values("@id") for record in records(people, iterator).records()] == [[one] for one in ids]


def test_attributes_and_texts_may_be_records(people: Path) -> None:
    assert [list(record.values(".")) for record in records(people, "//person/@id").records()] == [["1"], ["9"], ["2"]]


@pytest.mark.parametrize("path", ["???x", "a b", "", "a["])
def test_what_is_no_path_is_refused_before_a_record_is_read(people: Path, path: str) -> None:
    with pytest.raises(MappingError, match="no XPath"):
        records(people, "/people/person").check([path])


def test_an_undeclared_prefix_is_told_with_those_that_are_declared(people: Path) -> None:
    (first, *_) = records(people, "/people/person", ("f", "http://e.org/")).records()
    with pytest.raises(MappingError, match="declares: f"):
        first.values("e:age")


@given(ELEMENTS, st.lists(st.sampled_from("abc"), min_size=1, max_size=4))
def test_element_by_element_gives_what_the_whole_document_gives(
    tmp_path_factory: pytest.TempPathFactory, element: str, steps: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "elements.xml"
    path.write_text(f"<!-- x --><a>{element}</a>")
    source = records(path, "/" + "/".join(steps))
    with patch.object(reading, "STREAMED_FROM", -1):
        streamed = [tuple(map(record.values, REFERENCES)) for record in source.records()]
    whole = [tuple(map(record.values, REFERENCES)) for record in source.records()]
    root = ElementTree.parse(path).getroot()
    oracle = ([root] if len(steps) == 1 else root.findall("./" + "/".join(steps[1:]))) if steps[0] == root.tag else []
    assert streamed == whole
    assert [texts for texts, *_ in whole] == [["".join(one.itertext())] for one in oracle]


def test_namespaces_while_reading_element_by_element(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text('<r xmlns="http://d.org/"><x><y>1</y></x><x xmlns=""><y>2</y></x></r>')
    source = records(tmp_path / "a.xml", "/d:r/d:x", ("d", "http://d.org/"))
    with patch.object(reading, "STREAMED_FROM", 0):
        assert [record.values("d:y") for record in source.records()] == [["1"]]
        with pytest.raises(MappingError, match="prefix q"):
            list(records(tmp_path / "a.xml", "/q:r/q:x").records())


def test_a_record_that_somebody_holds_stays_whole(people: Path) -> None:
    with patch.object(reading, "STREAMED_FROM", 0):
        held = list(records(people, "/people/person").records())
    assert [record.values("name") for record in held] == [["Bob the Builder"], ["Sue"]]


def test_references_that_look_up_load_the_document_or_are_refused(people: Path) -> None:
    with patch.object(reading, "STREAMED_FROM", 0):
        source = records(people, "/people/person")
        with pytest.raises(MappingError, match="other parts"):
            next(iter(source.records())).values("../other/person/@id")
        source.check(["../other/person/@id"])
        assert next(iter(source.records())).values("../other/person/@id") == ["9"]
    with patch.object(reading, "MAX_DOCUMENT", 5), pytest.raises(SizeLimitError, match="larger than 5 bytes"):
        list(records(people, "//person").records())


def test_what_has_been_read_of_a_large_document_is_let_go(tmp_path: Path) -> None:
    (tmp_path / "large.xml").write_text("<r><h/>" + f"<g>{'<x><n>1</n></x>' * 100}</g>" * 50 + "</r>")
    total = 0
    with patch.object(reading, "STREAMED_FROM", 0):
        for record in records(tmp_path / "large.xml", "/r/g/x").records():
            group = record.node.getparent()  # type: ignore[attr-defined]
            assert group.index(record.node) <= 1  # type: ignore[attr-defined]
            assert group.getparent().index(group) <= 1
            total += int(str(record.values("n")[0]))
    assert total == 5000


@pytest.mark.parametrize("text", ["", "<a>", "<a><b></a>", "a", "<a>&undefined;</a>"])
def test_what_is_no_xml_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(ProductError, match="not well-formed"):
        list(records(tmp_path / "a.xml", "/a").records())
    with pytest.raises(ProductError, match="not XML"):
        list(nested_records(text, "/a", "XPath"))


@pytest.mark.parametrize("streamed_from", [-1, 1 << 30])
def test_entities_of_the_document_are_expanded_and_other_files_not_read(tmp_path: Path, streamed_from: int) -> None:
    (tmp_path / "secret").write_text("secret")
    entities = f'<!ENTITY e "expanded"><!ENTITY s SYSTEM "{(tmp_path / "secret").as_uri()}">'
    with patch.object(reading, "STREAMED_FROM", streamed_from):
        (tmp_path / "a.xml").write_text(f"<!DOCTYPE a [{entities}]><a><b>x&e;</b></a>")
        assert [record.values("b") for record in records(tmp_path / "a.xml", "/a").records()] == [["xexpanded"]]
        (tmp_path / "a.xml").write_text(f"<!DOCTYPE a [{entities}]><a><b>x&s;</b></a>")
        with pytest.raises(ProductError, match="not well-formed"):
            list(records(tmp_path / "a.xml", "/a").records())


@pytest.mark.parametrize("streamed_from", [-1, 1 << 30])
def test_entities_of_entities_are_refused(tmp_path: Path, streamed_from: int) -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    (tmp_path / "a.xml").write_text(f'<!DOCTYPE a [<!ENTITY e0 "ha">{bomb}]><a><b>&e8;</b></a>')
    with patch.object(reading, "STREAMED_FROM", streamed_from), pytest.raises(ProductError, match="not well-formed"):
        list(records(tmp_path / "a.xml", "/a").records())


def test_the_declared_encoding_goes_before_the_documents_own(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes('<?xml version="1.0" encoding="ISO-8859-1"?><a>Zürich</a>'.encode("latin-1"))
    assert [record.values(".") for record in records(tmp_path / "a.xml", "/a").records()] == [["Zürich"]]
    (tmp_path / "b.xml").write_bytes("<a>Zürich</a>".encode("latin-1"))
    assert [record.values(".") for record in records(tmp_path / "b.xml", "/a", encoding="ISO-8859-1").records()] == [["Zürich"]]


@pytest.mark.parametrize("streamed_from", [-1, 1 << 30])
def test_a_reference_that_no_record_has_is_an_error_where_bad_rows_are(people: Path, streamed_from: int) -> None:
    source = LogicalSource(formulation="XPath", iterator="/people/person", access=FileAccess(people.name))
    with patch.object(reading, "STREAMED_FROM", streamed_from):
        strict = Opener(Place(None, people.parent, people.parent), Options(on_error="fail"))(source)
        assert [list(record.values("none")) for record in strict.records()] == [[""], []]  # type: ignore[union-attr]
        with pytest.raises(MappingError, match="no record of people.xml has typo"):
            assert [record.values("typo") for record in strict.records()]  # type: ignore[union-attr]
