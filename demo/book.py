"""The runs of one site while it is served: asked for by id and by query, and added to."""

from __future__ import annotations

from collections.abc import Sequence

from demo import queries
from demo.shapes import Row, Run, Site

_KEPT = 8  # results of queries that are under way, page by page


class Book:
    """The runs of a site. A run of a known id takes the place of the old one."""

    def __init__(self, site: Site, page: int) -> None:
        self.site = site
        self._page = page
        self._runs: dict[str, Run] = {}
        self._rows: dict[str, list[Row]] = {}  # by pipeline
        self._found: dict[str, list[Row]] = {}
        self.add(site.runs)

    def add(self, runs: Sequence[Run]) -> None:
        """Show these runs from now on."""
        self._runs.update({run.id.lower(): run for run in runs})
        self._rows.clear()
        for run in self._runs.values():
            self._rows.setdefault(run.pipeline, []).append(run.row)
        self._found.clear()

    def find(self, run: str) -> Run:
        """The pipeline run of this id, in any case. Raises Refusal (404)."""
        found = self._runs.get(run.lower())
        if found is None:
            raise queries.Refusal(404, "PipelineRunNotFound", f"No pipeline run {run!r} was found.")
        return found

    def runs(self, body: bytes) -> tuple[Sequence[Row], str | None, queries.Query]:
        """A page of pipeline runs, and its token."""
        query = queries.parse(body, queries.RUN_OPERANDS)
        found = self._found.get(query.digest)
        if found is None:
            names = queries.pipelines(query)
            rows = self._rows.values() if names is None else map(self._rows.get, names)
            found = queries.select([row for each in rows for row in each or ()], query)
            while len(self._found) >= _KEPT:
                self._found.pop(next(iter(self._found)))
            self._found[query.digest] = found
        return *queries.page(found, query, self._page), query

    def triggers(self, body: bytes) -> tuple[Sequence[Row], str | None, queries.Query]:
        """A page of the runs of triggers, and its token."""
        query = queries.parse(body, queries.TRIGGER_OPERANDS)
        found = queries.select(self.site.triggers, query)
        return *queries.page(found, query, self._page), query

    def activities(
        self, run: str, body: bytes, pipeline: str | None = None
    ) -> tuple[Sequence[Row], str | None, queries.Query]:
        """
        A page of a pipeline run's activity runs, and its token.

        Raises Refusal (404) for an unknown run, or where `pipeline` is given and is not the run's.
        """
        query = queries.parse(body, queries.ACTIVITY_OPERANDS)
        of = self.find(run)
        if pipeline is not None and pipeline.lower() != of.pipeline.lower():
            message = f"Pipeline {pipeline!r} has no run {run!r}."
            raise queries.Refusal(404, "PipelineRunNotFound", message)
        return *queries.page(queries.select(of.activities(), query), query, self._page), query
