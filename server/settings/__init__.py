"""Settings: one table of every limit."""

from earthweave.qa import Limits as QuestionLimits
from earthweave.server.jobs import JobLimits

from ._settings import EndpointSettings, JobSettings, RemoteSettings, ServeSettings, WebSettings, markdown, read, settings

__all__ = [
    "EndpointSettings",
    "JobLimits",
    "JobSettings",
    "QuestionLimits",
    "RemoteSettings",
    "ServeSettings",
    "WebSettings",
    "markdown",
    "read",
    "settings",
]
