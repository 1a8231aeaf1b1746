"""Requests and errors in libcurl's own words."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi
import pycurl
from requests import PreparedRequest

from lineage.errors import Cause, Unavailable
from lineage.http._bodies import Limits, TooLarge

# What libcurl's errors are called: its own texts may hold the address of a proxy with a password.
_CAUSES = {
    pycurl.E_COULDNT_CONNECT: "NewConnectionError",
    pycurl.E_COULDNT_RESOLVE_HOST: "NameResolutionError",
    pycurl.E_COULDNT_RESOLVE_PROXY: "ProxyError",
    pycurl.E_GOT_NOTHING: "RemoteDisconnected",
    pycurl.E_OPERATION_TIMEDOUT: "TimeoutError",
    pycurl.E_PEER_FAILED_VERIFICATION: "SSLCertVerificationError",
    pycurl.E_RECV_ERROR: "ConnectionResetError",
    pycurl.E_SEND_ERROR: "ConnectionResetError",
    pycurl.E_SSL_CACERT_BADFILE: "SSLCertVerificationError",
    pycurl.E_SSL_CONNECT_ERROR: "SSLError",
}
_KNOWN = {
    pycurl.E_COULDNT_RESOLVE_HOST: Cause.NAME,
    pycurl.E_OPERATION_TIMEDOUT: Cause.TIME,
    pycurl.E_PEER_FAILED_VERIFICATION: Cause.CERTIFICATE,
}

# Of every handle.
ALWAYS: dict[int, Any] = {
    pycurl.ACCEPT_ENCODING: "gzip",
    pycurl.FOLLOWLOCATION: False,
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
    pycurl.LOW_SPEED_LIMIT: 1,  # bytes a second
    pycurl.NETRC: pycurl.NETRC_IGNORED,
    pycurl.NOSIGNAL: True,  # else a slow name look-up would raise SIGALRM in some thread
    pycurl.PATH_AS_IS: True,  # a name of dots stays what it is
    pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
}


def ask(
    handle: pycurl.Curl,
    request: PreparedRequest,
    limits: Limits,
    verify: bool | str | None,
    proxy: str | None,
) -> None:
    """Set all that differs between two calls: the handle was used before."""
    sent = [f"{name}: {value}" for name, value in request.headers.items()]
    handle.setopt(pycurl.URL, request.url or "")
    handle.setopt(pycurl.CUSTOMREQUEST, request.method or "GET")
    if request.body is None:
        handle.setopt(pycurl.HTTPGET, True)
    else:
        handle.setopt(pycurl.POSTFIELDS, request.body)
        sent.append("Expect:")
    handle.setopt(pycurl.HTTPHEADER, sent)
    handle.setopt(pycurl.PROXY, proxy or "")
    handle.setopt(pycurl.SSL_VERIFYPEER, verify is not False)
    handle.setopt(*_trusted(verify if isinstance(verify, str) else ""))
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, math.ceil(limits.connect * 1000))
    handle.setopt(pycurl.TIMEOUT_MS, math.ceil(limits.total * 1000))
    handle.setopt(pycurl.LOW_SPEED_TIME, math.ceil(limits.read))
    handle.setopt(pycurl.MAXFILESIZE_LARGE, limits.wire)


@lru_cache(maxsize=8)
def _trusted(path: str) -> tuple[int, str]:
    """The certificate authorities in a folder or a file, those of certifi where none is given."""
    found = path or certifi.where()
    return pycurl.CAPATH if Path(found).is_dir() else pycurl.CAINFO, found


def lost_answer(handle: pycurl.Curl, code: int, limits: Limits, *, full: bool) -> Unavailable:
    """What an error of libcurl means for the caller; `full` says that the body had no more room."""
    if full or code == pycurl.E_FILESIZE_EXCEEDED:
        return TooLarge(f"the answer is above {limits.wire >> 20} MB")
    if code == pycurl.E_OPERATION_TIMEDOUT and handle.getinfo(pycurl.TOTAL_TIME) >= limits.total:
        return Unavailable(f"no whole answer within {limits.total:g} s", cause=Cause.TIME)
    said = _CAUSES.get(code, f"the answer is cut: libcurl's error {code}")
    return Unavailable(said, cause=_KNOWN.get(code))
