"""A pipeline's own call: which run it names. Nothing else of it is looked at, kept or logged."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, NoReturn

from lineage.model import FactoryId, Reference
from lineage.ticks import Ticks
from lineage.web._answer import Refusal

LARGEST = 8 * 1024  # bytes of a body
_LONGEST_PIPELINE = 260  # characters: Synapse's limit; Data Factory's is 140
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def called(body: bytes, factories: Collection[FactoryId]) -> tuple[FactoryId, Reference]:
    """
    The run that the body of `POST /api/runs` names, of one of the `factories` that are set.

    The body is `{"factory": "<ARM id or name>", "pipeline", "pipelineRunId"}`; other keys are
    dropped: a Web activity can send whole linked services along. Raises `Refusal`.
    """
    if len(body) > LARGEST:
        raise Refusal(413, "TooLarge", f"The body is larger than {LARGEST} bytes.")
    try:
        asked = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _bad("The body is no JSON.") from None
    if not isinstance(asked, dict):
        raise _bad("The body is no JSON object.")
    factory, pipeline, run = (_text(asked, key) for key in ("factory", "pipeline", "pipelineRunId"))
    if not _UUID.fullmatch(run.lower()):
        raise _bad("'pipelineRunId' is no run id: send @{pipeline().RunId}.")
    if len(pipeline) > _LONGEST_PIPELINE or _UNPRINTABLE.search(pipeline):
        raise _bad("'pipeline' is no pipeline's name: send @{pipeline().Pipeline}.")
    return _configured(factory, factories), Reference(run, pipeline, Ticks(0))


def _configured(asked: str, factories: Collection[FactoryId]) -> FactoryId:
    wanted = asked.rstrip("/").lower()
    found = [
        each for each in factories if wanted in (each.lower(), each.lower().rpartition("/")[2])
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise _bad("'factory' names several of those that are set: send its resource id.")
    raise Refusal(403, "UnknownFactory", "'factory' is none of those in LINEAGE_FACTORIES.")


def _text(asked: dict[str, Any], key: str) -> str:
    value = asked.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _bad(f"'{key}' is to be a text.")
    return value.strip()


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _bad(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)
