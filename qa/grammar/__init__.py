"""From typed readings of a question to requests, best first: `parse`."""

from ._parse import Parsed, parse

__all__ = ["Parsed", "parse"]
