"""What kills do not show: late runs, throttling, poison, a queue that is down, what is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from lineage import ticks
from tests.azurite.server import free_port
from tests.azurite.storage import connection_to_all
from tests.functions.trial import ask
from tests.reliability.chain_planted import HURRY
from tests.reliability.chain_site import Hosts, app, until
from tests.reliability.check_ledger import ledger_of, watermarks
from tests.reliability.checker import Checker
from tests.reliability.evidence import Evidence
from tests.reliability.harness import ROOT, Site, serving
from tests.reliability.planted import Patch
from tests.reliability.violations import Broken, Violation

TINY = {"pipelines": 3, "runs_per_pipeline": 4, "activities": 3, "columns": 1}
SETTINGS = {"LINEAGE_BATCH": "4", "LINEAGE_LOOKBACK": "50h", "LINEAGE_RUN_ATTRIBUTES": "off"}
PATIENCE = 60.0  # seconds until what must happen has
HELD = 3  # runs that appear late
LATE = 12.0  # seconds after the services came up
RETRY_AFTER = 2  # seconds that a throttled caller is to wait

# A pipeline run, the fourth of the second pipeline, that ends whoever translates or reads it.
CULPRIT = "a0000001-0003-4000-8000-000000000000"
CRASHING = {
    "translated": Patch(
        "report.py",
        "        ended = _tell(run, definitions, translate, desk)\n",
        f"        ended = __import__('os')._exit(9) if run.of.id == '{CULPRIT}' else"
        " _tell(run, definitions, translate, desk)\n",
    ),
    "read": Patch(
        "sources/rest.py",
        "is_over: Callable[[], bool] = lambda: False) -> Reading:\n",
        "is_over: Callable[[], bool] = lambda: False) -> Reading:\n"
        f"        any(run.id == '{CULPRIT}' for run in batch.runs) and __import__('os')._exit(9)\n",
    ),
}

IMPATIENT = Patch("storage/_patience.py", "ATTEMPTS = 6", "ATTEMPTS = 2")  # no bug: it saves time


@dataclass(slots=True)
class Stage:
    """A folder and Azurite's addresses; each scenario takes an account of its own."""

    folder: Path
    azurite: dict[str, str]
    accounts: Iterator[int] = field(default_factory=lambda: count(300))

    def tree(self, *patches: Patch) -> Path:
        """The app in a hurry, and patched."""
        return app((*HURRY, *patches), ROOT, self.folder / f"tree-{next(self.accounts)}")

    @contextmanager
    def site(self, tree: Path, *options: str, **settings: str) -> Iterator[Site]:
        """A site over services of its own."""
        number = next(self.accounts)
        epoch = datetime.now(UTC).replace(microsecond=0)
        with serving(self.folder / f"source-{number}", epoch, TINY, *options) as source:
            tables = connection_to_all(self.azurite, number)
            place = self.folder / f"site-{number}"
            yield Site(place, source, {**SETTINGS, **settings}, tree, tables)


def late(stage: Stage, tree: Path) -> list[Violation]:
    """Runs appear when the cursor is past them: the overlap finds them."""
    held = ("--hold", str(HELD), "--release-after", str(LATE))
    with stage.site(tree, *held, LINEAGE_OVERLAP="1d") as site, Hosts(site) as hosts:
        checker = Checker(site.source.truth, 86_400.0)
        hosts.start(0)
        until(lambda: hosts.rows("p") >= len(site.source.truth.runs) - HELD, PATIENCE, 0.2)
        until(lambda: hosts.settled, LATE + 10.0, 0.3)
        hosts.kill(0)
        return checker.finish(site.evidence())


def throttled(stage: Stage, tree: Path) -> list[Violation]:
    """A source that asks for patience is not asked again before that is over."""
    faults = f"every=3,kinds=429,retry-after={RETRY_AFTER}"
    with stage.site(tree, "--faults", faults) as site, Hosts(site) as hosts:
        hosts.start(0)
        until(lambda: hosts.settled or _hasty(site.source.history), PATIENCE, 0.3)
        hosts.kill(0)
        return _hasty(site.source.history)


def _hasty(history: Path) -> list[Violation]:
    """Calls that came again too early; only those that one worker at a time makes are looked at."""
    refused: dict[tuple[str, str], float] = {}
    found = []
    for line in map(json.loads, history.read_bytes().splitlines()):
        asked = line["path"], line["digest"]
        if "queryactivityruns" not in line["path"].lower():
            continue
        early = refused.pop(asked, 0.0) + RETRY_AFTER - line["t"]
        if early > 0:
            found.append(Violation(Broken.IMPOLITE, f"{line['path']}, {early:.2f} s too early"))
        if line["status"] == 429:
            refused[asked] = line["t"]
    return found


