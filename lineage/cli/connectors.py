"""`connectors`: the connector table."""

from __future__ import annotations

from typing import Any

import click

from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.connectors import CONNECTORS, Connector


@click.command()
@common
@click.pass_obj
def command(call: Call) -> int:
    """Show the kinds of data store whose names in the catalog are known."""
    call.check_sets()
    if call.json:
        _output.line({"v": 1, "connectors": [_json(each) for each in CONNECTORS]})
    else:
        _show()
    return COMPLETE


def _json(row: Connector) -> dict[str, Any]:
    return {
        "id": row.id,
        "linkedServices": list(row.linked_services),
        "hosts": [f"*{suffix}" for suffix in row.hosts],
        "names": [
            {"typeName": type_name, "qualifiedName": pattern}
            for type_name, pattern in row.names.items()
        ],
        "documentation": row.docs,
    }


def _show() -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("linked service", "host", "types", "qualifiedName"):
        table.add_column(head, overflow="fold")
    for row in CONNECTORS:
        table.add_row(
            _output.text(", ".join(row.linked_services), "bold"),
            _output.text(f"*{row.hosts[0]}" if row.hosts else "any other"),
            _output.text(", ".join(row.names)),
            _output.text(next(iter(row.names.values()))),
        )
    _output.show(table, _output.text("Every other store is kept as a DataSet of its own, Partial."))
