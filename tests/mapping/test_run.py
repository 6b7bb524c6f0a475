"""Which executor runs what, as the report tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from earthweave.mapping import Options, map_source, read_rules
from earthweave.ontology import ParameterError

RULES = """@prefix rml: <http://w3id.org/rml/> .
<#Station> rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "stations.csv" ] ;
        rml:referenceFormulation rml:CSV ] ;
    rml:subjectMap [ rml:template "http://example.org/station/{id}" ] ;
    rml:predicateObjectMap [ rml:predicate <http://example.org/in> ;
        rml:objectMap [ rml:parentTriplesMap <#Town> ; rml:joinCondition [ rml:child "town" ; rml:parent "name" ] ] ] .
<#Town> rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "towns.FORM" ] ;
        rml:referenceFormulation rml:KIND ITERATOR ] ;
    rml:subjectMap [ rml:template "http://example.org/town/{code}" ] ;
    rml:predicateObjectMap [ rml:predicate <http://example.org/name> ; rml:objectMap [ rml:reference "name" ] ] .
"""
TOWNS = {"csv": "code,name\n1,Padova\n2,Abano\n", "json": '[{"code": 1, "name": "Padova"}, {"code": 2, "name": "Abano"}]'}
LINK = b"<http://example.org/station/a> <http://example.org/in> <http://example.org/town/1> ."


@pytest.mark.parametrize(("form", "stations", "towns"), [
    ("csv", "columnar", "columnar"), ("json", "rows: the parent <#Town> is nested", "rows: its records are nested"),
])
def test_columns_run_what_is_flat_and_rows_the_rest(tmp_path: Path, form: str, stations: str, towns: str) -> None:
    (tmp_path / "stations.csv").write_text("id,town\na,Padova\nb,\n")
    (tmp_path / f"towns.{form}").write_text(TOWNS[form])
    text = RULES.replace("FORM", form)
    text = text.replace("KIND ITERATOR", "CSV" if form == "csv" else 'JSONPath ; rml:iterator "$[*]"')
    (tmp_path / "rules.ttl").write_text(text)
    run = map_source(read_rules(tmp_path / "rules.ttl"), working=tmp_path)
    lines = set(b"".join(run).splitlines())
    assert LINK in lines
    assert len(lines) == 3
    assert run.report.executors == {"stations.csv": stations, f"towns.{form}": towns}


def test_rows_run_all_if_they_are_asked_to(tmp_path: Path) -> None:
    (tmp_path / "stations.csv").write_text("id,town\na,Padova\n")
    (tmp_path / "towns.csv").write_text(TOWNS["csv"])
    (tmp_path / "rules.ttl").write_text(RULES.replace("FORM", "csv").replace("KIND ITERATOR", "CSV"))
    run = map_source(read_rules(tmp_path / "rules.ttl"), working=tmp_path, options=Options(executor="rows"))
    assert LINK in b"".join(run).splitlines()
    assert set(run.report.executors.values()) == {"rows: as asked"}


@pytest.mark.parametrize("given", [{"delimiter": "ab"}, {"delimiter": ""}, {"batch_rows": 0}, {"validity": "mend"}])
def test_options_that_cannot_be_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Options(**given)
