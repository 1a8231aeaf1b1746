"""host.json, with the defaults of Azure's host and the settings that override it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host.errors import HostError

OVERRIDE = "AzureFunctionsJobHost__"  # and the path, its parts separated by two underscores

_SPAN = re.compile(r"(?:(\d+)\.)?(\d+):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Queues:
    """
    How queues are read; times in seconds.

    Source: learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue (host.json)
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: float = 0.0
    max_polling_interval: float = 60.0
    base64: bool = True


@dataclass(frozen=True, slots=True)
class HostFile:
    """What of host.json is modelled. `timeout` in seconds; None is unbounded."""

    route_prefix: str = "api"
    timeout: float | None = 1800.0  # the default but on the Consumption plan
    queues: Queues = Queues()


def read(folder: Path, environ: Mapping[str, str]) -> HostFile:
    """The file in the folder. Raises `HostError` where it is missing or makes no sense."""
    path = folder / "host.json"
    try:
        found = _merged(json.loads(path.read_text(encoding="utf-8")), environ)
        return _understood(found)
    except OSError as error:
        raise HostError(f"{path} cannot be read: {error.strerror}") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise HostError(f"{path} makes no sense: {error}") from None


def _understood(found: Mapping[str, Any]) -> HostFile:
    if found.get("version") != "2.0":
        raise ValueError("its version is not 2.0")
    extensions = found.get("extensions", {})
    queues, usual = extensions.get("queues", {}), Queues()
    batch = int(queues.get("batchSize", usual.batch_size))
    timeout = str(found.get("functionTimeout", "00:30:00"))
    if not 1 <= batch <= 32:
        raise ValueError("extensions.queues.batchSize is not between 1 and 32")
    return HostFile(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
        timeout=None if timeout == "-1" else span(timeout),
        queues=Queues(
            batch_size=batch,
            new_batch_threshold=int(queues.get("newBatchThreshold", batch // 2)),
            max_dequeue_count=int(queues.get("maxDequeueCount", usual.max_dequeue_count)),
            visibility_timeout=span(queues.get("visibilityTimeout", "00:00:00")),
            max_polling_interval=span(queues.get("maxPollingInterval", "00:01:00")),
            base64=queues.get("messageEncoding", "base64").lower() != "none",
        ),
    )


def _merged(found: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The file with what the environment overrides; names in any case, as .NET's are."""
    for name, value in environ.items():
        if name.lower().startswith(OVERRIDE.lower()):
            *parents, last = name[len(OVERRIDE) :].split("__")
            place = found
            for parent in parents:
                place = place.setdefault(_spelt(place, parent), {})
            place[_spelt(place, last)] = value
    return found


def _spelt(place: Mapping[str, Any], name: str) -> str:
    return next((each for each in place if each.lower() == name.lower()), name)


def span(text: str) -> float:
    """Seconds of a time span, `[days.]hours:minutes:seconds`."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time span such as 00:05:00")
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds)
