"""
What was put into the catalog: processes with their edges, and the name each asset goes by.

A process has a row (`r|`) and two index rows: by the operation's name (`i|`) and by the end of the
activity that its sink stands for (`e|`). An activity has a row (`l|`) with its last run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lineage.model import Asset, Certainty, FactoryId, LastRun, Name, Process, Row, Rows
from lineage.store import rows as keys
from lineage.store.rows import Published
from lineage.ticks import Ticks

_END = "~"


class PublishedRows:
    """The published and the asset rows of one catalog, in the rows of a store."""

    def __init__(self, rows: Rows, catalog: str) -> None:
        self._rows = rows
        self._catalog = catalog

    def key(self, process: Process) -> str:
        """The key of a process's row."""
        return keys.process_key(self._catalog, process)

    def get(self, factory: FactoryId, pipeline: str, wanted: Iterable[str]) -> dict[str, Published]:
        """The rows of a pipeline with these keys; those that do not exist are left out."""
        partition = keys.published_partition(factory, pipeline)
        found = self._rows.get("published", partition, [f"r|{key}" for key in wanted])
        return {key[2:]: keys.published(row, version) for key, (row, version) in found.items()}

    def named(self, process: Process, name: Name) -> dict[str, Published]:
        """Every row of the pipeline whose operation has this name."""
        prefix = f"i|{keys.digest(self._catalog, name.type, name.qualified)}|"
        return self._indexed(process, prefix)

    def same_end(self, process: Process, *, exact: bool) -> dict[str, Published]:
        """
        Rows of the activity whose sink stands for the same end, with exact edges or fall-backs.

        Its own row is not among them.
        """
        found = self._indexed(process, f"{self._end(process)}|{'x' if exact else 'f'}|")
        found.pop(self.key(process), None)
        return found

    def put(self, value: Published) -> bool:
        """Write a row if it still has the version it was read with; False where it has not."""
        process = value.process
        key = self.key(process)
        old = self.get(process.factory, process.pipeline, [key]).get(key)
        puts: dict[str, Row] = {f"r|{key}": keys.published_row(value)}
        index = self._index(value, key)
        puts.update({each: {"v": keys.VERSION} for each in index})
        deletes = [each for each in self._index(old, key) if each not in index] if old else []
        partition = keys.published_partition(process.factory, process.pipeline)
        return self._rows.write(
            "published", partition, puts, deletes, expected={f"r|{key}": value.version}
        )

    def last_run(self, process: Process) -> LastRun | None:
        """The latest run whose attributes the activity has in the catalog."""
        partition = keys.published_partition(process.factory, process.pipeline)
        key = self._activity(process)
        row, _ = self._rows.get("published", partition, [key]).get(key, (None, 0))
        return keys.last_run(row) if row else None

    def put_last_run(self, process: Process, last: LastRun) -> None:
        """Note the run whose attributes were sent."""
        partition = keys.published_partition(process.factory, process.pipeline)
        row = {"v": keys.VERSION, "ended": last.ended, "rows": last.rows, "size": last.size}
        self._rows.write("published", partition, {self._activity(process): row})

    # ------------------------------------------------------------ assets

    def choices(self, assets: Iterable[Asset]) -> dict[Asset, Name]:
        """The names chosen for assets before."""
        wanted: dict[str, dict[str, Asset]] = {}
        for asset in assets:
            partition, key = keys.asset_key(self._catalog, asset)
            wanted.setdefault(partition, {})[key] = asset
        return {
            by_key[key]: Name(*row["name"])
            for partition, by_key in wanted.items()
            for key, (row, _) in self._rows.get("assets", partition, by_key).items()
        }

    def choose(self, chosen: Mapping[Asset, Name], now: Ticks) -> None:
        """Note the names that assets go by."""
        for asset, name in chosen.items():
            partition, key = keys.asset_key(self._catalog, asset)
            row: Row = {"v": keys.VERSION, "name": [name.type, name.qualified], "chosen": now}
            self._rows.write("assets", partition, {key: row})

    def forget(self, assets: Iterable[Asset]) -> None:
        """Choose anew next time: a name turned out to be gone."""
        for asset in assets:
            partition, key = keys.asset_key(self._catalog, asset)
            self._rows.write("assets", partition, {}, [key])

    # ------------------------------------------------------------ private

    def _indexed(self, process: Process, prefix: str) -> dict[str, Published]:
        partition = keys.published_partition(process.factory, process.pipeline)
        found = self._rows.range("published", partition, prefix, prefix + _END)
        wanted = [key.rsplit("|", 1)[1] for key, _ in found]
        return self.get(process.factory, process.pipeline, wanted) if wanted else {}

    def _index(self, value: Published, key: str) -> list[str]:
        made = []
        if value.name and not value.superseded:
            made.append(
                f"i|{keys.digest(self._catalog, value.name.type, value.name.qualified)}|{key}"
            )
        certainty = value.process.sink.certainty
        if certainty is Certainty.EXACT:
            made.append(f"{self._end(value.process)}|x|{key}")
        if certainty is Certainty.FALLBACK and not value.superseded:
            made.append(f"{self._end(value.process)}|f|{key}")
        return made

    def _end(self, process: Process) -> str:
        return f"e|{keys.digest(self._catalog, process.activity, process.sink.end)}"

    def _activity(self, process: Process) -> str:
        return f"l|{keys.digest(self._catalog, process.activity)}"
