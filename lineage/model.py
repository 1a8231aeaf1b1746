"""The words all other modules speak, and the protocols of the doors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType, Protocol

from lineage.ticks import Ticks

Json = Mapping[str, Any]
FactoryId = NewType("FactoryId", str)  # ARM id of a factory or workspace

# ---------------------------------------------------------------- outcomes


class Status(StrEnum):
    """Where reporting one activity run stands: the status column of the ledger."""

    PENDING = "Pending"  # known, not settled yet
    RETRYING = "Retrying"  # a service could not answer; tried again
    TIMED_OUT = "TimedOut"  # the catalog did not answer within 120 s; tried again
    SUCCEEDED = "Succeeded"  # everything this run tells is in the catalog, proven
    PARTIAL = "Partial"  # reported and proven, with something left out; the reasons say what
    NOT_REPORTED = "NotReported"  # nothing to report, or nothing that may be said
    FAILED = "Failed"  # needs a person or a newer release; can be replayed


OPEN = frozenset({Status.PENDING, Status.RETRYING, Status.TIMED_OUT})


class Reason(StrEnum):
    """Why a run ended as it did: a closed list, explained in docs/reasons.md."""

    UNSUPPORTED_ACTIVITY = "UnsupportedActivity"  # this release reports nothing for the type
    RUN_FAILED = "RunFailed"  # the activity did not succeed
    NO_EVIDENCE = "NoEvidence"  # says Succeeded, shows no sign of having run
    REPORTED_BY_SERVICE = "ReportedByService"  # the built-in connection reported it
    UNRESOLVED = "Unresolved"  # an expression that cannot be evaluated from what the run tells
    AMBIGUOUS = "Ambiguous"  # several items could have produced this run
    INFERRED = "Inferred"  # a value taken from what the run does tell
    DEFINITION_MISSING = "DefinitionMissing"  # deleted since
    DEFINITION_CHANGED = "DefinitionChanged"  # written after the run
    MASKED = "Masked"  # secure input or output
    HIDDEN_CONNECTION = "HiddenConnection"  # the server is in Key Vault or a secure string
    LOCAL_NAME = "LocalName"  # a host name of the self-hosted runtime only
    UNKNOWN_CONNECTOR = "UnknownConnector"  # no catalog type for this kind of store
    UNKNOWN_OBJECT = "UnknownObject"  # the store is known, the object in it is not
    MISSING_ASSET = "MissingAsset"  # not in the catalog, and not to be created
    OPAQUE_QUERY = "OpaqueQuery"  # SQL text that is not read
    OPAQUE_PROCEDURE = "OpaqueProcedure"  # a stored procedure whose text is not known
    BROKEN_REFERENCE = "BrokenReference"  # the definition refers to what it does not contain
    PACKAGE_UNAVAILABLE = "PackageUnavailable"  # the SSIS package could not be fetched
    PACKAGE_ENCRYPTED = "PackageEncrypted"  # the whole SSIS package is encrypted
    TRUNCATED = "Truncated"  # cut by the source
    COLUMNS_UNKNOWN = "ColumnsUnknown"  # which column feeds which is not known
    COLUMN_MAPPING_TOO_LARGE = "ColumnMappingTooLarge"  # more than one property can hold
    REJECTED = "Rejected"  # the catalog refused an entity
    ENTITY_DELETED = "EntityDeleted"  # deleted in the catalog and not made again
    TOO_LONG = "TooLong"  # a qualified name above the catalog's limit
    POISONED = "Poisoned"  # ended the worker several times
    BUG = "Bug"  # our fault
    THROTTLED = "Throttled"  # a service asked us to slow down
    UNAVAILABLE = "Unavailable"  # a service did not answer
    ROLE_MISSING = "RoleMissing"  # our identity may not do this
    FIREWALL = "Firewall"  # behind a private endpoint that we do not reach


class Where(StrEnum):
    """The part of a run that a reason is about."""

    INPUT = "input"
    OUTPUT = "output"
    COLUMNS = "columns"
    PROCESS = "process"


LONGEST_DETAIL = 256  # characters


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """
    Something left out or approximated. `detail` names parts and places.

    It never holds a value of a linked service, a parameter or an output.
    """

    reason: Reason
    where: Where = Where.PROCESS
    detail: str = ""

    def json(self) -> dict[str, str]:
        """The public shape: interfaces, run line, `reasons`."""
        detail = self.detail
        if len(detail) > LONGEST_DETAIL:
            detail = detail[: LONGEST_DETAIL - 1] + "…"
        return {"code": self.reason.value, "where": self.where.value, "detail": detail}


# ---------------------------------------------------------------- what the source tells


@dataclass(frozen=True, slots=True)
class Reference:
    """A pipeline run, by what is needed to ask for it: Synapse's URL wants the pipeline's name."""

    id: str
    pipeline: str
    updated: Ticks


@dataclass(frozen=True, slots=True)
class Batch:
    """Pipeline runs of one factory and one lane: the unit of work."""

    factory: FactoryId
    lane: int
    runs: tuple[Reference, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PipelineRun:
    """A pipeline run. `parameters` are as the source gives them: strings, whatever their type."""

    factory: FactoryId
    id: str
    pipeline: str
    status: str
    updated: Ticks
    started: Ticks | None
    ended: Ticks | None
    parameters: Json

    @property
    def reference(self) -> Reference:
        """What a message says of it."""
        return Reference(self.id, self.pipeline, self.updated)


@dataclass(frozen=True, slots=True, eq=False)
class ActivityRun:
    """
    An activity run of `of`. `input` and `output` are None where the source shows no JSON object.

    `native` is the built-in connection's own word (`reportLineageToPurview.status`), or None.
    """

    of: PipelineRun
    id: str
    name: str
    type: str
    status: str
    started: Ticks | None
    ended: Ticks | None
    input: Json | None
    output: Json | None
    native: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """
    A finished pipeline run with its terminal activity runs.

    `running` says how many more there are that have not ended: the pipeline run stays queued.
    """

    run: PipelineRun
    activities: tuple[ActivityRun, ...]
    running: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """
    What could be read of a batch: whole pipeline runs, and the references left unread.

    `wait` is how long the service asked us to leave it alone, in seconds; `problem` why something
    was left unread. `gone` are pipeline runs that the source no longer has.
    """

    listed: tuple[Listed, ...]
    unread: tuple[Reference, ...] = ()
    wait: float | None = None
    problem: str = ""
    gone: tuple[Reference, ...] = ()


# ---------------------------------------------------------------- definitions


class Kind(StrEnum):
    """The kinds of definition we read, by their path segment in Data Factory's REST interface."""

    DATA_FLOW = "dataflows"
    DATASET = "datasets"
    LINKED_SERVICE = "linkedservices"
    PIPELINE = "pipelines"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """
    A pipeline, dataset, linked service or data flow. `properties` is what is below that key.

    `written` is when it was last written, as its ETag betrays it; None where unknown.
    """

    kind: Kind
    name: str
    properties: Json
    etag: str = ""
    written: Ticks | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Factory:
    """A factory or workspace: `id` in the case ARM writes it, global parameters `{name: value}`."""

    id: FactoryId
    name: str
    parameters: Json = field(default_factory=dict)

    @property
    def synapse(self) -> bool:
        """Whether this is a Synapse workspace."""
        return "/providers/microsoft.synapse/" in self.id.lower()


