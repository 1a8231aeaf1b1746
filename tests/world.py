"""
The vocabulary of the spine's tests: runs, assets, processes, and a desk over doors that are real.

Doors tell what was done to them in `events`, in order, and can be told to break.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from msgspec.structs import replace

from lineage import ticks
from lineage.catalog.local import LocalCatalog
from lineage.desk import Desk
from lineage.model import (
    ActivityRun,
    Asset,
    Batch,
    Catalog,
    Certainty,
    Column,
    ColumnKind,
    ColumnLink,
    Definition,
    Definitions,
    Edge,
    Factory,
    FactoryId,
    Gap,
    Json,
    Kind,
    Listed,
    Name,
    Outcome,
    PipelineRun,
    Process,
    Reading,
    Reference,
    Row,
    Rows,
    Translation,
    Versioned,
)
from lineage.report import Translate, report
from lineage.store.ledger import Ledger
from lineage.store.published import PublishedRows
from lineage.store.sqlite import SqliteRows
from lineage.ticks import Ticks

FACTORY = FactoryId(
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-sales"
    "/providers/Microsoft.DataFactory/factories/adf-contoso"
)
COPY = Name("adf_copy_activity", f"{FACTORY}/pipelines/P/activities/A")
PARENTS = (
    Name("azure_data_factory", FACTORY),
    Name("adf_pipeline", f"{FACTORY}/pipelines/P"),
    COPY,
)
OPERATION = "adf_copy_operation"


def at(text: str) -> Ticks:
    """A moment on the day of the tests, or a whole one."""
    found = ticks.parse(text if "T" in text else f"2026-11-19T{text}Z")
    assert found is not None
    return found


# ---------------------------------------------------------------- runs


def pipeline_run(
    run_id: str = "run-1", updated: str = "02:10:00", pipeline: str = "P", **parameters: str
) -> PipelineRun:
    return PipelineRun(
        factory=FACTORY,
        id=run_id,
        pipeline=pipeline,
        status="Succeeded",
        updated=at(updated),
        started=at("02:00:00"),
        ended=at(updated),
        parameters=parameters,
    )


def activity_run(
    of: PipelineRun | None = None,
    run_id: str = "activity-1",
    *,
    ended: str = "02:05:00",
    native: str | None = None,
    name: str = "A",
    kind: str = "Copy",
    status: str = "Succeeded",
    output: Json | None = None,
) -> ActivityRun:
    return ActivityRun(
        of=of or pipeline_run(),
        id=run_id,
        name=name,
        type=kind,
        status=status,
        started=at("02:01:00"),
        ended=at(ended),
        input=None,
        output={"rowsCopied": 10, "dataWritten": 4096} if output is None else output,
        native=native,
    )


def reading(*runs: ActivityRun, **states: int) -> Reading:
    """What was read of these runs; `running` tells how many more are under way in each."""
    by_run: dict[str, list[ActivityRun]] = {}
    of: dict[str, PipelineRun] = {}
    for run in runs:
        by_run.setdefault(run.of.id, []).append(run)
        of[run.of.id] = run.of
    running = states.get("running", 0)
    return Reading(tuple(Listed(of[key], tuple(found), running) for key, found in by_run.items()))


def batch_of(read: Reading) -> Batch:
    return Batch(FACTORY, 0, tuple(each.run.reference for each in read.listed))


def reference(run_id: str, updated: str = "02:10:00", pipeline: str = "P") -> Reference:
    return Reference(run_id, pipeline, at(updated))


# ---------------------------------------------------------------- lineage


def table(name: str, *more: str, kind: str = "azure_sql_table") -> Asset:
    """An asset by its possible names."""
    return Asset(tuple(Name(kind, f"mssql://srv/db/dbo/{each}") for each in (name, *more)))


def table_or_view(name: str) -> Asset:
    qualified = f"mssql://srv/db/dbo/{name}"
    return Asset((Name("azure_sql_table", qualified), Name("azure_sql_view", qualified)))


def fallback(name: str) -> Asset:
    return Asset((Name("DataSet", f"mssql://linked-service/adf-contoso/{name}"),))


def edge(asset: Asset | str, end: str = "", certainty: Certainty = Certainty.EXACT) -> Edge:
    found = table(asset) if isinstance(asset, str) else asset
    if found.candidates[0].type == "DataSet":
        certainty = Certainty.FALLBACK
    return Edge(found, end, certainty)


def value(output: str, asset: Asset | str, column: str = "") -> ColumnLink:
    found = table(asset) if isinstance(asset, str) else asset
    return ColumnLink(output, ColumnKind.VALUE, (Column(found, column or output),))


def process(
    sink: Asset | str | Edge = "sink",
    *inputs: Asset | str | Edge,
    columns: Iterable[ColumnLink] = (),
    activity: str = "A",
    pipeline: str = "P",
) -> Process:
    """A process; ends that are not given as edges are `ds_in` and `ds_out`."""
    made = [each if isinstance(each, Edge) else edge(each, "ds_in") for each in inputs]
    owner = Name(PARENTS[1].type, f"{FACTORY}/pipelines/{pipeline}")
    above = (PARENTS[0], owner, Name(COPY.type, f"{owner.qualified}/activities/{activity}"))
    return Process(
        FACTORY,
        pipeline,
        activity,
        OPERATION,
        above,
        sink if isinstance(sink, Edge) else edge(sink, "ds_out"),
        tuple(sorted(made)),
        tuple(columns),
    )


def operation(sink: Asset | Name | str = "sink", activity: str = "A", pipeline: str = "P") -> Name:
    """The operation's name, once its sink goes by this name."""
    if isinstance(sink, str):
        sink = table(sink)
    name = sink.candidates[0] if isinstance(sink, Asset) else sink
    above = f"{FACTORY}/pipelines/{pipeline}/activities/{activity}"
    return Name(OPERATION, f"{above}#{name.qualified}#{name.type}")


