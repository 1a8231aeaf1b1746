"""
Azure Functions: triggers only, each body one call of `lineage.service`.

Functions are plain `def`: one blocking call in a coroutine would stall every other invocation. The
queue is written by ourselves, never by an output binding; see `lineage.queue`.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import azure.functions as func

from lineage import logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineage.service import Service
    from lineage.web import Answer

logs.as_json()
app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
STORAGE = "AzureWebJobsStorage"


_one_at_a_time = Lock()


def service() -> Service:
    """The service of this process, made by the first invocation: indexing opens nothing."""
    with _one_at_a_time:
        return _made()


@cache
def _made() -> Service:
    from lineage.service import Service
    from lineage.settings import Settings

    return Service(Settings.from_env(os.environ))


@app.timer_trigger(arg_name="timer", schedule="%LINEAGE_SCHEDULE%", run_on_startup=False)
def collect(timer: func.TimerRequest) -> None:
    """List finished runs and send them to be reported."""
    service().collect()


@app.queue_trigger(arg_name="message", queue_name="%LINEAGE_QUEUE%", connection=STORAGE)
def report(message: func.QueueMessage) -> None:
    """Report the lineage of one batch."""
    text, deliveries = _text(message), message.dequeue_count or 1
    _handled(lambda made: made.report(text, str(message.id), deliveries), text, "")


@app.queue_trigger(arg_name="message", queue_name="%LINEAGE_QUEUE%-poison", connection=STORAGE)
def poison(message: func.QueueMessage) -> None:
    """Record what ended its worker too often."""
    text, deliveries = _text(message), message.dequeue_count or 1
    _handled(lambda made: made.poison(text, deliveries), text, "-poison")


@app.route(route="runs", trigger_arg_name="request", methods=["POST"])
def webhook(request: func.HttpRequest) -> func.HttpResponse:
    """Take a pipeline's own word that it ends; answered at once, done later."""
    return _answered(lambda: service().accept(request.get_body()))


@app.route(route="status", trigger_arg_name="request", methods=["GET"])
def status(request: func.HttpRequest) -> func.HttpResponse:
    """Tell where everything stands, or with `?run=` what became of one pipeline run."""
    return _answered(lambda: service().status(request.params.get("run")))


@app.route(
    route="health",
    trigger_arg_name="request",
    methods=["GET"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
def health(request: func.HttpRequest) -> func.HttpResponse:
    """Whether the process answers: no I/O, so that a probe costs nothing and needs no key."""
    return func.HttpResponse('{"status": "ok"}', mimetype="application/json")


@app.route(route="health/ready", trigger_arg_name="request", methods=["GET"])
def ready(request: func.HttpRequest) -> func.HttpResponse:
    """Whether everything that the service needs can be reached."""
    return _answered(lambda: service().ready())


def _handled(act: Callable[[Service], None], text: str, suffix: str) -> None:
    """Handle a message; while there can be no service, it goes back on the queue that it is of."""
    from lineage.errors import LineageError
    from lineage.service import postpone

    try:
        made = service()
    except LineageError as error:
        postpone(os.environ, text, suffix, error)
    else:
        act(made)


def _text(message: func.QueueMessage) -> str:
    return message.get_body().decode("utf-8", "replace")


def _answered(act: Callable[[], Answer]) -> func.HttpResponse:
    from lineage.web import answered

    answer = answered(act)
    return func.HttpResponse(
        answer.text,
        status_code=answer.status,
        headers=answer.all_headers,
        mimetype="application/json",
    )
