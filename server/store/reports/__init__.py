"""What the client of a store is told of loads, exports and contents: values that need none of the engine's libraries."""

from ._contents import GRAPHS, Census, Contents, Extensions, PropertyPartition
from ._reports import BadStatement, ExportReport, FileReport

__all__ = ["GRAPHS", "BadStatement", "Census", "Contents", "ExportReport", "Extensions", "FileReport", "PropertyPartition"]
