"""The services that can be called, each with the setting that leads to it."""

from __future__ import annotations

from dataclasses import dataclass

from lineage.diagnosis._table import Diagnosis


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
