import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.batch import LARGEST, cut, decode, encode, lane
from lineage.errors import BadInput, Unavailable
from lineage.model import Batch, FactoryId, Reference
from lineage.ticks import Ticks
from tests.world import FACTORY, reference

QUEUE_LIMIT = 64 * 1024  # bytes of a message, base64 and all

references = st.builds(
    Reference,
    id=st.text(max_size=128),
    pipeline=st.text(max_size=140),
    updated=st.integers(0, 3_155_378_975_999_999_999).map(Ticks),
)


@pytest.mark.parametrize(
    ("pipeline", "lanes", "expected"),
    [("PL_Stage_Orders", 1, 0), ("PL_Stage_Orders", 2, 1), ("PL_Stage_Orders", 16, 7)],
)
def test_a_lane_is_the_same_in_every_release(pipeline: str, lanes: int, expected: int) -> None:
    assert lane(pipeline, lanes) == expected


@given(st.text("abcXYZ_ 1", min_size=1), st.integers(1, 64))
def test_a_pipeline_has_one_lane_whatever_case_its_name_comes_in(name: str, lanes: int) -> None:
    assert lane(name.upper(), lanes) == lane(name.lower(), lanes) < lanes


def test_a_batch_holds_one_lane() -> None:
    runs = [reference(f"r{n}", pipeline=f"P{n % 7}") for n in range(40)]

    batches = list(cut(FACTORY, runs, lanes=4, most=50))

    assert sorted(batch.lane for batch in batches) == sorted({batch.lane for batch in batches})
    assert all(lane(run.pipeline, 4) == batch.lane for batch in batches for run in batch.runs)
    assert {run for batch in batches for run in batch.runs} == set(runs)


def test_a_batch_is_cut_by_count() -> None:
    runs = [reference(f"r{n}") for n in range(7)]

    batches = list(cut(FACTORY, runs, lanes=1, most=3))

    assert [[run.id for run in batch.runs] for batch in batches] == [
        ["r0", "r1", "r2"],
        ["r3", "r4", "r5"],
        ["r6"],
    ]


@pytest.mark.parametrize("letter", ["x", "é", "\N{MUSICAL SYMBOL G CLEF}", '"'])
def test_a_batch_is_cut_before_the_message_is_too_large_for_the_queue(letter: str) -> None:
    runs = [reference(f"{n}{letter * 120}", pipeline=letter * 140) for n in range(1000)]

    batches = list(cut(FACTORY, runs, lanes=1, most=1000))

    sizes = [len(base64.b64encode(encode(batch).encode())) for batch in batches]
    assert max(sizes) <= QUEUE_LIMIT
    assert min(sizes[:-1]) > QUEUE_LIMIT * 0.9
    assert [run for batch in batches for run in batch.runs] == runs


def test_a_batch_may_be_as_large_as_it_can() -> None:
    runs = [reference("r" * 200) for _ in range(500)]
    per_run = len(encode(Batch(FACTORY, 0, (runs[0], runs[0])))) - len(
        encode(Batch(FACTORY, 0, (runs[0],)))
    )

    first = next(cut(FACTORY, runs, lanes=1, most=500))

    assert LARGEST - per_run - 2 < len(encode(first)) <= LARGEST


def test_runs_of_one_pipeline_stand_side_by_side_the_oldest_first() -> None:
    runs = [
        reference("r1", "02:05:00", "B"),
        reference("r2", "02:04:00", "a"),
        reference("r3", "02:03:00", "b"),
        reference("r4", "02:02:00", "A"),
    ]

    [batch] = cut(FACTORY, runs, lanes=1, most=50)

    assert [run.id for run in batch.runs] == ["r4", "r2", "r3", "r1"]


def test_no_run_no_batch() -> None:
    assert list(cut(FACTORY, [], lanes=2, most=50)) == []


def test_a_run_too_large_for_any_batch_goes_alone() -> None:
    runs = [reference("a" * LARGEST), reference("b" * LARGEST), reference("c")]

    batches = list(cut(FACTORY, runs, lanes=1, most=50))

    assert [len(batch.runs) for batch in batches] == [1, 1, 1]


@given(st.integers(0, 63), st.lists(references, max_size=5))
def test_a_message_is_read_back_without_loss(number: int, runs: list[Reference]) -> None:
    batch = Batch(FACTORY, number, tuple(runs))

    assert decode(encode(batch)) == batch


def test_a_message_is_a_reference_and_nothing_more() -> None:
    batch = Batch(FactoryId("/subscriptions/s/f"), 3, (reference("r1", "02:00:00.1234567"),))

    assert json.loads(encode(batch)) == {
        "v": 1,
        "factory": "/subscriptions/s/f",
        "lane": 3,
        "runs": [{"id": "r1", "pipeline": "P", "updated": "2026-11-19T02:00:00.1234567Z"}],
    }


GOOD: dict[str, Any] = {
    "v": 1,
    "factory": "f",
    "lane": 0,
    "runs": [{"id": "r", "pipeline": "P", "updated": "2026-11-19T02:00:00Z"}],
}


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "7", '"text"', "{", "{}", "[" * 100_000, '{"v": 1}'),
        json.dumps({**GOOD, "factory": 5}),
        json.dumps({**GOOD, "lane": "first"}),
        json.dumps({**GOOD, "lane": None}),
        json.dumps({**GOOD, "lane": float("inf")}),
        json.dumps({**GOOD, "lane": float("nan")}),
        json.dumps({**GOOD, "runs": None}),
        json.dumps({**GOOD, "runs": "abc"}),
        json.dumps({**GOOD, "runs": ["r"]}),
        json.dumps({**GOOD, "runs": [{"id": "r", "pipeline": "P"}]}),
        json.dumps({**GOOD, "runs": [{"id": "r", "pipeline": "P", "updated": "yesterday"}]}),
        json.dumps(
            {**GOOD, "runs": [{"id": 5, "pipeline": "P", "updated": "2026-11-19T02:00:00"}]}
        ),
        '{"v": 1, "lane": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_message_of_ours_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="not a batch message"):
        decode(text)


def test_a_message_of_a_newer_release_says_so() -> None:
    with pytest.raises(Unavailable, match="version 2: a newer release wrote it"):
        decode(json.dumps({**GOOD, "v": 2}))
