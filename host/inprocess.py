"""
The app's own functions, called with objects of azure.functions: on any Python.

Says less than Microsoft's worker library about what the cloud would refuse (`host.runtime`).
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import logging
import os
import sys
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import azure.functions as func
from azure.functions.decorators.core import Binding
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

from host.calls import Answer, Call, HttpCall, Outcome, QueueCall, TimerCall
from host.errors import HostError
from host.functions import Found, Function, Http

_LOG = logging.getLogger(__name__)


class InProcess:
    """Loads `function_app.py` anew, so that several hosts of one process share no app."""

    name = "inprocess"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._code: dict[str, Callable[..., Any]] = {}
        self._pool = _pool()

    def index(self) -> list[Found]:
        """The functions of the app. Raises `HostError` where it cannot be loaded."""
        module = _loaded(self._folder)
        apps = [each for each in vars(module).values() if isinstance(each, func.FunctionApp)]
        if len({id(each) for each in apps}) != 1:
            raise HostError(f"{self._folder}/function_app.py has no FunctionApp, or several")
        try:
            functions = apps[0].get_functions()
        except ValueError as error:
            raise HostError(f"{self._folder}/function_app.py: {error}") from None
        found = []
        for each in functions:
            name = str(each.get_function_name())
            self._code[name] = _checked(name, each.get_user_function(), each.get_bindings())
            raw: Any = each.get_raw_bindings()  # a list of JSON texts, declared as one text
            found.append(Found(name, name, raw))
        return found

    def invoke(self, function: Function, call: Call) -> Future[Outcome]:
        """Call the function on a thread, of which there are as many as in Azure's worker."""
        return self._pool.submit(self._called, function, call)

    def restart(self) -> None:
        """Leave the threads that hang behind."""
        self.close()
        self._pool = _pool()

    def close(self) -> None:
        """Take no more."""
        self._pool.shutdown(wait=False)

    def _called(self, function: Function, call: Call) -> Outcome:
        code = self._code[function.name]
        arguments: dict[str, Any] = {function.argument: _value(call)}
        if "context" in inspect.signature(code).parameters:
            arguments["context"] = SimpleNamespace(
                function_name=function.name,
                function_directory=str(self._folder),
                invocation_id=str(uuid.uuid4()),
            )
        try:
            given = code(**arguments)
            if inspect.iscoroutine(given):
                given = asyncio.run(given)
            if isinstance(function.trigger, Http):
                return Outcome(answer=_answer(given))
            if given is not None:
                raise TypeError(f"{function.name} returned a value that no binding takes")
        except Exception as error:
            _LOG.info("%s raised", function.name, exc_info=True)
            return Outcome(f"{type(error).__name__}: {error}")
        return Outcome()


def _checked(
    name: str, code: Callable[..., Any], bindings: Sequence[Binding]
) -> Callable[..., Any]:
    """The function, if it takes what is bound, which the worker demands as well."""
    taken = set(inspect.signature(code).parameters) - {"context"}
    bound = {each.name for each in bindings} - {"$return"}
    if taken != bound:
        raise HostError(f"{name} takes {sorted(taken)}, but what is bound is {sorted(bound)}")
    return code


def _pool() -> ThreadPoolExecutor:
    asked = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    count = int(asked) if asked.isdigit() and int(asked) else min(32, (os.cpu_count() or 1) + 4)
    return ThreadPoolExecutor(count, thread_name_prefix="function")


def _loaded(folder: Path) -> ModuleType:
    name = f"function_app_{uuid.uuid4().hex}"
    found = importlib.util.spec_from_file_location(name, folder / "function_app.py")
    if found is None or found.loader is None or not (folder / "function_app.py").exists():
        raise HostError(f"there is no function_app.py in {folder}")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # what lies beside it is importable, as in Azure
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    try:
        found.loader.exec_module(module)
    except Exception as error:
        raise HostError(f"{folder}/function_app.py: {type(error).__name__}: {error}") from error
    return module


def _value(call: Call) -> object:
    match call:
        case TimerCall():
            return TimerRequest(past_due=call.past_due, schedule={"AdjustForDST": True})
        case QueueCall():
            message: Any = QueueMessage  # untyped
            return message(
                id=call.id,
                body=call.body,
                dequeue_count=call.dequeue_count,
                expiration_time=call.expires,
                insertion_time=call.inserted,
                time_next_visible=call.next_visible,
                pop_receipt=call.pop_receipt,
            )
        case HttpCall():
            return func.HttpRequest(
                call.method,
                call.url,
                headers=call.headers,
                params=call.query,
                route_params=call.route,
                body=call.body,
            )


def _answer(given: object) -> Answer:
    """As the worker encodes it: the charset is told of texts only."""
    if isinstance(given, str):
        return Answer(200, (("Content-Type", "text/plain; charset=utf-8"),), given.encode())
    if not isinstance(given, func.HttpResponse):
        raise TypeError(f"an HTTP function returned {type(given).__name__}")
    headers = tuple((name, value) for name, value in given.headers.items())
    if not any(name.lower() == "content-type" for name, _ in headers):
        text = given.mimetype.startswith("text/")
        kind = f"{given.mimetype}; charset={given.charset}" if text else given.mimetype
        headers += (("Content-Type", kind),)
    return Answer(given.status_code, headers, given.get_body())
