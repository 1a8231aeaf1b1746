import pytest

PARTS = (
    "circuits",
    "collecting",
    "counting",
    "folding",
    "leases",
    "parts",
    "published",
    "replaying",
    "reporting",
    "rows",
    "sweep",
    "versions",
)

pytest.register_assert_rewrite(*(f"tests.store.contract_{part}" for part in PARTS))
