"""Every limit that a user can set in one table; help texts and docs are generated from it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from earthweave.ontology import ParameterError, Setting, setting, settings_of
from earthweave.qa import Limits as QuestionLimits
from earthweave.server.jobs import JobLimits
from earthweave.server.store import Limits

Table = TypeVar("Table")


@dataclass(frozen=True)
class ServeSettings:
    """How the web server listens and what it takes from a client."""

    serve_host: str = setting("127.0.0.1", help="Address to listen on; other machines reach it only if you change this.")
    serve_port: int = setting(8080, help="Port to listen on.")
    serve_threads: int = setting(24, unit="threads", help="Requests answered at the same time.")


@dataclass(frozen=True)
class WebSettings:
    """What one request may bring, and for which host names the server answers."""

    request_size: int = setting(512, unit="KiB", help="Largest request body that is read.")
    question_characters: int = setting(500, unit="characters", help="Longest question.")
    trusted_hosts: str = setting("", help="Comma-separated host names to answer to, against DNS rebinding; empty: any.")


@dataclass(frozen=True)
class EndpointSettings:
    """Who may write to the endpoint and from where it may be used, and what is written down."""

    update_token: str = setting("", help="Token that a client must bear to update or change graphs over HTTP; empty: nobody can.")
    upload_size: int = setting(64, unit="MiB", help="Largest update or RDF document that is taken from the bearer of the token.")
    allowed_origins: str = setting("", help="Comma-separated origins of pages of other sites that may use the endpoint; * for all.")
    public_address: str = setting("", help="Address of the server as others know it, for links and graph names; empty: as asked.")
    query_log: str = setting("", help="File that gets a line of JSON per request; empty: none.")
    query_log_texts: int = setting(1, help="Whether the query log holds the texts of queries (1), or their hashes alone (0).")


@dataclass(frozen=True)
class JobSettings:
    """Where jobs live."""

    jobs_folder: str = setting("earthweave-jobs", help="Folder of the jobs: their table, logs and results.")
    input_roots: str = setting(
        "", help="Folders, joined by : as in PATH, whose files clients of the server may name as inputs; empty: results of jobs alone."
    )
    scenes_folder: str = setting("", help="Folder of Sentinel-2 scenes in which runs that a question starts look for pairs; empty: none.")


@dataclass(frozen=True)
class ProcessSettings:
    """What one request to run a process, or to look at a job, may cost, and who may look."""

    process_wait: float = setting(30.0, unit="s", help="Longest that a client is kept waiting for a run, or for news of a job.")
    process_waiting: int = setting(8, unit="clients", help="Clients that are kept waiting at the same time; each takes a thread.")
    process_value: int = setting(16, unit="MiB", help="Largest output that a JSON document holds; larger ones go by reference.")
    process_read: int = setting(1, help="Whether everybody may look at jobs and their results (1), or the bearer of the token alone (0).")


@dataclass(frozen=True)
class PipelineSettings:
    """Who asks for the highest carbon monoxide column, over REST and gRPC."""

    co_products: str = setting("", help="Folder of Sentinel-5P CO products that /co/max and serve-grpc answer from; empty: none.")
    co_products_most: int = setting(1000, unit="products", help="Products that one question may be about.")
    co_wait: float = setting(120.0, unit="s", help="Longest wait for an answer; then its job is killed.")
    co_calls: int = setting(8, unit="calls", help="Questions that may wait for their answers at the same time.")
    grpc_host: str = setting("127.0.0.1", help="Address on which gRPC listens; there is no encryption and no password.")
    grpc_port: int = setting(8061, help="Port on which gRPC listens.")
    grpc_message: int = setting(256, unit="KiB", help="Largest gRPC message that is taken.")


@dataclass(frozen=True)
class RemoteSettings:
    """Which other services may be asked, and what we take from them."""

    remote_deadline: float = setting(60.0, unit="s", help="Longest wait for another endpoint or catalogue.")
    service_allow: str = setting(
        "", help="Comma-separated endpoints that SERVICE may ask; one that ends in / stands for all below it; empty: SERVICE is refused."
    )
    catalogue_allow: str = setting(
        "", help="Comma-separated addresses of catalogues that may be searched beside the known ones (earthweave catalogue list); one that "
        "ends in / stands for all below it; none: no catalogue in the network may be searched."
    )
    remote_bytes: int = setting(268_435_456, unit="bytes", help="Largest answer taken from another endpoint or catalogue.")


TABLES: tuple[type[Any], ...] = (
    Limits,
    QuestionLimits,
    ServeSettings,
    WebSettings,
    EndpointSettings,
    RemoteSettings,
    JobSettings,
    JobLimits,
    PipelineSettings,
    ProcessSettings,
)


def settings() -> tuple[Setting, ...]:
    """All settings, in the order of their tables."""
    return tuple(row for table in TABLES for row in settings_of(table))


def read(table: type[Table], overrides: Mapping[str, Any] | None = None) -> Table:
    """A table filled from flags (``overrides``, None means not given), then environment, then defaults.

    Raises `ParameterError` if a variable is not a number where one is needed.
    """
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    from_environment = {row.name: _convert(row) for row in settings_of(table) if row.variable in os.environ}
    names = {field.name for field in fields(table)}  # type: ignore[arg-type]
    return table(**{name: value for name, value in {**from_environment, **given}.items() if name in names})


def _convert(row: Setting) -> Any:
    text = os.environ[row.variable]
    try:
        value = type(row.default)(text)
    except ValueError as error:
        raise _refused(row, text) from error
    if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
        raise _refused(row, text)
    return value


def _refused(row: Setting, text: str) -> ParameterError:
    why = f"{row.help} It must be a {type(row.default).__name__}, not below 0."
    return ParameterError(f"{row.variable} is {text!r}", why=why, way_out=f"the default is {row.default}")


def markdown() -> str:
    """The settings as a Markdown table for the docs."""
    lines = ["| setting | variable | default | unit | what it does |", "|---|---|---|---|---|"]
    lines += [f"| `{row.name}` | `{row.variable}` | {row.default} | {row.unit} | {row.help} |" for row in settings()]
    return "\n".join(lines) + "\n"
