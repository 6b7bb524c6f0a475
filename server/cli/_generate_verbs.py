"""``map generate``: a mapping to start from, with the ontology and the shapes that agree with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import click

from earthweave.mapping import Options, draft
from earthweave.server.workflows import write_atomically

from ._console import Outcome, verb
from ._map_verbs import mapping_options

_FILE = click.Path(path_type=Path)


@click.command("generate")
@click.argument("source", metavar="SOURCE")
@click.option("-b", "--base", required=True, metavar="IRI", help="Base of all IRIs, e.g. http://example.org/floods/")
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="Write the mapping here instead of standard output.")
@click.option("--dialect", type=click.Choice(["r2rml", "rml"]), help="Default: r2rml for tables and layers, rml for JSON and XML.")
@click.option("--ontology", type=_FILE, metavar="FILE", help="Write the OWL ontology too, with a SKOS scheme for each coded column.")
@click.option("--shacl", type=_FILE, metavar="FILE", help="Write SHACL shapes too, which the mapping's results conform to.")
@click.option("--key", multiple=True, metavar="COLUMN", help="Column that identifies the rows; may be repeated. Default: found out.")
@click.option("--codes", multiple=True, metavar="COLUMN", help="Column whose values are codes; may be repeated. Few repeated values are.")
@verb
@mapping_options("layer", "source_crs", "delimiter")
def generate_(
    source: str,
    base: str,
    output: Path | None,
    dialect: Literal["r2rml", "rml"] | None,
    ontology: Path | None,
    shacl: Path | None,
    key: tuple[str, ...],
    codes: tuple[str, ...],
    options: Options,
) -> Outcome:
    """Write a mapping for SOURCE that you can read, change and run.

    SOURCE is a vector file (all its layers), a CSV, TSV or Parquet table, a JSON or XML document, a GeoTIFF, a SQLite or DuckDB
    file, or the URL of a database. It is read once, to its end, to find keys, datatypes, codes and units.

    Rows are named by a key: a primary key, or a column that is named like one and never repeats. Without one the contents of the row
    name it, so that IRIs stay when a file is sorted otherwise. Longitude and latitude columns, and columns of WKT, become geometries.

    \b
    Examples:
      earthweave map generate flood_mask.gpkg -b http://example.org/floods/ -o floods.ttl
      earthweave map generate plants.csv -b http://example.org/ -o plants.ttl --ontology onto.ttl --shacl shapes.ttl
      earthweave map generate products.json -b http://example.org/ --key id
      earthweave map generate postgresql://me@localhost/gis -b http://example.org/ --layer parcels
    Then:
      earthweave map run floods.ttl flood_mask.gpkg -o floods.nt
    """
    written = draft(source, base=base, dialect=dialect, key=key, codes=codes, options=options)
    for file, text in ((output, written.mapping), (ontology, written.ontology), (shacl, written.shapes)):
        if file is not None:
            write_atomically(file, [text.encode()])
    files = [file.name for file in (output, ontology, shacl) if file is not None]
    if output is None:
        return Outcome({"mapping": written.mapping, "files": files}, written.mapping.rstrip())
    place = f"--database '{without_password(source)}'" if "://" in source or source.startswith("jdbc:") else source
    advice = f"wrote {' '.join(files)}; read it, change it, then: earthweave map run {output} {place}"
    return Outcome({"file": output.name, "files": files}, advice)


def without_password(source: str) -> str:
    """A file name as it is, a URL without its password."""
    return re.sub(r"(?i)([?&;]password=)[^&;]*", r"\1…", re.sub(r"(://[^:/@]+):[^@]*@", r"\1:…@", source))
