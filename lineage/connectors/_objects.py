"""The object of a dataset whose store has no row."""

from __future__ import annotations

import re

from msgspec.structs import replace

from lineage.connectors import _paths, _readers, _selection
from lineage.connectors._levels import DOTTED, LEVELS, table_of
from lineage.connectors._parts import ABSENT, EMPTY, Part, Parts
from lineage.connectors._tree import Tree
from lineage.model import Endpoint

_BUCKETS = frozenset({"AmazonS3", "AmazonS3Compatible", "GoogleCloudStorage", "OracleCloudStorage"})
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


def object_of(endpoint: Endpoint) -> dict[str, Part]:
    """What the dataset says below its host: a path, a table, or a name of its own kind."""
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
    if any(data.raw(key).given for key in (*LEVELS, "table", "tableName")):
        return table_of(data, endpoint.dataset_type in DOTTED)
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
        return _selection.narrowed(EMPTY, EMPTY, chosen)
    if "*" in (key.text or "") or "?" in (key.text or ""):
        return _selection.narrowed(key, EMPTY, store)
    return _selection.narrowed(EMPTY, key, store)


def _relative(data: Tree, part: Part) -> Part:
    """A path below a URL, without its query; an absolute URL is a place of its own, not known."""
    if part.text is None:
        return part if part.given else EMPTY
    if "://" in part.text:
        return replace(part, text=None)
    path = re.split(r"[?#]", part.text, maxsplit=1)[0].strip("/")
    return data.checked(replace(part, text=path), "path") if path else replace(part, text="")
