"""Ids of terms as geometries: rows of the table, geometries computed by the query, and the query's own literals.

The query's own literals follow their CRS's axis order strictly (OGC GeoSPARQL 1.1, 22-047r1, §8.5.1), unless the store has the same
literal: then the term is its row, read as its source was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import CRS84, GEO
from earthweave.ontology.geometry import FORMS, AxisOrder, normalised, read_block, split_crs, split_strdf

from ..algebra import Context
from ..snapshot import READABLE, Kind, Tag, Term, payloads, tags

_SPLITS = {"wkt": split_crs, "strdf": split_strdf}
GML = "http://www.opengis.net/gml/3.2"
_NAMESPACE = re.compile(r"""xmlns(?::\w+)?\s*=\s*["']([^"']*)["']""")
_OLD = "an older version stored it, which did not read this datatype; load it again"
_UNREAD = {str(GEO.dggsLiteral): "DGGS literals are not read yet"}


def shapes_of(ids: Any, context: Context) -> Any:
    """Geometries in CRS84, longitude first, object array; None for other terms, what cannot be read, and unbound. Ids may repeat."""
    kinds = tags(ids)
    if len(kinds) and (kinds == Tag.GEOMETRY).all():
        return context.shapes.shapes(ids)
    found = np.full(len(ids), None, dtype=object)
    stored = kinds == Tag.GEOMETRY
    found[stored] = context.shapes.shapes(ids[stored])
    scratch = np.flatnonzero(kinds == Tag.SCRATCH)
    if len(scratch):
        known = _computed(np.unique(ids[scratch]), context)
        found[scratch] = [known[one] for one in ids[scratch].tolist()]
    return found


def is_geometry(ids: Any, context: Context) -> Any:
    """For which ids `shapes_of` gives a geometry; none is read for it that is in the store."""
    kinds = tags(ids)
    stored, scratch = kinds == Tag.GEOMETRY, kinds == Tag.SCRATCH
    found = np.zeros(len(ids), dtype=bool)
    found[stored] = (context.shapes.geometries.flags[payloads(ids[stored])] & READABLE) != 0
    found[scratch] = ~shapely.is_missing(shapes_of(ids[scratch], context))
    return found


def system_of(identifier: int, context: Context) -> str:
    """IRI of the CRS in which a geometry is written; of GML, KML and GeoJSON that are not in the store, CRS84."""
    geometries = context.shapes.geometries
    if tags(identifier) == Tag.GEOMETRY:
        return str(geometries.systems[geometries.crs[payloads(identifier)]])
    term = context.terms.term(identifier)
    split = _SPLITS.get(FORMS.get(term.type.datatype, ""))
    return split(term.text)[0].iri if split else CRS84.iri


def bounds_of(ids: Any, context: Context) -> Any:
    """West, south, east, north in degrees, shape (n, 4); NaN where `shapes_of` gives None or an empty geometry."""
    kinds = tags(ids)
    stored = kinds == Tag.GEOMETRY
    if stored.all():
        return context.shapes.bounds(ids)
    found = np.full((len(ids), 4), np.nan)
    found[stored] = context.shapes.bounds(ids[stored])
    found[kinds == Tag.SCRATCH] = shapely.bounds(shapes_of(ids[kinds == Tag.SCRATCH], context))
    return found


def spaces(ids: Any, context: Context) -> Iterator[tuple[int, str]]:
    """Places of GML literals among ids, each with the namespace that its text declares; geometries without a literal are left out."""
    kinds = tags(ids)
    literal = kinds == Tag.GEOMETRY
    computed = np.flatnonzero(kinds == Tag.SCRATCH)
    literal[computed] = [context.terms.shape_of(one) is None for one in ids[computed].tolist()]
    places = np.flatnonzero(literal)
    codes, types = context.terms.types(ids[places])
    gml = [code for code, kind in enumerate(types) if kind.datatype == str(GEO.gmlLiteral)]
    for place in places[np.isin(codes, gml)].tolist():
        declared = _NAMESPACE.search(context.terms.term(int(ids[place])).text)
        yield place, declared[1] if declared else GML


def failure(identifier: int, context: Context) -> tuple[str, str, str]:
    """Why a term is no geometry: code, reason, sample. For ids for which `shapes_of` gives None."""
    if tags(identifier) == Tag.GEOMETRY:
        row = int(payloads(identifier))
        geometries = context.shapes.geometries
        return "geometry", _unreadable(geometries.problem(row)), str(geometries.lexical(np.array([row]))[0])
    term = context.terms.term(identifier)
    if term.type.kind is not Kind.LITERAL:
        return "geometry", "a geometry literal was expected, not an IRI: is geo:asWKT missing in the pattern?", term.text
    if term.type.datatype in FORMS:
        return "geometry", _unreadable(context.tally.read.get(identifier, (None, _OLD))[1]), term.text
    reason = _UNREAD.get(term.type.datatype, f"a literal of datatype {term.type.datatype} is no geometry")
    return "geometry", reason, term.text


def _unreadable(reason: str) -> str:
    return f"a geometry literal cannot be read: {reason}"


def _computed(ids: Any, context: Context) -> dict[int, Any]:
    known: dict[int, Any] = {one: context.terms.shape_of(one) for one in ids.tolist()}
    literals = [one for one, shape in known.items() if shape is None]
    _read([one for one in literals if one not in context.tally.read], context)
    known.update((one, context.tally.read[one][0]) for one in literals)
    return known


def _read(ids: list[int], context: Context) -> None:
    """Read literals of the query into the tally's store of them; other terms are remembered as None."""
    terms = [context.terms.term(one) for one in ids]
    context.tally.read.update((one, (None, "")) for one in ids)
    for form, mine in _by_form(terms):
        block = normalised(read_block([terms[place].text for place in mine], form), AxisOrder.STRICT)
        reasons = {problem.index: problem.reason for problem in block.problems}
        shapes = block.shapes()
        context.tally.read.update((ids[place], (shapes[index], reasons.get(index, ""))) for index, place in enumerate(mine))


def _by_form(terms: list[Term]) -> Iterator[tuple[str, list[int]]]:
    forms = [FORMS.get(term.type.datatype, "") for term in terms]
    for form in sorted(set(forms) - {""}):
        yield form, [place for place, one in enumerate(forms) if one == form]
