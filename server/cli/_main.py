"""The command ``earthweave`` and the console scripts beside it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import click

from earthweave.server.processes import keep_gdal_offline

from ._ask_verb import ask
from ._catalogue_verbs import catalogue
from ._compat import later, run_command
from ._demo import demo
from ._doctor import doctor
from ._generate_verbs import generate_
from ._grpc_verb import serve_grpc
from ._job_verbs import job
from ._map_verbs import map_
from ._process_verbs import process
from ._store_verbs import export_, load, query, store, update
from ._web_verbs import serve

RADAR = "Sentinel-1 processing comes with the radar services"


def _version() -> str:
    try:
        return version("earthweave")
    except PackageNotFoundError:
        return "unknown"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), prog_name="earthweave")
def main() -> None:
    """Linked Earth-observation data that anyone can query, ask and see.

    \b
    Begin here:
      earthweave demo                     the whole chain on simulated data, then a map
      earthweave load FILE…               RDF into the store
      earthweave query 'SELECT …'         SPARQL with GeoSPARQL functions
      earthweave ask "Which …?"           a question in English
      earthweave serve                    endpoint, map and question box

    Results go to standard output, progress to standard error. Exit status: 0 done, 1 failed, 2 wrong input.
    """
    keep_gdal_offline()


for _command in (load, query, update, map_, catalogue, process, job, ask, serve, serve_grpc, export_, store, doctor, demo):
    main.add_command(_command)


map_.add_command(generate_)


def s2_cd() -> None:
    """``S2-CD``: change vector analysis of two Sentinel-2 scenes."""
    run_command("S2-CD")


def flood_mask() -> None:
    """``Flood-mask``: sieve, threshold, polygonise."""
    run_command("Flood-mask")


def water_mask() -> None:
    """``Water-mask``: water by index and threshold."""
    run_command("Water-mask")


def co_max() -> None:
    """``CO-max``: the highest carbon monoxide column in an area and a period."""
    run_command("CO-max")


def crop_map() -> None:
    """``Crop-map``: land cover and crop season by rules."""
    run_command("Crop-map")


def flood_assessment() -> None:
    """``Flood-assessment``: the whole chain of the exercise."""
    run_command("Flood-assessment")


def flood_impact() -> None:
    """``Flood-impact``: what the flooded areas of a store have hit."""
    run_command("Flood-impact")


def osm_layers() -> None:
    """``OSM-layers``: layers of an OpenStreetMap extract."""
    run_command("OSM-layers")


def energy_datasets() -> None:
    """``Energy-datasets``: power plants of open data sets, cleaned and flagged."""
    run_command("Energy-datasets")


def s1_cd() -> None:
    """``S1-CD``: says that radar comes later."""
    later("S1-CD", RADAR)


def s1_grd_preprocess() -> None:
    """``S1-GRD-preprocess``: says that radar comes later."""
    later("S1-GRD-preprocess", RADAR)


def s1_slc_preprocess() -> None:
    """``S1-SLC-preprocess``: says that radar comes later."""
    later("S1-SLC-preprocess", RADAR)


def s2_preprocess() -> None:
    """``S2-preprocess``: bands on one grid, masked."""
    run_command("S2-preprocess")
