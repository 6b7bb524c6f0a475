"""What things mean: vocabulary, namespaces, errors, and the value types that all rooms share."""

from ._crs import CRS84, EPSG4326, Axis, Crs
from ._errors import (
    CrsError,
    DeadlineError,
    EarthweaveError,
    ForbiddenError,
    GeometryError,
    InputError,
    LimitError,
    MappingError,
    MemoryLimitError,
    MissingDependencyError,
    NotFoundError,
    ParameterError,
    ProcessingError,
    ProductError,
    QueryError,
    RdfSyntaxError,
    SizeLimitError,
    StoreBusyError,
    StoreError,
    UnknownFunctionError,
    UnsupportedError,
)
from ._layer import Layer, Provenance, Source
from ._limits import Setting, setting, settings_of
from ._namespaces import (
    DCAT,
    DCTERMS,
    EW,
    EWR,
    FLO,
    FLOOD,
    GADMO,
    GADMR,
    GEO,
    GEOF,
    OWL,
    PREFIXES,
    PROV,
    QUDT,
    RDF,
    RDFS,
    SF,
    SKOS,
    SOSA,
    TIME,
    UNIT,
    UOM,
    XSD,
)
from ._progress import Progress, ProgressSink, silent
from ._values import BBox, GeometryLiteral, Interval, Quantity
from ._vocabulary import Term, Violation, shapes, superclasses, terms, validate, vocabulary

__all__ = [
    "CRS84", "DCAT", "DCTERMS", "EPSG4326", "EW", "EWR", "FLO", "FLOOD", "GADMO", "GADMR", "GEO", "GEOF", "OWL", "PREFIXES",
    "PROV", "QUDT", "RDF", "RDFS", "SF", "SKOS", "SOSA", "TIME", "UNIT", "UOM", "XSD",
    "Axis", "BBox", "Crs", "CrsError", "DeadlineError", "EarthweaveError", "ForbiddenError", "GeometryError", "GeometryLiteral",
    "InputError", "Interval", "Layer", "LimitError", "MappingError", "MemoryLimitError", "MissingDependencyError", "NotFoundError",
    "ParameterError", "ProcessingError", "ProductError", "Progress", "ProgressSink", "Provenance", "Quantity", "QueryError", "RdfSyntaxError", "Setting",
    "SizeLimitError", "Source", "StoreBusyError", "StoreError", "Term", "UnknownFunctionError", "UnsupportedError", "Violation",
    "setting", "settings_of", "shapes", "silent", "superclasses", "terms", "validate", "vocabulary",
]
