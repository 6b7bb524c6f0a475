"""Settings: one table of every limit."""

from ._settings import RemoteSettings, ServeSettings, markdown, read, settings

__all__ = ["RemoteSettings", "ServeSettings", "markdown", "read", "settings"]
