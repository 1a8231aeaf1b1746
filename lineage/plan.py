"""Which operations a batch makes: names located, edges of others kept, the built-in's left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from msgspec import Struct, field
from msgspec.structs import replace

from lineage.catalog import atlas
from lineage.catalog.bulk import Unit
from lineage.catalog.locate import locate
from lineage.coalesce import only, unite
from lineage.compare import Done, Work, fingerprint, is_left
from lineage.desk import Desk
from lineage.model import (
    ANYTHING,
    Asset,
    Certainty,
    Change,
    Edge,
    Gap,
    Json,
    LastRun,
    Name,
    Process,
    Reason,
    Status,
    Where,
)
from lineage.store.processes import Published
from lineage.translate.names import operation


class Operation(Struct, frozen=True, eq=False):
    """
    Processes that turned out to have one name, and what is sent for them.

    `foreign` is what somebody else wrote there; `existed` says that the catalog has it already.
    Where it was about to be sent when a crash came, that is settled first: `members` are the rows
    that say so, and the processes of the batch are `waiting`.
    """

    name: Name
    members: dict[str, Work]
    unit: Unit
    assets: frozenset[Asset]
    existed: bool
    foreign: Process | None = None
    gaps: tuple[Gap, ...] = ()
    waiting: Mapping[str, Work] = field(default_factory=dict)


class Located:
    """The names of assets: as chosen before, else as the catalog has them, else to be created."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.names: dict[Asset, Name] = {ANYTHING: ANYTHING.candidates[0]}
        self.absent: set[Name] = set()
        self._chosen: set[Asset] = {ANYTHING}

    def add(self, processes: Iterable[Process]) -> None:
        """Find the names of all assets of these processes, in few look-ups."""
        wanted = {asset for each in processes for asset in assets_of(each)} - self.names.keys()
        if not wanted:
            return
        chosen = self._desk.published.choices(wanted)
        self._chosen.update(chosen)
        self.names |= chosen
        unknown = sorted(wanted - self.names.keys())
        possible = {asset: self._desk.possible(asset) for asset in unknown}
        for asset, name in locate(self._desk.catalog, possible).items():
            self.names[asset] = name or possible[asset][0]
            if name is None:
                self.absent.add(possible[asset][0])

    def choose(self, assets: Iterable[Asset]) -> None:
        """Remember the names of these assets, which are in the catalog now."""
        new = set(assets) - self._chosen
        self._chosen |= new
        self._desk.published.choose({asset: self.names[asset] for asset in new}, self._desk.clock())

    def missing(self, edge: Edge) -> bool:
        """Whether an edge ends at nothing: an asset that is not there and is not to be created."""
        return not self._desk.create and self.names[edge.asset] in self.absent


def assets_of(process: Process) -> list[Asset]:
    """The assets at the ends of a process."""
    return [edge.asset for edge in (process.sink, *process.inputs, *process.outputs)]


def plan(
    work: Mapping[str, Work], latest: Mapping[Name, LastRun], desk: Desk
) -> tuple[dict[Name, Operation], Located, dict[str, tuple[Work, Done]]]:
    """The operations to send, and what is settled without: no sink, too long, left alone."""
    located = Located(desk)
    located.add(each.process for each in work.values())
    settled: dict[str, tuple[Work, Done]] = {}
    by_name: dict[Name, dict[str, Work]] = {}
    for key, told in work.items():
        name = operation(told.process.parents[-1], told.process.type, _sink(told, located))
        each = _fitting(told, name, located, desk)
        if not each.sent:
            settled[key] = each, Done(None, Change.REFUSED, Status.FAILED)
        elif located.missing(told.process.sink):
            gap = Gap(Reason.MISSING_ASSET, Where.OUTPUT, "the sink is not in the catalog")
            settled[key] = each, Done(None, Change.UNCHANGED, Status.NOT_REPORTED, (gap,))
        else:
            by_name.setdefault(name, {})[key] = each
    beside = {name: _beside(name, members, desk) for name, members in by_name.items()}
    existing = _existing([name for name, found in beside.items() if not found], desk)
    operations: dict[Name, Operation] = {}
    for name, members in by_name.items():
        entity, rows = existing.get(name), beside[name]
        if noted := _noted(members, rows):
            made = _operation(name, noted, rows.values(), entity, located, latest)
            operations[name] = replace(made, waiting=members)
        elif done := _left(entity, members, name, desk):
            settled |= {key: (each, done) for key, each in members.items()}
        else:
            operations[name] = _operation(name, members, rows.values(), entity, located, latest)
    return operations, located, settled


def _sink(work: Work, located: Located) -> Name:
    return located.names[work.process.sink.asset]


def _fitting(work: Work, name: Name, located: Located, desk: Desk) -> Work:
    """A process without the variants whose names are too long: those are refused."""
    if _fit([name, *_names(work.process, located)]):
        return work
    refused = {
        variant: Gap(Reason.TOO_LONG, detail=f"a qualified name of {_longest(names)} bytes")
        for variant, told in work.told.items()
        if not _fit(names := [name, *_names(told, located)])
    }
    fitting = [told for variant, told in work.told.items() if variant not in refused]
    if not fitting:
        return replace(work, refused=refused)
    known = [work.row.process] if work.row else []
    edges = tuple(edge for each in fitting for edge in (each.sink, *each.inputs))
    whole = reduce(unite, [*known, *fitting])
    return replace(
        work, process=whole, refused=refused, edges=edges, fingerprint=fingerprint(whole, desk)
    )


