"""The map page and the query editor: plain ES modules, vendored libraries, no build step and no foreign request."""

from ._pages import EDITOR_POLICY, MAP_POLICY, STATIC, VENDOR, blueprint, manifest

__all__ = ["EDITOR_POLICY", "MAP_POLICY", "STATIC", "VENDOR", "blueprint", "manifest"]
