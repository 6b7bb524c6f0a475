"""What the JSON routes take and give; the machine description is generated from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field


class Asker(Protocol):
    """Answers questions; implemented by `earthweave.server.questions`."""

    def ask(self, question: str) -> dict[str, Any]:
        """The answer as JSON data (``qa.Answer.to_json``)."""
        ...


@dataclass(frozen=True)
class PresetLayer:
    """A layer that the map shows when it opens.

    Attributes:
        name: as in the layer list.
        query: SPARQL SELECT with one geometry variable.
        colour: ``#rrggbb``, or empty for the next one of the palette.
        simulated: whether its data are simulated.
    """

    name: str
    query: str
    colour: str = ""
    simulated: bool = False


class Question(BaseModel):
    """A question in English."""

    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=1, description="for example: Which administrative units were flooded in March 2021?")


class LayerBody(BaseModel):
    """One preset layer."""

    name: str
    query: str
    colour: str
    simulated: bool

    @classmethod
    def of(cls, layer: PresetLayer | Mapping[str, Any]) -> LayerBody:
        """Make it from a `PresetLayer`, or from data with the same names."""
        return cls(**asdict(layer if isinstance(layer, PresetLayer) else PresetLayer(**layer)))


class Layers(BaseModel):
    """The layers that the map shows when it opens."""

    layers: list[LayerBody]


class SettingBody(BaseModel):
    """One row of the table of limits."""

    name: str
    value: float | int | str
    default: float | int | str
    unit: str
    help: str


class Status(BaseModel):
    """What this server is and holds."""

    title: str
    version: str
    banner: str | None = Field(description="words that every screen must show, such as SIMULATED DATA")
    simulated: bool = Field(description="true if the store holds anything marked ew:simulated true")
    questions: bool = Field(description="whether /api/ask answers")
    generation: int = Field(description="number of the snapshot that is read now")
    triples: int
    bytes: int
    limits: list[SettingBody]


class Health(BaseModel):
    """Alive."""

    status: str
    generation: int


class Links(BaseModel):
    """Where the machine-readable parts are."""

    title: str
    links: dict[str, str]


class ProblemBody(BaseModel):
    """The body of every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    why: str
    way_out: str
