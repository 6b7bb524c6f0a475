"""RML-IO, targets: 41 cases; what they write is compared file by file with what the suite says they should."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.mapping import Form, Options, RdfFile, map_source, read_rules, write_targets
from earthweave.ontology import XSD, EarthweaveError

from ._rdf import Result, base_of, same, wants_error

_UNTYPED = "expects the JSON number 33 as a plain text, while {} expects it as xsd:integer from the same input and mapping"
KNOWN = {
    **dict.fromkeys(("RMLTTC0004a", "RMLTTC0004c", "RMLTTC0004f", "RMLTTC0004g"), _UNTYPED.format("RMLTTC0004d")),
    "RMLTTC0005b": _UNTYPED.format("RMLTTC0005a"),
    **dict.fromkeys(("RMLTTC0006b", "RMLTTC0006c", "RMLTTC0006d", "RMLTTC0006e"), _UNTYPED.format("RMLTTC0006a")),
}
"""Faults of the suite; that is all that is wrong with our files, so they are compared again without this datatype."""
FAILING = {"RMLTTC0002q": "the integer 33 with the datatype xsd:double is expected as 3.3E1, its canonical form, and written as 33"}
"""Faults of ours."""
_INTEGER = f"^^<{XSD.integer}>".encode()
_PARSED = {
    ".jsonld": ox.RdfFormat.JSON_LD, ".n3": ox.RdfFormat.N3, ".ttl": ox.RdfFormat.TURTLE, ".rdfxml": ox.RdfFormat.RDF_XML,
    ".nt": ox.RdfFormat.N_TRIPLES,
}


def suite() -> Path:
    """The cases."""
    return Path(os.environ["EARTHWEAVE_SHARED"]) / "suites/rml-io/test-cases"


def lines_of(path: Path) -> bytes:
    """A file in any form as N-Quads."""
    data = _unpacked(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16").encode()
    syntax = path.suffix
    if syntax == ".rdfjson":
        return _rdfjson(data)
    if syntax in _PARSED:
        return ox.serialize(ox.parse(data, _PARSED[syntax]), format=ox.RdfFormat.N_QUADS) or b""
    return data


def _unpacked(path: Path) -> bytes:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0])
    if ".tar" in path.suffixes:
        with tarfile.open(path) as archive:
            found = archive.extractfile(archive.getmembers()[0])
            assert found is not None
            return found.read()
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _rdfjson(data: bytes) -> bytes:
    quads = [
        ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), _value(one))
        for subject, about in json.loads(data).items() for predicate, values in about.items() for one in values
    ]
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""


def _value(one: dict[str, Any]) -> ox.Literal:
    """A literal; a bare JSON number, which RDF/JSON does not know, is taken for an integer."""
    assert one["type"] == "literal"
    datatype = str(XSD.integer) if isinstance(one["value"], int) else one.get("datatype", str(XSD.string))
    return ox.Literal(str(one["value"]), datatype=ox.NamedNode(datatype))


def outcome(folder: Path, working: Path, *, untyped: bool = False) -> str:
    """Run one case in an empty folder; empty if every file is as expected, ``untyped`` but for xsd:integer, else what differs."""
    try:
        plan = read_rules(folder / "mapping.ttl", base=base_of(folder))
        run = map_source(plan, working=working, options=Options(on_error="fail"))
        with RdfFile(working / "default.nq", Form()) as file:
            write_targets(run.chunks(), plan, working, default=file)
    except EarthweaveError as error:
        return "" if wants_error(folder) else f"{error.what}: {error.why}"
    if wants_error(folder):
        return "an error was expected"
    expected = [path for path in folder.iterdir() if path.name.startswith(("default", "dump"))]
    found = {path.name for path in working.iterdir()}
    lost = {path.name for path in expected} ^ found

    def compared(path: Path) -> bytes:
        return lines_of(path).replace(_INTEGER, b"") if untyped else lines_of(path)

    differences = [f"files: {sorted(lost)}"] if lost else []
    return "; ".join(differences + [f"{path.name}: {what}" for path in expected if path.name in found
                                    and (what := same(compared(path), compared(working / path.name)))])


def results() -> list[Result]:
    """Every case, with its result and what differs."""
    return [_result(folder) for folder in sorted(suite().glob("RMLTTC*"))]


def _result(folder: Path) -> Result:
    with TemporaryDirectory() as strictly, TemporaryDirectory() as loosely:
        if not (why := outcome(folder, Path(strictly))):
            return folder.name, "passed", ""
        if folder.name in KNOWN and not outcome(folder, Path(loosely), untyped=True):
            return folder.name, "known fault", KNOWN[folder.name]
    return folder.name, "failed", why


def test_targets(capsys: pytest.CaptureFixture[str]) -> None:
    found = results()
    states = {state: {case for case, one, _ in found if one == state} for state in ("passed", "known fault", "failed")}
    with capsys.disabled():
        print(f"\nRML-IO targets: {len(states['passed'])} of {len(found)} passed, {len(states['known fault'])} known faults")
    assert len(found) == 41
    assert states["failed"] == set(FAILING), {case: why for case, state, why in found if state == "failed"}
    assert states["known fault"] == set(KNOWN)
