"""Rows as entities: what fits where, and what a version stands for."""

import json

import pytest
from hypothesis import given
from hypothesis.strategies import characters, dictionaries, recursive, text
from hypothesis.strategies import integers as whole

from lineage.errors import Rejected
from lineage.model import Row
from lineage.store.entities import LARGEST, Change, cut, entity, etag, row, version

ETAG = "W/\"datetime'2026-11-26T19%3A50%3A11.1106857Z'\""
VALUES = recursive(text() | whole(), lambda inner: dictionaries(text(), inner), max_leaves=5)


@given(text(characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_a_version_is_the_etag_and_nothing_gets_lost(found: str) -> None:
    assert etag(version(found)) == found
    assert version(found) > 0


def test_two_etags_are_two_versions() -> None:
    assert etag(version(ETAG)) == ETAG
    assert version(ETAG) != version(ETAG.replace("857Z", "858Z"))


@given(dictionaries(text(), VALUES))
def test_an_entity_holds_its_row(made: Row) -> None:
    assert row(entity("p", "k", made, "mark")) == made


@pytest.mark.parametrize("length", [1, 15_000, 31_000, 40_000, 900_000])
@pytest.mark.parametrize("letter", ["x", "Ж", "\N{MUSICAL SYMBOL G CLEF}"])
def test_no_property_is_larger_than_the_service_takes(length: int, letter: str) -> None:
    made = entity("p", "k", {"v": 1, "text": letter * length}, "mark")

    sizes = [len(v) if isinstance(v, bytes) else len(v.encode("utf-16-le")) for v in made.values()]
    assert max(sizes) <= 64 * 1024
    assert sum(sizes) <= 1024 * 1024
    assert row(made) == {"v": 1, "text": letter * length}


def test_a_row_that_no_entity_holds_is_refused() -> None:
    noise = " ".join(f"{n * n * 2_654_435_761:x}" for n in range(200_000))

    with pytest.raises(Rejected, match="larger than a table holds"):
        entity("p", "k", {"text": noise}, "mark")


def test_changes_are_cut_by_number_and_by_bytes_as_they_are_sent() -> None:
    large = [Change(f"{n}", {"body": "Ж" * 30_000}, None) for n in range(60)]
    small = [Change(f"{n}", {"body": "x"}, None) for n in range(250)]

    parts = list(cut(large))

    assert [len(part) for part in cut(small)] == [100, 100, 50]
    assert [each for part in parts for each in part] == large
    assert all(
        sum(len(json.dumps(each.entity)) for each in part) <= LARGEST < 4 * 1024 * 1024
        for part in parts
    )
