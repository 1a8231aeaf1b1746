"""`names`: every dataset use in a folder of definitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.errors import BadInput
from lineage.model import Certainty, Json, Kind
from lineage.sources import folder, jsonfile
from lineage.sources.ondisk import FolderDefinitions
from lineage.translate.uses import NamedUse, name_uses

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(slots=True)
class Tally:
    """What the summary counts; `reasons` by the uses that have them."""

    uses: int = 0
    named: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, line: Json) -> None:
        """Count a line."""
        self.uses += 1
        self.named += line["certainty"] in (Certainty.EXACT, Certainty.INFERRED)
        self.reasons.update({reason["code"] for reason in line["reasons"]})

    def json(self) -> dict[str, Any]:
        """The last line."""
        reasons = dict(sorted(self.reasons.items()))
        head = {"v": 1, "event": "summary"}
        return {**head, "uses": self.uses, "named": self.named, "reasons": reasons}


@click.command()
@click.argument("place", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--parameters",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="JSON {pipeline: {parameter: value}}; the others take their defaults.",
)
@common
@click.pass_obj
def command(call: Call, place: Path, parameters: Path | None) -> int:
    """
    Name every dataset use in FOLDER: a factory in Git format, or an ARM template.

    FOLDER may hold several. Nothing is asked of any service, and nothing is sent.
    """
    call.check_sets()
    given = _given(parameters)
    factories = list(_factories(place))
    tally = Tally()
    table = None if call.json else _table()
    for source, definitions in factories:
        _output.problems(f"{source}: {where}: {what}" for where, what in definitions.problems)
        for use in name_uses(definitions.of(Kind.PIPELINE), definitions, given):
            line = _line(use, source)
            tally.add(line)
            if table is None:
                _output.line(line)
            else:
                _row(table, line)
    if table is None:
        _output.line(tally.json())
    else:
        _output.show(*([table] if tally.uses else []), *_foot(tally))
    return COMPLETE


def _given(file: Path | None) -> Mapping[str, Json]:
    """`{pipeline: {parameter: value}}` of a file."""
    if file is None:
        return {}
    try:
        given = jsonfile.read(file)
    except BadInput as error:
        raise BadInput(f"--parameters: {file} {error}") from None
    if isinstance(given, Mapping) and all(isinstance(each, Mapping) for each in given.values()):
        return given
    raise BadInput(f"--parameters: {file} is to hold {{pipeline: {{parameter: value}}}}")


def _factories(place: Path) -> Iterator[tuple[str, FolderDefinitions]]:
    """The factories in a folder, each by its place in it. Raises `BadInput` where none is read."""
    read = 0
    unread: list[str] = []
    for path in folder.find_factories(place):
        try:
            definitions = folder.read(path)
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


def _line(found: NamedUse, source: str) -> dict[str, Any]:
    name = found.named.asset.candidates[0] if found.named else None
    return {
        "v": 1,
        "event": "name",
        "source": source,
        "pipeline": found.use.pipeline.name,
        "activity": found.activity,
        "side": found.use.side,
        "dataset": found.dataset,
        "linkedService": found.linked_service,
        "typeName": name.type if name else None,
        "qualifiedName": name.qualified if name else None,
        "certainty": found.named.certainty.value if found.named else None,
        "reasons": [gap.json() for gap in found.gaps],
    }


# ---------------------------------------------------------------- for people


def _table() -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("pipeline", "activity", "side", "dataset", "name", "reasons"):
        table.add_column(head, overflow="fold")
    return table


def _row(table: Table, line: Json) -> None:
    reasons = "; ".join(f"{each['code']} ({each['detail']})" for each in line["reasons"])
    sure = line["certainty"] in (Certainty.EXACT, Certainty.INFERRED)
    table.add_row(
        _output.text(line["pipeline"]),
        _output.text(line["activity"]),
        _output.text(line["side"], "dim"),
        _output.text(line["dataset"] or "–"),
        _output.text(line["qualifiedName"] or "–", "" if sure else "yellow"),
        _output.text(reasons, "dim"),
    )


def _foot(tally: Tally) -> Iterable[Any]:
    yield _output.text(f"{tally.named} of {tally.uses} dataset uses named", "bold")
    for code, count in tally.reasons.most_common():
        yield _output.text(f"  {code} {count}")
