"""The sample use case as a pipeline over gRPC: a data broker finds Sentinel-5P products, an analyser tells the highest CO column.

::

    Query ──Broker.find──▶ Products ──Analyser.max──▶ Result          model.proto, for containers of AI4EU Experiments

The analyser runs the service ``co-max`` as a job: in a process of its own, with the limits of jobs, killed when the caller gives up.
``data/model.binpb`` is ``model.proto`` as protoc describes it; a test makes it anew and compares. Needs the extra ``grpc``.
"""

from ._errors import CODES, status_of
from ._messages import MODEL, Message, message, model_text
from ._serve import pipeline_server

__all__ = ["CODES", "MODEL", "Message", "message", "model_text", "pipeline_server", "status_of"]
