"""Layer → RDF file: rows by the rules, provenance behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from earthweave.mapping import Chunk, Form, Options, Report, distinct, form_of, map_source, read_rules, rules, write_rdf
from earthweave.ontology import InputError, Layer, ProgressSink, silent
from earthweave.server.records import layer_iri, provenance_graph


def writable(*targets: Path) -> None:
    """Raise `InputError` for the first file that cannot be written because it, or the place of its folder, is something else.

    A device or pipe is refused: the whole file takes the name at the end, and would take it from ``/dev/null`` too.
    """
    for target in targets:
        if target.is_dir():
            raise InputError(f"{target} cannot be written", why="it is a folder", way_out=f"name a file in it: {target / 'NAME'}")
        if (target.exists() and not target.is_file()) or target.absolute().parent == Path("/dev"):
            way_out = "redirect standard output: > FILE, | PROGRAM"
            raise InputError(f"{target} cannot be written", why="it is a device or pipe", way_out=way_out)
        if not target.parent.is_dir():
            raise InputError(
                f"{target} cannot be written", why=f"{target.parent} is no folder", way_out="make the folder first, or name another"
            )


def write_atomically(target: Path, chunks: Iterable[bytes]) -> int:
    """Write to a temporary neighbour and rename; returns the number of bytes. Raises `InputError` as `writable` does."""
    writable(target)
    part = target.with_name(target.name + ".part")
    size = 0
    try:
        with part.open("wb") as out:
            for chunk in chunks:
                size += out.write(chunk)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size


def layer_variables(layer: Layer) -> dict[str, str]:
    """What a rules file may ask of a layer: ``$layer``, ``$name``, ``$start``, ``$end`` (ISO 8601, UTC) and ``$simulated``.

    The name holds a piece of the content's digest, so that layers of several runs never share IRIs in one store.
    """
    start, end = layer.time.texts if layer.time else ("", "")
    iri = layer_iri(layer)
    name = f"{layer.name}-{iri.rpartition('/')[2][:8]}"
    return {"layer": iri, "name": name, "start": start, "end": end, "simulated": str(layer.simulated).lower()}


def map_layer(
    layer: Layer, rule: str, target: Path, *, also: Sequence[str] = (), lineage: Sequence[Layer] = (), progress: ProgressSink = silent
) -> Report:
    """Map a vector layer by a shipped rule into an N-Triples file that also holds its provenance and that of ``lineage``.

    ``also`` are rules that say more of the same things; the report is of the first.
    """
    first, *others = (
        map_source(read_rules(rules(name)), layer.path, variables=layer_variables(layer), progress=progress) for name in (rule, *also)
    )
    more = chain.from_iterable(run.chunks() for run in others)
    write_rdf(target, distinct(chain(first.chunks(), more, lineage_chunks((layer, *lineage)))), Form("ntriples"), may_hold_graphs=False)
    return first.report


def lineage_chunks(layers: Sequence[Layer]) -> Iterator[Chunk]:
    """The provenance of layers as N-Triples."""
    for layer in layers:
        lines = provenance_graph(layer).serialize(format="nt", encoding="utf-8")
        yield Chunk(lines, lines.count(b"\n"))


def map_file(
    source: Path, rule: str, target: Path, *, variables: Mapping[str, str], options: Options | None = None, progress: ProgressSink = silent
) -> Report:
    """Map a file that no service of ours made; ``variables`` say what its rules need, the target's name its syntax."""
    run = map_source(read_rules(rules(rule)), source, variables=variables, options=options or Options(), progress=progress)
    write_rdf(target, distinct(run.chunks()), form_of(target))
    return run.report
