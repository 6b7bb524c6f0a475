"""The columnar executor: flat sources in Arrow batches."""

from ._executor import Part

__all__ = ["Part"]
