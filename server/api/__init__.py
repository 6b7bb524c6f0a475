"""The web face: one WSGI app with the SPARQL endpoint, the JSON routes, the pages, one error body and one guard."""

from ._app import create_app
from ._guard import HEADERS, from_elsewhere
from ._models import Asker, PresetLayer
from ._status import Store
from .processes import Processes

__all__ = ["HEADERS", "Asker", "PresetLayer", "Processes", "Store", "create_app", "from_elsewhere"]
