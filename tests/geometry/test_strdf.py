"""Literals of stRDF read in bulk, beside the same in GeoSPARQL's form."""

from __future__ import annotations

import pytest

from earthweave.ontology import CRS84
from earthweave.ontology.geometry import read_block, split_strdf

WEB = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.mark.parametrize(
    ("literal", "crs"),
    [
        ("POINT(1 2)", CRS84.iri),
        ("POINT(1 2);", CRS84.iri),
        ("POINT(1 2);4326", CRS84.iri),
        (f"POINT(1 2);{WEB}4326", CRS84.iri),
        (f" POINT(1 2) ; <{WEB}2100> ", f"{WEB}2100"),
        ("POINT(1 2);2100", f"{WEB}2100"),
        ("POINT(1 2);EPSG:2100", f"{WEB}2100"),
        ("POINT(1 2);http://spatialreference.org/ref/epsg/2100/", f"{WEB}2100"),
        (f"<{WEB}2100> POINT(1 2)", f"{WEB}2100"),
        (f"<{WEB}4326> POINT(1 2)", CRS84.iri),
    ],
)
def test_the_crs_stands_behind_a_semicolon(literal: str, crs: str) -> None:
    found, text = split_strdf(literal)
    assert (found.iri, text) == (crs, "POINT(1 2)")
    block = read_block([literal] * 20, "strdf")
    assert not block.problems
    assert [one.iri for one in block.systems] == [crs]
    assert block.bounds.tolist() == [[1.0, 2.0, 1.0, 2.0]] * 20


def test_forms_are_mixed_in_one_block_and_bad_ones_are_told() -> None:
    block = read_block(["POINT(1 2);2100", "<" + WEB + "2100> POINT(3 4)", "", "POINT(1 2);999999999", "none"], "strdf")
    assert [problem.index for problem in block.problems] == [3, 4]
    assert block.shapes()[2].is_empty
