"""The columnar executor: flat sources in Arrow batches."""

from ._executor import Part
from ._joins import nested_parent

__all__ = ["Part", "nested_parent"]
