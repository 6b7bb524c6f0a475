"""From a source to a mapping to start from, and to the ontology and shapes that agree with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from earthweave.ontology import ParameterError, ProductError, UnsupportedError

from ..plan import Options
from ..sources import formats
from ._databases import DATABASE_FILES, database_tables, names_database
from ._geotriples import geotriples_document
from ._mapping import Space, Writer, usable_base
from ._model import Table
from ._names import one_line
from ._naming import named
from ._nested import JSON, NESTED, XML, nested_tables
from ._ontology import ontology_document
from ._shapes import shapes_document
from ._tables import PACKED, TEXT_TABLES, Wishes, flat_tables

_DIALECTS = (None, "r2rml", "rml")
_ELSEWHERE = {
    ".nc": ("its fields are numbers, not classes with regions",
            "statistics by unit: earthweave map run zonal {name} --raster zones=LAYER --raster zone_key=COLUMN; "
            "single cells: earthweave map run cells {name} --raster reading=cells"),
    ".safe": ("it is the manifest of a product", "the shipped rules read it: earthweave map run safe {name} --var name=PRODUCT"),
}
_OFFERED = tuple(sorted({*formats().split(), *JSON, *XML, *DATABASE_FILES, ".tif", ".tiff"}))


@dataclass(frozen=True)
class Draft:
    """What is written from one look at a source; all in Turtle.

    Attributes:
        mapping: R2RML or RML document.
        ontology: OWL vocabulary of the mapping, with a SKOS scheme for each coded column.
        shapes: SHACL shapes that the mapping's results conform to.
    """

    mapping: str
    ontology: str
    shapes: str


def draft(
    source: Path | str | Any,
    *,
    base: str,
    dialect: Literal["r2rml", "rml"] | None = None,
    compat: Literal["geotriples"] | None = None,
    key: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
    options: Options | None = None,
) -> Draft:
    """Write mapping, ontology and shapes for a file, a database (URL or open connection) or an Arrow table, which is read once.

    Every layer, table or repeated element becomes a class. Subjects are ``<base><name>/id/{key}``, predicates
    ``<base>ontology#<column>``. The key is ``key``, a primary key, a column that is named like an identifier and holds no value twice,
    or else a hash of the row's contents: never the number of the row, but with ``compat="geotriples"``, which gives GeoTriples' shape.
    Without ``dialect`` flat sources get R2RML and nested ones RML. ``codes`` are columns to make SKOS concepts of whatever they look
    like. ``base`` may end in a slash or not.

    Raises:
        ParameterError: the base is no absolute IRI, the dialect is unknown or cannot express the source, or a column that is named is not
            there.
        ProductError, NotFoundError, UnsupportedError: the source cannot be read.
    """
    if not usable_base(base):
        raise ParameterError(f"{base!r} is no absolute IRI", way_out="give one: http://example.org/data/")
    if dialect not in _DIALECTS:
        raise ParameterError(f"no dialect {dialect!r}", way_out="choose r2rml or rml")
    space = Space(base if base.endswith(("/", "#")) else base + "/")
    if compat is not None and dialect is None and Path(str(source)).suffix.lower() in (*TEXT_TABLES, *JSON, *XML):
        # GeoTriples knows these by RML alone
        dialect = "rml"
    written = str(source) if compat is not None and isinstance(source, str | Path) else ""
    wishes = Wishes(codes, key, compat == "geotriples", _prefix(compat, dialect), written, dialect == "rml" and compat is None)
    tables, title = _tables(source, options or Options(), wishes)
    _check_wishes(tables, wishes, title)
    chosen = _dialect(tables, dialect, title)
    return Draft(_document(tables, space, chosen, compat, title), ontology_document(tables, space, title), shapes_document(tables, space))


def generate(
    source: Path | str | Any,
    *,
    base: str,
    dialect: Literal["r2rml", "rml"] | None = None,
    compat: Literal["geotriples"] | None = None,
    ontology: bool = False,
    options: Options | None = None,
) -> str:
    """Write a mapping document in Turtle, or with ``ontology`` the OWL vocabulary that it uses; see `draft`, which gives both."""
    written = draft(source, base=base, dialect=dialect, compat=compat, options=options)
    return written.ontology if ontology else written.mapping


def _prefix(compat: str | None, dialect: str | None) -> str:
    # GeoTriples writes has_floodLevel in R2RML and hasFloodLevel in RML
    if compat is None:
        return ""
    return "has" if dialect == "rml" else "has_"


def _tables(source: Path | str | Any, options: Options, wishes: Wishes) -> tuple[tuple[Table, ...], str]:
    if names_database(source):
        tables, title = database_tables(source, options, wishes)
    else:
        path = Path(source) if isinstance(source, str) else source
        title = path.name if isinstance(path, Path) else "the table"
        tables = _of_file(path, options, wishes)
    if not tables:
        raise ProductError(f"{one_line(title)} holds no table", way_out="give a source with at least one layer, table or repeated element")
    return named(tables), title


def _of_file(path: Path | Any, options: Options, wishes: Wishes) -> tuple[Table, ...]:
    if isinstance(path, Path):
        _check_suffix(path)
        found = nested_tables(path, wishes) if path.suffix.lower() in (*JSON, *XML) else None
        if found is not None:
            return found
    return flat_tables(path, options, wishes)


def _check_suffix(path: Path) -> None:
    """Refuse files that can be mapped, but of which no mapping can be made, with the way to one."""
    name, suffix = path.name, path.suffix.lower()
    inside = path.with_suffix("").suffix.lower() if suffix in PACKED else suffix
    said = _ELSEWHERE.get(suffix)
    if said is None and suffix != inside and inside in (*NESTED, *XML):
        said = ("it is packed", "unpack it for this; the mapping then reads the packed file too")
    if said is None and inside not in _OFFERED and suffix != ".zip":
        said = (f"no reader for {suffix or 'a file without suffix'}", f"offered: {' '.join(_OFFERED)}")
    if said is not None and path.is_file():
        raise UnsupportedError(f"no mapping can be made from {name}", why=said[0], way_out=said[1].format(name=name))


def _check_wishes(tables: tuple[Table, ...], wishes: Wishes, title: str) -> None:
    names = {column.name for table in tables for column in table.columns}
    for wanted in (*wishes.codes, *wishes.key):
        if wanted not in names:
            why = f"it has {', '.join(sorted(names))}"[:400]
            raise ParameterError(f"{title} has no column {wanted!r}", why=why, way_out="name one of these")


def _dialect(tables: tuple[Table, ...], asked: str | None, title: str) -> str:
    nested = any(table.rows.nested for table in tables)
    if nested and asked == "r2rml":
        raise ParameterError(f"R2RML cannot map {title}", why="its records are nested", way_out="take RML: --dialect rml, or leave it out")
    return asked or ("rml" if nested else "r2rml")


def _document(tables: tuple[Table, ...], space: Space, dialect: str, compat: str | None, title: str) -> str:
    if compat == "geotriples" and len(tables) == 1 and tables[0].counted:
        return geotriples_document(replace(tables[0], links=()), space, dialect)
    return Writer(space, dialect).document(tables, title)
