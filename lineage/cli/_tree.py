"""The lineage of an asset drawn as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lineage.cli import _columns, _output
from lineage.cli._columns import Feed
from lineage.cli._lineage import BOTH, DOWNSTREAM, UPSTREAM, Graph
from lineage.model import ColumnKind, Name

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree


def tree_of(graph: Graph, feeds: Mapping[Name, Iterable[Feed]], direction: str) -> Tree:
    """The tree: a branch for each side that was asked for."""
    from rich.tree import Tree

    root = Tree(_label(graph, graph.base), guide_style="dim")
    for side, title in ((UPSTREAM, "comes from"), (DOWNSTREAM, "goes to")):
        if direction in (side, BOTH):
            branch = root.add(_output.text(title, "italic"))
            _grow(branch, graph, feeds, side)
            if not branch.children:
                branch.add(_output.text("nothing that the catalog knows of", "dim"))
    return root


def _grow(branch: Tree, graph: Graph, feeds: Mapping[Name, Iterable[Feed]], side: str) -> None:
    """Everything on one side; what was drawn before is not drawn again, so loops end."""
    beside = graph.beside(side)
    drawn = {graph.base}
    pending = [(branch, name) for name in reversed(beside.get(graph.base, []))]
    while pending:
        above, name = pending.pop()
        label = _label(graph, name)
        if name in drawn:
            above.add(label.append("  (see above)", "italic dim"))
            continue
        drawn.add(name)
        for feed in feeds.get(name, ()):
            label.append("\n").append_text(_feed(graph, feed))
        below = above.add(label)
        pending += [(below, each) for each in reversed(beside.get(name, []))]


def _label(graph: Graph, name: Name) -> Text:
    """Short name and type; below them a data set's whole name, or where a process is defined."""
    process = name in graph.process
    label = _output.text(graph.label[name], "bold cyan" if process else "bold")
    label.append_text(_output.text(f"  {name.type}", "dim")).append("\n")
    return label.append_text(_output.text(_place(name) if process else name.qualified))


def _place(name: Name) -> str:
    """Factory and pipeline of an operation: its whole name is very long, and ends in its sink's."""
    parts = _columns.OPERATION.fullmatch(name.qualified)
    if parts is None:
        return name.qualified
    return f"{parts['factory'].rpartition('/')[2]} / {parts['pipeline']}"


def _feed(graph: Graph, feed: Feed) -> Text:
    several = len({asset for asset, _ in feed.sources}) > 1
    told = [
        f"{graph.label.get(asset, '*') if asset else '*'}.{column}" if several else column
        for asset, column in feed.sources
    ]
    source = ", ".join(told) if feed.kind is ColumnKind.VALUE else feed.kind.value
    return _output.text(f"  {feed.column} ← {source}", "green")
