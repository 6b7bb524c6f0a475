"""The map page and the query editor: plain ES modules, vendored libraries, no build step and no foreign request."""

from ._pages import POLICY, STATIC, VENDOR, blueprint, manifest

__all__ = ["POLICY", "STATIC", "VENDOR", "blueprint", "manifest"]
