"""``map generate``: a mapping to start from, with the ontology and the shapes that agree with it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Literal

import click

from earthweave.mapping import Options, draft
from earthweave.ontology import Progress
from earthweave.server.workflows import writable, write_atomically

from ._console import Outcome, Reporter, verb
from ._map_verbs import mapping_options, names_url, source_file

_FILE = click.Path(path_type=Path)
_DATABASE_FILES = (".db", ".sqlite", ".sqlite3", ".duckdb")


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
    writable(*filter(None, (output, ontology, shacl)))
    given = source if names_url(source) else str(source_file(source))
    with Reporter() as reporter:
        reporter(Progress(f"reading {without_password(source)}", None))
        written = draft(given, base=base, dialect=dialect, key=key, codes=codes, options=options)
    for file, text in ((output, written.mapping), (ontology, written.ontology), (shacl, written.shapes)):
        if file is not None:
            write_atomically(file, [text.encode()])
    files = [file.name for file in (output, ontology, shacl) if file is not None]
    if output is None:
        return Outcome({"mapping": written.mapping, "files": files}, written.mapping.rstrip())
    advice = f"wrote {' '.join(files)}; read it, change it, then: {_next(output, source, options)}"
    return Outcome({"file": output.name, "files": files}, advice)


def _next(output: Path, source: str, options: Options) -> str:
    """The line that runs the mapping as it was generated."""
    words = ["earthweave", "map", "run", str(output)]
    if names_url(source):
        return " ".join([shlex.join(words), "--database", f"'{without_password(source)}'"])
    # a table of a database is named by the mapping itself
    layer = None if Path(source).suffix.lower() in _DATABASE_FILES else options.layer
    said = (("--layer", layer), ("--source-crs", options.source_crs), ("--delimiter", options.delimiter))
    return shlex.join([*words, source, *(word for name, value in said if value for word in (name, value))])


def without_password(source: str) -> str:
    """A file name as it is, a URL without its password."""
    return re.sub(r"(?i)([?&;]password=)[^&;]*", r"\1…", re.sub(r"(://[^:/@]+):[^@]*@", r"\1:…@", source))
