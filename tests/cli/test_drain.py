"""`drain`: what was given up comes back, in a file as in tables and queues of Azure."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from lineage import wiring
from lineage.batch import encode
from lineage.errors import Unavailable
from lineage.model import Batch
from lineage.queue import POISON
from lineage.settings import Settings
from lineage.store.ledger import PATIENCE
from tests.cli.program import Program, check
from tests.place import FACTORY, Place, place

ESTATE = {"pipelines": 2, "runs_per_pipeline": 2, "activities": 2}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, ESTATE) as made:
        yield made


def settings_of(here: Place, **more: str) -> Mapping[str, str]:
    return {
        "LINEAGE_FACTORIES": FACTORY,
        "LINEAGE_MANAGEMENT_ENDPOINT": here.settings.management_endpoint,
        "LINEAGE_AUTH": "none",
        **more,
    }


def test_poisoned_runs_are_taken_up_again(here: Place, program: Program) -> None:
    first, second, *_ = here.references()
    here.service.poison(encode(Batch(FACTORY, 0, (first,))), 1)
    here.runs().error = Unavailable("down")
    here.service.poison(encode(Batch(FACTORY, 0, (second,))), 2)
    assert here.states() == {"q": 2, "p": 1, "x": 1}

    ended = program("drain", "--json", **settings_of(here))
    twice = program("drain", **settings_of(here))

    assert ended.code == 0
    assert ended.lines == [
        {"v": 1, "event": "brought back", "runs": 1, "factories": {FACTORY: 1}},
    ]
    assert here.states() == {"q": 2, "p": 1, "o": 1}
    assert "Nothing to be brought back." in twice.out
    here.runs().error = None
    here.wait(PATIENCE)
    here.service.collect()
    here.drain()
    assert here.states() == {"p": 4}


def test_what_was_poisoned_and_read_comes_back_by_replay(here: Place, program: Program) -> None:
    first, *_ = here.references()
    here.service.poison(encode(Batch(FACTORY, 0, (first,))), 1)

    ended = program("replay", "--json", "--reason", "Poisoned", **settings_of(here))
    here.wait(PATIENCE)
    here.service.collect()
    here.drain()

    check("reopened", ended.lines[0])
    assert ended.lines[0]["runs"] == 2
    assert here.statuses().get("Failed", 0) == 0
    assert sum(here.statuses().values()) == 8


@pytest.mark.slow
def test_messages_that_are_left_on_the_poison_queue_go_back_on_the_queue(
    here: Place, program: Program, storage: str
) -> None:
    told = settings_of(here, AzureWebJobsStorage=storage, LINEAGE_STORE="table:")
    settings = Settings.from_env(told)
    run = here.references()[0]
    with closing(wiring.queue(settings)) as queue, closing(wiring.queue(settings, POISON)) as left:
        left.send(Batch(FACTORY, 0, (run,)))

        ended = program("drain", **told)

        assert ended.code == 0, ended.err
        assert "Of the poison queue 1 put on the queue again." in ended.err
        assert (left.size(), queue.size()) == (0, 1)


def test_without_a_ledger_there_is_nothing(here: Place, program: Program, tmp_path: Path) -> None:
    told = settings_of(here, LINEAGE_STORE=f"sqlite:{tmp_path / 'none.db'}")

    ended = program("drain", **told)

    assert (ended.code, ended.out) == (0, "")
    assert "no ledger yet" in ended.err