def shut(stage: Stage, tree: Path) -> list[Violation]:
    """A pipeline calls while the queue is down: it is told so, for nothing keeps its word."""
    with stage.site(tree) as site:
        address = stage.azurite["queue"]
        site.tables = site.tables.replace(address, f"http://127.0.0.1:{free_port()}")
        with Hosts(site) as hosts:
            hosts.start(0, now=False, create=False)
            listening, key = hosts.up(0).told()
            factory = site.source.addresses.sites[0]
            called = {"factory": factory, "pipeline": "P", "pipelineRunId": CULPRIT}
            body, headers = json.dumps(called).encode(), {"x-functions-key": key}
            answer = ask(listening, "POST", "/api/runs", headers, body)
        if (answer.status, answer.headers.get("retry-after", "")) == (503, "60"):
            return []
        return [Violation(Broken.LOST, f"{answer.status} was said, and nothing is on the queue")]


def told(stage: Stage, tree: Path) -> list[Violation]:
    """While runs are queued no watermark is told above them."""
    with stage.site(tree) as site, Hosts(site, {"AzureWebJobs.report.Disabled": "true"}) as hosts:
        hosts.start(0)
        listening, key = hosts.up(0).told()
        runs = len(site.source.truth.runs)
        until(lambda: hosts.rows("q") >= runs and hosts.events("tick"), PATIENCE, 0.2)
        status = ask(listening, "GET", "/api/status", {"x-functions-key": key})
        hosts.kill(0)
        right = watermarks(ledger_of(site.evidence()), 900.0)
        said = json.loads(status.body)["factories"]
    marks = {factory.lower(): ticks.parse(each["watermark"]) for factory, each in said.items()}
    return [
        Violation(Broken.LOST, f"the watermark told is {mark}, not {right[factory]}")
        for factory, mark in marks.items()
        if (mark or 0) > right[factory]
    ]


def poisoned(stage: Stage, tree: Path) -> list[Violation]:
    """One run ends its worker: in the end its activity runs are Failed(Poisoned), and no other."""
    with stage.site(tree) as site:
        over = worked_off(site)
        broken = answering(site.evidence())
    return broken if over else [Violation(Broken.INCOMPLETE, "something waits"), *broken]


def answering(evidence: Evidence, *, listed: bool = True) -> list[Violation]:
    """
    Whether the culprit alone is given up, and all else is reported.

    Its activity runs are Failed(Poisoned) where they could be `listed`, else it is marked itself.
    """
    broken, marked = [], []
    for row in evidence.table("runs"):
        if row.kind == "x":
            marked.append(row.body["id"].lower())
        if row.kind != "a":
            continue
        reasons = [each[0] for each in row.body["reasons"]]
        is_poisoned = row.body["status"] == "Failed" and reasons == ["Poisoned"]
        if is_poisoned != (row.body["pipelineRunId"].lower() == CULPRIT):
            what = f"activity run {row.body['activityRunId']} is {row.body['status']}, {reasons}"
            broken.append(Violation(Broken.WRONG, what))
    if marked != ([] if listed else [CULPRIT]):
        broken.append(Violation(Broken.WRONG, f"given up are {marked}"))
    return broken


def worked_off(site: Site) -> bool:
    """Hosts that die of one run and are started again; whether nothing is left to do in the end."""
    figures = "AzureFunctionsJobHost__extensions__queues__"
    alone = {f"{figures}batchSize": "1", f"{figures}newBatchThreshold": "0"}  # as in host.json
    with Hosts(site, {**alone, f"{figures}maxDequeueCount": "3"}, hidden=1) as hosts:
        hosts.start(0)

        def over() -> bool:
            hosts.revive(0)
            return hosts.settled

        return until(over, PATIENCE, 0.2)


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug that a scenario has to notice, and the patches under which the scenario is sound."""

    what: str
    scenario: Callable[[Stage, Path], list[Violation]]
    patch: Patch
    besides: tuple[Patch, ...] = ()


# Numbers are those of spec/reliability.md, section 9.
PLANTED = {
    "no-overlap": Planted(  # 4
        "a window begins where the last one ended",
        late,
        Patch("collect.py", "ticks.shift(scanned, -how.overlap)", "scanned"),
    ),
    "retry-after-ignored": Planted(  # 7
        "a call that was refused is made again at once, whatever was asked for",
        throttled,
        Patch("http/_request.py", "jitter(asked or ", "jitter(0.1 or asked or "),
    ),
    "poison-dropped": Planted(  # 8
        "a poisoned message is thrown away",
        poisoned,
        Patch(
            "poison.py",
            "            if self._recorded(batch, deliveries):",
            "            if True:",
        ),
        (CRASHING["translated"],),
    ),
    "answer-before-enqueue": Planted(  # 12
        "a pipeline's call is taken, whatever the queue says",
        shut,
        Patch(
            "service.py",
            '            raise Refusal(\n                503, "Unavailable", "The queue'
            ' takes nothing now: the timer finds the run.", 60\n            ) from None\n',
            "",
        ),
        (IMPATIENT,),
    ),
    "watermark-above-queued": Planted(  # 16
        "the watermark is told from the cursor alone",
        told,
        Patch(
            "store/asking.py",
            "min([ticks.shift(scanned, -overlap), *queued])",
            "ticks.shift(scanned, -overlap)",
        ),
    ),
}
