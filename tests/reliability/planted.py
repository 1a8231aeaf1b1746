"""Bugs: a line or two changed in a copy of the program, which the tests have to notice."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability.violations import Broken


@dataclass(frozen=True, slots=True)
class Patch:
    """In `file`, below `lineage`, the text `old` gives way to `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """
    What is wrong with the patched program, and how it shows.

    It is caught where one of `shows` is found broken. `kills` are those of one round: bugs that
    need no kill have none; they fall early in the work where `early` is small (a share of it).
    What shows `at_once` after a kill needs no whole sync at the end of a round.
    """

    what: str
    shows: frozenset[Broken]
    patches: tuple[Patch, ...]
    kills: int = 0
    early: float = 1.0
    at_once: bool = False
    settings: dict[str, str] = field(default_factory=dict)


class NoMatch(Exception):
    """A patch does not match exactly once: the program changed, and the harness has to follow."""


def plant(patches: tuple[Patch, ...], root: Path, folder: Path) -> Path:
    """A copy of the program in `folder`, patched. Raises `NoMatch`."""
    shutil.copytree(root / "lineage", folder / "lineage")
    for patch in patches:
        path = folder / "lineage" / patch.file
        text = path.read_text("utf-8")
        if (count := text.count(patch.old)) != 1:
            raise NoMatch(f"{patch.file} has {count} times: {patch.old}")
        path.write_text(text.replace(patch.old, patch.new), "utf-8")
    return folder


DELAY = Patch(  # between read and send; no bug by itself
    "report.py",
    "    changed, known = compare(_coalesce(told), desk)\n",
    "    changed, known = compare(_coalesce(told), desk); __import__('time').sleep(0.1)\n",
)

HASTY = (  # no bug either: a client that gives up soon, for tests of what it does then
    Patch("http/_request.py", "2.0 ** (state.attempt_number - 1)", "0.01"),
    Patch("http/_bodies.py", "    total: float = 120.0\n", "    total: float = 1.5\n"),
)

BUGS = {
    "cursor-before-rows": Bug(
        "the cursor is moved, then the runs are listed and their rows written",
        frozenset({Broken.LOST}),
        (
            Patch(
                "collect.py",
                "        listed = (run.reference for",
                "        ledger.move_cursor(factory, until); listed = (run.reference for",
            ),
        ),
        kills=2,
        early=0.03,
        at_once=True,
    ),
    "listed-before-rows": Bug(
        "a pipeline run counts as listed, then its activity runs get their rows",
        frozenset({Broken.LOST}),
        (
            Patch(
                "store/listing.py",
                "        if not runs.put(factory, new, {}, now):\n",
                "        if not runs.move(factory, _listed(waiting, reading, {each.run.id for each"
                " in reading.listed}, settled_before)) or not runs.put(factory, new, {}, now):\n",
            ),
        ),
        kills=6,
        at_once=True,
    ),
    "status-before-push": Bug(
        "runs are settled as Succeeded, then their lineage is sent",
        frozenset({Broken.UNPROVEN}),
        (
            Patch(
                "report.py",
                "    done: dict[Variant, Done] = {}\n",
                "    done: dict[Variant, Done] = {}; list(desk.ledger.settle(batch, [_outcome(each,"
                " dict.fromkeys(each.processes, Done(None, None, Status.SUCCEEDED)))"
                " for each in told], desk.clock()))\n",
            ),
        ),
        kills=6,
        at_once=True,
    ),
    "memory-before-push": Bug(
        "what is about to be sent is remembered as sent",
        frozenset({Broken.UNPROVEN, Broken.LOST}),
        (
            Patch(
                "publish.py",
                "        large = intend([operations[unit.key] for unit in units], latest, desk)\n",
                "        large = {}; [_remember(operations[u.key], latest, desk, later) for u in"
                " units]\n",
            ),
            Patch(
                "publish.py",
                "    answers = [(operations",
                "    __import__('time').sleep(0.05); answers = [(operations",
            ),
        ),
        kills=6,
        at_once=True,
    ),
    "queued-forgotten": Bug(
        "runs that were queued when a sync was killed are not sent again",
        frozenset({Broken.LOST, Broken.INCOMPLETE}),
        (
            Patch(
                "collect.py",
                "    _send(factory, late, queue, how)\n",
                "",
            ),
        ),
        kills=1,
    ),
    "retry-off": Bug(
        "a call that fails is not repeated",
        frozenset({Broken.INCOMPLETE}),
        (
            Patch(
                "http/_request.py",
                "        return late or state.attempt_number >= limits.attempts\n",
                "        return True\n",
            ),
        ),
    ),
    "one-page-of-runs": Bug(
        "the continuation of a window's pipeline runs is ignored",
        frozenset({Broken.LOST}),
        (
            Patch(
                "sources/client.py",
                'self._page(path, answer, "continuationToken")',
                'self._page(path, answer, "continuationToken" if "Activity" in path else "")',
            ),
        ),
    ),
    "one-page-of-activity-runs": Bug(
        "the continuation of a pipeline run's activity runs is ignored",
        frozenset({Broken.LOST}),
        (
            Patch(
                "sources/client.py",
                'self._page(path, answer, "continuationToken")',
                'self._page(path, answer, "" if "Activity" in path else "continuationToken")',
            ),
        ),
    ),
    "random-name": Bug(
        "an operation's name has a random part",
        frozenset({Broken.PHANTOM}),
        (
            Patch(
                "translate/names.py",
                "#{sink.type}",
                "#{sink.type}#{__import__('os').urandom(4).hex()}",
            ),
        ),
    ),
    "no-lane-lease": Bug(
        "two batches of one pipeline are reported at once",
        frozenset({Broken.SHRUNK}),
        (
            DELAY,
            Patch(
                "app.py",
                "lane = batches.lease(batch)",
                'lane = f"{batches.lease(batch)}|{owner}"',
            ),
        ),
        settings={"LINEAGE_LANES": "2"},
    ),
    "edges-replaced": Bug(
        "what is sent for an operation is what the newest runs tell, not all that is known",
        frozenset({Broken.SHRUNK}),
        (
            Patch(
                "compare.py",
                "whole = unite(row.process, process) if row else process",
                "whole = process",
            ),
            Patch("plan.py", ", *(row.process for row in beside)]", "]"),
        ),
    ),
}

BUG_IN_A_TRANSLATOR = Patch(  # whose error repeats a parameter, and fails the run
    "translate/copy.py",
    "    gaps = _evidence(run,",
    "    int(run.of.parameters['hidden'] if run.name == 'Bill' else 0); gaps = _evidence(run,",
)

# What keeps secrets out of a capture, each part turned off.
CAPTURED_WHOLE = {
    "all-keys-kept": (
        Patch(
            "redact/_tree.py",
            "return value if isinstance(value, (bool, int, float)) else blank(value)",
            "return value",
        ),
    ),
    "all-settings-kept": (
        Patch(
            "redact/_connections.py", "return REMOVED if value.strip() else value", "return value"
        ),
    ),
    "nothing-removed": (Patch("cli/capture.py", "_parsed(redact(live))", "live"),),
    "queries-kept": (
        Patch(
            "redact/_urls.py",
            'return f"{key}={REMOVED}" if secret(key) else REMOVED',
            "return text",
        ),
    ),
    "secret-names-kept": (
        Patch("redact/_tree.py", "if secure or (_keys", "if False and (_keys"),
        Patch("redact/_parameters.py", "name.casefold() in secure or not", "not"),
    ),
    "unasked-parameters-kept": (Patch("redact/_parameters.py", " or not asks(asked, name)", ""),),
    "user-info-kept": (
        Patch("redact/_urls.py", "_PART.sub(REMOVED, user[1])", "user[1]"),
        Patch("redact/_texts.py", "    for form in _FORMS:", "    for form in ():"),
    ),
}

# What keeps secrets in, each part turned off.
UNREDACTED = {
    "body-of-a-refusal-told": (
        Patch(
            "http/_refusals.py",
            """({told})' if told else ''}\"""",
            """({told})' if told else ''} {body!r}\"""",
        ),
    ),
    "exception-told": (
        BUG_IN_A_TRANSLATOR,
        Patch("cli/_logs.py", "kind.__name__])", "repr(ei[1])])"),
    ),
    "parameter-in-a-gap": (
        Patch(
            "resolve/parameters.py",
            'f"not of type {kind}"',
            'f"not of type {kind}: {value}"',
        ),
    ),
    "parameters-in-the-ledger": (
        Patch(
            "store/rows.py",
            '"native": run.native,',
            '"native": run.native, "parameters": dict(run.of.parameters),',
        ),
    ),
    "query-of-a-url-kept": (
        Patch("connectors/_hosts.py", '.lstrip("/").partition("?")[0]', '.lstrip("/")'),
    ),
    "secret-in-a-part-of-a-name": (
        Patch("connectors/_tree.py", "if _text.secret(part.text) or _text", "if _text"),
    ),
    "secret-setting-shown": (
        Patch("settings/__init__.py", '"***" if row.secret and text else text', "text"),
    ),
    "secure-parameter-read": (
        Patch("resolve/parameters.py", 'if kind.startswith("secure"):', "if not kind:"),
    ),
    "text-of-an-expression-in-a-gap": (
        Patch(
            "resolve/expressions.py",
            "return gap(place, str(error))",
            'return gap(place, f"{error}: {value}")',
        ),
    ),
    "user-info-kept": (
        Patch(
            "connectors/_hosts.py",
            '_port(authority.rpartition("@")[2])',
            '_port(authority.replace("@", ".").replace(":", "."))',
        ),
    ),
}
