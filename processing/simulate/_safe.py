"""Metadata of the simulated products, in the structure of the Products Specification Document (PSD 14.9), and the word *simulated*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5
from importlib.metadata import version
from pathlib import Path
from xml.sax.saxutils import escape

import pyproj

from ._landscape import TILE_NORTH, TILE_WEST, Window

_PSD = "https://psd-14.sentinel2.eo.esa.int/PSD"
_INSTRUMENT = (
    ("B1", 60, 442.7),
    ("B2", 10, 492.7),
    ("B3", 10, 559.8),
    ("B4", 10, 664.6),
    ("B5", 20, 704.1),
    ("B6", 20, 740.5),
    ("B7", 20, 782.8),
    ("B8", 10, 832.8),
    ("B8A", 20, 864.7),
    ("B9", 60, 945.1),
    ("B10", 60, 1373.5),
    ("B11", 20, 1613.7),
    ("B12", 20, 2202.4),
)
"""Band, resolution (m), central wavelength (nm) of the instrument on Sentinel-2A."""
SUN = (38.5, 62.0)
"""Zenith and azimuth of the sun over the tile, degrees."""


@dataclass(frozen=True)
class Acquisition:
    """A product: sensing time as in product names, absolute orbit number, and how it is processed and laid out.

    Attributes:
        level: ``1C`` or ``2A``.
        baseline: processing baseline, e.g. ``04.00``; the offset of -1000 came with that one.
        compact: the layout since December 2016, else the first one with its long names.
        cloud_cover: in percent, as in the metadata.
    """

    when: str
    orbit: int
    level: str = "2A"
    baseline: str = "04.00"
    compact: bool = True
    cloud_cover: float = 0.0

    @property
    def iso(self) -> str:
        """Sensing time, ISO 8601."""
        w = self.when
        return f"{w[:4]}-{w[4:6]}-{w[6:8]}T{w[9:11]}:{w[11:13]}:{w[13:]}.024Z"

    @property
    def offset(self) -> int:
        """What is added to numbers to make them reflectance."""
        return -1000 if self.baseline >= "04.00" else 0

    @property
    def name(self) -> str:
        """Product name."""
        if not self.compact:
            return f"S2A_{self._issuer}_PRD_MSIL{self.level}_{self._run}"
        return f"S2A_MSIL{self.level}_{self.when}_N{self.baseline.replace('.', '')}_R030_T56HKH_{self.when[:8]}T120000"

    @property
    def main(self) -> str:
        """Name of the main metadata file."""
        return f"MTD_MSIL{self.level}.xml" if self.compact else f"S2A_{self._issuer}_MTD_SAFL{self.level}_{self._run}.xml"

    @property
    def granule(self) -> str:
        """Granule folder."""
        return f"L{self.level}_T56HKH_A{self.orbit:06d}_{self.when}" if self.compact else self.tile_id

    @property
    def tile_file(self) -> str:
        """Name of the metadata of the tile."""
        return "MTD_TL.xml" if self.compact else f"{self._long('MTD')}.xml"

    @property
    def tile_id(self) -> str:
        """Identifier of the tile."""
        return f"{self._long('MSI')}_N{self.baseline}"

    def image(self, name: str, resolution: int) -> str:
        """Path of an image in the product, without suffix."""
        stem = f"T56HKH_{self.when}_{name}" if self.compact else self._old_image(name)
        folder = f"GRANULE/{self.granule}/IMG_DATA"
        return f"{folder}/{stem}" if self.level == "1C" else f"{folder}/R{resolution}m/{stem}_{resolution}m"

    @property
    def _issuer(self) -> str:
        return "OPER" if self.level == "1C" else "USER"

    @property
    def _run(self) -> str:
        return f"PDMC_{self.when[:8]}T120000_R030_V{self.when}_{self.when}"

    def _long(self, kind: str) -> str:
        return f"S2A_{self._issuer}_{kind}_L{self.level}_TL_SIMU_{self.when}_A{self.orbit:06d}_T56HKH"

    def _old_image(self, name: str) -> str:
        return self._long(name) if name in ("SCL", "AOT", "WVP") else f"{self._long('MSI')}_{name}"


def write_metadata(folder: Path, made: Acquisition, place: Window, bands: Sequence[tuple[str, int]]) -> Path:
    """Write everything of a product but its images, which are ``bands`` with their resolutions; returns its folder."""
    product = folder / f"{made.name}.SAFE"
    granule = product / "GRANULE" / made.granule
    granule.mkdir(parents=True, exist_ok=True)
    images = [made.image(*band) for band in bands]
    texts = {
        made.main: _product(made, place, images),
        f"GRANULE/{made.granule}/{made.tile_file}": _tile(made, place),
        "SIMULATED.txt": _note(made, place),
    }
    for name, text in texts.items():
        (product / name).write_text(text, "utf-8")
    (product / "manifest.safe").write_text(_manifest(made, texts, images), "utf-8")
    return product


def simulator() -> str:
    """Name and version, for every label."""
    return f"earthweave.processing.simulate {version('earthweave')}"


def _note(made: Acquisition, place: Window) -> str:
    return (
        "SIMULATED DATA. Nothing in this product was observed by a satellite.\n\n"
        f"Made by {simulator()} to demonstrate and test change detection.\n"
        f"It has the layout of a Sentinel-2 L{made.level} product of tile T56HKH (corner {TILE_WEST} {TILE_NORTH}, EPSG:32756),\n"
        f"but its images cover only {place.width * 20 / 1000:g} x {place.height * 20 / 1000:g} km from the corner "
        f"{place.west} {place.north},\nand only some bands.\n"
        "Rivers, fields and flood were drawn by chance. Do not use it for any statement about a real place.\n"
    )


def _product(made: Acquisition, place: Window, images: Sequence[str]) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-{made.level}_User_Product xmlns:n1="{_PSD}/User_Product_Level-{made.level}.xsd">
  <n1:General_Info>
    <Simulation_Info>
      <SIMULATED>true</SIMULATED>
      <SIMULATOR>{escape(simulator())}</SIMULATOR>
      <NOTE>Nothing in this product was observed by a satellite.</NOTE>
    </Simulation_Info>
    <Product_Info>
      <PRODUCT_START_TIME>{made.iso}</PRODUCT_START_TIME>
      <PRODUCT_STOP_TIME>{made.iso}</PRODUCT_STOP_TIME>
      <PRODUCT_URI>{made.name}.SAFE</PRODUCT_URI>
      <PROCESSING_LEVEL>Level-{made.level}</PROCESSING_LEVEL>
      <PRODUCT_TYPE>S2MSI{made.level}</PRODUCT_TYPE>
      <PROCESSING_BASELINE>{made.baseline}</PROCESSING_BASELINE>
      <GENERATION_TIME>{made.iso[:10]}T12:00:00.000000Z</GENERATION_TIME>
      <PREVIEW_IMAGE_URL>Not applicable</PREVIEW_IMAGE_URL>
      <PREVIEW_GEO_INFO>Not applicable</PREVIEW_GEO_INFO>
      <Datatake datatakeIdentifier="GS2A_{made.when}_{made.orbit:06d}_N{made.baseline}">
        <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
        <DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
        <DATATAKE_SENSING_START>{made.iso}</DATATAKE_SENSING_START>
        <SENSING_ORBIT_NUMBER>30</SENSING_ORBIT_NUMBER>
        <SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION>
      </Datatake>
      <Query_Options completeSingleTile="false">
{"" if made.compact else _band_list()}\
        <PRODUCT_FORMAT>{"SAFE_COMPACT" if made.compact else "SAFE"}</PRODUCT_FORMAT>
      </Query_Options>
      <Product_Organisation>
        <Granule_List>
{_granule(made, images)}
        </Granule_List>
      </Product_Organisation>
    </Product_Info>
{_characteristics(made)}  </n1:General_Info>
  <n1:Geometric_Info>
    <Product_Footprint>
      <Product_Footprint>
        <Global_Footprint>
          <EXT_POS_LIST>{_footprint(place)}</EXT_POS_LIST>
        </Global_Footprint>
      </Product_Footprint>
    </Product_Footprint>
  </n1:Geometric_Info>
  <n1:Quality_Indicators_Info>
    <Cloud_Coverage_Assessment>{made.cloud_cover:.6f}</Cloud_Coverage_Assessment>
  </n1:Quality_Indicators_Info>
</n1:Level-{made.level}_User_Product>
"""


