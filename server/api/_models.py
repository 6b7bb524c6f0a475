"""What the JSON routes take and give; the machine description is generated from these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field


class Asker(Protocol):
    """Answers questions; implemented by `earthweave.server.questions`."""

    def ask(self, question: str, *, dialogue: Any = None, view: Sequence[float] | None = None) -> dict[str, Any]:
        """The answer as JSON data (``qa.Answer.to_json``)."""
        ...

    def ask_request(self, request: Any, edit: Any = ()) -> dict[str, Any]:
        """The answer to a request of an earlier answer, edited."""
        ...

    def provenance(self, iris: Iterable[str], request: Any = None) -> Sequence[Any]:
        """Where things of an answer come from (``qa.Origin``)."""
        ...

    def suggestions(self, text: str) -> Sequence[str]:
        """How a question may go on."""
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
    dialogue: dict[str, Any] | None = Field(None, description="what came under that name with the last answer, if the question follows it")
    view: tuple[float, float, float, float] | None = Field(None, description="west, south, east, north of what the map shows, degrees")


class EditedRequest(BaseModel):
    """A request of an earlier answer, with an edit of one of its chips."""

    model_config = ConfigDict(extra="forbid")
    request: dict[str, Any] = Field(description="as it came with the answer; /api/ask/schema describes it")
    edit: list[dict[str, Any]] = Field(default=[], description="JSON Patch (RFC 6902), as chips and alternatives have it")


class Things(BaseModel):
    """Things of an answer."""

    model_config = ConfigDict(extra="forbid")
    iris: list[str] = Field(max_length=100)
    request: dict[str, Any] | None = Field(None, description="of the answer: then also what it relates its things to")


class Typed(BaseModel):
    """A question as far as it is typed."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field("", max_length=500)


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
