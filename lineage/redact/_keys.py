"""Which keys hold secrets, and which are kept: what a name or an edge may depend on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Marked secret by the service's own models: there they may be a SecureString or a Key Vault's.
# Source: the model classes of azure-mgmt-datafactory 10.0.0, linked services and SSIS.
MARKED = frozenset(
    {
        *("accessKey", "accessToken", "accessTokenSecret", "accountKey", "apiKey", "apiToken"),
        *("authHeaders", "clientKey", "clientSecret", "clusterPassword", "clusterSshPassword"),
        *("connectionString", "consumerKey", "consumerSecret", "credString", "credential"),
        *("developerToken", "embeddedCertData", "functionKey", "key", "keyFileContent"),
        *("mwsAuthToken", "packagePassword", "passPhrase", "password", "privateKey"),
        *("privateKeyContent", "privateKeyPassphrase", "pwd", "refreshToken", "sasToken"),
        *("sasUri", "secretAccessKey", "secretKey", "securityToken", "servicePrincipalCredential"),
        *("servicePrincipalEmbeddedCert", "servicePrincipalEmbeddedCertPassword"),
        *("servicePrincipalKey", "sessionToken", "sslPassword", "userToken"),
    }
)
READABLE = frozenset({"connectionstring", "sasuri"})  # hold a host beside the secret
DROPPED = "encryptedcredential"  # opaque, and nobody's to keep
# The words of what else is secret, in the name of a key or parameter.
_WORDS = re.compile(
    r"password|passwd|passphrase|pwd|passcode|secret|token|credential|authorization|authheader"
    r"|cookie|signature|sharedaccess|certificate|pfx"
    r"|(?:access|account|admin|api|client|consumer|encryption|function|host|master|private|secret"
    r"|shared|signing|storage|subscription)_?key"
    r"|^x?key$|^(?:sig|sas|jwt|pin|auth)$"
)
_MARKED = frozenset(key.lower() for key in MARKED) | {DROPPED}

# What a connection string or a URL's query may keep: where it leads, not who goes there.
WORDS = frozenset(
    {
        *("accountendpoint", "accountname", "addr", "address", "blobendpoint", "data source"),
        *(
            "database",
            "databasename",
            "datasource",
            "db",
            "dbcname",
            "dbname",
            "dbq",
            "defaultendpointsprotocol",
        ),
        *("dfsendpoint", "driver", "dsn", "endpointsuffix", "fileendpoint", "host", "hostname"),
        *(
            "initial catalog",
            "integrated security",
            "network address",
            "port",
            "portnumber",
            "queueendpoint",
        ),
        *("schema", "server", "servername", "servernode", "service name", "servicename", "sid"),
        *("tableendpoint", "usedevelopmentstorage", "warehouse"),
    }
)


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What is kept of a kind of file, by key and wherever it stands.

    Of `shapes` objects and lists are looked into, of `texts` the text is kept too, once it has
    been cleaned. The keys of `open` objects are names that people gave.
    """

    shapes: frozenset[str]
    texts: frozenset[str]
    open: frozenset[str] = frozenset({"parameters"})


_REFERENCE = frozenset({"properties", "typeProperties", "linkedServiceName", "connectVia"})
_ALWAYS = frozenset({"defaultValue", "name", "referenceName", "type", "version"})

LINKED_SERVICE = Kept(
    _REFERENCE,
    _ALWAYS
    | {
        *("accountEndpoint", "accountIdentifier", "accountName", "artifactId"),
        *("authenticationType", "azureCloudType", "baseUrl", "catalog", "clientCustomerID"),
        *("clientId", "companyId", "connectionString", "container", "containerUri"),
        *("dataLakeStoreUri", "database", "databaseName", "domain", "endpoint"),
        *("environmentUrl", "fileShare", "host", "hostName", "messageServer"),
        *("office365TenantId", "organizationName", "port", "portNumber", "project", "projectId"),
        *("sasUri", "schema", "server", "serviceEndpoint", "serviceUri", "serviceUrl", "siteUrl"),
        *("systemId", "systemNumber", "url", "warehouse", "workspaceId"),
    },
)
DATASET = Kept(
    _REFERENCE | {"compression", "format", "location", "partitionedBy", "structure"},
    _ALWAYS
    | {
        *("avroCompressionCodec", "bucketName", "collection", "collectionName"),
        *("columnDelimiter", "compressionCodec", "compressionLevel", "container", "context"),
        *("database", "dataset", "encodingName", "entityName", "escapeChar", "fileName"),
        *("fileSystem", "folderPath", "index", "indexName", "key", "keyspace", "level"),
        *("listName", "nullValue", "objectApiName", "objectName", "openHubDestinationName"),
        *("orcCompressionCodec", "path", "prefix", "quoteChar", "relativeUrl", "reportId"),
        *("rowDelimiter", "schema", "table", "tableName"),
    },
)
ACTIVITY = Kept(
    _REFERENCE
    | {
        *("activities", "additionalColumns", "cases", "dataFlow", "dataflow", "dataset"),
        *("defaultActivities", "dependsOn", "formatSettings", "ifFalseActivities"),
        *("ifTrueActivities", "inputs", "mappings", "outputs", "policy", "sink", "sinks"),
        *("source", "sources", "storeSettings", "translator", "userProperties"),
    },
    _ALWAYS
    | {
        *("activity", "collectionReference", "columnMappings", "dependencyConditions"),
        *("expression", "fileListPath", "items", "modifiedDatetimeEnd", "modifiedDatetimeStart"),
        *("onInactiveMarkAs", "ordinal", "partitionOption", "path", "prefix", "queryTimeout"),
        *("schemaMapping", "tableOption", "timeout", "writeBehavior"),
        *("sqlReaderStoredProcedureName", "sqlWriterStoredProcedureName", "state"),
        *("variableName", "wildcardFileName", "wildcardFolderPath"),
    },
    frozenset({"columnMappings", "datasetParameters", "parameters", "schemaMapping", "variables"}),
)
OUTPUT = Kept(
    frozenset({"reportLineageToPurview", "reportLineageToPurvew"}),
    frozenset({"effectiveIntegrationRuntime", "status"}),
)
FACTORY = Kept(_REFERENCE, _ALWAYS, frozenset({"globalParameters"}))


@lru_cache(maxsize=4096)
def secret(key: str, marked: bool = False) -> bool:
    """
    Whether what stands under this key is secret, whatever it is.

    `marked` is for linked services, in which the service's marks hold, `key` among them.
    """
    folded = key.lower()
    if marked and folded in _MARKED:
        return True
    bare = re.sub(r"[\s.-]", "", folded)
    return bare == DROPPED or _WORDS.search(bare) is not None
