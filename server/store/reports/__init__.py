"""What the client of a store is told of loads and exports: values that need none of the engine's libraries."""

from ._reports import BadStatement, ExportReport, FileReport

__all__ = ["BadStatement", "ExportReport", "FileReport"]
