"""What the value of a setting may be: closed sets, and parsers that say what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from lineage.errors import SettingsError
from lineage.model import FactoryId


class Auth(StrEnum):
    """Who we are towards the sources and the catalog."""

    DEFAULT = "default"  # whatever azure-identity's own chain finds
    MANAGED_IDENTITY = "managed-identity"  # of the host; with a client id: a user-assigned one
    CLIENT_SECRET = "client-secret"  # noqa: S105 - the word, not a secret
    CLIENT_CERTIFICATE = "client-certificate"
    DEVICE_CODE = "device-code"  # a person, with a browser elsewhere
    NONE = "none"  # no token at all; loopback only


class MissingAssets(StrEnum):
    """What becomes of an asset the catalog does not have."""

    CREATE = "create"  # real type, exact name: a later scan fills the same entity
    SKIP = "skip"


class RunAttributes(StrEnum):
    """When the last-run attributes of an unchanged process are sent."""

    DAILY = "daily"
    OFF = "off"


class Native(StrEnum):
    """What becomes of a run that the built-in connection says it reported."""

    VERIFY = "verify"  # left alone if the catalog shows it
    TRUST = "trust"  # left alone
    ALWAYS = "always"  # reported by us as well


class NameCase(StrEnum):
    """How names of Data Factory are spelt in the catalog."""

    AUTO = "auto"  # as the factory's own name is found there; else original
    ORIGINAL = "original"  # as ARM writes them
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Place:
    """A `scheme:rest` setting, split at the first colon."""

    scheme: str
    rest: str


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine, as it is written: nothing is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_ARM_ID = re.compile(
    r"(?ai:/subscriptions/[0-9a-z-]{1,64}/resourcegroups/)[\w.()-]{0,89}[\w()-](?ai:/providers/"
    r"(?:microsoft\.datafactory/factories/(?=.{3,63}$)|microsoft\.synapse/workspaces/(?=.{1,50}$))"
    r"[a-z0-9]+(?:-[a-z0-9]+)*)"
)
_SEARCHED = re.compile(r"/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?", re.IGNORECASE)
_NETWORK_PLACE = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_DURATION = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_CLIENT_ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


def factories(text: str) -> tuple[FactoryId, ...]:
    found: dict[str, FactoryId] = {}
    problems = []
    entries = [entry.strip().rstrip("/") for entry in re.split(r"[,\r\n]", text)]
    for place, entry in enumerate(filter(None, entries), 1):
        if _ARM_ID.fullmatch(entry):
            found.setdefault(entry.lower(), FactoryId(entry))
        elif _SEARCHED.fullmatch(entry):
            problems.append(
                f"entry {place} is a subscription or resource group: searching one comes with a "
                "later release; name each factory"
            )
        else:
            problems.append(
                f"entry {place} is no ARM id of a factory or workspace: /subscriptions/S/"
                "resourceGroups/R/providers/Microsoft.DataFactory/factories/F or "
                "…/Microsoft.Synapse/workspaces/W"
            )
    if problems:
        raise SettingsError(*problems)
    return tuple(found.values())


def place(*forms: str) -> Callable[[str], Place]:
    """A parser of the `forms` `scheme:PATH`, `scheme:https://HOST`, and `scheme:` alone."""
    rests = dict(form.split(":", 1) for form in forms)

    def parse(text: str) -> Place:
        scheme, colon, rest = text.partition(":")
        rest = rest.strip()
        if not colon or scheme not in rests or bool(rest) != bool(rests[scheme]):
            raise SettingsError(f"is to be {' or '.join(forms)}")
        return Place(scheme, _server(scheme, rest) if rests[scheme] == "https://HOST" else rest)

    return parse


def _server(scheme: str, text: str) -> str:
    """An endpoint without a path: what is below it is ours to know."""
    try:
        url = endpoint(text)
    except SettingsError as error:
        raise SettingsError(*(f"{scheme}: {problem}" for problem in error.problems)) from None
    if urlsplit(url).path:
        raise SettingsError(f"{scheme}: is to end after the host: no path")
    return url


def type_name(text: str) -> str:
    """`auto`, or a type's name as Atlas takes it."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_ ]{0,255}", text, re.ASCII):
        raise SettingsError("is to be auto or the name of a type")
    return text


def collection(text: str) -> str:
    """A collection's id: its `name`, not its friendly name."""
    if text and not re.fullmatch(r"[A-Za-z0-9-]{1,100}", text, re.ASCII):
        raise SettingsError("is to be a collection's id: letters, digits and hyphens")
    return text


def truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise SettingsError("is to be true or false")
    return text.lower() == "true"


def account(text: str) -> str:
    if text and not re.fullmatch(r"[a-z0-9]{3,24}", text, re.ASCII):
        raise SettingsError("is to be the name of a storage account: 3 to 24 letters and digits")
    return text


def service_uri(text: str) -> str:
    return endpoint(text) if text else ""


def client_id(text: str) -> str:
    if text and not _CLIENT_ID.fullmatch(text):
        raise SettingsError("is to be a client id")
    return text


def host_credential(text: str) -> str:
    if text.lower() not in ("", "managedidentity"):
        raise SettingsError("is to be managedidentity, or empty for the default chain")
    return text.lower()


def auth(text: str) -> tuple[Auth, str]:
    kind, colon, client = text.partition(":")
    if kind not in set(Auth):
        raise SettingsError(f"is to be one of {', '.join(Auth)}")
    if colon and (kind != Auth.MANAGED_IDENTITY or not _CLIENT_ID.fullmatch(client)):
        raise SettingsError("only managed-identity takes a client id, as managed-identity:ID")
    return Auth(kind), client


def endpoint(text: str) -> str:
    """A URL without its last slash. Over http it may only lead to this machine."""
    wrong = "is to be https://HOST, without user, query or blanks (http:// for loopback only)"
    try:
        parts = urlsplit(text.replace("{workspace}", "workspace"))
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise SettingsError(wrong) from None
    clean = _NETWORK_PLACE.fullmatch(parts.netloc.lower()) and not re.search(r"[\s\\?#%]", text)
    if not clean or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise SettingsError(wrong)
    if host.startswith(("169.254.", "[fe80", "fe80:")):
        raise SettingsError("leads to a link-local address, where only platform services live")
    return text.rstrip("/")


def authority(text: str) -> str:
    """A host, or its URL, as azure-identity takes it; empty stays empty."""
    return endpoint(text if "://" in text else f"https://{text}") if text else ""


def duration(low: str, high: str) -> Callable[[str], int]:
    """A parser of `30s`, `15m`, `12h`, `7d`; the answer is in seconds."""

    def seconds(text: str) -> int | None:
        match = _DURATION.fullmatch(text)
        return int(match[1]) * _SECONDS[match[2]] if match else None

    least, most = seconds(low) or 0, seconds(high) or 0

    def parse(text: str) -> int:
        value = seconds(text.lower())
        if value is None or not least <= value <= most:
            raise SettingsError(f"is to be a time such as 90s, 15m, 12h or 7d, {low} to {high}")
        return value

    return parse


def number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
            raise SettingsError(f"is to be a whole number, {low} to {high}")
        return int(text)

    return parse


def one_of(words: type[StrEnum]) -> Callable[[str], StrEnum]:
    def parse(text: str) -> StrEnum:
        if text not in set(words):
            raise SettingsError(f"is to be one of {', '.join(words)}")
        return words(text)

    return parse
