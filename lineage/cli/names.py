"""`names`: every dataset use in a folder of definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._uses import Tally, add_row, empty_table, foot_of, line_of
from lineage.errors import BadInput
from lineage.model import Json, Kind
from lineage.sources import folder, jsonfile, payloads
from lineage.sources.ondisk import FolderDefinitions
from lineage.translate.uses import name_uses

_HEAD = ("$schema", "contentVersion")  # of a file of template parameters


@click.command()
@click.argument("place", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--parameters",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="JSON {pipeline: {parameter: value}}, or a parameter file of a template, or both in one; "
    "the others take their defaults.",
)
@common
@click.pass_obj
def command(call: Call, place: Path, parameters: Path | None) -> int:
    """
    Name every dataset use in FOLDER: a factory in Git format, or an ARM template.

    FOLDER may hold several. Nothing is asked of any service, and nothing is sent.
    """
    call.check_sets()
    given, template = _given(parameters)
    factories = list(_factories(place, template))
    tally = Tally()
    table = None if call.json else empty_table()
    for source, definitions in factories:
        _output.problems(f"{source}: {where}: {what}" for where, what in definitions.problems)
        for use in name_uses(definitions.of(Kind.PIPELINE), definitions, given):
            line = line_of(use, source)
            tally.add(line)
            if table is None:
                _output.line(line)
            else:
                add_row(table, line)
    if table is None:
        _output.line(tally.json())
    else:
        _output.show(*([table] if tally.uses else []), *foot_of(tally))
    return COMPLETE


def _given(file: Path | None) -> tuple[Mapping[str, Json], Json]:
    """`{pipeline: {parameter: value}}` of a file, and `{parameter: value}` of templates."""
    if file is None:
        return {}, {}
    try:
        given = jsonfile.read(file)
    except BadInput as error:
        raise BadInput(f"--parameters: {file} {error}") from None
    if not isinstance(given, Mapping):
        given = {"": given}
    template = given.get("parameters")
    of_template = isinstance(template, Mapping) and all(map(_is_argument, template.values()))
    pipelines = {
        name: each
        for name, each in given.items()
        if name not in _HEAD and not (of_template and name == "parameters")
    }
    if not all(isinstance(each, Mapping) for each in pipelines.values()):
        raise BadInput(f"--parameters: {file} is to hold {{pipeline: {{parameter: value}}}}")
    return pipelines, payloads.global_parameters(template) if of_template else {}


def _is_argument(value: Any) -> bool:
    """`{"value"}`, or `{"reference"}` to a key vault, as files of template parameters have it."""
    return isinstance(value, Mapping) and bool({"value", "reference"} & value.keys())


def _factories(place: Path, template: Json) -> Iterator[tuple[str, FolderDefinitions]]:
    """The factories in a folder, each by its place in it. Raises `BadInput` where none is read."""
    read = 0
    unread: list[str] = []
    for path in folder.find_factories(place):
        try:
            definitions = folder.read(path, template)
        except BadInput as error:
            unread.append(str(error))
            continue
        read += 1
        source = path.name if place.is_file() else path.relative_to(place).as_posix()
        yield source, definitions
    if not read:
        nothing = f"{place}: neither a factory in Git format nor a template of one"
        raise BadInput("\n".join(unread or [nothing]))
    _output.problems(unread)
