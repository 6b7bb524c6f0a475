"""Settings: one table of every limit."""

from earthweave.qa import Limits as QuestionLimits

from ._settings import EndpointSettings, RemoteSettings, ServeSettings, WebSettings, markdown, read, settings

__all__ = ["EndpointSettings", "QuestionLimits", "RemoteSettings", "ServeSettings", "WebSettings", "markdown", "read", "settings"]
