"""What the linked services of stores without a row say of host, port and database."""

from __future__ import annotations

import re
from dataclasses import replace

from lineage.connectors import _connections, _hosts
from lineage.connectors._parts import ABSENT, EMPTY, Part
from lineage.connectors._stores import Store
from lineage.connectors._tree import Tree

_DATABASES = ("database", "databaseName", "catalog", "artifactId")
_SHARED_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})  # of everybody's data


def read(linked: Tree, store: Store) -> tuple[Part, dict[str, Part]]:
    """The host, with its port if it is shown, and the levels below it that are told with it."""
    if store.service:
        return _storage(linked, store)
    key = next((key for key in store.hosts if linked.raw(key).given), "")
    words = _connections.settings(linked)
    found = linked.raw(key) if key else EMPTY
    if key == "connectionString" and "://" not in (found.text or "").partition("=")[0]:
        found = next(
            (p for w in ("server", "accountendpoint") if (p := words.raw(w)).given), ABSENT
        )
    host, path = _connections.url_of(linked, found, key) if key else (EMPTY, ABSENT)
    levels = {"base": path} if store.base and path.given else {}
    database = _database(linked, found, words)
    if database.given:
        levels["database"] = database
    if not host.text:
        return host, levels
    if host.text in _SHARED_HOSTS:
        return EMPTY, levels
    return _completed(linked, store, host, _port(linked, found, words)), levels


def _storage(linked: Tree, store: Store) -> tuple[Part, dict[str, Part]]:
    keys = ("serviceEndpoint", "host", "connectionString", "sasUri")
    host, path = _connections.storage(linked, store.service, *keys)
    share = linked.part("fileShare")
    share = share if share.given else path
    return host, {"share": share} if store.service == "file" and share.given else {}


def _completed(linked: Tree, store: Store, host: Part, port: str) -> Part:
    """A host with what its store adds: suffix, system, port."""
    text = host.text or ""
    if store.suffix and not text.endswith(store.suffix):
        text += store.suffix
    for key in store.also:
        part = linked.part(key)
        if part.gap is not None:
            return part
        text += f"_{part.text}" if part.text else ""
    if store.port is not None and port and int(port) != store.port:
        text += f":{port}"
    return replace(host, text=text)


def _port(linked: Tree, found: Part, words: _connections.Settings) -> str:
    discrete = linked.first("port", "portNumber").text
    port = discrete or words.words.get("port") or _hosts.address(found.text or "").port
    return port if re.fullmatch(r"[0-9]{1,5}", port) else ""


def _database(linked: Tree, found: Part, words: _connections.Settings) -> Part:
    discrete = linked.first(*_DATABASES)
    if discrete.given:
        return discrete
    url = found.text or ""
    query = re.search(r"[?&]db=([^&]*)", url)
    if query:
        return linked.checked(replace(found, text=query[1] or None), "database")
    if re.match(r"mongodb(?:\+srv)?://", url):
        return linked.checked(replace(found, text=_hosts.address(url).path or None), "database")
    return linked.checked(words.raw("database"), "database")
