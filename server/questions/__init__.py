"""Questions put to a store: what it knows, and its queries behind the port that ``earthweave.qa`` defines."""

from ._asker import StoreAsker, ask
from ._endpoint import StoreEndpoint
from ._launcher import JobLauncher

__all__ = ["JobLauncher", "StoreAsker", "StoreEndpoint", "ask"]
