"""Inside a write worker: the documents that LOAD may read, which are files below folders that the operator has named."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from earthweave.ontology import ForbiddenError, NotFoundError

from .engine import Loader, refuse
from .loading import Bounds, Document, LoadOptions, load
from .snapshot import SnapshotBuilder, iri


def loader_of(header: dict[str, Any]) -> Loader:
    """How LOAD is answered during a request: below the folders in its header."""
    roots = [Path(one) for one in str(header.get("roots", "")).split(os.pathsep) if one]
    if not roots:
        return refuse
    bounds = Bounds(int(header["bytes"]), int(header["nesting"]))

    def read(builder: SnapshotBuilder, source: str, graph: str) -> None:
        options = LoadOptions(iri(graph) if graph else None, strict=True, bounds=bounds)
        load(builder, [replace(Document.of(file_of(source, roots)), base=source)], options)

    return read


def file_of(source: str, roots: list[Path]) -> Path:
    """The file that an IRI names; raises `ForbiddenError` if it lies, links followed, below none of the folders."""
    parts = urlsplit(source)
    path = unquote(parts.path)
    plain = parts.scheme == "file" and parts.netloc in ("", "localhost") and not parts.query and not parts.fragment
    if not plain or not path.startswith("/") or "\0" in path or {".", ".."} & set(path.split("/")):
        raise _refused(source, "only plain addresses such as file:///data/floods.ttl are read")
    real = Path(path).resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        raise _refused(source, "it lies below none of the folders in load_roots")
    if not real.is_file():
        raise NotFoundError(f"there is no file for LOAD <{source}>", way_out="check the path")
    return real


def _refused(source: str, why: str) -> ForbiddenError:
    return ForbiddenError(f"LOAD <{source}> is refused", why=why,
                          way_out="load the file itself, or add its folder to load_roots (EARTHWEAVE_LOAD_ROOTS)")
