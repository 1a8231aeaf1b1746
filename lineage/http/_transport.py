"""One request on the wire, by libcurl: a third of what Python's own sockets cost for each call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import certifi
import pycurl
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.utils import select_proxy

from lineage.errors import Cause, Unavailable
from lineage.http._bodies import LIMITS, Limits, TooLarge

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
_TOO_LARGE = frozenset({pycurl.E_FILESIZE_EXCEEDED, pycurl.E_WRITE_ERROR})


class Transport(BaseAdapter):
    """
    Sends through handles of libcurl, one for each call under way, which keep their connections.

    It follows no redirect, keeps no cookie and reads no netrc; proxies are those it is given. A
    body is whole and inflated before `send` returns.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[pycurl.Curl] = []  # append and pop are atomic

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = LIMITS,
        verify: bool | str | None = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """
        The answer; `timeout` are the `Limits` of the call.

        Raises `Unavailable` where there is none or not the whole, `TooLarge` above a limit. A body
        of a refusal, which says little, may be missing: it is empty then.
        """
        handle = self._handle()
        proxy = select_proxy(request.url or "", dict(proxies)) if proxies else None
        _ask(handle, request, timeout, verify, proxy)
        lines: list[bytes] = []
        body = _Body(timeout.inflated)
        handle.setopt(pycurl.HEADERFUNCTION, lines.append)
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        try:
            handle.perform()
        except pycurl.error as error:
            lost = _lost(handle, int(error.args[0]), timeout)
            status = handle.getinfo(pycurl.RESPONSE_CODE)
            handle.close()
            if status < 300:
                raise lost from None
            return _response(status, lines, BytesIO())
        response = _response(handle.getinfo(pycurl.RESPONSE_CODE), lines, body)
        response.elapsed = timedelta(seconds=handle.getinfo(pycurl.STARTTRANSFER_TIME))
        self._idle.append(handle)
        return response

    def close(self) -> None:
        """Close every connection that no call uses."""
        while self._idle:
            self._idle.pop().close()

    def _handle(self) -> pycurl.Curl:
        try:
            return self._idle.pop()
        except IndexError:
            made = pycurl.Curl()
            for option, value in _ALWAYS.items():
                made.setopt(option, value)
            return made


_ALWAYS: dict[int, Any] = {
    pycurl.ACCEPT_ENCODING: "gzip",
    pycurl.FOLLOWLOCATION: False,
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
    pycurl.LOW_SPEED_LIMIT: 1,  # bytes a second
    pycurl.NETRC: pycurl.NETRC_IGNORED,
    pycurl.NOSIGNAL: True,  # else a slow name look-up would raise SIGALRM in some thread
    pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
}


class _Body(BytesIO):
    """Takes the pieces of a body up to a size; beyond it, libcurl gives up."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, piece: Any) -> int:
        return super().write(piece) if self.tell() + len(piece) <= self._most else -1


def _ask(
    handle: pycurl.Curl,
    request: PreparedRequest,
    limits: Limits,
    verify: bool | str | None,
    proxy: str | None,
) -> None:
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
    trusted = verify if isinstance(verify, str) else certifi.where()
    handle.setopt(pycurl.CAPATH if Path(trusted).is_dir() else pycurl.CAINFO, trusted)
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, math.ceil(limits.connect * 1000))
    handle.setopt(pycurl.TIMEOUT_MS, math.ceil(limits.total * 1000))
    handle.setopt(pycurl.LOW_SPEED_TIME, math.ceil(limits.read))
    handle.setopt(pycurl.MAXFILESIZE_LARGE, limits.wire)


def _lost(handle: pycurl.Curl, code: int, limits: Limits) -> Unavailable:
    """What an error of libcurl means for the caller."""
    if code in _TOO_LARGE:
        return TooLarge(f"the answer is above {limits.wire >> 20} MB")
    if code == pycurl.E_OPERATION_TIMEDOUT and handle.getinfo(pycurl.TOTAL_TIME) >= limits.total:
        return Unavailable(f"no whole answer within {limits.total:g} s", cause=Cause.TIME)
    said = _CAUSES.get(code, f"the answer is cut: libcurl's error {code}")
    return Unavailable(said, cause=_KNOWN.get(code))


def _response(status: int, lines: list[bytes], body: BytesIO) -> Response:
    """The status, the last block of header lines (a proxy has one of its own), and the body."""
    response = Response()
    response.status_code = status
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon:
            response.headers[name.decode("latin-1")] = value.strip().decode("latin-1")
        elif line.startswith(b"HTTP/"):
            response.headers.clear()
    body.seek(0)
    response.raw = body
    return response
