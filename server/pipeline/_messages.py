"""The messages of ``model.proto``, made at run time from its description, so that no generated module has to be kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

Message: TypeAlias = Any
"""A message class or message of protobuf, which is made at run time."""
_DATA = Path(__file__).parent / "data"
MODEL = FileDescriptorSet.FromString((_DATA / "model.binpb").read_bytes()).file[0]
"""``model.proto`` as protoc describes it."""


def model_text() -> str:
    """``model.proto``: what clients and pipeline editors are given."""
    return (_DATA / "model.proto").read_text("utf-8")


def _classes() -> dict[str, Message]:
    pool = DescriptorPool()
    pool.Add(MODEL)
    return {one.name: GetMessageClass(pool.FindMessageTypeByName(one.name)) for one in MODEL.message_type}


_CLASSES = _classes()


def message(name: str) -> Message:
    """The class of a message: ``Query``, ``Product``, ``Products`` or ``Result``."""
    return _CLASSES[name]
