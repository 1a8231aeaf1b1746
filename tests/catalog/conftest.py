from collections.abc import Callable
from uuid import uuid4

import pytest

pytest.register_assert_rewrite("tests.catalog.contract")

At = Callable[[str], str]


@pytest.fixture
def at() -> At:
    """Names of a test's own: the contract can run again and again on a server that is shared."""
    scope = uuid4().hex
    return lambda name: f"contract://{scope}/{name}"
