"""Mapping documents to start from, written from a source's schema."""

from ._generate import generate

__all__ = ["generate"]
