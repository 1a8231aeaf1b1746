"""What linked services say of where they connect to: connection strings, URLs, accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lineage.connectors import _hosts, _strings, _text
from lineage.connectors._parts import ABSENT, Part
from lineage.connectors._tree import Tree
from lineage.model import Endpoint, Fixed, Reason, Trace

_PUBLIC_CLOUD = "core.windows.net"


class Settings(Struct, frozen=True, eq=False):
    """A connection string's settings; `rest` stands for each one that is not there."""

    words: Mapping[str, str]
    trace: Trace
    rest: Part

    def raw(self, word: str) -> Part:
        """The value of a setting as it stands."""
        text = self.words.get(word)
        return Part(text, self.trace) if text else self.rest


_P = ParamSpec("_P")
_R = TypeVar("_R")
_Read = Callable[Concatenate[Tree, _P], _R]


def once(read: _Read[_P, _R]) -> _Read[_P, _R]:
    """What is read of a linked service that is the same for every run is read once."""
    remembered = lru_cache(maxsize=1024)(read)

    @wraps(read)
    def known(linked: Tree, /, *args: _P.args, **more: _P.kwargs) -> _R:
        fixed = isinstance(linked.root, Fixed)
        return (remembered if fixed else read)(linked, *args, **more)

    return known


def linked_service(endpoint: Endpoint) -> Tree:
    """The linked service's own properties."""
    return Tree(endpoint.connection, f"linked service {endpoint.linked_service}")


def settings(linked: Tree) -> Settings:
    """The settings of `connectionString`; behind an expression none is missing, but unresolved."""
    label = "connectionString"
    found = linked.raw(label)
    if found.text is None:
        return Settings({}, found.trace, found)
    if _text.masked(found.text):
        return Settings({}, found.trace, linked.refused(found, Reason.HIDDEN_CONNECTION, label))
    words = {} if _text.whole_expression(found.text) else _strings.settings(found.text)
    rest = ABSENT
    if _text.expression(found.text) or _text.whole_expression(found.text):
        rest = linked.refused(found, Reason.UNRESOLVED, f"{label}: template text")
    return Settings(words, (label, *found.trace), rest)


@once
def url(linked: Tree, key: str) -> tuple[Part, Part]:
    """Host of the URL under `key`, and its path."""
    return url_of(linked, linked.raw(key), key)


def url_of(linked: Tree, found: Part, label: str) -> tuple[Part, Part]:
    """Host and path of a URL. User info, port, query and fragment are dropped."""
    if found.text is None:
        return found, found
    if _text.expression(found.text) or _text.whole_expression(found.text):
        unknown = linked.refused(found, Reason.UNRESOLVED, f"{label}: template text")
        return unknown, unknown
    if _hosts.drive(found.text):
        unknown = linked.refused(found, Reason.LOCAL_NAME, label)
        return unknown, unknown
    address = _hosts.address(found.text)
    host = linked.host(replace(found, text=address.host or None), label)
    return host, linked.checked(replace(found, text=address.path or None), label)


@once
def storage(linked: Tree, service: str, *keys: str) -> tuple[Part, Part]:
    """
    Host of a storage account's `service` (`blob`, `table`, `file`), and the path behind it, if any.

    The first of `keys` that is given tells it; a SAS URI gives host and path, never its query.
    """
    key = next((key for key in keys if linked.raw(key).given), "")
    if key != "connectionString":
        return url(linked, key) if key else (ABSENT, ABSENT)
    found = settings(linked)
    if found.words.get("usedevelopmentstorage", "").lower() == "true":
        return linked.refused(Part(trace=found.trace), Reason.LOCAL_NAME, key), ABSENT
    endpoint = found.raw(f"{service}endpoint")
    if endpoint.text:
        return url_of(linked, endpoint, key)
    account = found.raw("accountname")
    if account.text is None:
        return account, ABSENT
    suffix = found.words.get("endpointsuffix") or _PUBLIC_CLOUD
    host = replace(account, text=f"{account.text}.{service}.{suffix}")
    return linked.host(host, key), ABSENT
