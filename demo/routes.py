"""
Paths to answers: what a request to one host gets.

A host is Azure Resource Manager, which serves every factory, or the development endpoint of one
Synapse workspace. Paths, names and run ids are found in any case, as both services do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from demo import queries
from demo.book import Book
from demo.queries import Refusal
from demo.shapes import KINDS, Definition, Row

API_VERSIONS = {False: "2018-06-01", True: "2020-12-01"}  # by whether it is a workspace's host

_NEVER_FILLED = ("integrationruntimes", "triggers")  # kinds that are listed, and empty here


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; `headers` by lower-case name."""

    method: str
    path: str
    search: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `served` is what the history says of it: ids, bounds, whether pages follow."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    served: Mapping[str, Any] = field(default_factory=dict)


def error(refusal: Refusal, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """ARM's form of an error."""
    body = {"error": {"code": refusal.code, "message": refusal.message}}
    return Answer(refusal.status, json.dumps(body).encode(), headers)


class Host:
    """One host and the sites behind it. `listed` is the page size of lists of definitions."""

    def __init__(self, books: Sequence[Book], synapse: bool, listed: int) -> None:
        self.synapse = synapse
        self._books = {"" if synapse else book.site.id.lower(): book for book in books}
        self._listed = listed
        self._definitions = {
            (book.site.name, kind): {
                each.name.lower(): each for each in book.site.definitions if each.kind == kind
            }
            for book in books
            for kind in (*KINDS, *_NEVER_FILLED)
        }

    def site(self, path: str) -> tuple[Book, list[str]] | None:
        """The book that a path is about, and the path's segments below the site."""
        if self.synapse:
            return self._books[""], [unquote(part) for part in path.split("/") if part]
        parts = path.split("/")
        book = self._books.get(unquote("/".join(parts[:9])).lower())
        return None if book is None else (book, [unquote(part) for part in parts[9:] if part])

    def answer(self, request: Request) -> Answer:
        """The answer to a request that may be answered."""
        try:
            self._check_version(request.search)
            found = self.site(request.path)
            if found is None:
                return self._factories(request)
            book, parts = found
            return self._routed(request, book, parts)
        except Refusal as refusal:
            return error(refusal)

    def _check_version(self, search: str) -> None:
        version = dict(parse_qsl(search)).get("api-version")
        if version is None:
            message = "The api-version query parameter (?api-version=) is required."
            raise Refusal(400, "MissingApiVersionParameter", message)
        if version != API_VERSIONS[self.synapse]:
            message = f"The api-version '{version}' is invalid or not supported."
            raise Refusal(400, "InvalidApiVersionParameter", message)

    def _factories(self, request: Request) -> Answer:
        """The list of a subscription's factories, for what is no path of a factory we know."""
        parts = request.path.lower().rstrip("/").split("/")
        if not self.synapse and parts[3:] == ["providers", "microsoft.datafactory", "factories"]:
            prefix = "/".join(parts[:3]) + "/"
            bodies = [book.site.body for key, book in self._books.items() if key.startswith(prefix)]
            return Answer(200, b'{"value":[' + b",".join(bodies) + b"]}")
        raise Refusal(404, "ResourceNotFound", f"The Resource '{request.path}' was not found.")

    def _routed(self, request: Request, book: Book, parts: list[str]) -> Answer:
        words = [part.lower() for part in parts]
        get, post = request.method == "GET", request.method == "POST"
        match words:
            case [] if get and not self.synapse:
                return Answer(200, book.site.body)
            case ["workspace"] if get and self.synapse:
                return Answer(200, book.site.body)
            case ["querypipelineruns"] if post:
                return _runs(*book.runs(request.body))
            case ["querytriggerruns"] if post:
                return _triggers(*book.triggers(request.body))
            case ["pipelineruns", _] if get:
                return Answer(200, book.find(parts[1]).row.body())
            case ["pipelineruns", _, "queryactivityruns"] if post and not self.synapse:
                return _activities(parts[1], *book.activities(parts[1], request.body))
            case ["pipelines", _, "pipelineruns", _, "queryactivityruns"] if post and self.synapse:
                return _activities(parts[3], *book.activities(parts[3], request.body, parts[1]))
            case [kind] if get and (book.site.name, kind) in self._definitions:
                return self._list(request, self._definitions[book.site.name, kind])
            case [kind, name] if get and (book.site.name, kind) in self._definitions:
                return _get(request, self._definitions[book.site.name, kind], name)
        raise Refusal(404, "ResourceNotFound", f"{request.method} {request.path} was not found.")

    def _list(self, request: Request, definitions: Mapping[str, Definition]) -> Answer:
        search = dict(parse_qsl(request.search))
        begin = search.get("$skiptoken", "0")
        if not begin.isascii() or not begin.isdigit():
            raise Refusal(400, "BadRequest", "The $skiptoken is invalid.")
        end = int(begin) + self._listed
        parts = [
            b'{"value":[',
            b",".join([each.body for each in list(definitions.values())[int(begin) : end]]),
            b"]",
        ]
        if end < len(definitions):
            base = f"http://{request.headers.get('host', '')}{quote(unquote(request.path))}"
            link = f"{base}?api-version={search['api-version']}&%24skiptoken={end}"
            parts.append(b',"nextLink":' + json.dumps(link).encode())
        parts.append(b"}")
        return Answer(200, b"".join(parts))


def _get(request: Request, definitions: Mapping[str, Definition], name: str) -> Answer:
    found = definitions.get(name)
    if found is None:
        raise Refusal(404, "ResourceNotFound", f"The Resource '{request.path}' was not found.")
    if request.headers.get("if-none-match", "").strip('"') == found.etag:
        return Answer(304)
    return Answer(200, found.body)


def _runs(rows: Sequence[Row], token: str | None, query: queries.Query) -> Answer:
    served = {"runs": [row.id for row in rows]}
    return Answer(200, queries.body(rows, token), (), served | _bounds(token, query))


def _triggers(rows: Sequence[Row], token: str | None, query: queries.Query) -> Answer:
    served = {"triggerRuns": [row.id for row in rows]}
    return Answer(200, queries.body(rows, token), (), served | _bounds(token, query))


def _activities(run: str, rows: Sequence[Row], token: str | None, query: queries.Query) -> Answer:
    served = {"pipelineRun": run.lower(), "activityRuns": [row.id for row in rows]}
    return Answer(200, queries.body(rows, token), (), served | _bounds(token, query))


def _bounds(token: str | None, query: queries.Query) -> dict[str, Any]:
    return {
        "after": query.after,
        "before": query.before,
        "first": query.token is None,
        "last": token is None,
    }
