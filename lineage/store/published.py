"""
What was put into the catalog: processes with their edges, and the name each asset goes by.

A process has a small row (`h|`: how it ended), a large one (`r|`: its edges) and two index rows: by
the operation's name (`i|`) and by the end of the activity that its sink stands for (`e|`). An
activity has a row (`l|`) with its last run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager

from lineage.model import (
    Asset,
    Certainty,
    FactoryId,
    LastRun,
    Name,
    Process,
    Row,
    Rows,
    Versioned,
)
from lineage.store import processes as keys
from lineage.store.processes import Head, Published
from lineage.store.rows import VERSION, remembered
from lineage.ticks import Ticks

_TABLE = "published"
_ASSETS = "assets"
_END = "~"


class PublishedRows:
    """The published and the asset rows of one catalog, in the rows of a store."""

    def __init__(self, rows: Rows, catalog: str) -> None:
        self._rows = rows
        self._catalog = catalog

    def key(self, process: Process) -> str:
        """The key of a process's row."""
        return keys.process_key(self._catalog, process)

    def heads(self, processes: Iterable[Process]) -> dict[str, Head]:
        """How these processes ended, by the keys of their rows; unknown ones are left out."""
        found = self._each((each, f"h|{self.key(each)}") for each in processes)
        return {key[2:]: keys.head(row) for key, (row, _) in found.items()}

    def whole(self, processes: Iterable[Process]) -> dict[str, Published]:
        """The rows of these processes by their keys; those that do not exist are left out."""
        wanted = {self.key(each): each for each in processes}
        found = self._each((each, f"{t}|{key}") for key, each in wanted.items() for t in "hr")
        return _published(wanted, found)

    def versions(self, processes: Iterable[Process]) -> dict[str, int]:
        """The versions that the rows of these processes have now, by their keys."""
        found = self._each((each, f"r|{self.key(each)}") for each in processes)
        return {key[2:]: version for key, (_, version) in found.items()}

    def last_runs(self, processes: Iterable[Process]) -> dict[Name, LastRun]:
        """The latest run whose attributes each activity has in the catalog."""
        wanted = {self._activity(each): each for each in processes}
        found = self._each((each, key) for key, each in wanted.items())
        return {wanted[key].parents[-1]: keys.last_run(row) for key, (row, _) in found.items()}

    def get(self, factory: FactoryId, pipeline: str, wanted: Iterable[str]) -> dict[str, Published]:
        """The rows of a pipeline with these keys; those that do not exist are left out."""
        partition = keys.published_partition(factory, pipeline)
        asked = list(wanted)
        found = self._rows.get(_TABLE, partition, [f"{t}|{key}" for t in "hr" for key in asked])
        return _published(asked, found)

    def named(self, process: Process, name: Name) -> dict[str, Published]:
        """Every row of the pipeline whose operation has this name."""
        return self.of_operation(process.factory, process.pipeline, name)

    def of_operation(self, factory: FactoryId, pipeline: str, name: Name) -> dict[str, Published]:
        """As `named`, for one who knows no process yet."""
        prefix = f"i|{remembered(self._catalog, name.type, name.qualified)}|"
        return self._indexed(factory, pipeline, prefix)

    def same_end(self, process: Process, *, exact: bool) -> dict[str, Published]:
        """
        Rows of the activity whose sink stands for the same end, with exact edges or fall-backs.

        Its own row is not among them.
        """
        prefix = f"{self._end(process)}|{'x' if exact else 'f'}|"
        found = self._indexed(process.factory, process.pipeline, prefix)
        found.pop(self.key(process), None)
        return found

    def put(self, value: Published, old: Published | None, last: LastRun | None = None) -> bool:
        """
        Write the rows of a process if they are still as `old` was read (None: there were none).

        False where they are not, and where a newer release wrote them: those are left alone. `last`
        is the run whose attributes the activity has now, or None to leave that as it is.
        """
        process = value.process
        key = self.key(process)
        index = self._index(value, key)
        puts: dict[str, Row] = {
            f"h|{key}": keys.head_row(value.head),
            f"r|{key}": keys.published_row(value),
            **{each: {"v": VERSION} for each in index},
        }
        if last:
            puts[self._activity(process)] = keys.last_run_row(last)
        deletes = [each for each in self._index(old, key) if each not in index] if old else []
        partition = keys.published_partition(process.factory, process.pipeline)
        expected = {f"r|{key}": old.version if old else 0}
        return self._rows.write(_TABLE, partition, puts, deletes, expected)

    def together(self) -> AbstractContextManager[None]:
        """Writes of one block are all made or none: many small ones at the price of one."""
        return self._rows.together()

    # ------------------------------------------------------------ assets

    def choices(self, assets: Iterable[Asset]) -> dict[Asset, Name]:
        """The names chosen for assets before."""
        return {asset: Name(*row["name"]) for asset, row in self._chosen(assets).items()}

    def choose(self, chosen: Mapping[Asset, Name], now: Ticks) -> None:
        """Note the names that assets go by, where they are new."""
        known = self._chosen(chosen)
        parts: dict[str, dict[str, Row]] = {}
        for asset, name in chosen.items():
            old = known.get(asset)
            row: Row = {"v": VERSION, "name": [name.type, name.qualified], "chosen": now}
            if old is None or (old["v"] == VERSION and old["name"] != row["name"]):
                partition, key = keys.asset_key(self._catalog, asset)
                parts.setdefault(partition, {})[key] = row
        for partition, puts in parts.items():
            self._rows.write(_ASSETS, partition, puts)

    def forget(self, assets: Iterable[Asset]) -> None:
        """Choose anew next time: a name turned out to be gone."""
        for asset in assets:
            partition, key = keys.asset_key(self._catalog, asset)
            self._rows.write(_ASSETS, partition, {}, [key])

    def known(self) -> Iterator[Name]:
        """Every name that was chosen for an asset, in any catalog: to tell similar ones."""
        for partition in "0123456789abcdef":
            for _, row in self._rows.range(_ASSETS, partition, "", _END):
                yield Name(*row["name"])

    # ------------------------------------------------------------ private

    def _each(self, wanted: Iterable[tuple[Process, str]]) -> dict[str, Versioned]:
        """Rows of several pipelines by keys that tell these apart; one query for each pipeline."""
        by_pipeline: dict[str, list[str]] = {}
        for process, key in wanted:
            partition = keys.published_partition(process.factory, process.pipeline)
            by_pipeline.setdefault(partition, []).append(key)
        found: dict[str, Versioned] = {}
        for partition, each in by_pipeline.items():
            found |= self._rows.get(_TABLE, partition, each)
        return found

    def _chosen(self, assets: Iterable[Asset]) -> dict[Asset, Row]:
        wanted: dict[str, dict[str, Asset]] = {}
        for asset in assets:
            partition, key = keys.asset_key(self._catalog, asset)
            wanted.setdefault(partition, {})[key] = asset
        return {
            by_key[key]: row
            for partition, by_key in wanted.items()
            for key, (row, _) in self._rows.get(_ASSETS, partition, by_key).items()
        }

    def _indexed(self, factory: FactoryId, pipeline: str, prefix: str) -> dict[str, Published]:
        partition = keys.published_partition(factory, pipeline)
        found = self._rows.range(_TABLE, partition, prefix, prefix + _END)
        wanted = [key.rsplit("|", 1)[1] for key, _ in found]
        return self.get(factory, pipeline, wanted) if wanted else {}

    def _index(self, value: Published, key: str) -> list[str]:
        made = []
        name, superseded = value.head.name, value.head.superseded
        if name and not superseded:
            made.append(f"i|{remembered(self._catalog, name.type, name.qualified)}|{key}")
        certainty = value.process.sink.certainty
        if certainty is Certainty.EXACT:
            made.append(f"{self._end(value.process)}|x|{key}")
        if certainty is Certainty.FALLBACK and not superseded:
            made.append(f"{self._end(value.process)}|f|{key}")
        return made

    def _end(self, process: Process) -> str:
        return f"e|{remembered(self._catalog, process.activity, process.sink.end)}"

    def _activity(self, process: Process) -> str:
        """By the name it has in the catalog, where two spellings are two activities."""
        name = process.parents[-1]
        return f"l|{remembered(self._catalog, name.type, name.qualified)}"


def _published(wanted: Iterable[str], found: Mapping[str, Versioned]) -> dict[str, Published]:
    return {
        key: keys.published(found[f"h|{key}"][0], *found[f"r|{key}"])
        for key in wanted
        if f"r|{key}" in found
    }