# ---------------------------------------------------------------- names and lineage


class Certainty(StrEnum):
    """How sure an end of an edge is."""

    EXACT = "exact"  # followed from the run and its definitions
    INFERRED = "inferred"  # one of several candidates, or a default assumed
    FALLBACK = "fallback"  # no catalog type, or no full name


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """Identity in a catalog: the exact, case-sensitive pair of type and qualifiedName."""

    type: str
    qualified: str

    def __hash__(self) -> int:  # a string keeps its hash; a type adds little
        return hash(self.qualified)


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """A data asset by its possible names, in the order of looking; the first is created."""

    candidates: tuple[Name, ...]

    def __hash__(self) -> int:  # assets with one first candidate are few
        return hash(self.candidates[0].qualified)


ANYTHING = Asset((Name("*", "*"),))  # a column mapping of somebody else that names no data set


@dataclass(frozen=True, slots=True)
class Value:
    """
    A value followed down to a plain one, and how.

    `trace` names places and functions, the nearest first, never values. Where it could not be
    followed `gap` says why and `value` is None; absent is a None without a gap.
    """

    value: Any = None
    trace: tuple[str, ...] = ()
    gap: Gap | None = None


Evaluated = Mapping[str, Any]  # {key: Value or Evaluated}: an object whose leaves were evaluated


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """
    One use of a dataset, its parameters applied down to the linked service.

    `dataset` and `connection` are the evaluated typeProperties of dataset and linked service,
    `store` the evaluated storeSettings of the Copy side. `opaque` says that a query or procedure,
    not the dataset's object, tells what is read: the name then stops at the database.
    `columns` are the column names the dataset declares, in order; empty where it declares none or
    where its object depends on parameters, so that they may be another object's.
    """

    factory: str  # its plain name
    dataset_name: str
    dataset_type: str
    dataset: Evaluated
    linked_service: str
    linked_service_type: str
    connection: Evaluated
    store: Evaluated = field(default_factory=dict)
    opaque: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """
    What an endpoint is called. `whole` is false where the name stops above the object.

    `trace` has a line for each part of the name; `gaps` have no place in the run yet.
    """

    asset: Asset
    certainty: Certainty
    whole: bool = True
    gaps: tuple[Gap, ...] = ()
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """An asset at one end of an activity. `end` is the dataset reference it came from."""

    asset: Asset
    end: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, order=True)