def _granule(made: Acquisition, images: Sequence[str]) -> str:
    """The list of images: by path in a compact product, by identifier in one of the first layout."""
    element, tag = ("Granule", "IMAGE_FILE") if made.compact else ("Granules", "IMAGE_ID" if made.level == "1C" else "IMAGE_ID_2A")
    names = images if made.compact else [image.rpartition("/")[2] for image in images]
    listed = "\n".join(f"            <{tag}>{name}</{tag}>" for name in names)
    strip = f"S2A_OPER_MSI_L{made.level}_DS_SIMU_{made.when}_S{made.when}_N{made.baseline}"
    return f"""          <{element} datastripIdentifier="{strip}" granuleIdentifier="{made.tile_id}" imageFormat="JPEG2000">
{listed}
          </{element}>"""


def _band_list() -> str:
    names = "".join(f"          <BAND_NAME>{name}</BAND_NAME>\n" for name, _, _ in _INSTRUMENT)
    return f"        <Band_List>\n{names}        </Band_List>\n"


def _footprint(place: Window) -> str:
    """Corners of the images, latitude before longitude, closed."""
    east, south = place.west + place.width * 20, place.north - place.height * 20
    corners = ((place.west, place.north), (east, place.north), (east, south), (place.west, south), (place.west, place.north))
    project = pyproj.Transformer.from_crs("EPSG:32756", "OGC:CRS84", always_xy=True)
    return " ".join(f"{lat:.9f} {lon:.9f}" for lon, lat in (project.transform(*corner) for corner in corners))


