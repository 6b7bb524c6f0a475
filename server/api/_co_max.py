"""``/co/max``: the highest carbon monoxide column in an area and a period, for those who want one number from one address."""

from __future__ import annotations

from typing import Literal

from flask import Response, jsonify, request
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel, ConfigDict, Field

from earthweave.ontology import ProcessingError, ProductError
from earthweave.server.workflows import CoMaxDesk, CoQuestion

from ._models import ProblemBody


class CoQuery(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="forbid")
    aoi: str = Field(min_length=1, max_length=100_000, description="WKT or GeoJSON, lon lat; beyond 180 across the antimeridian")
    start: str = Field("", description="of the period, ISO 8601, included")
    end: str = Field("", description="of the period, excluded")
    quality: float = Field(0.5, ge=0, lt=1, description="pixels count whose qa_value is above")
    pixels: Literal["footprint", "centre"] = Field("footprint", description="a pixel counts if it meets the area, or by its centre")
    f: Literal["json", "geojson"] = Field("json", description="figures, or a layer of one point")


class CoMaximum(BaseModel):
    """The highest column, and what it was found among."""

    value: float = Field(description="mol/m2")
    precision: float | None
    unit: str
    longitude: float
    latitude: float
    time: str
    qa_value: float
    product: str
    orbit: int
    scanline: int
    ground_pixel: int
    corners: list[list[float]]
    pixels: int
    pixels_in_area: int
    mean: float
    products: list[str]
    simulated: bool = Field(description="true if a product was simulated")


def offer_co_max(app: OpenAPI, desk: CoMaxDesk) -> None:
    """Add ``GET /co/max`` to an app."""

    @app.get(
        "/co/max",
        summary="The highest carbon monoxide column in an area and a period",
        responses={200: CoMaximum, **dict.fromkeys((400, 404, 500, 503), ProblemBody)},
    )
    def co_max(query: CoQuery) -> Response:
        question = CoQuestion(query.aoi, query.start, query.end, query.quality, query.pixels)
        left = request.environ.get("waitress.client_disconnected") or (lambda: False)
        try:
            found, folder = desk.maximum(question, left=left)
        except ProductError as error:
            # the products are the server's own: that one cannot be read is no mistake of who asks
            raise ProcessingError(error.what, why=error.why, way_out=error.way_out) from error
        if query.f == "geojson":
            return Response(next(folder.glob("CO_max_*.geojson")).read_bytes(), content_type="application/geo+json")
        return jsonify(CoMaximum(**found).model_dump())
