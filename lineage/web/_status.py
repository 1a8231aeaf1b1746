"""The answer of `GET /api/status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from lineage import ticks
from lineage.model import FactoryId
from lineage.store.asking import Standing
from lineage.store.circuits import Circuit
from lineage.ticks import Ticks
from lineage.web._answer import Answer

VERSION = 1


def status(
    standings: Mapping[FactoryId, Standing],
    circuits: Iterable[Circuit],
    catalog: str,
    release: str,
) -> Answer:
    """
    Where everything stands. `catalog` is what its circuit is called; `release` is ours.

    `backlog.oldest` is when the oldest pipeline run that waits was updated, by the source's clock.
    """
    open_ = {each.what: each for each in circuits if each.open}
    waiting = [each.oldest for each in standings.values() if each.oldest is not None]
    totals = sum((each.totals for each in standings.values()), Counter[str]())
    backlog = sum(each.backlog for each in standings.values())
    return Answer(
        200,
        {
            "v": VERSION,
            "runs": dict(sorted(totals.items())),
            "backlog": {"size": backlog, "oldest": _time(min(waiting, default=None))},
            "factories": {
                factory: {
                    "cursor": _time(each.cursor),
                    "watermark": _time(each.watermark),
                    "backlog": each.backlog,
                    "circuit": _circuit(open_.get(factory.lower())),
                }
                for factory, each in standings.items()
            },
            "catalog": {"circuit": _circuit(open_.get(catalog))},
            "version": release,
        },
    )


def _circuit(found: Circuit | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"since": _time(found.since), "until": _time(found.until), "why": found.why}


def _time(moment: Ticks | None) -> str | None:
    return None if moment is None else ticks.text(moment)
