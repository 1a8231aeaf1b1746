"""
Plain stand-ins for the protobuf messages that Azure's host and its Python worker exchange.

The worker library makes and reads them by name, and never asks how they travel: its caller passes
this module in as `properties["protos"]`. The names are those of Microsoft's `FunctionRpc.proto`.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

_EMPTY_MAPS = ("headers", "params", "query")
_DATA = (  # what a TypedData may hold one of
    *("string", "json", "bytes", "stream", "http", "int", "double", "collection_bytes"),
    *("collection_string", "collection_double", "collection_sint64", "model_binding_data"),
    "collection_model_binding_data",
)


class Message(SimpleNamespace):
    """Fields as given; one that was not given reads as empty, as in protobuf."""

    one_of: tuple[str, ...] = ()  # the fields of the one group that the worker asks about

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name[:1].isupper():  # the worker looks for nested types
            raise AttributeError(name)
        return {} if name in _EMPTY_MAPS else ""

    def WhichOneof(self, group: str) -> str | None:
        """The field of the group that was given."""
        return next((each for each in self.one_of if self.__dict__.get(each) is not None), None)


def _message(name: str, **members: object) -> type[Message]:
    return type(name, (Message,), members)


def _enum(*names: str) -> SimpleNamespace:
    numbers = {name: number for number, name in enumerate(names)}
    return SimpleNamespace(**numbers, Value=lambda name: numbers[name.lower()])


FunctionEnvironmentReloadResponse = _message("FunctionEnvironmentReloadResponse")
FunctionLoadResponse = _message("FunctionLoadResponse")
FunctionMetadataResponse = _message("FunctionMetadataResponse")
InvocationResponse = _message("InvocationResponse")
NullableBool = _message("NullableBool")
NullableDouble = _message("NullableDouble")
NullableString = _message("NullableString")
NullableTimestamp = _message("NullableTimestamp")
RpcException = _message("RpcException")
RpcFunctionMetadata = _message("RpcFunctionMetadata")
RpcHttp = _message("RpcHttp")
WorkerInitResponse = _message("WorkerInitResponse")
WorkerMetadata = _message("WorkerMetadata")


class StatusResult(Message):
    """How an invocation ended."""

    Failure, Success, Cancelled = range(3)


BindingInfo = _message(
    "BindingInfo",
    **{"in": 0, "out": 1, "inout": 2, "undefined": 0},
    Direction=_enum("in", "out", "inout"),
    DataType=_enum("undefined", "string", "binary", "stream"),
)
ParameterBinding = _message("ParameterBinding", one_of=("data", "rpc_shared_memory"))
RpcHttpCookie = _message(
    "RpcHttpCookie", SameSite=SimpleNamespace(**{"None": 0, "Lax": 1, "Strict": 2})
)
RpcRetryOptions = _message(
    "RpcRetryOptions", RetryStrategy=_enum("exponential_backoff", "fixed_delay")
)
TypedData = _message("TypedData", one_of=_DATA)
