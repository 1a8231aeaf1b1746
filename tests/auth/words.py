"""What tests of identity say: tokens that are prepared, requests that are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from requests import PreparedRequest

ARM = "https://management.azure.com/.default"


@dataclass
class Token:
    token: str
    expires_on: int


class Tokens:
    """Gives the prepared tokens one after the other and keeps what was asked."""

    def __init__(self, *tokens: Token | Exception) -> None:
        self._tokens = iter(tokens)
        self.asked: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def get_token(self, *scopes: str, **kwargs: Any) -> Token:
        self.asked.append((scopes, kwargs))
        found = next(self._tokens)
        if isinstance(found, Exception):
            raise found
        return found


def prepared(url: str = "https://management.azure.com/x") -> PreparedRequest:
    made = PreparedRequest()
    made.prepare("GET", "https://placeholder.example.com/")
    made.url = url
    return made
