"""The SPARQL endpoint: protocol, graph store, negotiation, descriptions, limits, log and figures, and the error body of all routes."""

from ._access import Gatekeeper
from ._blueprint import blueprint
from ._cors import allowed
from ._description import service_description
from ._desk import QUERY_ID, Endpoint, Queryable, Servable
from ._negotiation import content_type, negotiate
from ._problems import STATUS, TYPE, Problem, install_problems, problem_of, problem_response
from ._protocol import Operation, Received, read_operation
from ._respond import GENERATION, LIMITS, NOTICE, POLICY, SECONDS, TRUNCATED, header_text
from ._void import void_description

__all__ = [
    "GENERATION", "LIMITS", "NOTICE", "POLICY", "QUERY_ID", "SECONDS", "STATUS", "TRUNCATED", "TYPE", "Endpoint", "Gatekeeper", "Operation",
    "Problem", "Queryable", "Received", "Servable", "allowed", "blueprint", "content_type", "header_text", "install_problems", "negotiate",
    "problem_of", "problem_response", "read_operation", "service_description", "void_description",
]
