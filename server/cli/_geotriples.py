"""GeoTriples' two verbs on Earthweave's mapper: the tutorial's lines run verbatim from the verb onward (BiDS 2023 tutorial, §3.5).

Options are those of ``geotriples-cmd``. What they ask for that the mapper does anyway, or need not be told, is accepted without effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import click

from earthweave.mapping import Form, MappingRun, Options, Plan, draft, map_source, read_rules
from earthweave.ontology import CrsError, ParameterError, UnsupportedError
from earthweave.server.workflows import Delivery, writable, write_atomically

from ._console import Outcome, Reporter, verb
from ._map_verbs import report_text

_FORMS = {"N-TRIPLE": "ntriples", "N3": "ntriples", "TURTLE": "turtle", "RDF/XML": "rdfxml", "RDF/XML-ABBREV": "rdfxml"}
_FILE = click.Path(path_type=Path)
Command = Callable[..., Any]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def geotriples() -> None:
    """GeoTriples' two verbs on Earthweave's mapper."""


def _without_effect(*names: str, values: Iterable[str] = ()) -> Callable[[Command], Command]:
    """Accept options that change nothing here."""

    def decorate(function: Command) -> Command:
        for name in names:
            function = click.option(name, is_flag=True, hidden=True, expose_value=False)(function)
        for name in values:
            function = click.option(name, hidden=True, expose_value=False)(function)
        return function

    return decorate


def _database_options(function: Command) -> Command:
    function = click.option("-p", "password", help="Password of the database.")(function)
    return click.option("-u", "user", help="User of the database.")(function)


@geotriples.command("generate_mapping")
@click.option("-o", "output", type=_FILE, help="Mapping file to write; standard output unless said.")
@click.option("-b", "base", required=True, help="Base IRI, with a slash at its end or without.")
@click.option("-ont", "ontology", type=_FILE, help="Write the OWL ontology too, as N-Triples.")
@click.option("-rml", "rml", is_flag=True, help="Write RML instead of R2RML; JSON and XML always get RML.")
@click.option("-s", "epsg", help="EPSG code of the coordinates, if the file does not say it.")
@click.option("-geov", "vocabulary", type=click.Choice(["GeoSPARQL", "stRDF"]), default="GeoSPARQL", help="Target vocabulary.")
@_database_options
@click.option("-table", "table", help="Only this table or layer.")
@_without_effect("-gfeatures", "-gdal", "--r2rml", "--verbose", "--debug", values=("-d", "-l", "-x", "-r", "-rp", "-ns", "-onlyns"))
@click.argument("source")
@verb
def generate_mapping(
    output: Path | None, base: str, ontology: Path | None, rml: bool, epsg: str | None, vocabulary: str, user: str | None,
    password: str | None, table: str | None, source: str,
) -> Outcome:
    """Write a mapping for a shapefile (or any other source) in GeoTriples' shape.

    \b
    SOURCE is a vector file, CSV, JSON or XML, or the JDBC URL of a database:
      generate_mapping -o map.ttl -b http://example.org/ -u me -p secret jdbc:postgresql://localhost/gis
    """
    if vocabulary == "stRDF":
        raise UnsupportedError("-geov stRDF is not offered", why="literals are GeoSPARQL's", way_out="leave it out; the store reads both")
    writable(*filter(None, (output, ontology)))
    dialect: Literal["rml"] | None = "rml" if rml else None
    options = Options(layer=table, source_crs=_crs(epsg))
    written = draft(_located(source, user, password), base=base, dialect=dialect, compat="geotriples", options=options)
    if ontology is not None:
        write_atomically(ontology, [_as_lines(written.ontology)])
    if output is None:
        return Outcome({"mapping": written.mapping}, written.mapping.rstrip())
    write_atomically(output, [written.mapping.encode()])
    return Outcome({"file": output.name}, f"wrote {output}")


@geotriples.command("dump_rdf")
@click.option("-o", "output", type=_FILE, required=True, help="File to write.")
@click.option("-b", "base", help="Base IRI for the relative IRIs of the mapping, with a slash at its end or without.")
@click.option("-sh", "shapefile", type=_FILE, help="The shapefile (or any other file) to read; else what the mapping names.")
@click.option("-f", "form", default="N-TRIPLE", type=click.Choice(sorted(_FORMS)), help="Format; N3 means N-Triples too.")
@click.option("-s", "epsg", help="EPSG code of the coordinates, if the file does not say it; else 4326.")
@_database_options
@click.option("-jdbc", "-j", "url", help="JDBC URL of the database to read.")
@_without_effect("-rml", "-gml2", "-gml3", "-kml", "-olddbprocessor", values=("-d",))
@click.argument("mapping", type=_FILE)
@verb
def dump_rdf(
    output: Path, base: str | None, shapefile: Path | None, form: str, epsg: str | None, user: str | None, password: str | None,
    url: str | None, mapping: Path,
) -> Outcome:
    """Map a source; literals are written as GeoTriples does, longitude first under the EPSG code."""
    writable(output)
    plan = read_rules(mapping, base=base)
    databases = {} if url is None else {"": _located(url, user, password)}
    with Reporter() as reporter:
        done = _run(plan, shapefile, _crs(epsg), databases=databases, progress=reporter)
        Delivery(plan, Path.cwd(), progress=reporter).write(done, output, Form(_FORMS[form]))
    return Outcome({"file": output.name, "rows": done.report.rows, "statements": done.report.quads}, report_text(done.report))


def _run(plan: Plan, source: Path | None, crs: str | None, **how: Any) -> MappingRun:
    """The run; ``crs`` counts only for a source that does not say its own."""
    if crs is not None:
        try:
            map_source(plan, source, options=Options(), **how)
        except CrsError:
            return map_source(plan, source, options=Options(compat="geotriples", source_crs=crs), **how)
    return map_source(plan, source, options=Options(compat="geotriples"), **how)


def _crs(code: str | None) -> str | None:
    if code is None:
        return None
    number = code.upper().removeprefix("EPSG:")
    if not number.isdigit():
        raise ParameterError(f"-s {code} is no EPSG code", way_out="give a number: -s 4326")
    return f"EPSG:{number}"


def _located(source: str, user: str | None, password: str | None) -> str:
    """The source; a database's URL with user and password in it."""
    given = [f"{name}={quote(value, safe='')}" for name, value in (("user", user), ("password", password)) if value is not None]
    return source + ("&" if "?" in source else "?") + "&".join(given) if given else source


def _as_lines(turtle: str) -> bytes:
    """A Turtle document as N-Triples."""
    import pyoxigraph

    triples = pyoxigraph.parse(turtle.encode(), pyoxigraph.RdfFormat.TURTLE)
    return bytes(pyoxigraph.serialize((quad.triple for quad in triples), format=pyoxigraph.RdfFormat.N_TRIPLES) or b"")
