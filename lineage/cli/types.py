"""`types`: what a catalog needs to know before it can take lineage."""

from __future__ import annotations

import click

from lineage.app import App
from lineage.catalog.install import everything, fallback, install
from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.errors import SettingsError


@click.group()
def command() -> None:
    """Register the types that a catalog lacks: `types install`."""


@command.command("install")
@common
@click.pass_obj
def install_command(call: Call) -> int:
    """
    Register what the catalog lacks; again it does nothing.

    On Apache Atlas these are all types of lineage that we send. Purview has those; there it is our
    own fall-back type alone, and only with LINEAGE_REGISTER_TYPES.
    """
    settings = call.settings()
    with App(settings) as app:
        server = app.server
        if not (server.server.installs or settings.register_types):
            raise SettingsError(
                "LINEAGE_REGISTER_TYPES: is false, so no type is registered on Purview"
            )
        names = install(server, everything if server.server.installs else fallback)
        app.account.forget()
    if call.json:
        _output.line({"v": 1, "catalog": server.address, "registered": names})
        return COMPLETE
    told = [f"  {name}" for name in names] or ["Nothing: every type is there."]
    head = f"Registered in {server.address}:" if names else server.address
    _output.show(*map(_output.text, [head, *told]))
    return COMPLETE
