"""What was settled is reported anew: it is opened again, and keeps how it had ended before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lineage.model import FactoryId, Reason, Reference, Row, Status, Versioned
from lineage.store import rows as keys
from lineage.store.rows import is_open, ours
from lineage.store.runrows import RunRows, Written
from lineage.ticks import Ticks

PART = 19  # ledger rows of one write: each with an index row, and up to three run rows


def replay(runs: RunRows, factory: FactoryId, rows: Iterable[Row], now: Ticks) -> int:
    """
    Open settled activity runs again, and their pipeline runs with them; returns how many.

    A row that is open, gone, or of a newer release is left alone.
    """
    wanted = {
        keys.row_key(row): Reference(row["pipelineRunId"], row["pipeline"], Ticks(row["updated"]))
        for row in rows
    }
    return _reopen(runs, factory, wanted, now, _is_settled)


def recall(runs: RunRows, factory: FactoryId, now: Ticks) -> int:
    """
    Take up again the pipeline runs that were given up, with what is Failed of them as Poisoned.

    Returns how many pipeline runs. Of one with very many activity runs a kill may leave some as
    they were: `replay` opens them too.
    """
    count, written = 0, Written()
    moves: dict[str, tuple[str, Versioned]] = {}
    for key, (row, version) in list(runs.scan(factory, "x|")):
        run = keys.reference(key, row)
        wanted = dict.fromkeys(runs.activities(factory, [run.id]), run) if ours(row) else {}
        if _reopen(runs, factory, wanted, now, _is_poisoned):
            count += 1
        elif ours(row):
            moves[key] = keys.run_key("o", run), (keys.run_row(run, Ticks(0)), version)
    runs.move(factory, moves, written)
    return count + written.moved


def _is_settled(row: Row) -> bool:
    return ours(row) and not is_open(row)


def _is_poisoned(row: Row) -> bool:
    codes = {each[0] for each in row["reasons"]}
    return _is_settled(row) and row["status"] == Status.FAILED and Reason.POISONED in codes


def _reopen(
    runs: RunRows,
    factory: FactoryId,
    wanted: Mapping[str, Reference],
    now: Ticks,
    which: Callable[[Row], bool],
) -> int:
    """
    Open ledger rows again, each in one write with the run row that makes somebody come back to it.

    So no open row is ever below a pipeline run that counts as done, whatever comes between.
    """
    count = 0
    for some in keys.parts(list(wanted), PART):
        while True:
            found = runs.get(factory, some)
            before = {key: each for key, each in found.items() if which(each[0])}
            puts = {key: keys.replayed(row, now) for key, (row, _) in before.items()}
            opened, versions, left = _opened(runs, factory, [wanted[key] for key in puts])
            puts = {key: row for key, row in puts.items() if wanted[key] not in left}
            if not puts:
                break
            changed, index = keys.counted(puts, {key: before[key] for key in puts}, now)
            expected = versions | {key: before[key][1] for key in puts}
            deletes = [*index, *versions]  # but for those that are put
            if runs.write(factory, changed | opened, deletes, expected):
                count += len(puts)
                break
    return count


def _opened(
    runs: RunRows, factory: FactoryId, wanted: Iterable[Reference]
) -> tuple[dict[str, Row], dict[str, int], set[Reference]]:
    """
    The rows of pipeline runs that are open from now on, the versions of all their rows, by key.

    A queued run stays queued, and is written as it is, so that nobody moves it meanwhile. Last are
    those that are left alone: a newer release counts them as done.
    """
    asked = list(dict.fromkeys(wanted))
    puts: dict[str, Row] = {}
    versions: dict[str, int] = {}
    left: set[Reference] = set()
    found = {state: runs.in_state(factory, state, asked) for state in "qopx"}
    for run in asked:
        rows = {state: each[run] for state, each in found.items() if run in each}
        waiting = "q" if "q" in rows else "o"
        if not all(ours(row) for row, _ in rows.values()):
            left |= {run} if waiting not in rows else set()
            continue
        key = keys.run_key(waiting, run)
        puts[key] = rows["q"][0] if "q" in rows else keys.run_row(run, Ticks(0))
        versions |= {key: 0} | {keys.run_key(s, run): version for s, (_, version) in rows.items()}
    return puts, versions, left
