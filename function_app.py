"""
Azure Functions: triggers only, each body one call of `lineage`.

This release answers the health probe. The timer, the queue and the webhook need a store that
outlives an instance; until there is one, the command line does their work (`python -m lineage
sync`, from any scheduler).
"""

from __future__ import annotations

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route(
    route="health",
    trigger_arg_name="request",
    methods=["GET"],
    auth_level=func.AuthLevel.ANONYMOUS,
)
def health(request: func.HttpRequest) -> func.HttpResponse:
    """Whether the process answers: no I/O, so that a probe costs nothing and needs no key."""
    return func.HttpResponse(json.dumps({"status": "ok"}), mimetype="application/json")
