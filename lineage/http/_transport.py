"""One request on the wire, by libcurl, which costs a call less than Python's own sockets do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

import pycurl
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.utils import select_proxy

from lineage.errors import Unavailable
from lineage.http._bodies import LIMITS
from lineage.http._curl import ALWAYS, ask, lost_answer
from lineage.http._received import Body, Received


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
        try:
            ask(handle, request, timeout, verify, proxy)
        except UnicodeEncodeError:
            raise Unavailable("an address, or that of the proxy, is not ASCII") from None
        lines: list[bytes] = []
        body = Body(timeout.inflated)
        handle.setopt(pycurl.HEADERFUNCTION, lines.append)
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        try:
            handle.perform()
        except pycurl.error as error:
            lost = lost_answer(handle, int(error.args[0]), timeout, full=body.full)
            status = handle.getinfo(pycurl.RESPONSE_CODE)
            handle.close()
            if status < 300:
                raise lost from None
            return Received(status, lines, BytesIO())
        response = Received(handle.getinfo(pycurl.RESPONSE_CODE), lines, body)
        response.elapsed = timedelta(seconds=handle.getinfo(pycurl.STARTTRANSFER_TIME))
        for function in (pycurl.HEADERFUNCTION, pycurl.WRITEFUNCTION):
            handle.setopt(function, len)  # an idle handle keeps no body
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
            for option, value in ALWAYS.items():
                made.setopt(option, value)
            return made
