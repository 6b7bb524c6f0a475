"""The SPARQL endpoint: result formats, content negotiation, the protocol, and the error body that all routes share."""

from ._blueprint import NOTICE, POLICY, SECONDS, TRUNCATED, Queryable, blueprint, header_text
from ._formats import FORMATS, Format, named_format, negotiate
from ._geojson import Features, to_geojson
from ._problems import STATUS, Problem, install_problems, problem_of, problem_response
from ._protocol import Operation, read_operation
from ._serialise import Written, serialise, write

__all__ = [
    "FORMATS", "NOTICE", "POLICY", "SECONDS", "STATUS", "TRUNCATED",
    "Features", "Format", "Operation", "Problem", "Queryable", "Written",
    "blueprint", "header_text", "install_problems", "named_format", "negotiate", "problem_of", "problem_response", "read_operation",
    "serialise", "to_geojson", "write",
]
