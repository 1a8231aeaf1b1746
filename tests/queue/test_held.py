"""The queue in memory does with messages what the storage queue does."""

from lineage import ticks
from lineage.ticks import Ticks
from tests.queue.held import HIDDEN, HeldQueue
from tests.world import at


def test_a_message_is_delivered_when_its_time_has_come_and_gone_when_deleted() -> None:
    now = [at("03:00:00")]
    queue = HeldQueue(lambda: now[0])
    queue.put("late", 30.0)
    queue.put("soon")

    first, second = queue.take(), queue.take()
    assert first is not None
    queue.delete(first)

    assert (first.text, first.deliveries, second) == ("soon", 1, None)
    assert queue.next_in == 30.0
    now[0] = ticks.shift(now[0], 30)
    third = queue.take()
    assert third is not None
    assert (third.text, len(queue)) == ("late", 1)


def test_a_message_that_is_not_deleted_comes_again_and_counts() -> None:
    now = [at("03:00:00")]
    queue = HeldQueue(lambda: now[0])
    queue.put("a")
    counts = []
    for _ in range(3):
        message = queue.take()
        assert message is not None
        counts.append((message.id, message.deliveries))
        assert queue.take() is None
        now[0] = Ticks(ticks.shift(now[0], HIDDEN))

    assert counts == [("m0", 1), ("m0", 2), ("m0", 3)]
