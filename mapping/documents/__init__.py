"""Mapping documents: R2RML, RML and GeoTriples' extension, read into a plan."""

from ._reader import MAX_BYTES, read_rules
from ._template import column_name, escape_template, parse_template
from ._vocabulary import Document

__all__ = ["MAX_BYTES", "Document", "column_name", "escape_template", "parse_template", "read_rules"]
