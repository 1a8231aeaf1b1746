"""Hosts: what can be one, which mean nothing elsewhere, and taking them out of URLs."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from msgspec import Struct

_LABEL = r"[^\W_][\w-]*"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LOCAL = frozenset({".", "(local)", "localhost", "localhost.localdomain", "local"})
_SCHEME = re.compile(r"[A-Za-z][\w+.:-]*://")
_DRIVE = re.compile(r"[A-Za-z]:(?:[\\/].*)?", re.DOTALL)


class Address(Struct, frozen=True):
    """Host, port and path of a URL; empty where there is none."""

    host: str
    port: str = ""
    path: str = ""


def clean(text: str) -> str:
    """`text` as a host in lower case, IPv6 in brackets, or nothing if it cannot be one."""
    address = _six(text)
    if address is not None:
        return f"[{address.compressed}]"
    host = text.strip().removesuffix(".")
    return host.lower() if _HOST.fullmatch(host) else ""


def local(text: str) -> bool:
    """Whether a host (or a drive) means something only where it is used."""
    host = text.strip().lower()
    if host in _LOCAL or host.startswith("(localdb)") or host.endswith(".localhost"):
        return True
    if _DRIVE.fullmatch(host):
        return True
    address = _six(host)
    if address is not None:
        mapped = address.ipv4_mapped
        return address.is_loopback or address.is_unspecified or bool(mapped and mapped.is_loopback)
    try:
        four = IPv4Address(host)
    except AddressValueError:
        return False
    return four.is_loopback or four.is_unspecified


def address(text: str) -> Address:
    """
    Host, port and path of `https://host:443/path?query`, `host:port/path` or `\\\\host\\share`.

    User info, query and fragment are dropped. Where an `@` stands behind the first slash the user
    info cannot be told from the path, so that there is no host.
    """
    rest = _SCHEME.sub("", text.strip(), count=1)
    rest = rest.replace("\\", "/").lstrip("/").partition("?")[0]
    authority, _, path = rest.partition("/")
    if "@" in path:
        return Address("")
    host, port = _port(authority.rpartition("@")[2])
    return Address(host, port, path.partition("#")[0].strip("/"))


def drive(text: str) -> bool:
    """Whether this is a folder on a drive of the machine that runs the copy."""
    return _DRIVE.fullmatch(text.strip()) is not None


def _port(authority: str) -> tuple[str, str]:
    if _six(authority) is not None:
        return authority, ""
    host, colon, port = authority.rpartition(":")
    if colon and port.isdecimal():
        return host, port
    return authority.removesuffix(":"), ""


def _six(text: str) -> IPv6Address | None:
    inner = text.strip().removeprefix("[").removesuffix("]")
    if inner.count(":") < 2 or "%" in inner:
        return None
    try:
        return IPv6Address(inner)
    except AddressValueError:
        return None
