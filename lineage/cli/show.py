"""`show`: the exact payload of a run, and how each name came to be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.app import App
from lineage.cli import _live, _output, _recorded
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._payload import payload
from lineage.errors import BadInput
from lineage.model import Definitions, Json, Listed, Status
from lineage.wiring import Access

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.argument("what", metavar="FOLDER|RUN_ID")
@common
@click.pass_obj
def command(call: Call, what: str) -> int:
    """
    Show what would be sent for a run, and how each name came to be; nothing is sent.

    FOLDER is a scenario folder (pipelineRun.json, activityRuns.json and the definitions), or a
    file with recorded activity runs. RUN_ID is a pipeline run's, or an activity run's that is in
    the ledger.
    """
    settings = call.settings()
    if Path(what).exists():
        runs, definitions = _recorded.read(Path(what))
        shown = [payload(run, definitions, settings.native) for run in runs]
    elif not settings.factories:
        raise BadInput(
            f"{what}: no such folder or file, nor a factory to ask for a run (LINEAGE_FACTORIES)"
        )
    else:
        with App(settings, access=Access.READ) as app:
            listed, definitions = _read(app, what)
            shown = [payload(run, definitions, settings.native) for run in listed.activities]
    if call.json:
        _output.line({"v": 1, "runs": shown})
    else:
        _output.show(*(part for run in shown for part in _parts(run)))
    return COMPLETE


def _read(app: App, what: str) -> tuple[Listed, Definitions]:
    try:
        return _live.read(app, what)
    except BadInput as error:
        raise BadInput(f"{error}; nor is there such a folder or file") from None


# ---------------------------------------------------------------- for people


def _parts(run: dict[str, Any]) -> Iterator[RenderableType]:
    head = _output.text(f"{run['pipeline']} / {run['activity']}", "bold")
    head.append_text(_output.text(f"  {run['activityType']} {run['runStatus']} → ", "dim"))
    yield head.append_text(_output.text(run["status"], _output.STYLES[Status(run["status"])]))
    for reason in run["reasons"]:
        yield _output.text(f"  {reason['code']} ({reason['where']}): {reason['detail']}")
    for trace in run["traces"]:
        yield _output.text(f"  {trace['typeName']}  {trace['qualifiedName']}", "cyan")
        for step in trace["steps"]:
            yield _output.text(f"    {step}", "dim")
    if run["entities"]:
        yield from _request(run["entities"])
    yield _output.text("")


def _request(entities: list[Json]) -> Iterator[RenderableType]:
    """The body, indented."""
    for line in json.dumps({"entities": entities}, indent=2, ensure_ascii=False).split("\n"):
        yield _output.text(line)
