"""Metadata of the simulated products, in the structure of the Products Specification Document (PSD 14.9), and the word *simulated*."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5
from importlib.metadata import version
from pathlib import Path
from xml.sax.saxutils import escape

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


@dataclass(frozen=True)
class Acquisition:
    """Sensing time as in product names, and absolute orbit number."""

    when: str
    orbit: int

    @property
    def iso(self) -> str:
        """Sensing time, ISO 8601."""
        w = self.when
        return f"{w[:4]}-{w[4:6]}-{w[6:8]}T{w[9:11]}:{w[11:13]}:{w[13:]}.024Z"

    @property
    def name(self) -> str:
        """Product name."""
        return f"S2A_MSIL2A_{self.when}_N0400_R030_T56HKH_{self.when[:8]}T120000"

    @property
    def granule(self) -> str:
        """Granule folder."""
        return f"L2A_T56HKH_A{self.orbit:06d}_{self.when}"

    @property
    def stem(self) -> str:
        """Beginning of the image names."""
        return f"T56HKH_{self.when}"


def write_metadata(folder: Path, made: Acquisition, place: Window, fine: Sequence[str], coarse: Sequence[str]) -> Path:
    """Write everything of a product but its images; returns its folder."""
    product = folder / f"{made.name}.SAFE"
    granule = product / "GRANULE" / made.granule
    granule.mkdir(parents=True, exist_ok=True)
    images = [f"GRANULE/{made.granule}/IMG_DATA/R10m/{made.stem}_{name}_10m" for name in fine]
    images += [f"GRANULE/{made.granule}/IMG_DATA/R20m/{made.stem}_{name}_20m" for name in (*coarse, "SCL")]
    texts = {
        "MTD_MSIL2A.xml": _product(made, images),
        f"GRANULE/{made.granule}/MTD_TL.xml": _tile(made, place),
        "SIMULATED.txt": _note(place),
    }
    for name, text in texts.items():
        (product / name).write_text(text, "utf-8")
    (product / "manifest.safe").write_text(_manifest(made, texts, images), "utf-8")
    return product


def simulator() -> str:
    """Name and version, for every label."""
    return f"earthweave.processing.simulate {version('earthweave')}"


def _note(place: Window) -> str:
    return (
        "SIMULATED DATA. Nothing in this product was observed by a satellite.\n\n"
        f"Made by {simulator()} to demonstrate and test change detection.\n"
        f"It has the layout of a Sentinel-2 L2A product of tile T56HKH (corner {TILE_WEST} {TILE_NORTH}, EPSG:32756),\n"
        f"but its images cover only {place.width * 20 / 1000:g} x {place.height * 20 / 1000:g} km from the corner "
        f"{place.west} {place.north},\nand only some bands.\n"
        "Rivers, fields and flood were drawn by chance. Do not use it for any statement about a real place.\n"
    )


def _product(made: Acquisition, images: Sequence[str]) -> str:
    listed = "\n".join(f"            <IMAGE_FILE>{image}</IMAGE_FILE>" for image in images)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product xmlns:n1="{_PSD}/User_Product_Level-2A.xsd">
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
      <PROCESSING_LEVEL>Level-2A</PROCESSING_LEVEL>
      <PRODUCT_TYPE>S2MSI2A</PRODUCT_TYPE>
      <PROCESSING_BASELINE>04.00</PROCESSING_BASELINE>
      <GENERATION_TIME>{made.iso[:10]}T12:00:00.000000Z</GENERATION_TIME>
      <PREVIEW_IMAGE_URL>Not applicable</PREVIEW_IMAGE_URL>
      <PREVIEW_GEO_INFO>Not applicable</PREVIEW_GEO_INFO>
      <Datatake datatakeIdentifier="GS2A_{made.when}_{made.orbit:06d}_N04.00">
        <SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>
        <DATATAKE_TYPE>INS-NOBS</DATATAKE_TYPE>
        <DATATAKE_SENSING_START>{made.iso}</DATATAKE_SENSING_START>
        <SENSING_ORBIT_NUMBER>30</SENSING_ORBIT_NUMBER>
        <SENSING_ORBIT_DIRECTION>DESCENDING</SENSING_ORBIT_DIRECTION>
      </Datatake>
      <Query_Options completeSingleTile="false">
        <PRODUCT_FORMAT>SAFE_COMPACT</PRODUCT_FORMAT>
      </Query_Options>
      <Product_Organisation>
        <Granule_List>
          <Granule datastripIdentifier="S2A_OPER_MSI_L2A_DS_SIMU_{made.when}_S{made.when}_N04.00" \
granuleIdentifier="S2A_OPER_MSI_L2A_TL_SIMU_{made.when}_A{made.orbit:06d}_T56HKH_N04.00" imageFormat="JPEG2000">
{listed}
          </Granule>
        </Granule_List>
      </Product_Organisation>
    </Product_Info>
{_characteristics()}  </n1:General_Info>
  <n1:Quality_Indicators_Info>
    <Cloud_Coverage_Assessment>0.0</Cloud_Coverage_Assessment>
  </n1:Quality_Indicators_Info>
</n1:Level-2A_User_Product>
"""


def _characteristics() -> str:
    offsets = "\n".join(f'        <BOA_ADD_OFFSET band_id="{number}">-1000</BOA_ADD_OFFSET>' for number in range(13))
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
      <QUANTIFICATION_VALUES_LIST>
        <BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
      </QUANTIFICATION_VALUES_LIST>
      <BOA_ADD_OFFSET_VALUES_LIST>
{offsets}
      </BOA_ADD_OFFSET_VALUES_LIST>
      <Spectral_Information_List>
{bands}
      </Spectral_Information_List>
    </Product_Image_Characteristics>
"""


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
<n1:Level-2A_Tile_ID xmlns:n1="{_PSD}/S2_PDI_Level-2A_Tile_Metadata.xsd">
  <n1:General_Info>
    <TILE_ID metadataLevel="Brief">S2A_OPER_MSI_L2A_TL_SIMU_{made.when}_A{made.orbit:06d}_T56HKH_N04.00</TILE_ID>
    <DATASTRIP_ID metadataLevel="Standard">S2A_OPER_MSI_L2A_DS_SIMU_{made.when}_S{made.when}_N04.00</DATASTRIP_ID>
    <SENSING_TIME metadataLevel="Standard">{made.iso}</SENSING_TIME>
  </n1:General_Info>
  <n1:Geometric_Info>
    <!-- The images cover a part of the tile, whose own corner is {TILE_WEST} {TILE_NORTH}. -->
    <Tile_Geocoding metadataLevel="Brief">
      <HORIZONTAL_CS_NAME>WGS84 / UTM zone 56S</HORIZONTAL_CS_NAME>
      <HORIZONTAL_CS_CODE>EPSG:32756</HORIZONTAL_CS_CODE>
{"".join(_sizes(place))}{"".join(_corners(place))}    </Tile_Geocoding>
  </n1:Geometric_Info>
</n1:Level-2A_Tile_ID>
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
version="esa/safe/sentinel/1.1/sentinel-2/msi/archive_l2a_user_product">
  <informationPackageMap>
    <xfdu:contentUnit unitType="Product_Level-2A" textInfo="SIMULATED SENTINEL-2 MSI Level-2A User Product" pdiID="processing"/>
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
