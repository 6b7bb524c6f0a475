"""How a mapping runs: CRS, precision, what to do with what is wrong; all named settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from earthweave.ontology import ParameterError, setting

_CHOICES = {"validity": ("keep", "fix", "skip", "fail"), "on_error": ("skip", "null", "fail"), "compat": (None, "geotriples"),
            "executor": ("auto", "rows")}


@dataclass(frozen=True)
class Options:
    """How a mapping runs.

    Raises `ParameterError` for a value that is no choice.
    """

    crs: str = setting(
        "CRS84", help="CRS of literals: CRS84 (longitude first, no IRI), keep (the layer's own), or EPSG:n in its axis order"
    )
    source_crs: str | None = setting(None, help="CRS of a layer that does not say it, e.g. EPSG:28356; tables count as CRS84")
    layer: str | None = setting(None, help="layer to read from a file that holds several")
    precision: int | None = setting(
        None, unit="decimals", help="decimals of coordinates; default 7 for degrees, 3 for metres, all with compat=geotriples"
    )
    straight: float = setting(
        1.0, unit="m", help="how far a long edge may be off its course after reprojection before it gets points; 0: never"
    )
    validity: Literal["keep", "fix", "skip", "fail"] = setting(
        "keep", help="invalid geometries: keep, fix (make_valid), skip the row, or fail"
    )
    on_error: Literal["skip", "null", "fail"] = setting(
        "skip", help="unreadable values: skip the row, null leaves out only the value; both report it; or fail at the first"
    )
    compat: Literal["geotriples"] | None = setting(
        None, help="geotriples: longitude first under the layer's EPSG IRI, polygons as MULTIPOLYGON, all digits"
    )
    executor: Literal["auto", "rows"] = setting(
        "auto", help="auto: columns for flat sources, records for nested ones; rows: records for all, slower, to check the other by"
    )
    delimiter: str | None = setting(None, help="delimiter of a text table; default: the likeliest of , ; tab |")
    batch_rows: int = setting(8192, unit="rows", help="rows mapped at a time")
    batch_bytes: int = setting(32 * 1024 * 1024, unit="bytes", help="bytes mapped at a time")
    kept_problems: int = setting(1000, unit="rows", help="problems that the report lists one by one; all are counted")

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                choices = ", ".join(str(one) for one in allowed if one)
                raise ParameterError(f"{name} cannot be {getattr(self, name)!r}", way_out=f"choose from {choices}")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ParameterError(f"a delimiter is one character, not {self.delimiter!r}", way_out="give one of , ; | or a tab")
        for name in ("batch_rows", "batch_bytes"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} must be at least 1, not {getattr(self, name)}")
