"""The tables of keys: what the service marks secret, and what the connectors read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.connectors._servers import _DATABASES
from lineage.connectors._stores import STORES
from lineage.connectors._strings import _SYNONYMS
from lineage.redact._keys import DATASET, LINKED_SERVICE, MARKED, READABLE, WORDS, secret

FACTS = Path(__file__).parents[3] / "shared" / "data" / "data-factory"


def marked(node: Any) -> Iterator[str]:
    """The names of all properties with a mark."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if isinstance(value, dict) and value.get("secret") is True:
            yield key
        yield from marked(value)


@pytest.mark.skipif(not FACTS.is_dir(), reason="the specification is not beside this checkout")
def test_the_marks_are_those_of_the_services_models() -> None:
    found = {
        key
        for name in ("linked_service_types.json", "run_models.json")
        for key in marked(json.loads((FACTS / name).read_text(encoding="utf-8")))
    }

    assert found - {"type"} == MARKED  # the type of a parameter or secret is none itself


@pytest.mark.parametrize("key", sorted(MARKED))
def test_what_is_marked_is_secret_in_a_linked_service(key: str) -> None:
    assert secret(key, marked=True)
    assert key.lower() in READABLE or key not in LINKED_SERVICE.texts | LINKED_SERVICE.shapes


@pytest.mark.parametrize(
    "key",
    [
        *(
            "Authorization",
            "x-api-key",
            "api_key",
            "SAS Token",
            "dbPassword",
            "PWD",
            "clientSecret",
        ),
        *("Cookie", "accountKey", "Shared-Access-Signature", "encryptedCredential", "sig", "X-Key"),
    ],
)
def test_a_name_that_says_secret_is_secret_anywhere(key: str) -> None:
    assert secret(key)


@pytest.mark.parametrize("key", ["file", "table", "keyspace", "server", "design", "monkey", "code"])
def test_other_names_are_not(key: str) -> None:
    assert not secret(key)


def test_what_connectors_read_of_a_linked_service_is_kept() -> None:
    read = {key for store in STORES.values() for key in (*store.hosts, *store.also)}

    assert read | set(_DATABASES) <= LINKED_SERVICE.texts
    assert set(_SYNONYMS) | set(_SYNONYMS.values()) <= WORDS


def test_the_key_of_an_object_in_a_bucket_is_no_secret() -> None:
    assert "key" in DATASET.texts
