"""The composition root: store, endpoint, viewer, workflows and command line; the only room that knows all others."""

__all__: list[str] = []
