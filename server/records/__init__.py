"""What every run of a service leaves beside its products in words of the web: its provenance as RDF.

::

    result = run_recorded(spec, {"input1": …})     products, styles, item.json (STAC), prov.ttl (PROV-O), run.json

Beside jobs, command line and workflows, and below them all, so that whoever runs a service leaves the same records.
"""

from ._provenance import entity_iri, layer_iri, provenance_graph
from ._run import RECORDS, run_recorded

__all__ = ["RECORDS", "entity_iri", "layer_iri", "provenance_graph", "run_recorded"]
