"""
A generated estate of any size, for the kill test and the benchmarks, and the truth about it.

One factory and, if asked for, one workspace, with pipelines of the same names. Each pipeline has
`activities` activities, in turn: *Ingest*, a Copy from a CSV in Blob Storage into a parquet file
in the lake; *Stage*, a Copy from the lake into Azure SQL; *Lookup*. Each Copy maps `columns`
columns by name. Of ten runs of a pipeline two have a parameter of their own:

* Ingest reads another file then: several sources unite in one sink, over runs;
* in every fourth pipeline Stage writes another table then: several sinks.

In one of `failing` pipeline runs the last Copy failed. Besides there are, if asked for, one
pipeline run with `wide` Copies in a ForEach (more than a page of activity runs), and `burst` runs
of one pipeline in one minute. All runs are spread over the two days before the epoch, except for
its last ten minutes. Payloads are made when they are served; the same arguments give the same
bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

from demo import payloads, synthetic_rows, times
from demo import synthetic_definitions as definitions
from demo.shapes import Estate, Site
from demo.synthetic_rows import TAKES, Plan, Templates

_GROUP = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-synthetic"
FACTORY = f"{_GROUP}/providers/Microsoft.DataFactory/factories/adf-contoso-synthetic"
WORKSPACE = f"{_GROUP}/providers/Microsoft.Synapse/workspaces/syn-contoso-synthetic"

_SPAN = 2 * 86_400 * times.SECOND  # over which runs are spread
_NEWEST = 600 * times.SECOND  # before the epoch
_OWN = (3, 7)  # of ten runs, those with a parameter of their own
_MINUTE = 60 * times.SECOND
_BLOB = "https://contosolanding.blob.core.windows.net/landing"
_LAKE = "https://contosolake.dfs.core.windows.net/lake/raw"
_SQL = "mssql://contoso-sql-stg.database.windows.net/staging/stg"


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers of a synthetic estate; the module's docstring says what they count."""

    pipelines: int
    runs_per_pipeline: int
    activities: int
    columns: int
    failing: int
    wide: int
    burst: int


def synthetic(
    pipelines: int = 1000,
    runs_per_pipeline: int = 10,
    activities: int = 3,
    columns: int = 10,
    seed: int = 1,
    *,
    failing: int = 25,
    wide: int = 0,
    burst: int = 0,
    workspace: bool = False,
    epoch: datetime | None = None,
) -> Estate:
    """The estate of these numbers; `seed` places the runs in time. `epoch` is now by default."""
    shape = Shape(pipelines, runs_per_pipeline, activities, columns, failing, wide, burst)
    moment = times.of(epoch or datetime.now(UTC))
    plans = {
        site: tuple(_plans(site, shape, seed, moment))
        for site in ((FACTORY, WORKSPACE) if workspace else (FACTORY,))
    }
    sites = tuple(_site(site, shape, each, moment) for site, each in plans.items())
    everything = tuple(plan for each in plans.values() for plan in each)
    return Estate(sites, (), partial(_expected, everything, columns))


def _site(site: str, shape: Shape, plans: tuple[Plan, ...], epoch: int) -> Site:
    written = epoch // times.SECOND - 30 * 86_400
    counts = (shape.pipelines, shape.activities, shape.columns)
    templates = Templates(site, shape.columns)
    return Site(
        site,
        payloads.factory(site, {}, written * times.SECOND),
        definitions.all_of(site, *counts, written),
        tuple(synthetic_rows.run(plan, templates) for plan in plans),
    )


def _plans(site: str, shape: Shape, seed: int, epoch: int) -> Iterator[Plan]:
    random = Random(f"{site}/{seed}")  # noqa: S311  # places runs in time, keeps no secret
    first = epoch - _SPAN
    room = _SPAN - _NEWEST - TAKES - _MINUTE
    for place in range(shape.pipelines):
        for number in range(shape.runs_per_pipeline):
            nth = place * shape.runs_per_pipeline + number + 1
            yield Plan(
                site,
                definitions.pipeline_name(place),
                place,
                number,
                first + random.randrange(room),
                shape.activities,
                own=number if number % 10 in _OWN else 0,
                failed=shape.failing > 0 and nth % shape.failing == 0,
            )
    if shape.wide:
        at = first + random.randrange(room)
        yield Plan(site, definitions.WIDE, shape.pipelines, 0, at, shape.wide, wide=True)
    minute = first + random.randrange(room)
    for number in range(shape.burst):
        at = minute + number * _MINUTE // shape.burst
        yield Plan(site, definitions.BURST, shape.pipelines + 1, number, at, shape.activities)


# ---------------------------------------------------------------- the truth


def _expected(plans: tuple[Plan, ...], columns: int) -> dict[str, Any]:
    """Statuses, edges (of each run, and all) and columns, as the generator meant them."""
    runs: dict[str, Any] = {}
    edges: dict[tuple[str, ...], None] = {}
    for plan in plans:
        for index, (name, status) in enumerate(synthetic_rows.steps(plan)):
            outcome = _outcome(definitions.activity_type(name), status)
            runs[synthetic_rows.activity_id(plan, index)] = outcome
            if outcome["status"] == "Succeeded":
                edge = _edge(plan, name)
                edges[edge] = None
                outcome["edge"] = list(edge)
    return {
        "activityRuns": runs,
        "edges": [list(edge) for edge in edges],
        "columns": [
            [operation, source, f"c{n:02d}", sink, f"C{n:02d}"]
            for source, _, operation, sink, _ in edges
            for n in range(columns)
        ],
    }


def _outcome(kind: str, status: str) -> dict[str, Any]:
    if status != "Succeeded":
        return {"status": "NotReported", "reasons": ["RunFailed"]}
    if kind != "Copy":
        return {"status": "NotReported", "reasons": ["UnsupportedActivity"]}
    return {"status": "Succeeded", "reasons": []}


def _edge(plan: Plan, activity: str) -> tuple[str, str, str, str, str]:
    """Source name and type, operation, sink name and type of a Copy of this run."""
    blob, lake, sql = "azure_blob_path", "azure_datalake_gen2_path", "azure_sql_table"
    name = plan.pipeline
    if activity == definitions.WIDE_COPY:
        source, sink = (
            (f"{_BLOB}/{name}/batch_0.csv", blob),
            (f"{_LAKE}/{name}/batch.parquet", lake),
        )
    elif activity.startswith("Ingest"):
        number = activity[-2:]
        source = f"{_BLOB}/{name}/{number}_{plan.own}.csv", blob
        sink = f"{_LAKE}/{name}/{number}.parquet", lake
    else:
        number = activity[-2:]
        source = f"{_LAKE}/{name}/{int(number) - 1:02d}.parquet", lake
        sink = f"{_SQL}/{name}_{number}_{plan.table}", sql
    path = f"{plan.site}/pipelines/{name}/activities/{activity}"
    return (*source, f"{path}#{sink[0]}#{sink[1]}", *sink)
