"""Scenes made to harm, each through a real job in a process of its own: a clear error, nothing half-written, and the worker goes on."""

from __future__ import annotations

import re
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earthweave.processing.simulate import sentinel2_pair
from earthweave.server.jobs import Job, JobLimits, Jobs

REGISTRY = "earthweave.server.workflows:registry"
SECRET = "the secret of another user"
VRT = (
    '<VRTDataset rasterXSize="2" rasterYSize="2"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
    "<SourceFilename>{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
)
BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


class Place:
    """A pair of small simulated scenes, and copies of it to be spoilt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before, self.after = sentinel2_pair(folder / "scenes", size=60)
        self.secret = folder / "secret.txt"
        self.secret.write_text(SECRET)

    def copy(self, name: str, of: Path | None = None) -> Path:
        """A copy of the second scene, or of another, in a folder of its own."""
        source = of or self.after
        return Path(shutil.copytree(source, self.folder / name / source.name))

    def edited(self, name: str, pattern: str, text: str, file: str = "MTD_MSIL2A.xml") -> Path:
        """A copy with one file of metadata changed; ``file`` may be a pattern."""
        product = self.copy(name)
        path = next(product.rglob(file))
        changed, count = re.subn(pattern, lambda _: text, path.read_text(), flags=re.DOTALL)
        assert count
        path.write_text(changed)
        return product

    def zipped(self, name: str, **members: str | bytes) -> Path:
        """The second scene as a zip with more members."""
        archive = self.folder / f"{name}.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
            for path in sorted(self.after.rglob("*")):
                target.write(path, path.relative_to(self.after.parent))
            for member, content in members.items():
                target.writestr(member, content)
        return archive

    def scene(self, path: Path, **more: Any) -> tuple[str, dict[str, Any]]:
        """The call that reads one scene."""
        return "s2-preprocess", {"input": path, "bands": "B4", "resolution": 20, **more}

    def pair(self, second: Path, **more: Any) -> tuple[str, dict[str, Any]]:
        """The call that reads a pair."""
        return "s2-cd", {"input1": self.before, "input2": second, "resolution": 20, **more}


def _truncated(place: Place) -> tuple[str, dict[str, Any]]:
    product = place.copy("truncated")
    path = next(product.rglob("*B04_20m.jp2"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return place.scene(product)


def _garbled(place: Place) -> tuple[str, dict[str, Any]]:
    product = place.copy("garbled")
    path = next(product.rglob("*B04_20m.jp2"))
    path.write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(range(256)) * 40)
    return place.pair(product)


def _without_file(place: Place) -> tuple[str, dict[str, Any]]:
    product = place.copy("gone")
    for path in product.rglob("*B08_*.jp2"):
        path.unlink()
    return place.pair(product)


def _vrt(place: Place) -> tuple[str, dict[str, Any]]:
    path = place.folder / "change.tif"
    path.write_text(VRT.format(place.secret))
    return "flood-mask", {"input": path}


def _vrt_band(place: Place) -> tuple[str, dict[str, Any]]:
    product = place.copy("virtual")
    next(product.rglob("*B04_20m.jp2")).write_text(VRT.format(place.secret))
    return place.scene(product)


def _link_out(place: Place) -> tuple[str, dict[str, Any]]:
    listed = "<IMAGE_FILE>[^<]*B04_20m</IMAGE_FILE>"
    return place.scene(place.edited("manifest", listed, "<IMAGE_FILE>../../../secret.txt_B04_20m</IMAGE_FILE>"))


def _cut(archive: Path) -> Path:
    archive.write_bytes(archive.read_bytes()[:-500])
    return archive


def _two_tiles(place: Place) -> tuple[str, dict[str, Any]]:
    return place.pair(place.edited("tiles", "_T56HKH", "_T56HLH", "MTD_TL.xml"))


def _two_orbits(place: Place) -> tuple[str, dict[str, Any]]:
    return place.pair(place.edited("orbits", "(?<=<SENSING_ORBIT_NUMBER>)30", "130"))


def _zip_bomb(place: Place) -> tuple[str, dict[str, Any]]:
    return place.scene(place.zipped("bomb", **{"x.SAFE/zeros.xml": bytes(40_000_000)}))


def _zip_slip(place: Place) -> tuple[str, dict[str, Any]]:
    return place.scene(place.zipped("slip", **{"../../evil.xml": "x"}))


HAZARDS: dict[str, tuple[Callable[[Place], tuple[str, dict[str, Any]]], str, str]] = {
    "jp2-truncated": (_truncated, "bad-product", "B04_20m.jp2"),
    "jp2-garbled": (_garbled, "bad-product", "B04_20m.jp2"),
    "band-file-missing": (_without_file, "bad-product", "B08"),
    "band-not-in-the-product": (lambda place: place.scene(place.after, bands="B10"), "bad-product", "B10"),
    "pair-of-two-tiles": (_two_tiles, "bad-parameter", "different tiles"),
    "pair-of-two-orbits": (_two_orbits, "bad-parameter", "different relative orbits"),
    "area-outside": (lambda place: place.pair(place.after, aoi="POLYGON((10 45, 11 45, 11 46, 10 45))"), "bad-p", "outside the scene"),
    "zip-bomb": (_zip_bomb, "bad-product", "would unpack to"),
    "zip-cut": (lambda place: place.scene(_cut(place.zipped("cut"))), "bad-product", "cut.zip"),
    "zip-that-leads-out": (_zip_slip, "bad-product", "leads out of the product"),
    "manifest-that-leads-out": (_link_out, "bad-product", "leads out of the product"),
    "xml-bomb": (lambda place: place.scene(place.edited("entities", r"<\?xml.*?\?>", BOMB)), "bad-product", "DOCTYPE"),
    "vrt-named-tif": (_vrt, "bad-product", "change.tif cannot be read"),
    "vrt-named-jp2": (_vrt_band, "bad-product", "cannot be read"),
}  # fmt: skip
"""How each is made, and what its error must say: the beginning of its code, and a piece of its first line."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="module")
def ran(place: Place) -> Iterator[tuple[Jobs, int, dict[str, Job]]]:
    """All hazards in one worker, one after the other on two places, and at last a sound scene and a sound pair."""
    jobs = Jobs(place.folder / "jobs", JobLimits(job_time=600.0, job_memory=2048), REGISTRY)
    calls = {name: make(place) for name, (make, _, _) in HAZARDS.items()}
    calls |= {"sound-scene": place.scene(place.after), "sound-pair": place.pair(place.after)}
    with jobs.worker() as worker:
        ids = {name: jobs.submit(service, given).id for name, (service, given) in calls.items()}
        end = time.monotonic() + 900
        while any(not one.ended for one in jobs.list()) and time.monotonic() < end:
            time.sleep(0.05)
        served = worker if jobs.served else 0
    yield jobs, served, {name: jobs.get(id) for name, id in ids.items()}


