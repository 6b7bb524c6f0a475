"""morph-kgc as a peer of the mapping benchmark: in an environment of its own, made on demand, and its statements beside ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks._mapping_data import NAMES

PINS = ("morph-kgc[geoparquet]==2.10.0", "pyarrow==19.0.1")
TYPES = {"key": "integer", "level": "integer", "height": "double", "share": "double", "seen": "date", "done": "boolean"}
EXAMPLE = "http://example.org/"
_FORMULATIONS = {"csv": "CSV", "shp": "Shapefile", "parquet": "GeoParquet"}
_HEAD = """@prefix rml: <http://w3id.org/rml/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix v: <http://example.org/ontology#> .
"""
_LITERAL = re.compile(rb'^(<[^>]*> <[^>]*> )"(.*)"\^\^<(.*)> \.$')
_NUMBER = re.compile(rb"-?\d+\.?\d*(?:[eE][+-]?\d+)?")


class Unavailable(Exception):
    """A peer that cannot be installed; its text says why."""


def environment(folder: Path) -> Path:
    """The Python of an environment with morph-kgc, made if it is not there; raises `Unavailable`."""
    home = folder / "morph-kgc"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        for command in ([sys.executable, "-m", "venv", str(home)], [str(python), "-m", "pip", "install", "--quiet", *PINS]):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise Unavailable((done.stderr.strip().splitlines() or ["pip failed"])[-1][:200])
        (home / "ready").touch()
    return python


def rml(layer: Path) -> str:
    """The mapping of the benchmark in RML, for morph-kgc: geometries are texts to it."""
    formulation = _FORMULATIONS[layer.suffix[1:]]
    source = f'rml:logicalSource [ rml:source "{layer}" ; rml:referenceFormulation rml:{formulation} ]'
    types = {name: f" ; rml:datatype xsd:{kind}" for name, kind in TYPES.items()}
    column = '    rml:predicateObjectMap [ rml:predicate v:{0} ; rml:objectMap [ rml:reference "{0}"{1} ] ] ;'
    columns = "\n".join(column.format(name, types.get(name, "")) for name in NAMES)
    shape = 'rml:template "http://example.org/parcels/Geometry/{key}"'
    return f"""{_HEAD}
<#Feature> a rml:TriplesMap ; {source} ;
    rml:subjectMap [ rml:template "http://example.org/parcels/id/{{key}}" ; rml:class v:Parcel ] ;
{columns}
    rml:predicateObjectMap [ rml:predicate geo:hasGeometry ; rml:objectMap [ {shape} ] ] .
<#Geometry> a rml:TriplesMap ; {source} ;
    rml:subjectMap [ {shape} ; rml:class geo:Geometry ] ;
    rml:predicateObjectMap [ rml:predicate geo:asWKT ; rml:objectMap [ rml:reference "geometry" ; rml:datatype geo:wktLiteral ] ] .
"""


def morph(layer: Path, folder: Path) -> dict[str, float]:
    """Map a layer with morph-kgc in one process; CPU and wall seconds less those of its start and imports, and peak MiB."""
    python, target = environment(folder), folder / f"morph-{layer.suffix[1:]}.nt"
    (folder / "morph.ttl").write_text(rml(layer))
    (folder / "morph.ini").write_text(
        f"[CONFIGURATION]\noutput_file={target}\nnumber_of_processes=1\nlogging_level=WARNING\n[layer]\nmappings={folder / 'morph.ttl'}\n"
    )
    idle = _used([str(python), "-c", "import morph_kgc.__main__, geopandas"], folder, may_fail=True)
    used = _used([str(python), "-m", "morph_kgc", str(folder / "morph.ini")], folder)
    with target.open("rb") as file:
        count = sum(1 for _ in file)
    return {name: used[name] - idle[name] for name in ("cpu", "system", "wall")} | {"rss": used["rss"], "count": count}


def _used(command: list[str], folder: Path, *, may_fail: bool = False) -> dict[str, float]:
    started = time.perf_counter()
    with (folder / "morph.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not may_fail:
        raise RuntimeError((folder / "morph.log").read_text()[-2000:])
    wall = time.perf_counter() - started
    return {"cpu": usage.ru_utime + usage.ru_stime, "system": usage.ru_stime, "wall": wall, "rss": usage.ru_maxrss / 1024}


def alike(line: bytes) -> bytes:
    """A statement with numbers, booleans and moments in one form: engines write the same value in several ways."""
    found = _LITERAL.match(line.rstrip())
    if found is None:
        return line.rstrip()
    start, text, datatype = found.groups()
    kind = datatype.rpartition(b"#")[2]
    if kind == b"double":
        text = repr(float(text)).encode()
    elif kind == b"boolean":
        text = {b"1": b"true", b"0": b"false"}.get(text, text.lower())
    elif kind == b"date":
        text = text[:10]
    elif kind == b"wktLiteral":
        text = _NUMBER.sub(lambda one: repr(float(one[0])).encode(), text)
    return start + text + b"^^" + kind


def differences(ours: Iterable[bytes], theirs: Iterable[bytes]) -> str:
    """Whether two results say the same; else how many statements differ, with an example.

    A value that is not there is the text ``None`` to morph-kgc where pandas reads the file: such statements are left out, and told.
    """
    mine, other = set(map(alike, ours)), set(map(alike, theirs))
    texts = {line for line in other - mine if line.endswith(b' "None" .')}
    here, there = mine - other, other - mine - texts
    if not here and not there:
        return "equal statements" + (f", but for {len(texts):,} with the text None for NULL" if texts else "")
    return f"{len(here):,} here alone, {len(there):,} there alone: {next(iter(here), b'')!r} / {next(iter(there), b'')!r}"[:300]
