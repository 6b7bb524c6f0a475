"""Other SPARQL endpoints: one guarded door; the federation planner comes later."""

from ._outbound import RemoteAnswer, query_endpoint

__all__ = ["RemoteAnswer", "query_endpoint"]
