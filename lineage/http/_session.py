"""The session for one host: its proxies, its certificates, its connections."""

from __future__ import annotations

from urllib.parse import urlsplit

from requests import Session

from lineage.http._transport import Transport
from lineage.settings import is_loopback


def session(url: str) -> Session:
    """
    A session for the host of `url`, with as many connections as calls are under way.

    Proxies and a CA bundle are taken from the environment once, as `requests` understands it; to
    look at it again on each call costs 0.2 ms. Loopback is never reached through a proxy; netrc is
    not read, as it would replace our token.
    """
    made = Session()
    found = made.merge_environment_settings(url, {}, None, None, None)
    made.trust_env = False
    made.verify = found["verify"]
    made.proxies = {} if is_loopback(urlsplit(url).hostname or "") else dict(found["proxies"])
    transport = Transport()
    for scheme in ("https://", "http://"):
        made.mount(scheme, transport)
    return made
