"""The door to a catalog, and what is found out about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from lineage.model._assets import Name
from lineage.model._factories import Json
from lineage.ticks import Ticks


class Catalog(Protocol):
    """
    An Atlas catalog. Entities are Atlas JSON (`{"typeName", "guid", "attributes", …}`).

    Every method raises `Unavailable` where the catalog cannot answer now and `SettingsError` on
    401 and 403.
    """

    @property
    def address(self) -> str:
        """What tells this catalog from another; part of every fingerprint."""
        ...

    def get(self, type_name: str, names: Sequence[str]) -> list[Json]:
        """The active entities of a type (or of its subtypes) with these qualifiedNames."""
        ...

    def send(self, entities: Sequence[Json]) -> Mapping[str, str]:
        """
        Create or update all of these, or none: `{guid sent: guid assigned}`.

        Raises `Rejected` where the catalog refuses the request.
        """
        ...

    def lineage(self, name: Name, direction: str, depth: int) -> Json:
        """Atlas's lineage answer; `direction` is INPUT, OUTPUT or BOTH; depth 0 is no limit."""
        ...

    def delete(self, name: Name) -> None:
        """Soft-delete an entity; one that is not there is no error."""
        ...


class Finding(Struct, frozen=True):
    """What was found out about a catalog, and when; `warning` says what that costs."""

    what: str
    value: str
    found: Ticks
    warning: str = ""


class Described(Protocol):
    """A catalog that tells its types, and what was found out about it."""

    def typedef(self, name: str) -> Json | None:
        """
        The definition of a type, or None where there is none of that name.

        Raises as `Catalog` does, and `Rejected` for a 404 that is not Atlas's own.
        """
        ...

    def findings(self) -> Sequence[Finding]:
        """What was found out so far."""
        ...