# ---------------------------------------------------------------- definitions


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Definitions that are held in memory."""

    factory: Factory = field(default_factory=lambda: Factory(FACTORY, "adf-contoso"))
    found: Mapping[tuple[Kind, str], Definition] = field(default_factory=dict)

    def get(self, kind: Kind, name: str) -> Definition | None:
        return self.found.get((kind, name))


def told(**by_run: Translation | Process | Exception | None) -> Translate:
    """A translator: what each activity run tells, by its id with `_` for `-`."""

    def translate(run: ActivityRun, definitions: Definitions) -> Translation:
        said = by_run[run.id.replace("-", "_")]
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Process):
            return Translation((said,))
        assert said is not None
        return said

    return translate


def telling(*processes: Process, gaps: tuple[Gap, ...] = ()) -> Translate:
    """A translator for which every run tells the same."""
    return lambda run, definitions: Translation(processes, gaps)


# ---------------------------------------------------------------- doors that tell


class Killed(BaseException):
    """The process ends here."""


@dataclass(slots=True)
class Tape:
    """
    What happened, in order. `until` is how many events happen before the process is killed.

    `before` is called with each event before it happens.
    """

    events: list[str] = field(default_factory=list)
    until: int | None = None
    before: Callable[[str], None] | None = None

    def note(self, event: str) -> None:
        if self.until is not None and len(self.events) >= self.until:
            raise Killed(event)
        if self.before:
            self.before(event)
        self.events.append(event)


class TapedRows:
    """
    Rows that tell what is written, in a word.

    With `at_once` no write waits for the end of its block, as in tables of Azure.
    """

    def __init__(self, rows: Rows, tape: Tape, *, at_once: bool = False) -> None:
        self._rows = rows
        self._tape = tape
        self._at_once = at_once

    def get(
        self, table: str, partition: str, keys: Iterable[str], *, near: bool = False
    ) -> dict[str, Versioned]:
        return self._rows.get(table, partition, keys, near=near)

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        return self._rows.range(table, partition, low, high)

    def scan(
        self, table: str, partition: str, low: str, high: str
    ) -> Iterator[tuple[str, Versioned]]:
        return self._rows.scan(table, partition, low, high)

    def under(self, table: str, partition: str, beginnings: Iterable[str]) -> dict[str, Versioned]:
        return self._rows.under(table, partition, beginnings)

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        gone = list(deletes)
        if puts or gone:
            self._tape.note(_word(table, {key[0] for key in puts}))
        return self._rows.write(table, partition, puts, gone, expected)

    def together(self) -> AbstractContextManager[None]:
        return nullcontext() if self._at_once else self._rows.together()


def _word(table: str, kinds: set[str]) -> str:
    if table != "runs":
        return table
    if "a" in kinds:
        return "rows done" if "p" in kinds else "rows"
    states = {"c": "cursor", "o": "listed", "p": "done", "q": "queued", "x": "given up"}
    states["n"] = "counts"
    return " ".join(states[kind] for kind in sorted(kinds))


class TapedCatalog:
    """
    A catalog that tells what is sent and deleted; `reads` are the look-ups, by type.

    `answer` is called with the entities before each send: it may raise.
    """

    def __init__(self, catalog: Catalog, tape: Tape) -> None:
        self._catalog = catalog
        self._tape = tape
        self.reads: list[tuple[str, tuple[str, ...]]] = []
        self.sent: list[list[Json]] = []
        self.answer: Callable[[Sequence[Json]], None] | None = None
        self.lose: Callable[[], None] | None = None

    @property
    def address(self) -> str:
        return self._catalog.address

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        self.reads.append((type_name, tuple(names)))
        return self._catalog.get(type_name, names)

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        self._tape.note("send")
        self.sent.append(list(entities))
        if self.answer:
            self.answer(entities)
        assigned = self._catalog.send(entities)
        if self.lose:
            self.lose()
        return assigned

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        return self._catalog.lineage(name, direction, depth)

    def delete(self, name: Name) -> None:
        self._tape.note("delete")
        self._catalog.delete(name)


class World:
    """A catalog and a store in memory, with a desk that says what was done to them."""

    def __init__(self, now: str = "03:00:00", *, at_once: bool = False) -> None:
        self.now = at(now)
        self.tape = Tape()
        self.local = LocalCatalog(":memory:", clock=lambda: self.now)
        self.catalog = TapedCatalog(self.local, self.tape)
        self.rows = SqliteRows(":memory:")
        self.taped = TapedRows(self.rows, self.tape, at_once=at_once)
        self.ledger = Ledger(self.taped)
        self.published = PublishedRows(self.taped, self.catalog.address)
        self.held = 0
        self.desk = Desk(
            self.catalog,
            self.ledger,
            self.published,
            renew=lambda: None,
            creating=self._creating,
            clock=lambda: self.now,
        )

    def set(self, **settings: object) -> None:
        """Change the desk."""
        self.desk = replace(self.desk, prints={}, **settings)

    def close(self) -> None:
        self.local.close()
        self.rows.__exit__(None, None, None)

    @contextmanager
    def _creating(self) -> Iterator[None]:
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    # ------------------------------------------------------------ doing

    def report(self, translate: Translate, *runs: ActivityRun, running: int = 0) -> list[Outcome]:
        """Report these runs in one batch, after their run rows were written."""
        read = reading(*runs, running=running)
        return self.report_reading(translate, read)

    def report_reading(
        self, translate: Translate, read: Reading, definitions: Definitions | None = None
    ) -> list[Outcome]:
        batch = batch_of(read)
        self.ledger.enqueue(FACTORY, self.ledger.unknown(FACTORY, batch.runs), self.now)
        self.tape.events.clear()
        return list(report(batch, read, definitions or Held(), translate, self.desk))

    def have(self, *entities: Json) -> None:
        """Somebody else puts these into the catalog."""
        self.local.send([{"guid": f"-{n}", **each} for n, each in enumerate(entities, 1)])

    # ------------------------------------------------------------ seeing

    def entity(self, name: Name) -> Json | None:
        return next(iter(self.local.get(name.type, [name.qualified])), None)

    def ends(self, name: Name, key: str = "inputs") -> list[str]:
        """The last segments of the active data sets at one side of an operation."""
        found = self.entity(name)
        assert found is not None
        listed = {each["guid"]: each for each in found["attributes"][key]}
        return [
            str(listed[each["guid"]]["uniqueAttributes"]["qualifiedName"]).rpartition("/")[2]
            for each in found["relationshipAttributes"][key]
            if each["relationshipStatus"] == "ACTIVE"
        ]

    def mapping(self, name: Name) -> str:
        found = self.entity(name)
        assert found is not None
        return str(found["attributes"]["columnMapping"])

    def status(self, run: ActivityRun) -> str:
        row = self.ledger.row(run)
        return str(row["status"]) if row else "none"


def data_set(asset: Asset) -> Json:
    """An entity that somebody scanned, under the asset's first name."""
    name = asset.candidates[0]
    return {"typeName": name.type, "attributes": {"qualifiedName": name.qualified, "name": "x"}}


def refer(asset: Asset) -> Json:
    name = asset.candidates[0]
    return {"typeName": name.type, "uniqueAttributes": {"qualifiedName": name.qualified}}


def foreign_operation(
    name: Name, inputs: Iterable[Asset], outputs: Iterable[Asset], mapping: str = "[]"
) -> Json:
    """An operation as the built-in connection leaves it."""
    return {
        "typeName": name.type,
        "attributes": {
            "qualifiedName": name.qualified,
            "name": "A",
            "columnMapping": mapping,
            "inputs": [refer(asset) for asset in inputs],
            "outputs": [refer(asset) for asset in outputs],
        },
    }
