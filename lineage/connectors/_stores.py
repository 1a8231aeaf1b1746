"""Stores without a row: the scheme of their fall-back assets, and where their host is told."""

from __future__ import annotations

from msgspec import Struct


class Store(Struct, frozen=True):
    """
    `hosts` are the linked service's keys that tell the host, in the order they are tried.

    Without any, the linked service itself stands in the host's place. `port` is the usual one,
    which needs no mention: None for that of the URL's own scheme, 0 if there is none. `base` keeps
    the path of the URL, `suffix` completes an account's name, `also` are keys appended to the host.
    `service` is a storage account's, which tells its host as blobs do. `own` is a pattern of the
    vendor's hosts, for all of whom a bucket's name is one: it stands in their place.
    """

    scheme: str
    hosts: tuple[str, ...] = ()
    port: int | None = None
    base: bool = False
    suffix: str = ""
    also: tuple[str, ...] = ()
    service: str = ""
    own: str = ""


_ANY = ("host", "server", "url", "endpoint", "connectionString")
_ORG = ("serviceUri", "hostName")
_SAP = ("systemId", "systemNumber", "clientId")
_STRING = ("connectionString",)
# A bucket's name is one in a partition of Amazon's cloud: China and US Government are others.
_AMAZON = r"(?!.*\bus-gov-)(?:.+\.)?amazonaws\.com"
_GOOGLE = r"(?:.+\.)?googleapis\.com"

