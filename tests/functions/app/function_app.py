"""
An app for tests of the host: a timer, a queue and its poison queue, and HTTP.

What its functions saw is a line each in the file APP_NOTES. The word before the colon of a message
says what becomes of it: `fail`, `fail-once`, or `hold` until the file APP_NOTES.open exists.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import azure.functions as func
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


def _note(**seen: object) -> None:
    with Path(os.environ["APP_NOTES"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({**seen, "pid": os.getpid()}) + "\n")


@app.timer_trigger(arg_name="timer", schedule="%APP_SCHEDULE%")
def tick(timer: func.TimerRequest) -> None:
    with QueueClient.from_connection_string(
        os.environ["AzureWebJobsStorage"],  # noqa: SIM112  # Azure's own name
        os.environ["APP_QUEUE"],
        message_encode_policy=TextBase64EncodePolicy(),
    ) as queue:
        queue.send_message("tick: é")
    _note(function="tick", past_due=timer.past_due)


@app.queue_trigger(arg_name="message", queue_name="%APP_QUEUE%", connection="AzureWebJobsStorage")
def work(message: func.QueueMessage) -> None:
    body, count = message.get_body().decode(), message.dequeue_count
    _note(function="work", body=body, count=count, id=message.id)
    word = body.partition(":")[0]
    if word == "fail" or (word == "fail-once" and count == 1):
        raise RuntimeError(f"asked to {word}")
    while word == "hold" and not Path(os.environ["APP_NOTES"] + ".open").exists():
        time.sleep(0.02)
    _note(function="work", done=body)


@app.queue_trigger(
    arg_name="message", queue_name="%APP_QUEUE%-poison", connection="AzureWebJobsStorage"
)
def poison(message: func.QueueMessage) -> None:
    body = message.get_body().decode()
    _note(function="poison", body=body, count=message.dequeue_count)
    if body == "fail: for ever":
        raise RuntimeError("asked to fail")


@app.route(route="things/{id:int}/{*rest}", trigger_arg_name="request", methods=["POST"])
def things(request: func.HttpRequest) -> func.HttpResponse:
    told = {
        "url": request.url,
        "route": dict(request.route_params),
        "query": dict(request.params),
        "kind": request.headers.get("Content-Type"),
        "body": request.get_body().decode(),
    }
    return func.HttpResponse(json.dumps(told), status_code=202, mimetype="application/json")


@app.route(route="open", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def opened(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("è", headers={"X-Seen": "yes"})


@app.route(route="crash", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def crash(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a secret that no answer holds")
