"""Settings: one table of every limit."""

from ._settings import RemoteSettings, ServeSettings, WebSettings, markdown, read, settings

__all__ = ["RemoteSettings", "ServeSettings", "WebSettings", "markdown", "read", "settings"]
