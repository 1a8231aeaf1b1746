"""
An estate full of secrets, each a word that can be found again wherever it turns up.

One pipeline copies from stores of every kind, their linked services written as real teams write
them; another holds what activities show of themselves; further factories answer with errors. What
makes a name is harmless: a secret stands only where it must never be told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo import payloads, times
from demo.queries import Refusal
from demo.shapes import Definition, Estate, Json, Row, Run, Site

_GROUP = "/subscriptions/00000000-0000-4000-8000-00000000c0de/resourceGroups/rg-secrets"
_FACTORY = f"{_GROUP}/providers/Microsoft.DataFactory/factories"
MAIN = f"{_FACTORY}/adf-secrets"
ERRORS = {  # by the name of a factory: what it answers when activity runs are asked for
    "adf-refuses": 403,
    "adf-doubts": 400,
    "adf-forgets": 404,
    "adf-fails": 500,
}
BROKEN = "adf-babbles"  # answers with half of a JSON text
COPIES, SHOWS = "PL_Copies", "PL_Shows"
RUN = "5ec00000-0001-4000-8000-000000000000"
_SHOWING = "5ec00000-0002-4000-8000-000000000000"

_SINK = {
    "location": {
        "type": "AzureBlobFSLocation",
        "fileSystem": "lake",
        "folderPath": "out",
        "fileName": {"value": "@dataset().file", "type": "Expression"},
    }
}


class Canaries:
    """Makes secrets; `planted` tells of each where it was put."""

    def __init__(self) -> None:
        self.planted: dict[str, str] = {}

    def __call__(self, where: str) -> str:
        """A new one: letters and digits only, so that no escaping hides it."""
        made = f"zq7canary{len(self.planted):02d}x"
        self.planted[made] = where
        return made

    def found(self, text: str) -> set[str]:
        """Those that are in a text, whatever became of their case."""
        folded = text.lower()
        return {where for word, where in self.planted.items() if word in folded}


def _secure(value: str) -> dict[str, str]:
    return {"type": "SecureString", "value": value}


def _file(kind: str, **location: str) -> tuple[str, Json]:
    return "DelimitedText", {"location": {"type": kind, "fileName": "a.csv", **location}}


_TABLE = ("AzureSqlTable", {"schema": "dbo", "table": "t"})
_BLOB = _file("AzureBlobStorageLocation", container="in")
_LAKE = _file("AzureBlobFSLocation", fileSystem="in")


def _stores(new: Canaries) -> dict[str, tuple[str, Json, tuple[str, Json]]]:
    """By name: a linked service's type and typeProperties, its dataset's type and typeProperties."""
    sql, blob, lake = "AzureSqlDatabase", "AzureBlobStorage", "AzureBlobFS"
    server = "Server=tcp:s.database.windows.net,1433;Database=d"
    account = "https://acc.blob.core.windows.net"
    return {
        "sql_password": (sql, {"connectionString": f"{server};User ID=u;Password={new('sql Password')};"}, _TABLE),
        "sql_pwd": (sql, {"connectionString": f"Data Source=s.database.windows.net;Initial Catalog=d;UID=u;PWD={new('sql PWD')}"}, _TABLE),
        "sql_quoted": (sql, {"connectionString": f'{server};Password="a;{new("sql quoted password")}"";b"'}, _TABLE),
        "sql_single": (sql, {"connectionString": f"{server};Password='a;{new('sql single-quoted password')}'"}, _TABLE),
        "sql_braced": (sql, {"connectionString": f"{server};Pwd={{a;{new('sql braced password')}}}"}, _TABLE),
        "sql_secure": (sql, {"connectionString": _secure(f"{server};Password={new('sql secure string')}")}, _TABLE),
        "sql_parts": (sql, {"server": "s.database.windows.net", "database": "d", "userName": "u", "password": _secure(new("sql password property"))}, _TABLE),
        "sql_principal": (sql, {"connectionString": server, "servicePrincipalId": "id", "servicePrincipalKey": _secure(new("sql servicePrincipalKey"))}, _TABLE),
        "sql_plain_key": (sql, {"connectionString": server, "servicePrincipalKey": new("sql servicePrincipalKey in clear")}, _TABLE),
        "sql_unfinished": (sql, {"connectionString": f"{server};Password={new('sql password, no dataset name')}"}, ("AzureSqlTable", {})),
        "sql_server": ("SqlServer", {"connectionString": f"Server=onprem\\inst;Database=d;User ID=u;Password={new('sql server password')}", "encryptedCredential": new("encryptedCredential")}, ("SqlServerTable", {"schema": "dbo", "table": "t"})),
        "sql_expression": (sql, {"connectionString": f"{server};Password=@{{concat('{new('password within an expression')}', linkedService().none)}}"}, _TABLE),
        "warehouse": ("AzureSqlDW", {"connectionString": f"Server=w.sql.azuresynapse.net;Initial Catalog=d;Access Token={new('access token')}"}, ("AzureSqlDWTable", {"schema": "dbo", "table": "t"})),
        "blob_key": (blob, {"connectionString": f"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={new('blob AccountKey')}==;EndpointSuffix=core.windows.net"}, _BLOB),
        "blob_sas": (blob, {"connectionString": f"BlobEndpoint={account};SharedAccessSignature=sv=2020&sig={new('SharedAccessSignature')}"}, _BLOB),
        "blob_uri": (blob, {"sasUri": f"{account}/?sv=2020&sp=r&sig={new('sasUri')}"}, _BLOB),
        "blob_secure_uri": (blob, {"sasUri": _secure(f"{account}/?sv=2020&sig={new('sasUri as a secure string')}")}, _BLOB),
        "blob_container": (blob, {"sasUri": f"{account}/in?sv=2020&code={new('sasUri with a container')}"}, _BLOB),
        "blob_user": (blob, {"serviceEndpoint": f"https://u:{new('user info of a blob endpoint')}@acc.blob.core.windows.net/"}, _BLOB),
        "blob_pasted": (blob, {"serviceEndpoint": account}, _file("AzureBlobStorageLocation", container="in", folderPath=f"a/b?sig={new('a signature in a folder path')}")),
        "lake_key": (lake, {"url": "https://acc.dfs.core.windows.net", "accountKey": _secure(new("lake accountKey"))}, _LAKE),
        "lake_plain_key": (lake, {"url": "https://acc.dfs.core.windows.net", "accountKey": new("lake accountKey in clear")}, _LAKE),
        "lake_host": (lake, {"url": _secure(f"https://{new('a secure URL')}.dfs.core.windows.net")}, _LAKE),
        "sftp": ("Sftp", {"host": "sftp.example.org", "port": 22, "userName": "u", "password": _secure(new("sftp password")), "privateKeyContent": _secure(new("sftp private key")), "passPhrase": new("sftp pass phrase in clear")}, _file("SftpLocation", folderPath="in")),
        "ftp": ("FtpServer", {"host": f"ftp://u:{new('user info of an FTP host')}@ftp.example.org"}, _file("FtpServerLocation", folderPath="in")),
        "http": ("HttpServer", {"url": f"https://api.example.org/v1?code={new('code of an HTTP URL')}", "authHeaders": {"x-key": _secure(new("HTTP header"))}}, _file("HttpServerLocation", relativeUrl=f"a.csv?token={new('token of a relative URL')}")),
        "rest": ("RestService", {"url": f"https://u:{new('user info of a REST URL')}@api.example.org/v1", "authHeaders": {"x-key": new("REST header in clear")}}, ("RestResource", {"relativeUrl": "orders"})),
        "oracle": ("Oracle", {"connectionString": f"host=o.example.org;port=1521;sid=s;user id=u;password={new('oracle password')}"}, ("OracleTable", {"schema": "s", "table": "t"})),
        "snowflake": ("Snowflake", {"connectionString": f"jdbc:snowflake://a.snowflakecomputing.com/?user=u&password={new('snowflake password')}&db=d"}, ("SnowflakeTable", {"schema": "s", "table": "t"})),
        "mongo": ("MongoDbV2", {"connectionString": f"mongodb://u:{new('mongodb user info')}@m.example.org:27017/d"}, ("MongoDbV2Collection", {"collection": "c"})),
        "cosmos": ("CosmosDb", {"connectionString": f"AccountEndpoint=https://c.documents.azure.com:443/;AccountKey={new('cosmos AccountKey')};Database=d"}, ("CosmosDbSqlApiCollection", {"collectionName": "c"})),
        "odbc": ("Odbc", {"connectionString": f"Driver={{SQL}};Server=odbc.example.org;Uid=u;Pwd={new('odbc Pwd')}"}, ("OdbcTable", {"tableName": "t"})),
        "unheard": ("TelepathyStore", {"host": "mind.example.org", "thought": new("property of an unknown store"), "connectionString": f"host=mind.example.org;apikey={new('apikey of an unknown store')}"}, ("TelepathyObject", {"objectName": "o"})),
        "s3": ("AmazonS3", {"accessKeyId": new("S3 accessKeyId"), "secretAccessKey": _secure(new("S3 secretAccessKey"))}, _file("AmazonS3Location", bucketName="b")),
    }
