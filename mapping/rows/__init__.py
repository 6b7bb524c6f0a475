"""The row executor: records one by one, flat or nested; slower than the columnar executor, and what that is checked by."""

from ._executor import RowPart, needs_rows

__all__ = ["RowPart", "needs_rows"]
