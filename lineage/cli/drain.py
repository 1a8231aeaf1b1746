"""`drain`: bring back what ended its worker too often."""

from __future__ import annotations

from contextlib import closing

import click

from lineage import wiring
from lineage.app import App
from lineage.cli import _output
from lineage.cli._call import COMPLETE, Call, common
from lineage.cli._store import has_ledger
from lineage.cli.replay import tell
from lineage.queue import POISON
from lineage.settings import Settings


@click.command()
@common
@click.pass_obj
def command(call: Call) -> int:
    """
    Bring runs back that could not even be read, and what is left on the poison queue.

    Do it once the cause is mended: else they end there again. What could be read is Failed, and
    comes back by `replay --reason Poisoned`.
    """
    settings = call.settings()
    factories = settings.require_factories()
    messages = _messages(settings) if settings.store.scheme == "table" else 0
    if messages:
        _output.problems([f"Of the poison queue {messages} put on the queue again."])
    if not has_ledger(settings):
        return COMPLETE
    with App(settings) as app:
        recalled = {each: app.ledger.recall(each, app.clock()) for each in factories}
    tell(call, "brought back", recalled)
    return COMPLETE


def _messages(settings: Settings) -> int:
    """Move what is left on the poison queue, which its own function could not record."""
    with closing(wiring.queue(settings)) as queue, closing(wiring.queue(settings, POISON)) as left:
        return left.move(queue)
