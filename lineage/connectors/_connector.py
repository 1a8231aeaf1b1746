"""A row of the connector table, and which row an endpoint falls under."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from lineage.connectors._normal import Kind
from lineage.connectors._parts import Parts
from lineage.model import Endpoint

Reader = Callable[[Endpoint], Parts]


class Connector(Struct, frozen=True, eq=False):
    """
    How one kind of store is named in the catalog.

    `hosts` are suffixes with exactly one label in front; a row without takes the hosts that no
    suffix of the table claims. `names` are catalog types with their qualifiedName, in the order
    they are looked for. `scheme` is that of the fall-back asset; empty, it is the linked
    service's type. `not_for` are dataset types of another store behind the same linked service.
    """

    id: str
    linked_services: tuple[str, ...]
    hosts: tuple[str, ...]
    read: Reader
    names: Mapping[str, str]
    kind: Kind
    scheme: str
    docs: str
    not_for: tuple[str, ...] = ()


def rows_for(endpoint: Endpoint, rows: Iterable[Connector]) -> tuple[Connector, ...]:
    """The rows for this kind of linked service; they read it all alike and differ by host."""
    return tuple(
        row
        for row in rows
        if endpoint.linked_service_type in row.linked_services
        and endpoint.dataset_type not in row.not_for
    )


def row_for(host: str, rows: Iterable[Connector], table: Iterable[Connector]) -> Connector | None:
    """The row of `rows` whose host suffix is the longest that fits `host`, if one does."""
    fits = [(len(suffix), row) for row in rows for suffix in row.hosts if _fits(host, suffix)]
    if fits:
        return max(fits, key=lambda fit: fit[0])[1]
    if any(host.endswith(suffix) for row in table for suffix in row.hosts):
        return None  # a service of Azure's, but none that this linked service is known to reach
    return next((row for row in rows if not row.hosts), None)


def _fits(host: str, suffix: str) -> bool:
    label = host.removesuffix(suffix)
    return label not in ("", host) and "." not in label
