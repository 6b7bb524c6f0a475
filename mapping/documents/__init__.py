"""Mapping documents: R2RML, RML and GeoTriples' extension, read into a plan; and the W3C Direct Mapping of tables."""

from ._direct import direct_mapping
from ._document import Document
from ._reader import MAX_BYTES, read_rules
from ._template import column_name, escape_identifier, escape_template, parse_template

__all__ = ["MAX_BYTES", "Document", "column_name", "direct_mapping", "escape_identifier", "escape_template", "parse_template", "read_rules"]