@pytest.mark.parametrize("name", HAZARDS)
def test_a_harmful_input_ends_its_job_alone(name: str, ran: tuple[Jobs, int, dict[str, Job]], place: Place) -> None:
    jobs, _, found = ran
    job, (_, code, told) = found[name], HAZARDS[name]
    assert job.state == "failed" and job.error is not None, (job, jobs.log(job.id).text)
    assert job.error["code"].startswith(code), job.error
    assert told in job.error["what"] + job.error["why"], job.error
    assert job.error["why"] and job.error["way_out"]
    log = jobs.log(job.id).text
    assert "Traceback" not in log and "failed: " in log
    assert SECRET not in log + str(job.error) and str(place.folder) not in str(job.error)
    assert not job.folder.exists() and [path.name for path in job.folder.parent.iterdir()] == ["log"]


def test_nothing_is_written_outside_and_nothing_stays_behind(ran: tuple[Jobs, int, dict[str, Job]], place: Place) -> None:
    assert place.secret.read_text() == SECRET
    assert not [path for path in place.folder.rglob("*") if "evil" in path.name or path.name.startswith(".earthweave")]


def test_the_worker_lives_and_the_next_jobs_succeed(ran: tuple[Jobs, int, dict[str, Job]]) -> None:
    jobs, served, found = ran
    assert served, "the worker that ran them all"
    for name in ("sound-scene", "sound-pair"):
        job = found[name]
        assert job.state == "successful", (job.error, jobs.log(job.id).text)
        assert {"item.json", "prov.ttl", "run.json"} <= {path.name for path in job.folder.iterdir()}
