"""Other SPARQL endpoints: one guarded door, and the list of those that SERVICE may reach; the federation planner comes later."""

from ._allowed import AllowedEndpoints, allowed_endpoints
from ._outbound import RemoteAnswer, query_endpoint

__all__ = ["AllowedEndpoints", "RemoteAnswer", "allowed_endpoints", "query_endpoint"]
