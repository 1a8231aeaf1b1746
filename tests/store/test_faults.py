"""A table service that fails on purpose: what was written is written once, and is known to be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from azure.data.tables import TableServiceClient, UpdateMode

from lineage.errors import Rejected, Unavailable
from lineage.settings import Storage
from lineage.storage import Patience, opened
from lineage.store.notes import Notes
from lineage.store.table import TableRows
from tests.azurite.faulty import FAULTS, Proxy, before, once
from tests.azurite.server import nobody
from tests.doctor.places import answers, service
from tests.store.words import NOW

pytestmark = pytest.mark.slow


@contextmanager
def through(tables: str, fault: Callable[[str], str | None]) -> Iterator[tuple[TableRows, Proxy]]:
    """Rows behind a proxy; waits are told in `waits` instead of waited."""
    upstream = tables.partition("TableEndpoint=")[2].rpartition("/")[0]
    with (
        before(upstream, fault) as proxy,
        opened(Storage(tables.replace(upstream, proxy.address)), nobody) as service,
        TableRows(service, Patience(sleep=lambda seconds: None)) as rows,
    ):
        yield rows, proxy


@pytest.fixture
def full(tables: str) -> str:
    """An account whose table has two rows."""
    with TableRows(opened(Storage(tables), nobody)) as rows:
        rows.write("runs", "p", {"a": {"v": 1}, "b": {"v": 1}})
    return tables


@pytest.mark.parametrize("fault", FAULTS)
def test_a_new_row_is_written_once_and_said_to_be(full: str, fault: str) -> None:
    with through(full, once(fault)) as (rows, proxy):
        assert rows.write("runs", "p", {"c": {"v": 1}}, expected={"c": 0})
        assert not rows.write("runs", "p", {"c": {"v": 2}}, expected={"c": 0})
        assert proxy.met == [fault]

        assert rows.range("runs", "p", "c", "~") == [("c", {"v": 1})]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_row_is_replaced_and_another_deleted_in_one(full: str, fault: str) -> None:
    with through(full, once(fault, fault)) as (rows, proxy):
        version = rows.get("runs", "p", ["a"])["a"][1]

        assert rows.write("runs", "p", {"a": {"v": 1, "n": 2}}, ["b"], expected={"a": version})

        assert proxy.met == [fault, fault]
        assert rows.range("runs", "p", "", "~") == [("a", {"v": 1, "n": 2})]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_row_is_deleted(full: str, fault: str) -> None:
    with through(full, once(fault)) as (rows, _):
        version = rows.get("runs", "p", ["a"])["a"][1]

        assert rows.write("runs", "p", {}, ["a"], expected={"a": version})

        assert [key for key, _ in rows.range("runs", "p", "", "~")] == ["b"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lease_is_not_lost_to_its_own_holder(full: str, fault: str) -> None:
    with through(full, once(fault)) as (rows, _):
        assert Notes(rows).take("lane", "me", NOW)
        assert not Notes(rows).take("lane", "you", NOW)


@pytest.mark.parametrize("fault", FAULTS)
def test_reading_goes_on(full: str, fault: str) -> None:
    waiting = [fault, fault]
    with through(full, lambda method: waiting.pop() if waiting else None) as (rows, proxy):
        assert [key for key, _ in rows.range("runs", "p", "", "~")] == ["a", "b"]
        assert list(rows.get("runs", "p", ["a", "c"])) == ["a"]
        assert proxy.met == [fault, fault]


def test_somebody_elses_row_is_not_taken_for_ours(full: str) -> None:
    with through(full, once("500")) as (rows, _):
        assert not rows.write("runs", "p", {"a": {"v": 2}}, expected={"a": 0})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_that_stays_down_is_unavailable(full: str, fault: str) -> None:
    with (
        through(full, lambda _: fault) as (rows, proxy),
        pytest.raises(Unavailable, match=r"the table lineageruns (answered|did not answer)"),
    ):
        rows.range("runs", "p", "", "~")

    assert len(proxy.met) == 6


@pytest.mark.parametrize(
    ("fault", "waits"),
    [("429", [0.5, 1.0, 2.0, 4.0, 8.0]), ("429-later", [1.0, 1.0, 1.0, 1.0, 1.0])],
)
def test_the_wait_is_what_was_asked_for_or_grows(full: str, fault: str, waits: list[float]) -> None:
    slept: list[float] = []
    patience = Patience(sleep=slept.append, jitter=lambda seconds: seconds)
    with through(full, lambda _: fault) as (_, proxy):
        address = proxy.address
        upstream = full.partition("TableEndpoint=")[2].rpartition("/")[0]
        service = opened(Storage(full.replace(upstream, address)), nobody)
        with TableRows(service, patience) as rows, pytest.raises(Unavailable):
            rows.range("runs", "p", "", "~")

    assert slept == waits


def test_a_row_that_no_table_holds_is_refused_before_it_is_sent(full: str) -> None:
    noise = "".join(chr(33 + (n * n * 7919 + n * 31) % 90) for n in range(4_000_000))
    with through(full, once()) as (rows, proxy), pytest.raises(Rejected, match="larger than"):
        rows.write("runs", "p", {"c": {"v": 1, "text": noise + str(list(range(900_000)))}})

    assert proxy.calls == 0


def test_a_write_that_expects_versions_is_never_cut(full: str) -> None:
    with through(full, once()) as (rows, proxy), pytest.raises(ValueError, match="101 rows"):
        rows.write("runs", "p", {f"{n}": {"v": 1} for n in range(101)}, expected={"0": 0})

    assert proxy.calls == 0


@pytest.mark.parametrize(
    "answer",
    [(200, b"<html>Sign in</html>"), (200, b'{"value": [{"a'), (200, {"x": 1}), (202, b"<html>")],
    ids=["a page", "a cut text", "something else", "a page for a transaction"],
)
def test_an_answer_that_is_none_is_an_error_of_ours(answer: tuple[int, object]) -> None:
    with service(answers(answer, answer)) as url:
        storage = Storage(f"AccountName=ours;AccountKey=enE3Y2FuYXJ5;TableEndpoint={url}/ours")
        with TableRows(opened(storage, nobody), Patience(attempts=1)) as rows:
            with pytest.raises(Unavailable, match="no answer of one"):
                rows.range("runs", "p", "", "~")
            with pytest.raises((Unavailable, Rejected)):
                rows.get("runs", "p", ["a"])
            with pytest.raises(Unavailable, match="no answer of one"):
                rows.write("runs", "p", {"a": {"v": 1}})


@pytest.mark.parametrize("damage", [{"body": "{"}, {"z00": b"no"}, {}], ids=str)
def test_a_damaged_row_is_told_and_not_guessed(full: str, damage: dict[str, object]) -> None:
    with TableServiceClient.from_connection_string(full) as service:
        entity = {"PartitionKey": "p", "RowKey": "a", **damage}
        service.get_table_client("lineageruns").upsert_entity(entity, mode=UpdateMode.REPLACE)

    with through(full, once()) as (rows, _), pytest.raises(Rejected, match=r"row a .* is damaged"):
        rows.get("runs", "p", ["a"])
