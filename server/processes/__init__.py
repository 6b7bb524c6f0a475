"""Child processes with a budget: what the workers of the store and the runs of jobs share."""

from ._budget import MEMORY_EXIT, Budget, starved
from ._errors import error_of, told
from ._memory import limit_memory, private_size, resident
from ._offline import keep_gdal_offline

__all__ = ["MEMORY_EXIT", "Budget", "error_of", "keep_gdal_offline", "limit_memory", "private_size", "resident", "starved", "told"]
