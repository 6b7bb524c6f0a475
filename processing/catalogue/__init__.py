"""Catalogues of Earth-observation products: one way to search them, whatever they speak.

::

    catalogue = open_catalogue("cdse", transport)              a known name, an address, a folder of scenes, a file of STAC items
    for found in catalogue.search(Search("SENTINEL-2", area, time, cloud_cover=20, level="L1C")): …

The network is an argument (`Transport`): the server gives its guarded door, tests and offline users a recording (`Replay`).

Limits: Sentinel products are understood by name, others by what the catalogue says. OData services give the first 10,000 products of a
search. An area of more than 60 vertices is sent as its hull; the area itself is then compared here. Data hubs need not exist any more.
"""

from ._finder import FinderCatalogue
from ._folder import FolderCatalogue
from ._footprint import footprint
from ._hub import HubCatalogue
from ._items import item, items
from ._model import Catalogue, Found, Search, matches
from ._odata import ODataCatalogue, odata_filter
from ._open import KNOWN, Known, open_catalogue
from ._paging import PagedCatalogue
from ._stac import FileCatalogue, StacCatalogue, read_items
from ._transport import Recorder, Replay, Retrying, Transport

__all__ = [
    "KNOWN",
    "Catalogue",
    "FileCatalogue",
    "FinderCatalogue",
    "FolderCatalogue",
    "Found",
    "HubCatalogue",
    "Known",
    "ODataCatalogue",
    "PagedCatalogue",
    "Recorder",
    "Replay",
    "Retrying",
    "Search",
    "StacCatalogue",
    "Transport",
    "footprint",
    "item",
    "items",
    "matches",
    "odata_filter",
    "open_catalogue",
    "read_items",
]
