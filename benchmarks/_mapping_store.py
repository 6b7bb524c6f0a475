"""A layer into a store of ours: mapped and loaded, or loaded from columns that lie ready.

    python -m benchmarks._mapping_store LAYER FOLDER map|ready
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
from pathlib import Path


def _used() -> tuple[float, float]:
    """User and system seconds of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.children_user, times.system + times.children_system


def load(layer: Path, folder: Path, *, ready: bool) -> dict[str, float]:
    """CPU and wall seconds, statements and peak memory in MiB of one load; with ``ready`` the mapping is done before the clock starts."""
    from benchmarks.mapping import rule
    from earthweave.mapping import map_source, read_rules
    from earthweave.server.store import open_store

    target = folder / "mapped-store"
    shutil.rmtree(target, ignore_errors=True)
    run = map_source(read_rules(rule()), layer)
    batches = run.tables()
    assert batches is not None
    given = list(batches) if ready else batches
    (user, system), started = _used(), time.perf_counter()
    with open_store(target) as store:
        report = store.load_tables(given, name=layer.name)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    after = _used()
    return {"cpu": sum(after) - user - system, "system": after[1] - system, "wall": time.perf_counter() - started,
            "count": report.triples, "rss": peak}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(load(Path(sys.argv[1]), Path(sys.argv[2]), ready=sys.argv[3] == "ready")))
