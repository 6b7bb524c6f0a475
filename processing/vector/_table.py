"""The table of OpenStreetMap layers: which tags make a feature of which layer. It is data, ``data/osm.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from earthweave.ontology import ParameterError

Kind: TypeAlias = Literal["points", "lines", "areas"]
KINDS: tuple[Kind, ...] = ("points", "lines", "areas")
RESERVED = ("fid", "geom", "osm_id", "osm_type", "name", "class", "concept", "tags")
"""Columns that every layer has."""
_SHIPPED = Path(__file__).parent / "data" / "osm.toml"


def _values(given: Any) -> Any:
    if given == []:
        raise ValueError('no value at all; "*" stands for any')
    return None if given == "*" else frozenset([given]) if isinstance(given, str) else given


Values = Annotated[frozenset[str] | None, BeforeValidator(_values)]
"""Values of a key that fit; None if any fits but ``no``."""
Filter: TypeAlias = dict[str, Values]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,9}$")]


class OsmLayer(BaseModel):
    """One layer; what its members mean stands at the head of the table.

    Attributes:
        points, lines, areas: tag filters; the keys are tried in their order.
        without: features with one of these tags are left out.
        attributes: column → key.
        concept: class of its features in our ontology.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str = Field(min_length=1)
    concept: str = Field("MapFeature", pattern=r"^[A-Z][A-Za-z]*$")
    points: Filter = {}
    lines: Filter = {}
    areas: Filter = {}
    without: Filter = {}
    attributes: dict[Name, str] = {}

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of geometry that it can hold."""
        return tuple(kind for kind in KINDS if getattr(self, kind))


def read_table(path: Path | None = None) -> Mapping[str, OsmLayer]:
    """The layers of a table in TOML, the shipped one if none is named; raises `ParameterError` that names table, layer and fault."""
    return _read(path or _SHIPPED)


def chosen(table: Mapping[str, OsmLayer], names: Iterable[str]) -> dict[str, OsmLayer]:
    """The named layers in the order of the table, all if none is named; raises `ParameterError` for a name that it does not have."""
    wanted = set(names)
    if unknown := sorted(wanted - set(table)):
        raise ParameterError(
            f"layers = {', '.join(unknown)} is not in the table", why="layers are named as there", way_out=f"choose from {', '.join(table)}"
        )
    return {name: layer for name, layer in table.items() if not wanted or name in wanted}


@lru_cache(maxsize=4)
def _shipped() -> Mapping[str, OsmLayer]:
    return _parsed(_SHIPPED)


def _read(path: Path) -> Mapping[str, OsmLayer]:
    return _shipped() if path == _SHIPPED else _parsed(path)


def _parsed(path: Path) -> dict[str, OsmLayer]:
    try:
        found = {name: OsmLayer.model_validate(rows) for name, rows in tomllib.loads(path.read_text("utf-8")).items()}
    except OSError as error:
        raise _refused(path, str(error.strerror)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _refused(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise _refused(path, str(error)) from error
    for name, layer in found.items():
        if why := _fault(name, layer):
            raise _refused(path, why)
    if not found:
        raise _refused(path, "it has no layer")
    return found


def _fault(name: str, layer: OsmLayer) -> str:
    if not name.isidentifier() or len(name) > 40:
        return f"{name!r} is no name of a layer"
    if not layer.kinds:
        return f"{name} has neither points nor lines nor areas"
    taken = sorted(set(layer.attributes) & set(RESERVED))
    return f"{name}.attributes: {', '.join(taken)} is a column of every layer" if taken else ""


def _refused(path: Path, why: str) -> ParameterError:
    return ParameterError(f"table = {path.name} is no table of layers", why=why, way_out="write it like the shipped one, osm.toml")
