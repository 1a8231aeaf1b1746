from threading import Thread

from lineage.model import Batch
from lineage.queue import LocalQueue
from tests.world import FACTORY, reference


def batch(name: str) -> Batch:
    return Batch(FACTORY, 0, (reference(name),))


def test_a_message_is_received_as_it_was_sent() -> None:
    queue = LocalQueue()
    queue.send(batch("a"))

    assert queue.receive(patience=0) == batch("a")


def test_messages_come_in_the_order_they_were_sent() -> None:
    queue = LocalQueue()
    queue.send(batch("a"))
    queue.send(batch("b"))

    assert [queue.receive(patience=0), queue.receive(patience=0)] == [batch("a"), batch("b")]


def test_an_empty_queue_gives_nothing() -> None:
    assert LocalQueue().receive(patience=0.01) is None


def test_a_message_is_not_seen_before_its_delay_is_over() -> None:
    now = [100.0]
    queue = LocalQueue(clock=lambda: now[0])
    queue.send(batch("late"), delay=30)
    queue.send(batch("soon"))

    first = queue.receive(patience=0)
    second = queue.receive(patience=0)
    now[0] = 130.0

    assert (first, second) == (batch("soon"), None)
    assert queue.receive(patience=0) == batch("late")


def test_one_who_waits_gets_what_becomes_due() -> None:
    queue = LocalQueue()
    queue.send(batch("a"), delay=0.02)

    assert queue.receive(patience=30) == batch("a")


def test_one_who_waits_is_woken_by_a_message() -> None:
    queue = LocalQueue()
    got: list[Batch | None] = []
    waiting = Thread(target=lambda: got.append(queue.receive(patience=30)))
    waiting.start()

    queue.send(batch("a"))
    waiting.join(timeout=10)

    assert got == [batch("a")]


def test_the_queue_is_idle_when_nothing_waits_and_nothing_is_handled() -> None:
    queue = LocalQueue()
    states = [queue.idle]

    queue.send(batch("a"), delay=0.0)
    states.append(queue.idle)
    queue.receive(patience=0)
    states.append(queue.idle)
    queue.done()
    states.append(queue.idle)

    assert states == [True, False, False, True]