# By linked-service type. One that is not here takes its own type, in lower case, as scheme.
STORES: dict[str, Store] = {
    "AmazonMWS": Store("amazonmws", ("endpoint",)),
    "AmazonRdsForOracle": Store("oracle", ("server", *_STRING), 0, base=True),
    "AmazonRdsForSqlServer": Store("mssql", port=1433),
    "AmazonRedshift": Store("redshift", ("server",), 0),
    "AmazonS3": Store("s3", ("serviceUrl",), own=_AMAZON),
    "AmazonS3Compatible": Store("s3compatible", ("serviceUrl",)),
    "AzureDataExplorer": Store("azuredataexplorer", ("endpoint",)),
    "AzureDataLakeStore": Store("adl", ("dataLakeStoreUri",)),
    "AzureDatabricksDeltaLake": Store("databricks", ("domain",)),
    "AzureFileStorage": Store("azurefilestorage", service="file"),
    "AzureMariaDB": Store("mariadb", _STRING, 3306),
    "AzureMySql": Store("mysql", _STRING, 3306),
    "AzurePostgreSql": Store("postgresql", ("server", *_STRING), 5432),
    "AzureSearch": Store("azuresearch", ("url",)),
    "AzureSqlMI": Store("mssql", port=3342),  # of the public endpoint, whose host is another
    "AzureStorage": Store(
        "azuretablestorage", service="table"
    ),  # its blobs have a row, so this is a table
    "AzureTableStorage": Store("azuretablestorage", service="table"),
    "Cassandra": Store("cassandra", ("host",), 0),
    "CommonDataServiceForApps": Store("dataverse", _ORG),
    "CosmosDb": Store("cosmosdb", ("accountEndpoint", *_STRING)),
    "CosmosDbMongoDbApi": Store("mongodb", _STRING, 27017),
    "Couchbase": Store("couchbase", _STRING, 0),
    "CustomDataSource": Store("custom"),
    "Db2": Store("db2", ("server", *_STRING), 0),
    "Drill": Store("drill", _STRING, 0),
    "Dynamics": Store("dataverse", _ORG),
    "DynamicsAX": Store("dynamicsax", ("url",), base=True),
    "DynamicsCrm": Store("dataverse", _ORG),
    "Eloqua": Store("eloqua", ("endpoint",)),
    "FileServer": Store("file", ("host",), base=True),
    "FtpServer": Store("ftp", ("host",), 21),
    "GoogleAdWords": Store("googleadwords", ("clientCustomerID",)),
    "GoogleBigQuery": Store("bigquery", ("project",)),
    "GoogleBigQueryV2": Store("bigquery", ("projectId",)),
    "GoogleCloudStorage": Store("gs", ("serviceUrl",), own=_GOOGLE),
    "Greenplum": Store("greenplum", ("host", *_STRING), 0),
    "HBase": Store("hbase", ("host",), 0),
    "Hdfs": Store("hdfs", ("url",), 0),
    "Hive": Store("hive", ("host",), 10000),
    "HttpServer": Store("http+file", ("url",), base=True),
    "Impala": Store("impala", ("host",), 0),
    "Informix": Store("informix", _STRING, 0),
    "Jira": Store("jira", ("host",)),
    "Lakehouse": Store("fabric", ("workspaceId",)),
    "Magento": Store("magento", ("host",), base=True),
    "MariaDB": Store("mariadb", ("server", *_STRING), 0),
    "Marketo": Store("marketo", ("endpoint",)),
    "MicrosoftAccess": Store("access"),
    "MongoDb": Store("mongodb", ("server",), 27017),
    "MongoDbAtlas": Store("mongodb", _STRING, 27017),
    "MongoDbV2": Store("mongodb", _STRING, 27017),
    "MySql": Store("mysql", ("server", *_STRING), 0),
    "Netezza": Store("netezza", ("server", *_STRING), 0),
    "OData": Store("odata", ("url",), base=True),
    "Odbc": Store("odbc", _STRING, 0, base=True),
    "Office365": Store("office365", ("office365TenantId",)),
    "Oracle": Store("oracle", ("server", *_STRING), 0, base=True),
    "OracleCloudStorage": Store("oci", ("serviceUrl",)),
    "OracleServiceCloud": Store("oracleservicecloud", ("host",)),
    "Paypal": Store("paypal", ("host",)),
    "Phoenix": Store("phoenix", ("host",), 0),
    "PostgreSql": Store("postgresql", _STRING, 0),
    "PostgreSqlV2": Store("postgresql", ("server",), 0),
    "Presto": Store("presto", ("host",), 0),
    "QuickBooks": Store("quickbooks", ("companyId",)),
    "Quickbase": Store("quickbase", ("url",)),
    "Responsys": Store("responsys", ("endpoint",)),
    "RestService": Store("rest", ("url",), base=True),
    "Salesforce": Store("salesforce", ("environmentUrl",)),
    "SalesforceServiceCloud": Store("salesforce", ("environmentUrl",)),
    "SalesforceServiceCloudV2": Store("salesforce", ("environmentUrl",)),
    "SalesforceV2": Store("salesforce", ("environmentUrl",)),
    "SapBW": Store("sapbw", ("server",), also=("systemNumber", "clientId")),
    "SapCloudForCustomer": Store("sapc4c", ("url",), base=True),
    "SapEcc": Store("sapecc+odata", ("url",), base=True),
    "SapHana": Store("sap_hana", ("server", *_STRING), 0),
    "SapOdp": Store("sapodp", ("server", "messageServer"), also=_SAP),
    "SapOpenHub": Store("sapbw", ("server", "messageServer"), also=("systemNumber", "clientId")),
    "SapTable": Store("sap", ("server", "messageServer"), also=_SAP),
    "ServiceNow": Store("servicenow", ("endpoint",)),
    "ServiceNowV2": Store("servicenow", ("endpoint",)),
    "Sftp": Store("sftp", ("host",), 22),
    "SharePointOnlineList": Store("sharepoint", ("siteUrl",), base=True),
    "Shopify": Store("shopify", ("host",)),
    "Snowflake": Store("snowflake", _STRING),
    "SnowflakeV2": Store(
        "snowflake", ("host", "accountIdentifier"), suffix=".snowflakecomputing.com"
    ),
    "Spark": Store("spark", ("host",), 0),
    "Square": Store("square", ("host",)),
    "Sybase": Store("sybase", ("server",), 0),
    "TeamDesk": Store("teamdesk", ("url",), base=True),
    "Teradata": Store("teradata", ("server", *_STRING), 1025),
    "Vertica": Store("vertica", ("server", *_STRING), 0),
    "Warehouse": Store("fabric", ("workspaceId",)),
    "Web": Store("web", ("url",), base=True),
    "Xero": Store("xero", ("host",)),
    "Zendesk": Store("zendesk", ("url",)),
    "Zoho": Store("zoho", ("endpoint",)),
}


def store_of(linked_service_type: str) -> Store:
    """The store behind a linked-service type."""
    return STORES.get(linked_service_type) or Store(linked_service_type.lower(), _ANY, 0, base=True)
