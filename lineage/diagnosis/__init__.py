"""What is wrong between us and a service, told from an error and where it happened; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from lineage.diagnosis._table import TABLE, Diagnosis
from lineage.errors import Cause, LineageError, Rejected, Unavailable

__all__ = [
    "ATLAS",
    "DATA_FACTORY",
    "PURVIEW",
    "STORAGE",
    "SYNAPSE",
    "TABLE",
    "ZONES",
    "Diagnosis",
    "Found",
    "Place",
    "Service",
    "diagnose",
    "ours",
    "told",
]

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
class Service:
    """One kind of service: the setting that leads to it, and how it is reached privately."""

    name: str
    setting: str
    endpoint: str
    role: Diagnosis
    token: Diagnosis = Diagnosis.TOKEN
    identity: Diagnosis = Diagnosis.IDENTITY


ATLAS = Service(
    "Apache Atlas",
    "LINEAGE_CATALOG",
    "a private address",
    Diagnosis.ROLE_ATLAS,
    Diagnosis.PASSWORD,
)
DATA_FACTORY = Service(
    "Data Factory",
    "LINEAGE_MANAGEMENT_ENDPOINT",
    "a private link of Azure Resource Manager",
    Diagnosis.ROLE_FACTORY,
)
PURVIEW = Service(
    "Purview",
    "LINEAGE_CATALOG",
    "a private endpoint of the group account",
    Diagnosis.ROLE_PURVIEW,
)
STORAGE = Service(
    "Azure Storage",
    "AzureWebJobsStorage",
    "a private endpoint of the group table",
    Diagnosis.ROLE_STORAGE,
    Diagnosis.STORAGE_KEY,
    Diagnosis.STORAGE_KEY,
)
SYNAPSE = Service(
    "Synapse",
    "LINEAGE_SYNAPSE_ENDPOINT",
    "a private endpoint of the group Dev",
    Diagnosis.ROLE_SYNAPSE,
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


@dataclass(frozen=True, slots=True)
class Found:
    """A diagnosis in words."""

    diagnosis: Diagnosis
    said: str
    remedy: str


def ours(setting: str = "") -> Place:
    """No service at all, but what a setting of ours leads to, or this machine."""
    return Place(Service("", setting, "", Diagnosis.SETTING), "", "")


_BY_CAUSE = {
    Cause.CERTIFICATE: Diagnosis.CERTIFICATE,
    Cause.FIREWALL: Diagnosis.FIREWALL,
    Cause.GONE: Diagnosis.GONE,
    Cause.NAME: Diagnosis.NAME,
    Cause.PAGE: Diagnosis.WRONG_URL,
    Cause.REDIRECT: Diagnosis.WRONG_URL,
}


def diagnose(error: LineageError, place: Place, role: Diagnosis | None = None) -> Found:
    """What an error says of the place that was called; `role` is what a 403 there means."""
    kind = _kind(error, place, role or place.service.role)
    return told(kind, place, problem=str(error).partition(";")[0])


def told(kind: Diagnosis, place: Place, **seen: object) -> Found:
    """A row of the table in words; `seen` is what it tells besides the place."""
    words = {
        "address": place.address,
        "endpoint": place.service.endpoint,
        "host": place.host,
        "name": place.name,
        "service": place.service.name,
        "setting": place.service.setting,
        "zone": place.zone,
        **seen,
    }
    row = TABLE[kind]
    return Found(kind, row.said.format(**words), row.remedy.format(**words))


def _kind(error: LineageError, place: Place, role: Diagnosis) -> Diagnosis:
    if error.cause is Cause.ROLE:
        return role
    if error.cause is Cause.TOKEN:
        return place.service.token
    if error.cause is Cause.IDENTITY:
        return place.service.identity
    if error.cause is Cause.FIREWALL and place.address:
        return Diagnosis.PUBLIC_ADDRESS
    if error.cause is not None:
        return _BY_CAUSE[error.cause]
    if isinstance(error, Rejected) and error.status in (404, 410):
        catalog = place.service in (ATLAS, PURVIEW)
        return Diagnosis.GONE if error.code and not catalog else Diagnosis.WRONG_URL
    return Diagnosis.UNAVAILABLE if isinstance(error, Unavailable) else Diagnosis.REFUSED
