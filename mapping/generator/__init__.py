"""Mapping documents to start from, written from a source's schema, with ontology and shapes that agree."""

from ._generate import Draft, draft, generate

__all__ = ["Draft", "draft", "generate"]
