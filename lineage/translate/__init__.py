"""One activity run -> processes and gaps: one module for each activity type, pure."""

from __future__ import annotations

from collections.abc import Callable

from lineage.errors import Untranslatable
from lineage.model import ActivityRun, Definitions, Gap, Reason, Translation
from lineage.translate import copy

Translator = Callable[[ActivityRun, Definitions], Translation]

TRANSLATORS: dict[str, Translator] = {
    "Copy": copy.translate,
}


def translate(run: ActivityRun, definitions: Definitions) -> Translation:
    """
    What a terminal activity run tells.

    Raises `Untranslatable` where it tells nothing: it did not succeed, or this release has no
    translator for its type, or what it moved cannot be known.
    """
    if run.status != "Succeeded":
        raise Untranslatable(Gap(Reason.RUN_FAILED, detail=f"the activity run is {run.status}"))
    if run.type not in TRANSLATORS:
        raise Untranslatable(Gap(Reason.UNSUPPORTED_ACTIVITY, detail=f"activity type {run.type}"))
    return TRANSLATORS[run.type](run, definitions)


def worth_reading(run: ActivityRun) -> bool:
    """Whether the run's definitions will be looked at: whether to fetch them."""
    return run.status == "Succeeded" and run.type in TRANSLATORS
