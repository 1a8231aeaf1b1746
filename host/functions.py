"""Bindings, as the worker tells them, to functions with one trigger each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from host.errors import HostError

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
STORAGE = "AzureWebJobsStorage"  # the connection of a binding that names none

_NAME = re.compile(r"%([^%]+)%")


@dataclass(frozen=True, slots=True)
class Found:
    """A function as the worker indexed it: its bindings are JSON texts."""

    name: str
    id: str
    bindings: Sequence[str]


@dataclass(frozen=True, slots=True)
class Timer:
    """Fires by a schedule of six fields."""

    schedule: str
    on_startup: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """Fires for each message of a storage queue; `connection` is the name of a setting."""

    queue: str
    connection: str = STORAGE


@dataclass(frozen=True, slots=True)
class Http:
    """Fires for a request; `level` is anonymous or function."""

    route: str
    methods: tuple[str, ...]
    level: str


Trigger = Timer | Queue | Http


@dataclass(frozen=True, slots=True)
class Function:
    """A function; `argument` is the name under which it takes its trigger's value."""

    name: str
    id: str
    argument: str
    trigger: Trigger


def read(found: Found, environ: Mapping[str, str]) -> Function:
    """The function that the bindings describe. Raises `HostError` on what is not modelled."""
    bindings = [json.loads(each) for each in found.bindings]
    triggers = [each for each in bindings if str(each.get("type", "")).endswith("Trigger")]
    if len(triggers) != 1:
        raise HostError(f"{found.name} has {len(triggers)} triggers; one is needed")
    [trigger] = triggers
    for other in bindings:
        if other is not trigger and (other.get("type"), other.get("name")) != ("http", "$return"):
            raise HostError(f"{found.name}: a binding of type {other.get('type')} is not modelled")
    read_trigger = _TRIGGERS.get(trigger["type"])
    if read_trigger is None:
        raise HostError(f"{found.name}: a {trigger['type']} is not modelled")
    texts = {
        key: resolve(value, environ, found.name) if isinstance(value, str) else value
        for key, value in trigger.items()
    }
    return Function(found.name, found.id, texts["name"], read_trigger(found.name, texts))


def resolve(text: str, environ: Mapping[str, str], function: str) -> str:
    """`%NAME%` by its setting, which has no default. Raises `HostError` where there is none."""

    def setting(match: re.Match[str]) -> str:
        value = environ.get(match[1])
        if not value:
            raise HostError(f"{function}: {match[0]} in {text!r} is not set in the environment")
        return value

    return _NAME.sub(setting, text)


def disabled(name: str, environ: Mapping[str, str]) -> bool:
    """Whether a setting turns the function off, as in Azure."""
    names = (f"AzureWebJobs.{name}.Disabled", f"AzureWebJobs_{name}_Disabled")
    return any(environ.get(each, "").lower() in ("true", "1") for each in names)


def _timer(name: str, binding: Mapping[str, Any]) -> Timer:
    return Timer(binding["schedule"], bool(binding.get("runOnStartup")))


def _queue(name: str, binding: Mapping[str, Any]) -> Queue:
    return Queue(binding["queueName"], binding.get("connection") or STORAGE)


def _http(name: str, binding: Mapping[str, Any]) -> Http:
    level = str(binding.get("authLevel") or "function").lower()
    if level not in ("anonymous", "function"):
        raise HostError(f"{name}: authLevel {level} is not modelled")
    methods = tuple(each.upper() for each in binding.get("methods") or METHODS)
    return Http(binding.get("route") or name, methods, level)


_TRIGGERS: dict[str, Callable[[str, Mapping[str, Any]], Trigger]] = {
    "httpTrigger": _http,
    "queueTrigger": _queue,
    "timerTrigger": _timer,
}
