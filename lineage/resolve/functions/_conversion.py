"""
Functions that turn a value into another type or writing.

Source: learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions. A binary
is what its examples show: the bits of the argument's characters, as a text.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from lineage.resolve.functions._function import Function, Refused, fits, scalar, string, text
from lineage.resolve.functions._text import BLANKS
from lineage.resolve.functions._xml import xml
from lineage.resolve.functions._xpath import xpath

_INT = re.compile(r"[+-]?[0-9]{1,19}")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+(;charset=utf-8)?(;base64)?,(.*)", re.I | re.S)
_LARGEST = 2**63


def _array(value: Any) -> list[Any]:
    scalar(value)
    return [value]


def _encoded(value: Any) -> str:
    return fits(base64.b64encode(_bytes(value)).decode())


def _bytes(value: Any) -> bytes:
    try:
        return string(value).encode()
    except UnicodeError:
        raise Refused("takes no half characters") from None


def _decoded(value: Any) -> str:
    plain = re.sub(r"[ \t\r\n]", "", string(value))
    try:
        return base64.b64decode(plain, validate=True).decode()
    except ValueError:
        raise Refused("takes the base64 of a text") from None


def _bits(value: Any) -> str:
    return fits("".join(f"{each:08b}" for each in _bytes(value)))


def _bits_of_base64(value: Any) -> str:
    _decoded(value)
    return _bits(value)


def _bits_of_data_uri(value: Any) -> str:
    _data_uri_text(value)
    return _bits(value)


def _bool(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, int):
        return bool(value)
    raise Refused("takes a whole number, 'true' or 'false'")


def _first_not_null(known: Sequence[Any], given: int) -> int | None:
    if known and known[-1] is not None:
        return None
    return len(known) if len(known) < given else None


def _data_uri(value: Any) -> str:
    return f"data:text/plain;charset=utf-8;base64,{_encoded(value)}"


def _data_uri_text(value: Any) -> str:
    match = _DATA_URI.fullmatch(string(value))
    if match is None:
        raise Refused("takes a data URI in UTF-8")
    return _decoded(match[3]) if match[2] else _unescaped(match[3])


def _escaped(value: Any) -> str:
    _bytes(value)
    return fits(quote(value, safe=""))


def _unescaped(value: Any) -> str:
    try:
        return unquote(string(value), errors="strict")
    except UnicodeError:
        raise Refused("takes escaped UTF-8") from None


def _float(value: Any) -> float:
    if isinstance(value, str) and _FLOAT.fullmatch(value.strip(BLANKS)):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Refused("takes a number or the text of one")
    return float(value)


def _int(value: Any) -> int:
    if isinstance(value, str) and _INT.fullmatch(value.strip(BLANKS)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused("takes a whole number or the text of one")
    if not -_LARGEST <= value < _LARGEST:
        raise Refused("gives too large a number")
    return value


def _json(value: Any) -> Any:
    """Null gives an empty object, says the documentation; XML is not read."""
    if value is None:
        return {}
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Refused("takes JSON") from None


def _finite(text: str) -> float:
    if not math.isfinite(found := float(text)):
        raise ValueError
    return found


CONVERSION = {
    "array": Function(_array, 1, 1),
    "base64": Function(_encoded, 1, 1),
    "base64tobinary": Function(_bits_of_base64, 1, 1),
    "base64tostring": Function(_decoded, 1, 1),
    "binary": Function(_bits, 1, 1),
    "bool": Function(_bool, 1, 1),
    "coalesce": Function(lambda *known: known[-1], 1, None, choose=_first_not_null),
    "createarray": Function(lambda *values: list(values), 1, None),
    "datauri": Function(_data_uri, 1, 1),
    "datauritobinary": Function(_bits_of_data_uri, 1, 1),
    "datauritostring": Function(_data_uri_text, 1, 1),
    "decodebase64": Function(_decoded, 1, 1),
    "decodedatauri": Function(_bits_of_data_uri, 1, 1),
    "decodeuricomponent": Function(_unescaped, 1, 1),
    "encodeuricomponent": Function(_escaped, 1, 1),
    "float": Function(_float, 1, 1),
    "int": Function(_int, 1, 1),
    "json": Function(_json, 1, 1),
    "string": Function(lambda value: fits(text(value)), 1, 1),
    "uricomponent": Function(_escaped, 1, 1),
    "uricomponenttobinary": Function(_bits, 1, 1),
    "uricomponenttostring": Function(_unescaped, 1, 1),
    "xml": Function(xml, 1, 1),
    "xpath": Function(xpath, 2, 2, reads_markup=True, steps=500),
}
