"""Settings: one table of every limit."""

from earthweave.qa import Limits as QuestionLimits
from earthweave.server.jobs import JobLimits

from ._settings import (
    EndpointSettings,
    JobSettings,
    PipelineSettings,
    ProcessSettings,
    RemoteSettings,
    ServeSettings,
    WebSettings,
    markdown,
    read,
    settings,
)

__all__ = [
    "EndpointSettings",
    "JobLimits",
    "JobSettings",
    "PipelineSettings",
    "ProcessSettings",
    "QuestionLimits",
    "RemoteSettings",
    "ServeSettings",
    "WebSettings",
    "markdown",
    "read",
    "settings",
]
