"""Sources of rows and records: files, databases and tables in memory."""

from ._files import formats, open_source
from ._nested import nested_records
from ._open import Opener, open_logical
from ._paths import file_of
from ._raster import raster_source
from ._raster_options import RasterOptions
from ._records import Place, Record, Records, Value
from ._source import Source, bounded, column_of, geometry_names
from ._sql import schema_of
from ._zones import ZonalSource

__all__ = [
    "Opener", "Place", "RasterOptions", "Record", "Records", "Source", "Value", "ZonalSource",
    "bounded", "column_of", "file_of", "formats", "geometry_names", "nested_records", "open_logical", "open_source",
    "raster_source", "schema_of",
]