def _names(process: Process, located: Located) -> list[Name]:
    return [located.names[asset] for asset in assets_of(process)]


def _fit(names: Iterable[Name]) -> bool:
    return all(atlas.fits(name.qualified) for name in names)


def _longest(names: Iterable[Name]) -> int:
    return max(len(name.qualified.encode("utf-8", "surrogatepass")) for name in names)


def _noted(members: Mapping[str, Work], beside: Mapping[str, Published]) -> dict[str, Work]:
    """What was about to be sent of an operation when a crash came: the catalog may have it."""
    rows = {**beside, **{key: each.row for key, each in members.items() if each.row}}
    last = max((each.last for each in members.values()), key=lambda run: run.ended)
    return {
        key: Work(unite(row.process, row.intended), last, row=row)
        for key, row in rows.items()
        if row.intended
    }


def _beside(name: Name, members: Mapping[str, Work], desk: Desk) -> dict[str, Published]:
    """What we published of an operation before, under whatever candidates its sink had."""
    found = desk.published.named(next(iter(members.values())).process, name)
    own = {key: each.row for key, each in members.items() if each.row}
    return {
        key: row
        for key, row in {**found, **own}.items()
        if row.head.name == name and not is_left(row.head)
    }


def _existing(names: Iterable[Name], desk: Desk) -> dict[Name, Json]:
    """Operations that are new to us, as somebody else left them in the catalog."""
    by_type: dict[str, list[str]] = {}
    for name in names:
        by_type.setdefault(name.type, []).append(name.qualified)
    return {
        Name(kind, entity["attributes"]["qualifiedName"]): entity
        for kind, qualified in by_type.items()
        for entity in desk.catalog.get(kind, qualified)
    }


def _left(entity: Json | None, members: Mapping[str, Work], name: Name, desk: Desk) -> Done | None:
    """The end of a process whose every run the built-in claims, if the catalog shows its edges."""
    if entity is None or desk.native != "verify":
        return None
    claimed = all(each.claimed for each in members.values())
    if not claimed or not atlas.ends(entity, "inputs") or not atlas.ends(entity, "outputs"):
        return None
    gap = Gap(Reason.REPORTED_BY_SERVICE, detail="the catalog shows its operation")
    return Done(name, Change.UNCHANGED, Status.NOT_REPORTED, (gap,))


def _operation(
    name: Name,
    members: dict[str, Work],
    beside: Iterable[Published],
    entity: Json | None,
    located: Located,
    latest: Mapping[Name, LastRun],
) -> Operation:
    """Everything known of an operation: our own edges, those of its rows, those found there."""
    processes = [*(each.process for each in members.values()), *(row.process for row in beside)]
    located.add(processes)
    process = processes[0]
    for each in processes[1:]:
        process = unite(process, each)
    foreign = _foreign(entity, process, located) if entity is not None else None
    if foreign is not None:
        process = unite(process, foreign)
    kept = tuple(edge for edge in process.inputs if not located.missing(edge))
    gaps: tuple[Gap, ...] = ()
    if kept != process.inputs:
        detail = f"{len(process.inputs) - len(kept)} inputs are not in the catalog"
        gaps = (Gap(Reason.MISSING_ASSET, Where.INPUT, detail),)
        process = only(process, kept)
    there = tuple(edge for edge in process.outputs if not located.missing(edge))
    process = replace(process, outputs=there)  # what others wrote, and is gone, is not ours to tell
    last = latest.get(process.parents[-1])
    unit, problems = atlas.unit(name, process, located.names, located.absent, last)
    existed = entity is not None or bool(beside)
    assets = frozenset(assets_of(process))
    return Operation(name, members, unit, assets, existed, foreign, gaps + problems)


def _foreign(entity: Json, process: Process, located: Located) -> Process:
    """What somebody else wrote of an operation, without the edges that are ours too."""
    own = {located.names[edge.asset] for edge in process.inputs}
    assets = [Asset((name,)) for name in atlas.ends(entity, "inputs")]
    sink = located.names[process.sink.asset]
    others = [Asset((name,)) for name in atlas.ends(entity, "outputs") if name != sink]
    located.names |= {asset: asset.candidates[0] for asset in (*assets, *others)}
    ours = {asset for asset in assets if asset.candidates[0] in own}
    edges = tuple(Edge(asset, "", Certainty.INFERRED) for asset in assets if asset not in ours)
    links = tuple(
        link
        for link in atlas.foreign_links(entity, assets, [other.candidates[0] for other in others])
        if not {column.asset for column in link.sources} <= ours
    )
    outputs = tuple(sorted(Edge(asset, "", Certainty.INFERRED) for asset in others))
    return replace(process, inputs=edges, columns=links, outputs=outputs)
