"""All settings: one table, read once from a mapping; the only reader of the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lineage.errors import SettingsError
from lineage.model import FactoryId
from lineage.settings._table import IDENTITY, STORAGE, TABLE, Setting
from lineage.settings._values import (
    Auth,
    MissingAssets,
    NameCase,
    Native,
    Place,
    RunAttributes,
    is_loopback,
)

__all__ = [
    "IDENTITY",
    "STORAGE",
    "TABLE",
    "Auth",
    "Identity",
    "MissingAssets",
    "NameCase",
    "Native",
    "Place",
    "RunAttributes",
    "Setting",
    "Settings",
    "Storage",
    "describe",
    "is_loopback",
]


_FILES = frozenset({"local", "sqlite"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Azure's own variables: those of a service principal, and where to sign in."""

    tenant: str = ""
    client: str = ""
    secret: str = field(default="", repr=False)
    certificate: str = ""  # path of a file
    authority: str = ""  # empty is that of Azure's public cloud


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage account of AzureWebJobsStorage: a connection string, or where and who we are."""

    connection: str = field(default="", repr=False)
    account: str = ""
    tables: str = ""
    credential: str = ""  # empty is the default chain
    client: str = ""  # of a user-assigned managed identity

    @property
    def endpoint(self) -> str:
        """Where its tables are; empty without a name."""
        public = f"https://{self.account}.table.core.windows.net" if self.account else ""
        return self.tables or public


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, checked. `lookback`, `overlap` and `lag` are in seconds."""

    factories: tuple[FactoryId, ...]
    catalog: Place
    store: Place
    auth: Auth
    managed_identity: str  # client id; empty is the host's own identity
    management_endpoint: str
    synapse_endpoint: str
    lookback: int
    overlap: int
    lag: int
    in_flight: int
    batch: int
    lanes: int
    missing_assets: MissingAssets
    run_attributes: RunAttributes
    native: Native
    catalog_batch: int
    catalog_rate: int
    name_case: NameCase
    synapse_operation: str  # a type, or auto
    collection: str
    register_types: bool
    atlas_username: str
    atlas_password: str = field(repr=False)
    ledger_days: int
    identity: Identity
    storage: Storage

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str], overrides: Mapping[str, str] | None = None
    ) -> Settings:
        """
        Read the settings from `environ`, and above it `overrides` (`--set`).

        An empty value is the default. Raises one `SettingsError` with every problem there is; no
        problem repeats a value, as what stands in the wrong place may be a secret.
        """
        overrides = overrides or {}
        problems = list(_refused(overrides))
        values: dict[str, Any] = {}
        identity: dict[str, str] = {}
        storage: dict[str, str] = {}
        for rows, place in ((TABLE, values), (IDENTITY, identity), (STORAGE, storage)):
            for row in rows:
                try:
                    place[row.field] = row.parse(_text(row, environ, overrides)[0])
                except SettingsError as error:
                    problems += (f"{row.name}: {problem}" for problem in error.problems)
        values["storage"] = Storage(**storage)
        problems += _contradictions(values, identity, environ)
        if problems:
            raise SettingsError(*problems)
        values["auth"], values["managed_identity"] = values["auth"]
        return cls(**values, identity=Identity(**identity))

    def require_factories(self) -> tuple[FactoryId, ...]:
        """The factories; raises `SettingsError` where none is set."""
        if not self.factories:
            raise SettingsError(
                "LINEAGE_FACTORIES is empty: name at least one factory or workspace, as "
                "/subscriptions/S/resourceGroups/R/providers/Microsoft.DataFactory/factories/F"
            )
        return self.factories


def describe(
    settings: Settings, environ: Mapping[str, str], overrides: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Each setting with its value (secrets masked), where it comes from, and what it means."""
    principal = settings.auth in {Auth.CLIENT_SECRET, Auth.CLIENT_CERTIFICATE}
    tables = settings.store.scheme == "table"
    lines = []
    for row in TABLE + (IDENTITY if principal else ()) + (STORAGE if tables else ()):
        text, source = _text(row, environ, overrides or {})
        shown = "***" if row.secret and text else text
        lines.append({"name": row.name, "value": shown, "source": source, "meaning": row.meaning})
    return lines


def _text(
    row: Setting, environ: Mapping[str, str], overrides: Mapping[str, str]
) -> tuple[str, str]:
    """The text of a setting and its source."""
    for source, mapping in (("--set", overrides), ("environment", environ)):
        if text := mapping.get(row.name, "").strip():
            return text, source
    return row.default, "default"


def _refused(overrides: Mapping[str, str]) -> Iterator[str]:
    known = {row.name: row for row in TABLE + IDENTITY + STORAGE}
    for name in overrides:
        if name not in known:
            yield f"--set: there is no setting of that name: {name[:64]!r}"
        elif known[name].secret:
            yield f"--set: {name} is a secret, which the process list would show; use its variable"


def _contradictions(
    values: Mapping[str, Any], identity: Mapping[str, str], environ: Mapping[str, str]
) -> Iterator[str]:
    """What is wrong between settings; one that has a problem of its own is not in `values`."""
    auth = values.get("auth", (None, ""))[0]
    hosted = bool(environ.get("WEBSITE_INSTANCE_ID"))
    for name in ("catalog", "store"):
        place = values.get(name)
        if hosted and place and place.scheme in _FILES:
            yield (
                f"LINEAGE_{name.upper()}: {place.scheme}: is a file, and a Functions host loses "
                "its disk with the instance"
            )
    store, storage = values.get("store"), values["storage"]
    if store and store.scheme == "table" and not (storage.connection or storage.endpoint):
        yield (
            "LINEAGE_STORE: table: needs AzureWebJobsStorage, AzureWebJobsStorage__accountName or "
            "AzureWebJobsStorage__tableServiceUri"
        )
    if auth is Auth.DEVICE_CODE and (hosted or environ.get("FUNCTIONS_WORKER_RUNTIME")):
        yield "LINEAGE_AUTH: device-code needs a person, and a Functions host has none"
    if bool(values.get("atlas_username")) != bool(values.get("atlas_password")):
        yield "ATLAS_USERNAME, ATLAS_PASSWORD: are set together or not at all"
    for row in IDENTITY:
        if auth in row.needed_by and not identity[row.field]:
            yield f"LINEAGE_AUTH: {auth} needs {row.name}"
    if auth is Auth.NONE:
        for name, url in _endpoints_in_use(values):
            if url and not is_loopback(urlsplit(url).hostname or ""):
                yield f"LINEAGE_AUTH: none is for loopback, and LINEAGE_{name.upper()} is not"


def _endpoints_in_use(values: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    synapse = {"/microsoft.synapse/" in factory.lower() for factory in values.get("factories", ())}
    names = {False: "management_endpoint", True: "synapse_endpoint"}
    yield from ((names[each], values.get(names[each])) for each in sorted(synapse))
    catalog = values.get("catalog")
    if catalog and catalog.scheme == "purview":
        yield "catalog", catalog.rest
