"""The connector table: what each kind of data store is called in the catalog."""

from __future__ import annotations

from lineage.connectors._connector import Connector
from lineage.connectors._name import name
from lineage.connectors._table import CONNECTORS

__all__ = ["CONNECTORS", "Connector", "name"]
