"""From typed readings of a question to requests, best first: `parse`, and `parse_fragment` for what follows a question."""

from ._parse import Fragment, Parsed, parse, parse_fragment

__all__ = ["Fragment", "Parsed", "parse", "parse_fragment"]
