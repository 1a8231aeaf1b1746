"""
Run queries: bounds, filters, order and pages over the runs of one site.

As documented and recorded: both bounds are required, inclusive, and compare with the run event's
update, for activity and trigger runs too; 100 rows a page; no token on the last page; unknown
operands are refused. Assumed: rows come in the order of their starts; a bound without a zone is
UTC; a token belongs to its query.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from demo import times
from demo.shapes import Row

RUN_OPERANDS = frozenset(
    {"LatestOnly", "PipelineName", "RunEnd", "RunGroupId", "RunStart", "Status"}
)
ACTIVITY_OPERANDS = frozenset(
    {"ActivityName", "ActivityRunEnd", "ActivityRunStart", "ActivityType", "Status"}
)
TRIGGER_OPERANDS = frozenset({"Status", "TriggerName", "TriggerRunTimestamp"})

_OPERATORS: dict[str, Callable[[str, Sequence[str]], bool]] = {
    "Equals": lambda value, values: value in values,
    "In": lambda value, values: value in values,
    "NotEquals": lambda value, values: value not in values,
    "NotIn": lambda value, values: value not in values,
}


class Refusal(Exception):
    """A request that is answered with an error: HTTP `status`, ARM's `code` and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Query:
    """A query body. `order` is (operand, descending); `token` where the page begins."""

    after: int
    before: int
    filters: tuple[tuple[str, str, tuple[str, ...]], ...]
    order: tuple[tuple[str, bool], ...]
    token: str | None

    @property
    def digest(self) -> str:
        """What a token belongs to: everything but the token."""
        text = repr((self.after, self.before, self.filters, self.order))
        return sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=4096)
def parse(body: bytes, operands: frozenset[str]) -> Query:
    """The query in a request's body. Raises Refusal (400) for what the services refuse."""
    try:
        asked = json.loads(body)
    except ValueError:
        raise _bad("The request body is not valid JSON.") from None
    if not isinstance(asked, dict):
        raise _bad("The request body must be a JSON object.")
    token = asked.get("continuationToken")
    if token is not None and not isinstance(token, str):
        raise _bad("The continuation token is invalid.")
    return Query(
        _bound(asked, "lastUpdatedAfter"),
        _bound(asked, "lastUpdatedBefore"),
        tuple(_filter(each, operands) for each in _list(asked, "filters")),
        tuple(_order(each, operands) for each in _list(asked, "orderBy")),
        token,
    )


def select(rows: Sequence[Row], query: Query) -> list[Row]:
    """The rows that a query finds, in its order."""
    found = [row for row in rows if query.after <= row.updated <= query.before]
    for operand, operator, values in query.filters:
        found = [row for row in found if _OPERATORS[operator](row.fields[operand], values)]
    found.sort(key=lambda row: (row.started, row.id))
    for operand, descending in reversed(query.order):
        found.sort(key=lambda row: _sortable(row.fields[operand]), reverse=descending)
    return found


def pipelines(query: Query) -> Sequence[str] | None:
    """The names that a query's rows can only have, where it tells them: looking is shorter then."""
    for operand, operator, values in query.filters:
        if operand == "PipelineName" and operator in ("Equals", "In"):
            return tuple(dict.fromkeys(values))
    return None


def page(found: Sequence[Row], query: Query, size: int) -> tuple[Sequence[Row], str | None]:
    """One page and the token of the next, or None on the last. Raises Refusal (400) on a token."""
    begin = 0 if query.token is None else _begin(query.token, found, query.digest)
    rows = found[begin : begin + size]
    if begin + size >= len(found):
        return rows, None
    place = json.dumps([query.digest, rows[-1].id])
    return rows, base64.urlsafe_b64encode(place.encode()).decode()


def body(rows: Sequence[Row], token: str | None) -> bytes:
    """The answer: on the last page the token's key is absent."""
    parts = [b'{"value":[', b",".join([row.body() for row in rows]), b"]"]
    if token is not None:
        parts.append(b',"continuationToken":"' + token.encode() + b'"')
    parts.append(b"}")
    return b"".join(parts)


def _begin(token: str, found: Sequence[Row], digest: str) -> int:
    """Behind the last row that was served: rows that came since don't shift a page."""
    try:
        owner, last = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError, TypeError):
        raise _bad("The continuation token is invalid.") from None
    places = [index for index, row in enumerate(found) if row.id == last]
    if owner != digest or not places:
        raise _bad("The continuation token does not belong to this query.")
    return places[0] + 1


def _bound(asked: dict[str, Any], key: str) -> int:
    value = asked.get(key)
    if not isinstance(value, str):
        raise _bad(f"'{key}' is required and must be a date and time in ISO 8601 format.")
    try:
        return times.parse(value)
    except ValueError:
        raise _bad(f"'{key}' is not a date and time in ISO 8601 format.") from None


def _list(asked: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = asked.get(key) or []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _bad(f"'{key}' must be a list of objects.")
    return value


def _filter(asked: dict[str, Any], operands: frozenset[str]) -> tuple[str, str, tuple[str, ...]]:
    operand, operator, values = asked.get("operand"), asked.get("operator"), asked.get("values")
    if operand not in operands:
        raise _bad(f"The filter operand '{operand}' is not supported here.")
    if operator not in _OPERATORS:
        raise _bad(f"The filter operator '{operator}' is not supported.")
    if not isinstance(values, list) or not values:
        raise _bad("A filter needs a list of values.")
    if operand == "RunGroupId" and len(values) != 1:
        raise _bad("The filter operand 'RunGroupId' takes one value.")
    if operand == "LatestOnly":
        if not all(isinstance(value, bool) for value in values):
            raise _bad("The filter operand 'LatestOnly' takes a boolean.")
        return operand, operator, tuple(str(value) for value in values)
    if not all(isinstance(value, str) for value in values):
        raise _bad("The values of a filter must be strings.")
    return str(operand), str(operator), tuple(values)


def _order(asked: dict[str, Any], operands: frozenset[str]) -> tuple[str, bool]:
    operand, order = asked.get("orderBy"), asked.get("order")
    if operand not in operands - {"LatestOnly", "RunGroupId"}:
        raise _bad(f"Cannot order by '{operand}'.")
    if order not in ("ASC", "DESC"):
        raise _bad(f"The order '{order}' is not supported.")
    return str(operand), order == "DESC"


def _sortable(value: str) -> tuple[int, str]:
    try:
        return times.parse(value), ""
    except ValueError:
        return 0, value


def _bad(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)
