"""The services of this release."""

from __future__ import annotations

from earthweave.ontology import NotFoundError

from .air import CO_MAX
from .crops import CROP_MAP
from .flood import FLOOD_MASK, WATER_MASK
from .frame import ServiceSpec
from .sentinel2 import S2_CD, S2_PREPROCESS
from .vector import ENERGY_DATASETS, OSM_LAYERS

_SERVICES = (S2_PREPROCESS, S2_CD, FLOOD_MASK, WATER_MASK, CROP_MAP, CO_MAX, OSM_LAYERS, ENERGY_DATASETS)


def services() -> tuple[ServiceSpec, ...]:
    """Every service, in the order of their stories: scenes, change, flood, water, crops, air, what people built."""
    return _SERVICES


def service(id: str) -> ServiceSpec:
    """The service with this id or executable name; raises `NotFoundError` that lists them."""
    found = next((spec for spec in _SERVICES if id in (spec.id, spec.executable)), None)
    if found is None:
        raise NotFoundError(f"there is no service {id!r}", way_out=f"the services are {', '.join(spec.id for spec in _SERVICES)}")
    return found
