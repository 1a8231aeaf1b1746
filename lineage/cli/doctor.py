"""`doctor`: reaches everything, and says what to do where it cannot."""

from __future__ import annotations

from collections.abc import Iterable

import click

from lineage.cli import _output
from lineage.cli._call import COMPLETE, INCOMPLETE, WRONG, Call, common
from lineage.diagnosis import Diagnosis
from lineage.doctor import Check, Health, examine, unset
from lineage.errors import SettingsError

STYLES = {Health.OK: "green", Health.WARNING: "yellow", Health.FAILED: "bold red"}


@click.command()
@common
@click.pass_obj
def command(call: Call) -> int:
    """Reach every source, the catalog, the store and the identity; a remedy for what fails."""
    checks = []
    for check in _checks(call):
        checks.append(check)
        if not call.json:
            _show(check)
    failed = [check for check in checks if check.health is Health.FAILED]
    if call.json:
        _output.line({"v": 1, "ok": not failed, "checks": [check.json() for check in checks]})
    else:
        _output.show(_output.text(f"{len(failed)} of {len(checks)} checks failed"))
    if any(check.diagnosis is Diagnosis.SETTING for check in failed):
        return WRONG
    return INCOMPLETE if failed else COMPLETE


def _checks(call: Call) -> Iterable[Check]:
    try:
        return examine(call.settings())
    except SettingsError as error:
        return unset(error.problems)


def _show(check: Check) -> None:
    line = _output.text(f"{check.health.value:8}", STYLES[check.health])
    line.append_text(_output.text(f" {check.kind:9} ", "dim"))
    name = check.name.rpartition("/")[2] if check.kind == "source" else check.name
    line.append_text(_output.text(f"{name}: {check.said}"))
    remedy = [_output.text(f"         → {check.remedy}")] if check.remedy else []
    _output.show(line, *remedy)
