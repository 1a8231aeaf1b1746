"""`capture`: a live run as a scenario folder, without its secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from lineage.app import App
from lineage.cli import _live, _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._payload import payload
from lineage.redact import Place, differences, only, redact
from lineage.sources import capture, scenario
from lineage.translate.once import Noting
from lineage.wiring import Access


@click.command()
@click.argument("run_id", metavar="RUN_ID")
@click.option(
    "--out",
    "folder",
    metavar="FOLDER",
    required=True,
    type=click.Path(path_type=Path),
    help="Where to write; made if it is not there, else to be empty.",
)
@common
@click.pass_obj
def command(call: Call, run_id: str, folder: Path) -> int:
    """
    Save a run as a scenario folder, secrets removed, for a bug report or a test.

    RUN_ID is a pipeline run's, or an activity run's that is in the ledger. `show FOLDER` then
    tells what `show RUN_ID` does; where a secret stood in the way of that, stderr says so. A folder
    knows no catalog: names are spelt in it as Azure does, and of the usual types.
    """
    settings = call.settings()
    settings.require_factories()
    scenario.check(folder)
    with App(settings, access=Access.READ) as app:
        listed, _ = _live.read(app, run_id)
        definitions = app.source(listed.run.factory).definitions  # names as the folder will tell
        noting, looked = Noting(definitions), list[None]()
        shown = [
            payload(replace(run, alone=lambda: looked.append(None)), noting, settings.native)
            for run in listed.activities
        ]
    asked = [definition for definition in noting.read.values() if definition is not None]
    if not looked:  # at what is beside them
        alone = tuple(replace(run, beside=()) for run in listed.activities)
        listed = replace(listed, activities=alone)
    live = _parsed(capture.files(listed, definitions.factory, asked))
    redacted = _parsed(redact(live))
    removed = list(differences(live, redacted))
    telling = changing(live, redacted, removed, shown, settings.native)
    scenario.write(folder, redacted)
    _output.problems(
        f"{_text(place)}: removed, which changes what `show` tells" for place in telling
    )
    if call.json:
        told = {"files": sorted(redacted), "removed": _texts(removed), "changing": _texts(telling)}
        _output.line({"v": 1, "folder": str(folder), **told})
    else:
        _output.show(
            _output.text(f"{folder}: {len(redacted)} files, {len(removed)} values removed"),
            _output.text(f"Read them before you share them, then: show {folder}", "dim"),
        )
    return COMPLETE


def _parsed(files: Mapping[str, Any]) -> dict[str, Any]:
    """The files as they will be read: keys in order."""
    return {path: json.loads(scenario.text(content)) for path, content in files.items()}


def changing(
    live: Mapping[str, Any],
    redacted: Mapping[str, Any],
    removed: list[Place],
    shown: list[dict[str, Any]],
    native: str,
) -> list[Place]:
    """
    The removals each of which alone changes what `show` tells; all where only several do.

    `shown` is what `show` tells of the live run, `native` the setting.
    """

    def changed(files: Mapping[str, Any], among: Iterable[int]) -> list[int]:
        runs, definitions = capture.runs(files)
        return [n for n in among if payload(runs[n], definitions, native) != shown[n]]

    different = changed(redacted, range(len(shown)))
    if not different:
        return []
    files = {place[:1] for place in removed}  # first whole ones: there may be many values
    files_telling = {file for file in files if changed(only(live, redacted, file), different)}
    among = [place for place in removed if place[:1] in files_telling]
    found = [place for place in among if changed(only(live, redacted, place), different)]
    return found or among or removed


def _texts(places: list[Place]) -> list[str]:
    return [_text(place) for place in places]


def _text(place: Place) -> str:
    """`dataset/ds.json: properties.typeProperties.folderPath`."""
    file, *steps = place
    return f"{file}: {'.'.join(map(str, steps))}"
