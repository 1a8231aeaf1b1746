"""What the linked services of stores without a row say of host, port and database."""

from __future__ import annotations

import re

from msgspec.structs import replace

from lineage.connectors import _connections, _hosts
from lineage.connectors._parts import ABSENT, EMPTY, Part
from lineage.connectors._stores import Store
from lineage.connectors._tree import Tree

_DATABASES = ("database", "databaseName", "catalog", "artifactId", "organizationName")
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
    if host.text in _SHARED_HOSTS or (store.own and re.fullmatch(store.own, host.text)):
        return EMPTY, levels
    return _completed(linked, store, host, _port(linked, store, found, words)), levels


def _storage(linked: Tree, store: Store) -> tuple[Part, dict[str, Part]]:
    keys = ("serviceEndpoint", "host", "connectionString", "sasUri")
    host, path = _connections.storage(linked, store.service, *keys)
    share = linked.part("fileShare")
    share = share if share.given else path
    return host, {"share": share} if store.service == "file" and share.given else {}


def _completed(linked: Tree, store: Store, host: Part, port: Part) -> Part:
    """A host with what its store adds: suffix, system, port; not known if one of them is not."""
    text, trace = host.text or "", host.trace
    if store.suffix and not text.endswith(store.suffix):
        text += store.suffix
    for mark, part in (*(("_", linked.part(key)) for key in store.also), (":", port)):
        if part.gap is not None:
            return part
        if part.text:
            text, trace = f"{text}{mark}{part.text}", tuple(dict.fromkeys((*trace, *part.trace)))
    return replace(host, text=text, trace=trace)


def _port(linked: Tree, store: Store, found: Part, words: _connections.Settings) -> Part:
    """The port, where it is not the usual one."""
    discrete = linked.first("port", "portNumber")
    told = discrete if discrete.given else linked.checked(words.raw("port"), "port")
    if not told.text and told.gap is None:
        told = replace(found, text=_hosts.address(found.text or "").port)
    if told.gap is not None or not re.fullmatch(r"[0-9]{1,5}", told.text or ""):
        return Part(gap=told.gap)
    of_url = 80 if (found.text or "").strip().lower().startswith("http:") else 443
    usual = of_url if store.port is None else store.port
    return EMPTY if int(told.text or 0) == usual else told


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
