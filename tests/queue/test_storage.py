"""The queue of Azure Storage, on Azurite: what is put on it, moved, and counted."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any, cast

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from lineage.batch import decode, encode
from lineage.errors import SettingsError, Unavailable
from lineage.model import Batch
from lineage.queue import POISON, StorageQueue
from lineage.settings import Settings
from lineage.storage import Patience
from lineage.storage import queue as opened
from lineage.wiring import queue as wired
from tests.azurite.server import nobody
from tests.world import FACTORY, reference

BATCH = Batch(FACTORY, 1, (reference("a", pipeline="p é\u202e"),), 2)
pytestmark = pytest.mark.slow


@pytest.fixture
def settings(storage: str) -> Settings:
    return Settings.from_env({"AzureWebJobsStorage": storage, "LINEAGE_QUEUE": "work"})


@pytest.fixture
def queue(settings: Settings) -> Iterator[StorageQueue]:
    with closing(wired(settings)) as made:
        yield made


@pytest.fixture
def raw(storage: str) -> Iterator[QueueClient]:
    """The queue as it is, without any policy of ours."""
    with QueueClient.from_connection_string(storage, "work") as client:
        yield client


def text_of(content: str) -> str:
    return b64decode(content).decode()


def test_the_first_message_makes_the_queue(queue: StorageQueue, raw: QueueClient) -> None:
    assert queue.size() == 0

    queue.send(BATCH)

    [message] = raw.peek_messages()
    assert decode(text_of(message.content)) == BATCH
    assert queue.size() == 1


def test_a_queue_that_another_makes_meanwhile_is_as_good(
    storage: str, settings: Settings, raw: QueueClient
) -> None:
    client = opened(settings.storage, "work", nobody)

    class Late:
        """Sees no queue, which somebody else makes before it does."""

        queue_name = "work"

        def send_message(self, *told: Any, **how: Any) -> None:
            try:
                client.send_message(*told, **how)
            except ResourceNotFoundError:
                raw.create_queue()
                raise

        def create_queue(self) -> None:
            client.create_queue()

    with closing(client):
        StorageQueue(cast("QueueClient", Late()), Patience(attempts=1)).send(BATCH)

    assert len(raw.peek_messages()) == 1


def test_a_message_is_kept_for_ever(queue: StorageQueue, raw: QueueClient) -> None:
    queue.send(BATCH)

    [message] = raw.peek_messages()
    assert message.expires_on is not None
    assert message.inserted_on is not None
    assert message.expires_on - message.inserted_on > timedelta(days=365 * 100)


def test_a_message_with_a_delay_is_seen_by_nobody(queue: StorageQueue, raw: QueueClient) -> None:
    queue.send(BATCH, 600)

    assert raw.peek_messages() == []
    assert queue.size() == 1


@pytest.mark.parametrize("delay", [-5.0, 1e9], ids=["past", "beyond what the service takes"])
def test_any_delay_is_taken(delay: float, queue: StorageQueue) -> None:
    queue.send(BATCH, delay)

    assert queue.size() == 1


def test_a_message_goes_on_as_it_is(queue: StorageQueue, raw: QueueClient) -> None:
    newer = json.dumps(json.loads(encode(BATCH)) | {"v": 2, "more": "é"}, ensure_ascii=False)

    queue.put(newer)

    assert text_of(raw.peek_messages()[0].content) == newer


def test_the_largest_batch_fits(queue: StorageQueue) -> None:
    queue.put("x" * 48 * 1024)

    assert queue.size() == 1


def test_what_is_on_a_poison_queue_is_moved_back(settings: Settings, queue: StorageQueue) -> None:
    with closing(wired(settings, POISON)) as poison:
        for _ in range(3):
            poison.send(BATCH)

        moved = poison.move(queue)

        assert (moved, poison.size(), queue.size()) == (3, 0, 3)
        assert poison.move(queue) == 0


def test_a_poison_queue_that_is_not_there_holds_nothing(
    settings: Settings, queue: StorageQueue
) -> None:
    with closing(wired(settings, POISON)) as poison:
        assert (poison.move(queue), poison.size()) == (0, 0)


@pytest.mark.parametrize("content", ["{no base64}", b64encode(b"\xff\xfe").decode()])
def test_a_message_that_nobody_can_read_stands_in_no_others_way(
    content: str, storage: str, settings: Settings, queue: StorageQueue
) -> None:
    with closing(wired(settings, POISON)) as poison:
        poison.send(BATCH)
        with QueueClient.from_connection_string(storage, "work-poison") as client:
            client.send_message(content)
        poison.send(BATCH)

        assert poison.move(queue) == 2
        assert (poison.size(), queue.size()) == (1, 2)


def test_somebody_who_makes_the_queue_at_the_same_time_does_no_harm(
    queue: StorageQueue, raw: QueueClient
) -> None:
    with suppress(ResourceExistsError):
        raw.create_queue()

    queue.send(BATCH)

    assert queue.size() == 1


def test_a_queue_that_does_not_answer_is_unavailable_and_says_nothing_of_its_key() -> None:
    settings = Settings.from_env(
        {
            "AzureWebJobsStorage": "AccountName=a;AccountKey=c2VjcmV0Y2FuYXJ5;"
            "QueueEndpoint=http://127.0.0.1:1/a"
        }
    )
    client = opened(settings.storage, "work", nobody)
    with (
        closing(StorageQueue(client, Patience(2, sleep=lambda _: None))) as queue,
        pytest.raises(Unavailable, match="the queue work did not answer") as failed,
    ):
        queue.send(BATCH)

    assert "canary" not in str(failed.value)
    assert "c2Vj" not in str(failed.value)


def test_a_key_that_is_wrong_is_a_matter_of_settings(storage: str) -> None:
    key = storage.partition("AccountKey=")[2].partition(";")[0]
    other = b64encode(b"another").decode()
    settings = Settings.from_env({"AzureWebJobsStorage": storage.replace(key, other)})
    with closing(wired(settings)) as queue, pytest.raises(SettingsError, match="key or token"):
        queue.size()
