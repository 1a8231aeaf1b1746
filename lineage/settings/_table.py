"""The table of settings: one row each, from which documents and the sample are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lineage.settings import _values as values


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One setting. `field` is its place in `Settings` (or `Identity`), `parse` makes its value.

    `needed_by` are the kinds of LINEAGE_AUTH without which it is not looked at.
    """

    name: str
    field: str
    parse: Callable[[str], Any]
    default: str
    meaning: str
    secret: bool = False
    required: bool = False
    needed_by: frozenset[values.Auth] = frozenset()


TABLE = (
    Setting(
        "LINEAGE_FACTORIES",
        "factories",
        values.factories,
        "",
        "Factories and workspaces to read, by ARM resource id, separated by commas or line ends; "
        "`sync` needs at least one.",
        required=True,
    ),
    Setting(
        "LINEAGE_CATALOG",
        "catalog",
        values.place("purview:https://HOST", "atlas:https://HOST", "local:PATH"),
        "local:lineage-catalog.db",
        "Where lineage goes: `purview:https://ACCOUNT.purview.azure.com`, "
        "`atlas:https://HOST:PORT` (http for loopback only), or `local:PATH`, an embedded catalog "
        "in one file.",
    ),
    Setting(
        "LINEAGE_STORE",
        "store",
        values.place("sqlite:PATH", "table:"),
        "sqlite:lineage-store.db",
        "Where the ledger of runs is kept: `sqlite:PATH`, or `table:`, tables in the storage "
        "account of `AzureWebJobsStorage`. A Functions host takes no file.",
    ),
    Setting(
        "LINEAGE_AUTH",
        "auth",
        values.auth,
        "default",
        "Who we are: `default`, `managed-identity`, `managed-identity:CLIENT_ID`, `client-secret`, "
        "`client-certificate`, `device-code`, or `none` where every endpoint is loopback.",
    ),
    Setting(
        "LINEAGE_MANAGEMENT_ENDPOINT",
        "management_endpoint",
        values.endpoint,
        "https://management.azure.com",
        "Azure Resource Manager, through which factories are read; another one in other clouds.",
    ),
    Setting(
        "LINEAGE_SYNAPSE_ENDPOINT",
        "synapse_endpoint",
        values.endpoint,
        "https://{workspace}.dev.azuresynapse.net",
        "Where workspaces are read; `{workspace}` stands for the workspace's name.",
    ),
    Setting(
        "LINEAGE_LOOKBACK",
        "lookback",
        values.duration("1m", "45d"),
        "7d",
        "How far back the first sync of a factory begins; the service keeps 45 days.",
    ),
    Setting(
        "LINEAGE_OVERLAP",
        "overlap",
        values.duration("0s", "1d"),
        "15m",
        "How far each window reaches back before the cursor, for runs that appear late.",
    ),
    Setting(
        "LINEAGE_LAG",
        "lag",
        values.duration("0s", "1h"),
        "2m",
        "How far the end of a window stays behind now, for runs still being written.",
    ),
    Setting(
        "LINEAGE_IN_FLIGHT",
        "in_flight",
        values.number(1, 64),
        "16",
        "Most calls under way at once, per factory.",
    ),
    Setting(
        "LINEAGE_BATCH",
        "batch",
        values.number(1, 200),
        "50",
        "Most pipeline runs in one batch, the unit of work.",
    ),
    Setting(
        "LINEAGE_LANES",
        "lanes",
        values.number(1, 16),
        "2",
        "How many batches of one factory are reported at once; a pipeline keeps to its lane. Stop "
        "the Functions app to change it.",
    ),
    Setting(
        "LINEAGE_MISSING_ASSETS",
        "missing_assets",
        values.one_of(values.MissingAssets),
        "create",
        "What to do with an asset the catalog lacks: `create` it under its real type and exact "
        "name, or `skip` it.",
    ),
    Setting(
        "LINEAGE_RUN_ATTRIBUTES",
        "run_attributes",
        values.one_of(values.RunAttributes),
        "daily",
        "Whether an unchanged process gets the attributes of its last run: `daily` or `off`.",
    ),
    Setting(
        "LINEAGE_NATIVE",
        "native",
        values.one_of(values.Native),
        "verify",
        "What to do with a run the built-in connection says it reported: `verify` leaves it alone "
        "if the catalog shows it, `trust` always does, `always` reports it too.",
    ),
    Setting(
        "LINEAGE_CATALOG_BATCH",
        "catalog_batch",
        values.number(1, 500),
        "50",
        "Most processes in one bulk call to the catalog, which is also cut at 1 MB.",
    ),
    Setting(
        "LINEAGE_CATALOG_OPS_PER_SECOND",
        "catalog_rate",
        values.number(1, 100_000),
        "20",
        "Entities sent per second to Purview or Atlas, over all lanes.",
    ),
    Setting(
        "LINEAGE_ADF_NAME_CASE",
        "name_case",
        values.one_of(values.NameCase),
        "auto",
        "How names of Data Factory are spelt: `original`, as Azure writes them, `lower`, or "
        "`auto`: as the catalog has the factory already.",
    ),
    Setting(
        "LINEAGE_SYNAPSE_OPERATION",
        "synapse_operation",
        values.type_name,
        "auto",
        "The type of what an activity of Synapse does: `auto`, the first that the catalog knows of "
        "`azure_synapse_copy_operation`, `azure_synapse_operation` and `adf_activity_operation`, "
        "or a type's name.",
    ),
    Setting(
        "LINEAGE_COLLECTION",
        "collection",
        values.collection,
        "",
        "Purview collection, by its id, for entities that are created; empty is the root.",
    ),
    Setting(
        "LINEAGE_REGISTER_TYPES",
        "register_types",
        values.truth,
        "false",
        "Whether `types install` may register our own fall-back type on Purview: `true` or "
        "`false`.",
    ),
    Setting("ATLAS_USERNAME", "atlas_username", str, "", "Who we are to an Apache Atlas server."),
    Setting(
        "ATLAS_PASSWORD",
        "atlas_password",
        str,
        "",
        "The password of ATLAS_USERNAME.",
        secret=True,
    ),
    Setting(
        "LINEAGE_SCHEDULE",
        "schedule",
        values.schedule,
        "0 */5 * * * *",
        "When the Functions app collects: six fields of NCRONTAB, in UTC.",
    ),
    Setting(
        "LINEAGE_QUEUE",
        "queue",
        values.queue_name,
        "lineage-batches",
        "The storage queue through which the Functions app passes batches; messages that failed "
        "too often go to the queue of that name and `-poison`.",
    ),
    Setting(
        "LINEAGE_LEDGER_DAYS",
        "ledger_days",
        values.number(50, 3_650),
        "400",
        "For how many days the ledger keeps runs that are settled; the service keeps 45.",
    ),
)

