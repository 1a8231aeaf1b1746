from typing import Any

import pytest

from lineage.jsontext import Packed, canonical, dumps, loads, text_of, unpacked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":[1,null,"ä"]}', {"a": [1, None, "ä"]}),
        ('"\\ud800"', "\ud800"),
        ("[1e999,-1e999,1.5]", ["1e999", "-1e999", 1.5]),
        (f"[{'1' * 5000},{2**70}]", ["1" * 5000, 2**70]),
    ],
    ids=["plain", "half a surrogate pair", "beyond all bounds", "thousands of digits"],
)
def test_a_text_is_read(text: str, value: Any) -> None:
    assert loads(text) == loads(text.encode()) == value


def test_half_of_a_surrogate_pair_is_written_and_read_again() -> None:
    assert loads(dumps({"a": "\ud800"})) == {"a": "\ud800"}


def test_canonical_texts_have_their_keys_in_order() -> None:
    assert canonical({"b": 1, "a": {"d": 2, "c": 3}}) == b'{"a":{"c":3,"d":2},"b":1}'


def test_a_packed_object_is_as_the_object() -> None:
    packed = Packed(b'{"a":{"b":[1]},"c":2}')

    assert packed == {"a": {"b": [1]}, "c": 2}
    assert (packed["a"], packed.get("x"), list(packed), len(packed)) == (
        {"b": [1]},
        None,
        [*"ac"],
        2,
    )
    assert type(unpacked(packed)) is dict
    assert unpacked([1]) == [1]


@pytest.mark.parametrize(("text", "full"), [(b"{}", False), (b"{ \n}", False), (b'{"":0}', True)])
def test_a_packed_object_is_empty_or_not(text: bytes, full: bool) -> None:
    assert bool(Packed(text)) is full is bool(unpacked(Packed(text)))


def test_what_is_packed_is_known_by_its_text() -> None:
    assert text_of(Packed(b'{"b":1, "a":2}')) == b'{"b":1, "a":2}'
    assert text_of({"b": 1, "a": 2}) == b'{"a":2,"b":1}'
