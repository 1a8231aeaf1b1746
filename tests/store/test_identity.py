"""The store's account by identity: over TLS, to Azurite, with a token for Azure Storage."""

from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import pytest
import trustme

from lineage.auth import storage_identity
from lineage.errors import Cause, SettingsError, Unavailable
from lineage.settings import Settings, Storage
from lineage.storage import Patience, opened
from lineage.store.table import TableRows
from tests.auth.entra import HEADER, host_identity
from tests.auth.entra import encoded as part
from tests.auth.words import Token, Tokens
from tests.azurite.server import NoAzurite, account, nobody, serving

SCOPE = "https://storage.azure.com/.default"
GUID = "00000000-0000-0000-0000-000000000001"


def jwt(audience: str = "https://storage.azure.com") -> str:
    """A token that Azurite takes: it looks at the claims, and not at the signature."""
    now = int(time())
    times = {"iat": now - 60, "nbf": now - 60, "exp": now + 3_600}
    claims = {"aud": audience, "iss": f"https://sts.windows.net/{GUID}/", **times}
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.{part({})}"


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Azurite over TLS, which takes tokens; its address, and who vouches for it."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    made.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    made.private_key_pem.write_to_path(str(folder / "key.pem"))
    files = ("--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem"))
    try:
        with serving("--oauth", "basic", *files, scheme="https") as address:
            yield address, folder / "ca.pem"
    except NoAzurite as error:
        pytest.skip(str(error))


def rows(address: str, *tokens: Token | Exception) -> tuple[TableRows, Tokens]:
    identity = Tokens(*tokens)
    storage = Storage(tables=f"{address}/{account(1)}")
    service = opened(storage, lambda: identity)
    return TableRows(service, Patience(attempts=1)), identity


@pytest.mark.slow
def test_rows_are_written_and_read_with_a_token(
    https: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, authority = https
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))

    made, identity = rows(address, Token(jwt(), int(time()) + 3_600))
    with made:
        assert made.write("runs", "p", {"a": {"v": 1}}, expected={"a": 0})
        assert made.range("runs", "p", "", "~") == [("a", {"v": 1})]

    assert [scopes for scopes, _ in identity.asked] == [(SCOPE,)]


@pytest.mark.slow
def test_a_token_for_something_else_is_refused(
    https: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, authority = https
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    wrong = Token(jwt("https://management.azure.com"), int(time()) + 3_600)

    made, _ = rows(address, wrong, wrong, wrong)
    with made, pytest.raises(SettingsError) as caught:
        made.range("runs", "p", "", "~")

    assert caught.value.cause is Cause.TOKEN


@pytest.mark.slow
def test_a_certificate_that_nobody_vouches_for_is_told(
    https: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)

    made, _ = rows(https[0], Token(jwt(), int(time()) + 3_600))
    with made, pytest.raises(Unavailable) as caught:
        made.range("runs", "p", "", "~")

    assert caught.value.cause is Cause.CERTIFICATE


def test_a_token_goes_to_no_address_without_tls() -> None:
    with pytest.raises(SettingsError, match="cannot be reached by identity"):
        rows("http://127.0.0.1:1", Token(jwt(), 0))


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, {}),
        ({"credential": "managedidentity"}, {}),
        ({"credential": "managedidentity", "clientId": "0000-1"}, {"client_id": "0000-1"}),
    ],
    ids=["the default chain", "the host's own", "one of the user's"],
)
def test_an_accounts_name_leads_to_its_endpoint_and_the_hosts_identity(
    more: dict[str, str], asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {f"AzureWebJobsStorage__{name}": value for name, value in more.items()}
    settings = Settings.from_env(
        {
            "LINEAGE_STORE": "table:",
            "LINEAGE_AUTH": "client-secret",  # is for sources and catalog
            "AZURE_TENANT_ID": "t",
            "AZURE_CLIENT_ID": "c",
            "AZURE_CLIENT_SECRET": "s",
            "AzureWebJobsStorage__accountName": "ours",
            **told,
        }
    )
    with host_identity() as host:
        monkeypatch.setenv("IDENTITY_ENDPOINT", host.url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)

        identity: Any = storage_identity(settings)
        identity.get_token(SCOPE)

    with opened(settings.storage, lambda: identity) as service:
        assert service.url == "https://ours.table.core.windows.net"
    resource = {"api-version": "2019-08-01", "resource": "https://storage.azure.com"}
    assert host.resources == [{**resource, **asked}]


@pytest.mark.parametrize(
    "wrong", ["zq7canary", "AccountName=a;Key=zq7canary", "DefaultEndpointsProtocol=https"]
)
def test_what_is_no_connection_string_is_refused_and_not_repeated(wrong: str) -> None:
    with pytest.raises(SettingsError, match="AzureWebJobsStorage: is no connection") as caught:
        opened(Storage(wrong), nobody)

    assert "zq7canary" not in str(caught.value)


def test_a_key_that_is_none_is_told_without_a_call() -> None:
    service = opened(Storage("AccountName=a;AccountKey=zq7canary%"), nobody)

    with TableRows(service) as made, pytest.raises(SettingsError, match="cannot sign") as caught:
        made.range("runs", "p", "", "~")

    assert caught.value.cause is Cause.TOKEN
    assert "zq7canary" not in str(caught.value)