def _characteristics(made: Acquisition) -> str:
    bands = "\n".join(_band(number) for number in range(13))
    return f"""    <Product_Image_Characteristics>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX>
      </Special_Values>
      <Special_Values>
        <SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT>
        <SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX>
      </Special_Values>
{_quantities(made)}{_offsets(made)}      <Spectral_Information_List>
{bands}
      </Spectral_Information_List>
    </Product_Image_Characteristics>
"""


def _quantities(made: Acquisition) -> str:
    if made.level == "1C":
        return '      <QUANTIFICATION_VALUE unit="none">10000</QUANTIFICATION_VALUE>\n'
    prefix = "" if made.compact else "L2A_"
    rows = (("BOA", "none", 10000), ("AOT", "none", 1000), ("WVP", "cm", 1000))
    listed = "".join(
        f'        <{prefix}{name}_QUANTIFICATION_VALUE unit="{unit}">{value}</{prefix}{name}_QUANTIFICATION_VALUE>\n'
        for name, unit, value in rows
    )
    return f"      <QUANTIFICATION_VALUES_LIST>\n{listed}      </QUANTIFICATION_VALUES_LIST>\n"


def _offsets(made: Acquisition) -> str:
    """The list that came with baseline 04.00."""
    if not made.offset:
        return ""
    tag, around = (
        ("RADIO_ADD_OFFSET", "Radiometric_Offset_List") if made.level == "1C" else ("BOA_ADD_OFFSET", "BOA_ADD_OFFSET_VALUES_LIST")
    )
    rows = "".join(f'        <{tag} band_id="{number}">{made.offset}</{tag}>\n' for number in range(13))
    return f"      <{around}>\n{rows}      </{around}>\n"


def _band(number: int) -> str:
    name, resolution, centre = _INSTRUMENT[number]
    return f"""        <Spectral_Information bandId="{number}" physicalBand="{name}">
          <RESOLUTION>{resolution}</RESOLUTION>
          <Wavelength>
            <CENTRAL unit="nm">{centre}</CENTRAL>
          </Wavelength>
        </Spectral_Information>"""


