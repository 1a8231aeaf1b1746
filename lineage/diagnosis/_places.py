"""What was called: where it is, and how it is reached privately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from lineage.diagnosis._services import Service
from lineage.diagnosis._table import Diagnosis

# Source: learn.microsoft.com/azure/private-link/private-endpoint-dns, 2026-07; China has none.
ZONES = frozenset(
    {
        "privatelink.azure.com",
        "privatelink.dev.azuresynapse.net",
        "privatelink.dev.azuresynapse.usgovcloudapi.net",
        "privatelink.purview-service.microsoft.com",
        "privatelink.purview.azure.com",
        "privatelink.purview.azure.us",
        "privatelink.table.core.usgovcloudapi.net",
        "privatelink.table.core.windows.net",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """What was called: a service, at an address; `addresses` are those of its host."""

    service: Service
    url: str
    name: str
    addresses: Sequence[str] = ()

    @property
    def host(self) -> str:
        """Its name alone."""
        return urlsplit(self.url).hostname or ""

    @property
    def address(self) -> str:
        """The first public address, where it has no other; else nothing."""
        shown = [each for each in self.addresses if ip_address(each).is_global]
        return shown[0] if shown and len(shown) == len(self.addresses) else ""

    @property
    def zone(self) -> str:
        """The private DNS zone of its host."""
        zone = f"privatelink.{self.host.partition('.')[2]}"
        return f"the private DNS zone {zone}" if zone in ZONES else "its private DNS zone"


def ours(setting: str = "") -> Place:
    """No service at all, but what a setting of ours leads to, or this machine."""
    return Place(Service("", setting, "", Diagnosis.SETTING), "", "")
