"""
The worker library that Azure runs, `azure-functions-runtime` (Python 3.13 or later), in process.

In the cloud a thin gRPC shell hands it the host's messages; here they are handed over as objects
(`host.messages`). What it refuses, the cloud refuses: wrong names of bindings, annotations that do
not fit, duplicate names, values without a binding. It keeps its registry in module variables: one
app for each process.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import logging
import sys
import threading
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from host import messages
from host.calls import Answer, Call, HttpCall, Outcome, QueueCall, TimerCall
from host.errors import HostError
from host.functions import Found, Function

LIBRARY = "azure_functions_runtime"
PATIENCE = 60.0  # seconds for the import of an app

_LOG = logging.getLogger(__name__)


def importable() -> bool:
    """Whether the library is installed."""
    return importlib.util.find_spec(LIBRARY) is not None


class Runtime:
    """Speaks with the library, on an event loop in a thread of its own."""

    name = "runtime"

    def __init__(self, folder: Path) -> None:
        if not importable():
            raise HostError("azure-functions-runtime is not installed; it needs Python 3.13")
        self._folder = folder
        self._worker = importlib.import_module(LIBRARY)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def index(self) -> list[Found]:
        """The functions of the app. Raises `HostError` where the library refuses it."""
        if str(self._folder) not in sys.path:
            sys.path.insert(0, str(self._folder))
        self._worker.start_threadpool_executor()
        asked = SimpleNamespace(capabilities={}, function_app_directory=str(self._folder))
        begun = self._wait(self._worker.worker_init_request(_call(worker_init_request=asked)))
        if begun.result.status != messages.StatusResult.Success:
            raise HostError(f"the worker refuses the app: {begun.result.exception.message}")
        listed = self._wait(self._worker.functions_metadata_request(_call()))
        found = [
            Found(each.name, each.function_id, list(each.raw_bindings))
            for each in listed.function_metadata_results or ()
        ]
        for each in found:
            load = SimpleNamespace(function_id=each.id)
            self._wait(self._worker.function_load_request(_call(function_load_request=load)))
        return found

    def invoke(self, function: Function, call: Call) -> Future[Outcome]:
        """Begin an invocation."""
        return asyncio.run_coroutine_threadsafe(self._invoked(function, call), self._loop)

    def restart(self) -> None:
        """Leave the threads that hang behind, and start others."""
        self._worker.start_threadpool_executor()

    def close(self) -> None:
        """Stop the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    async def _invoked(self, function: Function, call: Call) -> Outcome:
        data, metadata = _data(call)
        asked = SimpleNamespace(
            invocation_id=str(uuid.uuid4()),
            function_id=function.id,
            trigger_metadata=metadata,
            input_data=[messages.ParameterBinding(name=function.argument, data=data)],
            trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
            retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        )
        try:
            given = await self._worker.invocation_request(_call(invocation_request=asked))
        except Exception as error:  # of the library itself
            return Outcome(f"{type(error).__name__}: {error}")
        if given.result.status != messages.StatusResult.Success:
            _LOG.info("%s raised\n%s", function.name, given.result.exception.stack_trace)
            return Outcome(given.result.exception.message)
        return Outcome(answer=_answer(given.return_value) if given.return_value else None)


def _call(**body: object) -> SimpleNamespace:
    properties = {"host": "127.0.0.1", "protos": messages}
    return SimpleNamespace(request=SimpleNamespace(**body), properties=properties)


def _data(call: Call) -> tuple[messages.Message, dict[str, messages.Message]]:
    """A trigger's value and metadata as Azure's host sends them."""
    match call:
        case TimerCall():
            told = {
                "IsPastDue": call.past_due,
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": None,
            }
            return messages.TypedData(json=json.dumps(told)), {}
        case QueueCall():
            texts = {
                "Id": call.id,
                "DequeueCount": str(call.dequeue_count),
                "InsertionTime": _moment(call.inserted),
                "ExpirationTime": _moment(call.expires),
                "NextVisibleTime": _moment(call.next_visible),
                "PopReceipt": call.pop_receipt,
            }
            metadata = {key: messages.TypedData(json=json.dumps(texts[key])) for key in texts}
            return messages.TypedData(string=call.body), metadata
        case HttpCall():
            http = messages.RpcHttp(
                method=call.method,
                url=call.url,
                headers=dict(call.headers),
                params=dict(call.route),
                query=dict(call.query),
                body=messages.TypedData(bytes=call.body),
            )
            return messages.TypedData(http=http), {}


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _answer(value: Any) -> Answer | None:
    kind = value.WhichOneof("data")
    if kind == "string":
        return Answer(200, (("Content-Type", "text/plain; charset=utf-8"),), value.string.encode())
    if kind != "http":
        return None
    body = value.http.body
    held = getattr(body, body.WhichOneof("data") or "", b"") if body else b""
    content = held.encode() if isinstance(held, str) else bytes(held)
    headers = tuple((str(name), str(text)) for name, text in value.http.headers.items())
    return Answer(int(value.http.status_code), headers, content)
