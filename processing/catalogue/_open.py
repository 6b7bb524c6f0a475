"""The catalogues that are known by name, and opening one by name, address or place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from earthweave.ontology import NotFoundError, ParameterError

from ._finder import FinderCatalogue
from ._folder import FolderCatalogue
from ._hub import HubCatalogue
from ._model import Catalogue
from ._odata import ODataCatalogue
from ._paging import PagedCatalogue
from ._stac import FileCatalogue, StacCatalogue
from ._transport import Transport


@dataclass(frozen=True)
class Known:
    """A public catalogue.

    Attributes:
        name: what users call it.
        kind: ``stac``, ``odata``, ``finder`` or ``hub``.
        url: where its service begins.
        title: whose it is and what it has.
        collections: a mission's name there where it is not the common one.
        eodag: the provider's name in EODAG, for downloads of whole products; empty if it has none there.
        s3: endpoint of the object store that its links of the form ``s3://`` lie in; empty for Amazon's own.
    """

    name: str
    kind: str
    url: str
    title: str
    collections: Mapping[str, str] = field(default_factory=dict)
    eodag: str = ""
    s3: str = ""


KNOWN: tuple[Known, ...] = (
    Known("cdse", "odata", "https://catalogue.dataspace.copernicus.eu/odata/v1", "Copernicus Data Space Ecosystem, all Sentinels",
          eodag="cop_dataspace", s3="https://eodata.dataspace.copernicus.eu"),
    Known("cdse-stac", "stac", "https://stac.dataspace.copernicus.eu/v1", "Copernicus Data Space Ecosystem as STAC",
          eodag="cop_dataspace", s3="https://eodata.dataspace.copernicus.eu"),
    Known("creodias", "odata", "https://datahub.creodias.eu/odata/v1", "CREODIAS, all Sentinels",
          eodag="creodias", s3="https://eodata.cloudferro.com"),
    Known("creodias-finder", "finder", "https://datahub.creodias.eu/resto/api", "CREODIAS, the legacy Finder", eodag="creodias"),
    Known("earth-search", "stac", "https://earth-search.aws.element84.com/v1", "Element 84, Sentinel-1 and -2 on Amazon S3"),
    Known("planetary-computer", "stac", "https://planetarycomputer.microsoft.com/api/stac/v1", "Microsoft Planetary Computer",
          {"2": "sentinel-2-l2a"}),
    Known("sara", "finder", "https://copernicus.nci.org.au/sara.server/1.0/api", "Sentinel Australasia Regional Access",
          {"1": "S1", "2": "S2", "3": "S3"}, eodag="sara"),
)  # fmt: skip
"""The catalogues by name; none is asked before a user does."""
_KINDS: Mapping[str, type[PagedCatalogue]] = {
    "stac": StacCatalogue, "odata": ODataCatalogue, "finder": FinderCatalogue, "hub": HubCatalogue,
}  # fmt: skip
_SIGNS = (("/odata", "odata"), ("/resto", "finder"), ("sara.server", "finder"), ("/dhus", "hub"), ("hub/search", "hub"))


def open_catalogue(where: str | Path, transport: Transport | None = None) -> Catalogue:
    """A catalogue by the name of a known one, by its address, or by the folder or file that it is.

    An address tells its kind by how it is made, else it is taken for STAC; ``odata+https://…`` (``stac+``, ``finder+``, ``hub+``) says it.
    Raises `NotFoundError` for a name that nobody knows, `ParameterError` if a catalogue in the network is opened without ``transport``.
    """
    text = str(where)
    known = next((one for one in KNOWN if one.name == text), None)
    if known is None and "://" not in text:
        return _local(Path(where), text)
    if transport is None:
        raise ParameterError(f"{text} lies in the network", why="no way there was given", way_out="pass a transport, or name a folder")
    asked = known or _guessed(text)
    return _KINDS[asked.kind](asked.url, transport, name=asked.name, collections=asked.collections)


def _local(path: Path, text: str) -> Catalogue:
    if path.is_dir():
        return FolderCatalogue(path)
    if path.is_file():
        return FileCatalogue(path)
    names = ", ".join(one.name for one in KNOWN)
    raise NotFoundError(f"there is no catalogue {text}", why=f"neither a folder or file, nor one of {names}", way_out="or give its address")


def _guessed(address: str) -> Known:
    """A catalogue by its address: the kind that it says, or looks like; the name is its host."""
    kind, plus, rest = address.partition("+")
    said = plus and kind in _KINDS
    url = rest if said else address
    sign = next((found for sign, found in _SIGNS if sign in url), "stac")
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise ParameterError(
            f"{address} is no address of a catalogue", why="http or https and a host are needed", way_out="https://host/path"
        )
    return Known(host, kind if said else sign, url, host)
