"""Questions put to a store: the names of its places, and its queries behind the port that ``earthweave.qa`` defines."""

from ._asker import StoreAsker
from ._endpoint import StoreEndpoint
from ._launcher import JobLauncher

__all__ = ["JobLauncher", "StoreAsker", "StoreEndpoint"]
