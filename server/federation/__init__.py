"""Other services: one guarded door, and the lists of those that SERVICE and catalogue searches may reach; no federation planner yet."""

from ._allowed import AllowedEndpoints, allowed_endpoints
from ._fetch import AllowedServices, allowed_services
from ._outbound import RemoteAnswer, query_endpoint

__all__ = ["AllowedEndpoints", "AllowedServices", "RemoteAnswer", "allowed_endpoints", "allowed_services", "query_endpoint"]
