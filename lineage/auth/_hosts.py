"""Which hosts may see a token or a password."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from lineage.errors import SettingsError
from lineage.settings import is_loopback

_ORIGIN = re.compile(
    r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE
)
_UNSAFE = re.compile(r"[\s\\\x00-\x20\x7f]")  # read differently by different parsers of URLs
_PORTS = {"https": 443, "http": 80}


def allowed(url: str, hosts: Collection[str]) -> bool:
    """Whether a token may go to `url`: one of `hosts` exactly, over https or on loopback."""
    place, _, rest = url.partition("://")
    place += "://" + re.split(r"[/?#]", rest, maxsplit=1)[0]
    match = _ORIGIN.fullmatch(place)
    if match is None or _UNSAFE.search(url):
        return False
    scheme, host, port = match[1].lower(), match[2].lower(), match[3]
    if scheme != "https" and not is_loopback(host.strip("[]")):
        return False
    usual = _PORTS[scheme]
    number = int(port or usual)
    return f"{host}:{number}" in hosts or (number == usual and host in hosts)


def check(what: str, url: str | None, hosts: Collection[str]) -> None:
    """Raises `SettingsError` where `what`, a token or a password, may not go to `url`."""
    if not allowed(url or "", hosts):
        raise SettingsError(f"{what} is not sent to {_origin(url or '')}")


def _origin(url: str) -> str:
    """What an error may say of a URL: neither user nor path."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "what is no address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
