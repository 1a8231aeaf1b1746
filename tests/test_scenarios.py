"""
Each folder of `scenarios` is a run as the service told it, with the factory as Git keeps it.

`atlas.json` is the body that is sent to an empty catalog; `reason.txt` says how runs ended of
which something, or all, is left out. `pytest --update` rewrites both: the diff is the review.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from lineage.jsontext import Packed, dumps
from lineage.model import Json, Listed, Outcome, Reading
from lineage.sources import folder, scenario
from lineage.sources.payloads import together
from lineage.translate import TRANSLATORS, translate
from tests.world import World

SCENARIOS = sorted(path for path in Path(__file__).with_name("scenarios").iterdir())


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def as_text(listed: Listed) -> Listed:
    """With inputs and outputs as they come from the service, not read yet."""

    def packed(value: Json | None) -> Json | None:
        return None if value is None else Packed(dumps(value).encode())

    runs = together(
        replace(run, input=packed(run.input), output=packed(run.output))
        for run in listed.activities[0].beside
    )
    return replace(listed, activities=runs[: len(listed.activities)])


@pytest.mark.parametrize("told", [lambda listed: listed, as_text], ids=["read", "as text"])
@pytest.mark.parametrize("path", SCENARIOS, ids=[path.name for path in SCENARIOS])
def test_a_scenario_ends_as_it_should(
    path: Path, told: Callable[[Listed], Listed], world: World, update: bool
) -> None:
    definitions = folder.read(path)
    listed = told(scenario.listed(path, definitions.factory.id))

    outcomes = world.report_reading(translate, Reading((listed,)), definitions)

    expect(path / "atlas.json", body(world), update)
    expect(path / "reason.txt", reasons(outcomes), update)


def body(world: World) -> str | None:
    """What was sent, or None where nothing was."""
    if not world.catalog.sent:
        return None
    [entities] = world.catalog.sent
    return json.dumps({"entities": entities}, indent=2, ensure_ascii=False) + "\n"


def reasons(outcomes: Iterable[Outcome]) -> str | None:
    """How the runs ended of which something is left out, in the order they began."""
    lines: list[str] = []
    for outcome in sorted(outcomes, key=lambda outcome: outcome.run.started or 0):
        if outcome.gaps:
            lines.append(f"{outcome.run.name}: {outcome.status}")
            lines += [f"  {gap.reason} ({gap.where}): {gap.detail}" for gap in outcome.gaps]
    return "\n".join([*lines, ""]) if lines else None


def expect(file: Path, text: str | None, update: bool) -> None:
    if update:
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(text, "utf-8")
    wanted = file.read_text("utf-8") if file.exists() else None
    if text is not None and wanted is not None and file.suffix == ".json":
        assert json.loads(text) == json.loads(wanted)
    else:
        assert text == wanted


def test_every_translator_has_a_scenario() -> None:
    shown = {
        run.type
        for path in SCENARIOS
        for run in scenario.listed(path, folder.read(path).factory.id).activities
    }

    assert TRANSLATORS.keys() <= shown


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.name for path in SCENARIOS])
def test_a_scenario_says_what_is_sent_or_why_nothing_is(path: Path) -> None:
    assert (path / "atlas.json").exists() or (path / "reason.txt").exists()
    assert folder.read(path).problems == ()
