"""Arrow arrays from values of numpy and Python and back, without the detour through pandas that pyarrow's own conversions make."""

from ._arrays import arrow_of, blob_array, blobs_of, numbers_of, text_array, truths_of

__all__ = ["arrow_of", "blob_array", "blobs_of", "numbers_of", "text_array", "truths_of"]
