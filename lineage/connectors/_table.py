"""The stores whose names in the catalog are known, a row each, in alphabetical order."""

from __future__ import annotations

from lineage.connectors import _readers
from lineage.connectors._connector import Connector
from lineage.connectors._normal import Kind

_DOCS = "https://learn.microsoft.com/azure/data-factory/connector-"
_FILES = "https://{account}/{container}/{folder}/{file}"
_SQL = "mssql://{server}/{database}/{schema}/{table}"
_SQL_SERVER = "mssql://{server}/{instance}/{database}/{schema}/{table}"

# The public cloud, US Government, China.
_BLOB_HOSTS = (
    ".blob.core.windows.net",
    ".blob.core.usgovcloudapi.net",
    ".blob.core.chinacloudapi.cn",
)
_LAKE_HOSTS = (
    ".dfs.core.windows.net",
    ".dfs.core.usgovcloudapi.net",
    ".dfs.core.chinacloudapi.cn",
)
_SQL_HOSTS = (
    ".database.windows.net",
    ".database.usgovcloudapi.net",
    ".database.chinacloudapi.cn",
)
_SYNAPSE_HOSTS = (
    ".sql.azuresynapse.net",
    ".sql.azuresynapse.usgovcloudapi.net",
    ".sql.azuresynapse.azure.cn",
)
_SERVERLESS_HOSTS = tuple(f"-ondemand{suffix}" for suffix in _SYNAPSE_HOSTS)

CONNECTORS: tuple[Connector, ...] = (
    Connector(
        id="azure_blob_storage",
        linked_services=("AzureBlobStorage", "AzureStorage"),
        hosts=_BLOB_HOSTS,
        read=_readers.blob,
        names={"azure_blob_path": _FILES},
        kind=Kind.FILES,
        scheme="",
        docs=f"{_DOCS}azure-blob-storage",
        not_for=("AzureTable",),
    ),
    Connector(
        id="azure_data_lake_storage_gen2",
        linked_services=("AzureBlobFS",),
        hosts=_LAKE_HOSTS,
        read=_readers.data_lake,
        names={"azure_datalake_gen2_path": _FILES},
        kind=Kind.FILES,
        scheme="",
        docs=f"{_DOCS}azure-data-lake-storage",
    ),
    Connector(
        id="azure_sql_database",
        linked_services=("AzureSqlDatabase", "SqlServer"),
        hosts=_SQL_HOSTS,
        read=_readers.sql,
        names={
            "azure_sql_table": _SQL,
            "azure_sql_view": _SQL,
            "azure_sql_dw_table": _SQL,  # a dedicated pool on a logical server looks the same
            "azure_sql_dw_view": _SQL,
        },
        kind=Kind.RELATIONAL,
        scheme="mssql",
        docs=f"{_DOCS}azure-sql-database",
    ),
    Connector(
        id="azure_sql_dw",
        linked_services=("AzureSqlDW",),
        hosts=_SQL_HOSTS,
        read=_readers.sql,
        names={"azure_sql_dw_table": _SQL, "azure_sql_dw_view": _SQL},
        kind=Kind.RELATIONAL,
        scheme="mssql",
        docs=f"{_DOCS}azure-sql-data-warehouse",
    ),
    Connector(
        id="azure_synapse_dedicated_sql_pool",
        linked_services=("AzureSqlDW",),
        hosts=_SYNAPSE_HOSTS,
        read=_readers.sql,
        names={
            "azure_synapse_dedicated_sql_table": _SQL,
            "azure_synapse_dedicated_sql_view": _SQL,
        },
        kind=Kind.RELATIONAL,
        scheme="mssql",
        docs=f"{_DOCS}azure-sql-data-warehouse",
    ),
    Connector(
        id="azure_synapse_serverless_sql",
        linked_services=("AzureSqlDW", "AzureSqlDatabase"),
        hosts=_SERVERLESS_HOSTS,
        read=_readers.sql,
        names={
            "azure_synapse_serverless_sql_table": _SQL,
            "azure_synapse_serverless_sql_view": _SQL,
        },
        kind=Kind.RELATIONAL,
        scheme="mssql",
        docs=f"{_DOCS}azure-sql-data-warehouse",
    ),
    Connector(
        id="sql_server",
        linked_services=("SqlServer",),
        hosts=(),
        read=_readers.sql,
        names={"mssql_table": _SQL_SERVER, "mssql_view": _SQL_SERVER},
        kind=Kind.OTHER,
        scheme="mssql",
        docs=f"{_DOCS}sql-server",
    ),
)
