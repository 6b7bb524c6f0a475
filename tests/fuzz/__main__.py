"""Fuzz every reader of literals and lines, led by what of our code each text reaches (atheris): ``python -m tests.fuzz --minutes 5``.

Each reader has a process and an equal part of the time; a text that brings about a fault is shown and kept in the folder named.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

MEBIBYTES, STUCK = 2048, 10
LED_BY = (
    "earthweave.ontology.geometry", "earthweave.ontology._crs", "earthweave.server.store.snapshot._periods",
    "earthweave.server.store.temporal", "earthweave.server.store.loading",
)
"""Packages whose branches lead the fuzzer."""


def main() -> int:
    """Exit status: how many readers have a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="in all (default: 5)")
    parser.add_argument("--found", type=Path, default=Path(tempfile.gettempdir()), help="where texts that bring about a fault are kept")
    parser.add_argument("--reader", help="this one alone")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        return fuzz(asked.reader, asked.minutes * 60, asked.found)
    from tests.fuzz.readers import READERS

    names = [asked.reader] if asked.reader else list(READERS)
    faults = 0
    for name in names:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.fuzz",
                "--here",
                "--reader",
                name,
                "--found",
                str(asked.found),
                "--minutes",
                str(asked.minutes / len(names)),
            ],
            capture_output=True,
            text=True,
        )
        runs = [line for line in done.stderr.splitlines() if line.startswith(("Done", "stat::number_of_executed_units"))]
        print(f"{name}: {runs[-1] if runs else 'stopped'}", flush=True)
        if done.returncode:
            faults += 1
            print(done.stdout[-2000:], done.stderr[-6000:], sep="\n", flush=True)
    return faults


def fuzz(name: str, seconds: float, found: Path) -> int:
    """Fuzz one reader in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=list(LED_BY)):
        from tests.fuzz.readers import LONGEST, READERS, tried
    reader = READERS[name]

    def one(data: bytes) -> None:
        tried(reader, data.decode("utf-8", "replace"))

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        corpus, words = Path(folder) / "corpus", Path(folder) / "words"
        corpus.mkdir()
        for place, seed in enumerate(reader.seeds):
            (corpus / str(place)).write_text(seed, "utf-8")
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in reader.words), "ascii")
        limits = [f"-max_total_time={max(round(seconds), 1)}", f"-max_len={LONGEST}", f"-rss_limit_mb={MEBIBYTES}", f"-timeout={STUCK}"]
        atheris.Setup([sys.argv[0], *limits, f"-dict={words}", f"-artifact_prefix={found}/", "-print_final_stats=1", str(corpus)], one)
        atheris.Fuzz()
    return 0


def _escaped(word: str) -> str:
    return "".join(chr(byte) if 32 < byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    sys.exit(main())
