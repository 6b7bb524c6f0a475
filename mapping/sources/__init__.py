"""Sources of rows and records: files, databases and tables in memory."""

from ._files import Source, bounded, column_of, formats, geometry_names, open_source
from ._open import Opener, open_logical
from ._records import Place, Record, Records, Value

__all__ = [
    "Opener", "Place", "Record", "Records", "Source", "Value",
    "bounded", "column_of", "formats", "geometry_names", "open_logical", "open_source",
]