def _tile(made: Acquisition, place: Window) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-{made.level}_Tile_ID xmlns:n1="{_PSD}/S2_PDI_Level-{made.level}_Tile_Metadata.xsd">
  <n1:General_Info>
    <TILE_ID metadataLevel="Brief">{made.tile_id}</TILE_ID>
    <DATASTRIP_ID metadataLevel="Standard">S2A_OPER_MSI_L{made.level}_DS_SIMU_{made.when}_S{made.when}_N{made.baseline}</DATASTRIP_ID>
    <SENSING_TIME metadataLevel="Standard">{made.iso}</SENSING_TIME>
  </n1:General_Info>
  <n1:Geometric_Info>
    <!-- The images cover a part of the tile, whose own corner is {TILE_WEST} {TILE_NORTH}. -->
    <Tile_Geocoding metadataLevel="Brief">
      <HORIZONTAL_CS_NAME>WGS84 / UTM zone 56S</HORIZONTAL_CS_NAME>
      <HORIZONTAL_CS_CODE>EPSG:32756</HORIZONTAL_CS_CODE>
{"".join(_sizes(place))}{"".join(_corners(place))}    </Tile_Geocoding>
    <Tile_Angles metadataLevel="Standard">
      <Mean_Sun_Angle>
        <ZENITH_ANGLE unit="deg">{SUN[0]}</ZENITH_ANGLE>
        <AZIMUTH_ANGLE unit="deg">{SUN[1]}</AZIMUTH_ANGLE>
      </Mean_Sun_Angle>
    </Tile_Angles>
  </n1:Geometric_Info>
</n1:Level-{made.level}_Tile_ID>
"""


def _sizes(place: Window) -> Iterator[str]:
    for resolution in (10, 20, 60):
        rows, cols = (count * 20 // resolution for count in (place.height, place.width))
        yield f'      <Size resolution="{resolution}">\n        <NROWS>{rows}</NROWS>\n        <NCOLS>{cols}</NCOLS>\n      </Size>\n'


def _corners(place: Window) -> Iterator[str]:
    for resolution in (10, 20, 60):
        rows = (("ULX", place.west), ("ULY", place.north), ("XDIM", resolution), ("YDIM", -resolution))
        inner = "".join(f"        <{key}>{value}</{key}>\n" for key, value in rows)
        yield f'      <Geoposition resolution="{resolution}">\n{inner}      </Geoposition>\n'


def _manifest(made: Acquisition, texts: dict[str, str], images: Sequence[str]) -> str:
    entries = [(name, "text/plain" if name.endswith(".txt") else "text/xml", text) for name, text in texts.items()]
    files = "\n".join(_object(f"File{number}", name, media, text) for number, (name, media, text) in enumerate(entries))
    pictures = "\n".join(
        _object(f"IMG_DATA_{number}", f"{image}.jp2", "application/octet-stream", None) for number, image in enumerate(images)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel/1.1" \
version="esa/safe/sentinel/1.1/sentinel-2/msi/archive_l{made.level.lower()}_user_product">
  <informationPackageMap>
    <xfdu:contentUnit unitType="Product_Level-{made.level}" \
textInfo="SIMULATED SENTINEL-2 MSI Level-{made.level} User Product" pdiID="processing"/>
  </informationPackageMap>
  <metadataSection>
    <metadataObject ID="processing" classification="PROVENANCE" category="PDI">
      <metadataWrap mimeType="text/xml" vocabularyName="SAFE" textInfo="Processing">
        <xmlData>
          <safe:processing name="Simulation; nothing in this product was observed" start="{made.iso}">
            <safe:software name="{escape(simulator())}"/>
          </safe:processing>
        </xmlData>
      </metadataWrap>
    </metadataObject>
  </metadataSection>
  <dataObjectSection>
{files}
{pictures}
  </dataObjectSection>
</xfdu:XFDU>
"""


def _object(key: str, name: str, media: str, text: str | None) -> str:
    """One file; images are listed before they exist, so without a checksum."""
    checksum = (
        "" if text is None else f'\n        <checksum checksumName="MD5">{md5(text.encode(), usedforsecurity=False).hexdigest()}</checksum>'
    )
    size = "" if text is None else f' size="{len(text.encode())}"'
    return f"""    <dataObject ID="{key}">
      <byteStream mimeType="{media}"{size}>
        <fileLocation locatorType="URL" href="./{name}"/>{checksum}
      </byteStream>
    </dataObject>"""
