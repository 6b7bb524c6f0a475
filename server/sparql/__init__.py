"""The SPARQL endpoint: content negotiation, the protocol, and the error body that all routes share."""

from ._blueprint import NOTICE, POLICY, SECONDS, TRUNCATED, Queryable, blueprint, header_text
from ._negotiation import content_type, negotiate
from ._problems import STATUS, Problem, install_problems, problem_of, problem_response
from ._protocol import Operation, read_operation

__all__ = [
    "NOTICE", "POLICY", "SECONDS", "STATUS", "TRUNCATED", "Operation", "Problem", "Queryable",
    "blueprint", "content_type", "header_text", "install_problems", "negotiate", "problem_of", "problem_response", "read_operation",
]
