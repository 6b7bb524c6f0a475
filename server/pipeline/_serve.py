"""Broker and analyser as a gRPC server, with limits, deadlines and health (grpc.health.v1)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from earthweave.ontology import ParameterError
from earthweave.processing.air import AirProduct
from earthweave.server.settings import PipelineSettings
from earthweave.server.workflows import CoMaxDesk, CoQuestion

from ._errors import status_of
from ._messages import MODEL, Message, message

Call = Callable[[Message, Any], Message]
_SPARE = 4
"""Threads that answer for the health of the server, and refuse, while all places are taken."""


def pipeline_server(desk: CoMaxDesk, settings: PipelineSettings) -> tuple[Any, int]:
    """A server that is bound and not started, and its port; port 0 takes any that is free.

    More calls at a time than ``co_calls`` are answered with RESOURCE_EXHAUSTED, and so are messages above ``grpc_message``; health is
    answered all the same. A call ends at the caller's deadline, and after ``co_wait`` seconds at the latest; its job is killed then.

    Raises `ParameterError` if nobody can listen there.
    """
    options = [("grpc.max_receive_message_length", settings.grpc_message * 1024), ("grpc.so_reuseport", 0)]
    pool = ThreadPoolExecutor(settings.co_calls + _SPARE, thread_name_prefix="grpc")
    server = grpc.server(pool, options=options, maximum_concurrent_rpcs=settings.co_calls + _SPARE)
    calls = Calls(desk)
    handlers = {"find": calls.find, "max": calls.max}
    for service in MODEL.service:
        rpcs = {method.name: _handler(handlers[method.name], method) for method in service.method}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.name, rpcs),))
    _add_health(server)
    address = f"{settings.grpc_host}:{settings.grpc_port}"
    try:
        port = server.add_insecure_port(address)
    except RuntimeError as error:
        raise ParameterError(f"cannot listen on {address}", why=str(error), way_out="choose another with --port") from error
    return server, port


class Calls:
    """The two calls of the pipeline.

    Args:
        desk: answers them.
    """

    def __init__(self, desk: CoMaxDesk) -> None:
        self._desk = desk

    def find(self, query: Message, context: Any) -> Message:
        """Broker: the products that looked at the area in the period, and the query for whoever reads them."""
        products = [_product(one) for one in self._desk.find(_question(query))]
        return message("Products")(query=query, products=products)

    def max(self, products: Message, context: Any) -> Message:
        """Analyser: the highest column among the products."""
        ids = [one.id for one in products.products]
        gone = {"seconds": context.time_remaining(), "left": lambda: not context.is_active()}
        found, _ = self._desk.maximum(_question(products.query), ids, **gone)
        names = {field.name for field in message("Result").DESCRIPTOR.fields}
        said = {name: value for name, value in found.items() if name in names and value is not None}
        return message("Result")(**{"precision": float("nan"), **said})


def _handler(call: Call, method: Any) -> Any:
    taken, given = message(method.input_type.rpartition(".")[2]), message(method.output_type.rpartition(".")[2])

    def answer(request: bytes, context: Any) -> Message:
        try:
            return call(_parsed(taken, request), context)
        except Exception as error:
            code, text = status_of(error)
            context.abort(code, text)
            raise

    return grpc.unary_unary_rpc_method_handler(answer, response_serializer=given.SerializeToString)


def _parsed(kind: Message, data: bytes) -> Message:
    """A message from its bytes; raises `ParameterError`, where gRPC itself would say that the server failed."""
    try:
        return kind.FromString(data)
    except DecodeError as error:
        name = kind.DESCRIPTOR.name
        raise ParameterError(
            f"the message is no {name}", why=str(error), way_out="see model.proto: earthweave serve-grpc --proto"
        ) from error


def _question(query: Message) -> CoQuestion:
    return CoQuestion(query.area, query.start, query.end, query.quality or 0.5, query.pixels or "footprint")


def _product(product: AirProduct) -> Message:
    start, end = product.sensed.texts if product.sensed else ("", "")
    size = product.path.stat().st_size if product.path.is_file() else 0
    return message("Product")(id=product.id, start=start, end=end, orbit=product.orbit, stream=product.stream, size=size)


def _add_health(server: Any) -> None:
    servicer = health.HealthServicer()
    for name in ("", *(service.name for service in MODEL.service)):
        servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
