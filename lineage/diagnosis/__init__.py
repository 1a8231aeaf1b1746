"""What is wrong between us and a service, told from an error and where it happened; pure."""

from __future__ import annotations

from dataclasses import dataclass

from lineage.diagnosis._places import ZONES, Place, ours
from lineage.diagnosis._services import ATLAS, DATA_FACTORY, PURVIEW, STORAGE, SYNAPSE, Service
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


@dataclass(frozen=True, slots=True)
class Found:
    """A diagnosis in words."""

    diagnosis: Diagnosis
    said: str
    remedy: str


_BY_CAUSE = {
    Cause.BUSY: Diagnosis.UNAVAILABLE,
    Cause.CERTIFICATE: Diagnosis.CERTIFICATE,
    Cause.FIREWALL: Diagnosis.FIREWALL,
    Cause.GONE: Diagnosis.GONE,
    Cause.NAME: Diagnosis.NAME,
    Cause.OVERLOADED: Diagnosis.UNAVAILABLE,
    Cause.PAGE: Diagnosis.WRONG_URL,
    Cause.REDIRECT: Diagnosis.WRONG_URL,
    Cause.REPLACED: Diagnosis.UNAVAILABLE,
    Cause.TIME: Diagnosis.UNAVAILABLE,
    Cause.TYPE: Diagnosis.TYPE_NEEDED,
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
