"""Reading where an object lives, for the stores without a row: host, levels, object."""

from __future__ import annotations

import re
from dataclasses import replace

from lineage.connectors import _connections, _identifiers, _paths, _readers, _servers
from lineage.connectors._parts import ABSENT, EMPTY, Part, Parts, Tree
from lineage.connectors._stores import store_of
from lineage.model import Endpoint

_BUCKETS = frozenset({"AmazonS3", "AmazonS3Compatible", "GoogleCloudStorage", "OracleCloudStorage"})
# Their retired `tableName` is dotted; elsewhere a dot is part of a name.
_DOTTED = frozenset(
    {
        "AmazonRedshiftTable",
        "AzurePostgreSqlTable",
        "Db2Table",
        "DrillTable",
        "GoogleBigQueryObject",
        "GreenplumTable",
        "HiveObject",
        "ImpalaObject",
        "NetezzaTable",
        "OracleTable",
        "PhoenixObject",
        "PostgreSqlTable",
        "PrestoObject",
        "SparkObject",
        "VerticaTable",
    }
)
_LEVELS = ("database", "dataset", "keyspace", "schema")
_NAMES = (
    "collectionName",
    "collection",
    "entityName",
    "objectApiName",
    "reportId",
    "indexName",
    "listName",
    "openHubDestinationName",
    "context",
    "objectName",
)
_URLS = frozenset({"HttpFile", "HttpServerLocation", "RestResource"})  # the base URL is an object


def read(endpoint: Endpoint) -> Parts:
    """`host`, the levels below it, and the object; an opaque end stops above the object."""
    store = store_of(endpoint.linked_service_type)
    if store.scheme == "mssql":
        return _readers.sql(endpoint)
    linked = _connections.linked_service(endpoint)
    host, levels = _servers.read(linked, store)
    if endpoint.opaque:
        return {"host": host, **levels}
    below = {**levels, **_object(endpoint)}
    if not store.hosts and not store.service and below.get("bucket", EMPTY).text:
        host = linked.host(below.pop("bucket"), "bucket")
    if store.scheme == "file":
        below = {label: _forward(part) for label, part in below.items()}
    return {"host": host, **below}


def _object(endpoint: Endpoint) -> dict[str, Part]:
    data, store = _readers.dataset(endpoint), _readers.store(endpoint)
    location = data.at("location")
    if data.has("location"):
        if location.raw("relativeUrl").given or location.raw("type").text in _URLS:
            return {"path": _relative(data, location.raw("relativeUrl"))}
        buckets = endpoint.linked_service_type in _BUCKETS
        if buckets or location.first("container", "fileSystem", "bucketName").given:
            parts = dict(_paths.contained(data, store))
            return {"bucket": parts.pop("container"), **parts}
        return dict(_paths.uncontained(data, store))
    if data.raw("bucketName").given:
        return {"bucket": data.part("bucketName"), **_key(data, store)}
    if data.raw("folderPath").given or data.raw("fileName").given:
        return dict(_paths.uncontained(data, store))
    if data.raw("relativeUrl").given or endpoint.dataset_type in _URLS:
        return {"path": _relative(data, data.raw("relativeUrl"))}
    if any(data.raw(key).given for key in (*_LEVELS, "table", "tableName")):
        return _table(data, endpoint.dataset_type in _DOTTED)
    if data.raw("path").given:
        return {"path": _relative(data, data.raw("path")), **_given(data, "index")}
    if endpoint.dataset_type == "CustomDataset":
        return {"dataset": data.checked(Part(endpoint.dataset_name or None), "name")}
    return _given(data, *_NAMES) or {"object": ABSENT}


def _given(data: Tree, *keys: str) -> dict[str, Part]:
    return {key: data.part(key) for key in keys if data.raw(key).given}


def _key(data: Tree, store: Tree) -> Parts:
    """Folder and file of a retired dataset of objects, which has a key or a prefix."""
    key = data.part("key")
    if not key.given:
        chosen = Tree({"prefix": data.value("prefix")}, data.place)
        return _paths.narrowed(EMPTY, EMPTY, chosen)
    if "*" in (key.text or "") or "?" in (key.text or ""):
        return _paths.narrowed(key, EMPTY, store)
    return _paths.narrowed(EMPTY, key, store)


def _table(data: Tree, dotted: bool) -> dict[str, Part]:
    levels = {key: _readers.identifier(data, key) for key in _LEVELS if data.raw(key).given}
    key = "table" if data.raw("table").given else "tableName"
    whole = _readers.quotable(data, key)
    words = _identifiers.split(whole.text or "") if dotted and not levels else ()
    if not 2 <= len(words) <= 3:
        return {**levels, "table": _readers.identifier(data, key)}
    named = zip(("catalog", "schema", "table")[-len(words) :], words, strict=True)
    return {label: _readers.escaped(replace(whole, text=word)) for label, word in named if word}


def _relative(data: Tree, part: Part) -> Part:
    """A path below a URL, without its query; an absolute URL is a place of its own, not known."""
    if part.text is None:
        return part if part.given else EMPTY
    if "://" in part.text:
        return replace(part, text=None)
    path = re.split(r"[?#]", part.text, maxsplit=1)[0].strip("/")
    return data.checked(replace(part, text=path), "path") if path else replace(part, text="")


def _forward(part: Part) -> Part:
    return replace(part, text=part.text.replace("\\", "/").strip("/")) if part.text else part