_PRINCIPAL = frozenset({values.Auth.CLIENT_SECRET, values.Auth.CLIENT_CERTIFICATE})

IDENTITY = (
    Setting("AZURE_TENANT_ID", "tenant", str, "", "Tenant.", needed_by=_PRINCIPAL),
    Setting("AZURE_CLIENT_ID", "client", str, "", "Service principal.", needed_by=_PRINCIPAL),
    Setting(
        "AZURE_CLIENT_SECRET",
        "secret",
        str,
        "",
        "The principal's secret.",
        secret=True,
        needed_by=frozenset({values.Auth.CLIENT_SECRET}),
    ),
    Setting(
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "certificate",
        str,
        "",
        "File with the principal's certificate and key.",
        needed_by=frozenset({values.Auth.CLIENT_CERTIFICATE}),
    ),
    Setting(
        "AZURE_AUTHORITY_HOST",
        "authority",
        values.authority,
        "",
        "Where to sign in, in clouds other than Azure's public one.",
    ),
)

# As the Functions host names the account it works with.
# Source: learn.microsoft.com/azure/azure-functions/functions-reference, "Connections"
STORAGE = (
    Setting(
        "AzureWebJobsStorage",
        "connection",
        str,
        "",
        "Connection string of the storage account; above all the others.",
        secret=True,
    ),
    Setting(
        "AzureWebJobsStorage__accountName", "account", values.account, "", "The account's name."
    ),
    Setting(
        "AzureWebJobsStorage__tableServiceUri",
        "tables",
        values.service_uri,
        "",
        "Where its tables are, above the name; needed outside Azure's public cloud.",
    ),
    Setting(
        "AzureWebJobsStorage__queueServiceUri",
        "queues",
        values.service_uri,
        "",
        "Where its queues are, above the name; needed outside Azure's public cloud.",
    ),
    Setting(
        "AzureWebJobsStorage__credential",
        "credential",
        values.host_credential,
        "",
        "`managedidentity`, or empty for the default chain.",
    ),
    Setting(
        "AzureWebJobsStorage__clientId",
        "client",
        values.client_id,
        "",
        "Client id of a user-assigned managed identity.",
    ),
)
