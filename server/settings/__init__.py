"""Settings: one table of every limit."""

from ._settings import QuestionLimits, RemoteSettings, ServeSettings, WebSettings, markdown, read, settings

__all__ = ["QuestionLimits", "RemoteSettings", "ServeSettings", "WebSettings", "markdown", "read", "settings"]
