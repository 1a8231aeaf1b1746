"""`graph`: the lineage of one asset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import click

from lineage.app import App
from lineage.cli import _columns, _lineage, _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._columns import Feed
from lineage.cli._lineage import BOTH, DOWNSTREAM, UPSTREAM, Graph
from lineage.cli._tree import tree_of
from lineage.errors import BadInput
from lineage.model import Name
from lineage.wiring import Access

HINTS = 5  # similar names told of one that is not there


@click.command()
@click.argument("name")
@click.option("--upstream", is_flag=True, help="Only where the data comes from.")
@click.option("--downstream", is_flag=True, help="Only where it goes.")
@click.option(
    "--depth", type=click.IntRange(min=0), default=3, metavar="N", help="Hops; 3, 0 for all."
)
@click.option("--columns", is_flag=True, help="Which column feeds which.")
@common
@click.pass_obj
def command(
    call: Call, name: str, upstream: bool, downstream: bool, depth: int, columns: bool
) -> int:
    """Draw the lineage of the asset or process with the qualifiedName NAME, from the catalog."""
    direction = BOTH
    if upstream and downstream:
        raise click.UsageError(
            "--upstream and --downstream exclude each other; both are shown without"
        )
    if upstream or downstream:
        direction = UPSTREAM if upstream else DOWNSTREAM
    with App(call.settings(), access=Access.READ) as app:
        base = _lineage.find(app.catalog, name)
        if base is None:
            raise _unknown(name, app)
        graph = _lineage.read(app.catalog, base, direction, depth)
        feeds = _columns.of(graph, app.published) if columns else {}
    if call.json:
        _output.line(_json(graph, feeds))
    else:
        _output.show(tree_of(graph, feeds, direction))
    return COMPLETE


def _unknown(name: str, app: App) -> BadInput:
    """The error that tells similar names: by case, then by part, then by likeness."""
    known = sorted({each.qualified for each in app.published.known()})
    folded = name.casefold()
    found = [each for each in known if folded in each.casefold()]
    found += get_close_matches(name, known, HINTS)
    hints = [f"  {_output.visible(each)}" for each in dict.fromkeys(found)][:HINTS]
    what = f"{name!r} is not in the catalog {app.catalog.address}"
    return BadInput("\n".join([f"{what}; similar are:", *hints] if hints else [what]))


def _json(graph: Graph, feeds: Mapping[Name, Iterable[Feed]]) -> dict[str, Any]:
    return {
        "v": 1,
        "name": _name(graph.base),
        "entities": [{**_name(name), "name": label} for name, label in graph.label.items()],
        "relations": [{"from": _name(start), "to": _name(end)} for start, end in graph.edges],
        "columns": [feed.json() for found in feeds.values() for feed in found],
    }


def _name(name: Name) -> dict[str, str]:
    return {"typeName": name.type, "qualifiedName": name.qualified}
