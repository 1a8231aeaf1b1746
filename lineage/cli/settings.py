"""`settings`: every setting."""

from __future__ import annotations

import click

from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.settings import describe


@click.command()
@common
@click.pass_obj
def command(call: Call) -> int:
    """Show every setting with its value, where that comes from, and what it means."""
    described = describe(call.settings(), call.environ, call.overrides)
    if call.json:
        _output.line({"v": 1, "settings": described})
    else:
        _show(described)
    return COMPLETE


def _show(described: list[dict[str, str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("name", "value", "source", "meaning"):
        table.add_column(head, overflow="fold", no_wrap=head in ("name", "source"))
    for each in described:
        table.add_row(
            _output.text(each["name"], "bold"),
            _output.text(each["value"] or "–"),
            _output.text(each["source"], "dim"),
            _output.text(each["meaning"]),
        )
    _output.show(table)