class Column:
    """A column of an asset, spelled as the mapping spells it."""

    asset: Asset
    name: str


class ColumnKind(StrEnum):
    """Where the data of an output column comes from."""

    VALUE = "value"  # the data of `sources` reaches it
    CONSTANT = "constant"  # a literal, parameter or variable
    GENERATED = "generated"  # a clock, a file path, a row number


@dataclass(frozen=True, slots=True, order=True)
class ColumnLink:
    """A column of the sink and the columns that feed it."""

    output: str
    kind: ColumnKind
    sources: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """
    What one activity does for one sink: one operation in the catalog, not yet located.

    `parents` from the top down (factory, pipeline, activity); `type` is the operation's. The name
    of the operation holds its sink's name, so it is known only when the sink is located.
    """

    factory: FactoryId
    pipeline: str
    activity: str
    type: str
    parents: tuple[Name, ...]
    sink: Edge
    inputs: tuple[Edge, ...] = ()
    columns: tuple[ColumnLink, ...] = ()


@dataclass(frozen=True, slots=True)
class LastRun:
    """The attributes of the latest run: rows and bytes written are None where it does not say."""

    ended: Ticks
    rows: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Translation:
    """What one activity run tells: processes, gaps, and the trace of each name."""

    processes: tuple[Process, ...]
    gaps: tuple[Gap, ...] = ()
    traces: tuple[tuple[Name, tuple[str, ...]], ...] = ()


# ---------------------------------------------------------------- doors


class Runs(Protocol):
    """Where runs come from."""

    def finished(self, since: Ticks, until: Ticks) -> Iterator[PipelineRun]:
        """Finished pipeline runs updated in the window, both ends included; see sources.rest."""
        ...

    def read(self, batch: Batch) -> Reading:
        """The activity runs of a batch, each pipeline run whole or not at all."""
        ...


class Definitions(Protocol):
    """Where definitions come from; `get` answers from what was fetched before."""

    @property
    def factory(self) -> Factory:
        """The factory itself."""
        ...

    def get(self, kind: Kind, name: str) -> Definition | None:
        """The definition, or None if it no longer exists."""
        ...


class Catalog(Protocol):
    """
    An Atlas catalog. Entities are Atlas JSON (`{"typeName", "guid", "attributes", …}`).

    Every method raises `Unavailable` where the catalog cannot answer now and `SettingsError` on
    401 and 403.
    """

    @property
    def address(self) -> str:
        """What tells this catalog from another; part of every fingerprint."""
        ...

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """The active entities of a type (or of its subtypes) with these qualifiedNames."""
        ...

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """
        Create or update all of these, or none: `{guid sent: guid assigned}`.

        Raises `Rejected` where the catalog refuses the request.
        """
        ...

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """Atlas's lineage answer; `direction` is INPUT, OUTPUT or BOTH; depth 0 is no limit."""
        ...

    def delete(self, name: Name) -> None:
        """Soft-delete an entity; one that is not there is no error."""
        ...


class Queue(Protocol):
    """Where batches wait."""

    def send(self, batch: Batch, delay: float = 0.0) -> None:
        """Put a batch on the queue, visible after `delay` seconds."""
        ...


class Rows(Protocol):
    """
    A key-value table in partitions: all that a store has to provide.

    Rows are JSON objects. `write` is all or nothing for up to 100 rows.
    """

    def get(self, table: str, partition: str, keys: Iterable[str]) -> dict[str, Versioned]:
        """The rows with these keys; those that do not exist are left out."""
        ...

    def range(self, table: str, partition: str, low: str, high: str) -> list[tuple[str, Row]]:
        """The rows with low <= key < high, in the order of their keys."""
        ...

    def write(
        self,
        table: str,
        partition: str,
        puts: Mapping[str, Row],
        deletes: Iterable[str] = (),
        expected: Mapping[str, int] | None = None,
    ) -> bool:
        """
        Write and delete rows. `expected` gives versions that must still hold (0: no such row).

        False, and nothing is written, where one does not hold.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Writes of one block may be kept until its end, and then are all made or none."""
        ...


Row = dict[str, Any]
Versioned = tuple[Row, int]
Clock = Callable[[], Ticks]


# ---------------------------------------------------------------- how reporting ended


class Change(StrEnum):
    """What a run did to a process in the catalog."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, eq=False)
class Reported:
    """One process as one run tells it: `key` is its published row's, `name` the operation's."""

    key: str
    process: Process
    name: Name | None
    change: Change


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How reporting one activity run ended."""

    run: ActivityRun
    status: Status
    gaps: tuple[Gap, ...] = ()
    processes: tuple[Reported, ...] = ()
