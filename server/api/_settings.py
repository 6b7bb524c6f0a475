"""The limits of the web face, one row each: name, default, unit, help."""

from __future__ import annotations

from dataclasses import dataclass

from earthweave.ontology import setting


@dataclass(frozen=True)
class WebSettings:
    """What one request may bring, and for which host names the server answers."""

    request_size: int = setting(512, unit="KiB", help="largest request body that is read")
    question_characters: int = setting(500, unit="characters", help="longest question")
    trusted_hosts: str = setting("", help="comma-separated host names that the server answers to, against DNS rebinding; empty: any")
