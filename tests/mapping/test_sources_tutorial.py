"""The mappings of the TerraQ tutorial, RML before 2023 over GeoJSON as nested JSON, give the N-Triples that the tutorial hands out."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pyoxigraph
import pytest

from earthweave.mapping import map_source, read_rules


@pytest.mark.parametrize("name", ["hamburg", "hamburg_poi", "hamburg_river", "hamburg_s2"])
def test_the_tutorials_mappings_give_its_triples(shared: Path, name: str) -> None:
    part = shared / "data/linked/AI-team-UoA+LTEOI-BIDS-2025/part1"
    with ZipFile(shared / "data/derived/linked/hamburg_no_s1.zip") as archive:
        expected = archive.read(f"{name}.nt")
    run = map_source(read_rules(part / "mappings" / f"{name}.ttl"), working=part)
    triples = {quad.triple for quad in pyoxigraph.parse(b"".join(run), pyoxigraph.RdfFormat.N_QUADS)}
    assert triples == {quad.triple for quad in pyoxigraph.parse(expected, pyoxigraph.RdfFormat.N_TRIPLES)}
    assert run.report.skipped == 0
