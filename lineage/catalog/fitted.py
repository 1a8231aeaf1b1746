"""A catalog as its account takes it: without what it lacks, and once more where that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lineage.catalog.account import Account
from lineage.catalog.types import NO_TYPE, UNKNOWN
from lineage.errors import Rejected
from lineage.model import Catalog, Json, Name


class FittedCatalog:
    """A catalog that is sent what its account knows, and not asked about types that it lacks."""

    def __init__(self, catalog: Catalog, account: Account) -> None:
        self._catalog = catalog
        self._account = account
        self.address = catalog.address

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """None where the account lacks the type."""
        if not self._account.has(type_name):
            return []
        try:
            return self._catalog.get(type_name, names)
        except Rejected as error:
            if self._is_there(error, type_name):
                raise
            return []

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """With the attributes that the account knows; where it refuses one, once more without."""
        fitted = self._account.fit(entities)
        try:
            return self._catalog.send(fitted)
        except Rejected as error:
            if error.code not in UNKNOWN:
                raise
            self._account.refresh({each["typeName"] for each in entities})
            again = self._account.fit(entities)
            if again == fitted:
                raise
        return self._catalog.send(again)

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """As the catalog has it."""
        return self._catalog.lineage(name, direction, depth)

    def delete(self, name: Name) -> None:
        """Nothing to delete where the account lacks the type."""
        try:
            if self._account.has(name.type):
                self._catalog.delete(name)
        except Rejected as error:
            if self._is_there(error, name.type):
                raise

    def _is_there(self, error: Rejected, type_name: str) -> bool:
        """Whether the account has the type, though it refused a call about it."""
        if error.code in NO_TYPE:
            self._account.refresh([type_name])
        return self._account.has(type_name)
