"""Collections of public catalogues, and the themes that people ask for them by.

Ids are those of the catalogues' STAC APIs (Microsoft Planetary Computer, Earth Search, Brazil Data Cube), facts that anybody can look up
there. A collection is chosen by mission and themes, the more of which it has the better.
"""

from __future__ import annotations

from collections.abc import Iterable

THEMES: dict[str, str] = {
    "fire": "fire, wildfire, thermal anomaly, active fire, hotspot, fire activity, thermal anomalies fire",
    "burned area": "burned area, burnt area, burn scar, fire scar",
    "burn severity": "burn severity, fire severity, burn severity mosaic",
    "snow": "snow cover, snow, snowpack, snow extent",
    "vegetation index": "vegetation index, ndvi, evi, greenness, vegetation indices",
    "land surface temperature": "land surface temperature, lst, surface temperature",
    "sea surface temperature": "sea surface temperature, sst, ocean temperature",
    "ocean heat": "ocean heat content",
    "elevation": "elevation, dem, digital elevation model, digital surface model, digital terrain model, elevation map, elevation model, "
                 "topography, terrain, terrain height, terrain elevation, terrain model, height map, relief, elevation data",
    "land cover": "land cover, landcover, land use, lulc, land use land cover, land cover map",
    "crop": "crop type, cropland data layer, crop layer, cdl",
    "surface water": "water occurrence, surface water, water seasonality, surface water occurrence, surface water extent",
    "reflectance": "reflectance, surface reflectance",
    "albedo": "albedo, brdf, nadir brdf",
    "leaf area": "leaf area index, lai, fpar",
    "evapotranspiration": "evapotranspiration, et",
    "primary production": "gross primary productivity, gross primary production, gpp",
    "net production": "net primary production, net primary productivity, net production, npp",
    "biomass": "biomass, above ground biomass, carbon stock",
    "precipitation": "precipitation, rainfall, rain",
    "buildings": "building footprint",
    "aerial": "aerial imagery, aerial photo, aerial photography, aerial image",
    "terrain corrected": "rtc, terrain corrected, radar",
    "daily": "daily, every day", "8-day": "8 day, 8 - day, eight day, weekly", "16-day": "16 day, 16 - day",
    "monthly": "monthly", "yearly": "yearly, annual",
}  # fmt: skip
COLLECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sentinel-2-l2a": ("Sentinel-2", ("L2A",)), "sentinel-2-l1c": ("Sentinel-2", ("L1C",)),
    "sentinel-1-grd": ("Sentinel-1", ("GRD",)), "sentinel-1-rtc": ("Sentinel-1", ("RTC", "SAR", "terrain corrected")),
    "sentinel-5p-l2-netcdf": ("Sentinel-5P", ()), "sentinel-3-olci-wfr-l2-netcdf": ("Sentinel-3", ("OLCI",)),
    "landsat-c2-l2": ("Landsat", ("L2",)), "landsat-c2-l1": ("Landsat", ("L1",)),
    "hls2-s30": ("HLS", ()), "hls2-l30": ("HLS", ("landsat",)),
    "cop-dem-glo-30": ("", ("elevation",)), "cop-dem-glo-90": ("", ("elevation", "90 m")), "nasadem": ("", ("elevation", "nasadem")),
    "alos-dem": ("ALOS", ("elevation",)), "alos-palsar-mosaic": ("ALOS", ("yearly",)), "aster-l1t": ("ASTER", ()),
    "modis-09a1-061": ("MODIS", ("reflectance", "8-day")), "modis-10a1-061": ("MODIS", ("snow", "daily")),
    "modis-10a2-061": ("MODIS", ("snow", "8-day")), "modis-11a1-061": ("MODIS", ("land surface temperature", "daily")),
    "modis-11a2-061": ("MODIS", ("land surface temperature", "8-day")),
    "modis-13a1-061": ("MODIS", ("vegetation index", "500 m", "16-day")),
    "modis-13q1-061": ("MODIS", ("vegetation index", "16-day")), "modis-14a1-061": ("MODIS", ("fire",)),
    "modis-14a2-061": ("MODIS", ("fire", "daily", "8-day")), "modis-15a2h-061": ("MODIS", ("leaf area", "8-day")),
    "modis-16a3gf-061": ("MODIS", ("evapotranspiration", "yearly")), "modis-17a2h-061": ("MODIS", ("primary production", "8-day")),
    "modis-17a3hgf-061": ("MODIS", ("net production", "yearly")), "modis-43a4-061": ("MODIS", ("albedo", "daily")),
    "modis-64a1-061": ("MODIS", ("burned area", "monthly")), "mtbs": ("", ("burn severity",)),
    "noaa-cdr-sea-surface-temperature-whoi": ("", ("sea surface temperature",)), "noaa-cdr-ocean-heat-content": ("", ("ocean heat",)),
    "esa-worldcover": ("", ("land cover",)), "io-lulc-annual-v02": ("", ("land cover", "yearly")), "usda-cdl": ("", ("crop",)),
    "jrc-gsw": ("", ("surface water",)), "naip": ("NAIP", ("aerial",)), "chloris-biomass": ("", ("biomass",)),
    "gpm-imerg-hhr": ("", ("precipitation",)), "ms-buildings": ("", ("buildings",)),
}  # fmt: skip
DATASETS: dict[str, str] = {
    "alos-dem": "alos world 3d, alos world 3 d, alos world 3d 30 m, alos world 3d 30, aw3d, aw3d30, alos dem",
    "cop-dem-glo-30": "copernicus dem, copernicus digital elevation model, copernicus elevation model, cop dem, copernicus dem glo 30, "
                      "glo 30",
    "cop-dem-glo-90": "copernicus dem glo 90, glo 90",
    "3dep-seamless": "3 dep, 3 dep seamless, 3 dep seamless dem",
    "3dep-lidar-hag": "3 dep lidar height above ground, 3 dep lidar hag, lidar height above ground",
    "3dep-lidar-dsm": "3 dep lidar digital surface model, 3 dep lidar dsm, lidar dsm, lidar digital surface model",
    "3dep-lidar-dtm": "3 dep lidar digital terrain model, 3 dep lidar dtm, lidar dtm, lidar digital terrain model",
    "3dep-lidar-intensity": "3 dep lidar intensity, lidar intensity", "3dep-lidar-returns": "3 dep lidar returns, lidar returns",
    "3dep-lidar-classification": "3 dep lidar classification, lidar classification",
    "3dep-lidar-copc": "3 dep lidar point cloud, 3 dep point cloud, lidar point cloud",
    "alos-palsar-mosaic": "alos palsar annual, alos palsar annual mosaic, alos palsar mosaic, palsar mosaic, palsar annual mosaic",
    "alos-fnf-mosaic": "alos forest non forest, alos palsar forest non forest, alos fnf",
    "esa-worldcover": "worldcover, world cover", "esa-cci-lc": "cci land cover",
    "io-lulc-annual-v02": "io land use, io lulc, esri land cover, impact observatory land cover",
    "jrc-gsw": "global surface water, jrc surface water, jrc gsw",
    "usda-cdl": "cropland data layer, usda cropland, usda cdl",
    "mtbs": "monitoring trends in burn severity",
    "hls2-l30": "hls landsat, hls l30, hls2 l30, hls 2 l30", "hls2-s30": "hls sentinel, hls sentinel 2, hls s30, hls2 s30, hls 2 s30",
    "chloris-biomass": "chloris biomass", "era5-pds": "era5, era 5", "terraclimate": "terraclimate", "gridmet": "gridmet",
    "daymet-daily-na": "daymet, daymet daily", "daymet-monthly-na": "daymet monthly", "daymet-annual-na": "daymet annual",
    "gpm-imerg-hhr": "gpm imerg, imerg", "planet-nicfi-visual": "planet nicfi, nicfi", "goes-cmi": "goes cloud and moisture imagery",
    "gbif": "gbif", "ms-buildings": "microsoft building footprint, ms building footprint",
}  # fmt: skip
"""Id of a collection → what people call it: names of data sets rather than of missions."""
AGENCIES = frozenset("usgs nasa esa usda jrc noaa microsoft esri copernicus jaxa".split())
"""Who makes data sets, as it may stand in front of their names."""


def collection(mission: str, themes: Iterable[str]) -> str | None:
    """The id of the collection that mission and themes speak of; None if they name none.

    All themes that are told must be of the collection; of several, one of no mission in particular if none was told, then the one with
    the fewest others, then the first.
    """
    told = set(themes)
    if not mission and not told - _RHYTHMS:
        return None
    fits = [
        (not mission and bool(of), len(set(has) - told), len(has), place, id)
        for place, (id, (of, has)) in enumerate(COLLECTIONS.items())
        if (not mission or of == mission) and told <= set(has)
    ]
    return min(fits)[-1] if fits else None


_RHYTHMS = frozenset(("daily", "8-day", "16-day", "monthly", "yearly"))
"""Themes that say nothing by themselves."""
