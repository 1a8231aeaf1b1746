import base64
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from lineage import auth
from lineage.auth import BearerAuth, bearer, credential
from lineage.auth._credentials import _cloud
from lineage.errors import LineageError, SettingsError, Unavailable
from lineage.settings import Auth, Settings
from tests.auth.words import ARM, Token, Tokens, prepared


def test_a_token_is_put_on_a_request_to_its_host() -> None:
    tokens = Tokens(Token("abc", 10_000))

    request = BearerAuth(tokens, ARM, ["management.azure.com"], lambda: 0.0)(prepared())

    assert request.headers["Authorization"] == "Bearer abc"
    assert tokens.asked == [((ARM,), {})]


def test_a_request_to_another_host_is_refused_before_a_token_is_asked_for() -> None:
    tokens = Tokens()
    bound = BearerAuth(tokens, ARM, ["management.azure.com"])

    with pytest.raises(SettingsError) as caught:
        bound(prepared("https://u:secret@evil.tld/path?secret"))

    assert str(caught.value) == f"a token for {ARM} is not sent to https://evil.tld"
    assert tokens.asked == []


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(0.0, "first"), (699.0, "first"), (700.0, "second"), (999.0, "second"), (2_000.0, "second")],
)
def test_a_token_is_kept_until_five_minutes_before_its_end(moment: float, expected: str) -> None:
    moments = [0.0]
    tokens = Tokens(Token("first", 1_000), Token("second", 9_000))
    bound = BearerAuth(tokens, ARM, ["management.azure.com"], lambda: moments[-1])
    bound(prepared())

    moments.append(moment)

    assert bound(prepared()).headers["Authorization"] == f"Bearer {expected}"


def test_a_token_that_still_serves_is_used_while_nobody_answers() -> None:
    moments = [0.0]
    tokens = Tokens(Token("first", 1_000), ServiceRequestError("down"), ServiceRequestError("down"))
    bound = BearerAuth(tokens, ARM, ["management.azure.com"], lambda: moments[-1])
    bound(prepared())

    moments.append(900.0)
    assert bound(prepared()).headers["Authorization"] == "Bearer first"

    moments.append(1_000.0)
    with pytest.raises(Unavailable):
        bound(prepared())


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            ClientAuthenticationError("AADSTS7000215: Invalid client secret 'hidden' provided."),
            SettingsError,
            f"no token for {ARM}: AADSTS7000215; check LINEAGE_AUTH and who it signs in as",
        ),
        (
            ClientAuthenticationError("hidden"),
            SettingsError,
            f"no token for {ARM}: ClientAuthenticationError; "
            "check LINEAGE_AUTH and who it signs in as",
        ),
        (
            ValueError("hidden"),
            SettingsError,
            f"no token for {ARM}: ValueError; check LINEAGE_AUTH and who it signs in as",
        ),
        (ServiceRequestError("hidden"), Unavailable, f"no token for {ARM}: ServiceRequestError"),
    ],
)
def test_an_error_of_the_credential_is_told_by_its_kind(
    error: Exception, kind: type[LineageError], message: str
) -> None:
    with pytest.raises(kind) as caught:
        BearerAuth(Tokens(error), ARM, ["management.azure.com"])(prepared())

    assert str(caught.value) == message


def test_a_refused_token_is_replaced_with_the_claims_of_the_challenge() -> None:
    tokens = Tokens(Token("first", 10_000), Token("second", 10_000), Token("third", 10_000))
    bound = BearerAuth(tokens, ARM, ["management.azure.com"], lambda: 9_000.0)
    claims = base64.b64encode(b'{"access_token":{}}').decode()
    refused = bound(prepared())

    bound.renew(refused, f'Bearer error="insufficient_claims", claims="{claims}"')

    assert bound(prepared()).headers["Authorization"] == "Bearer second"
    assert tokens.asked == [((ARM,), {}), ((ARM,), {"claims": '{"access_token":{}}'})]


def test_a_token_that_another_thread_has_replaced_is_not_replaced_again() -> None:
    tokens = Tokens(Token("first", 10_000), Token("second", 10_000))
    bound = BearerAuth(tokens, ARM, ["management.azure.com"], lambda: 0.0)
    one, other = bound(prepared()), bound(prepared())

    bound.renew(one, "")
    bound(prepared())
    bound.renew(other, "")

    assert bound(prepared()).headers["Authorization"] == "Bearer second"


@pytest.mark.parametrize("challenge", ["", "Bearer", 'Bearer claims="=="', 'Bearer claims="/w=="'])
def test_a_challenge_that_asks_for_nothing_we_can_read_gives_a_plain_renewal(
    challenge: str,
) -> None:
    tokens = Tokens(Token("first", 10_000), Token("second", 10_000))
    bound = BearerAuth(tokens, ARM, ["management.azure.com"], lambda: 0.0)

    bound.renew(bound(prepared()), challenge)
    bound(prepared())

    assert tokens.asked == [((ARM,), {}), ((ARM,), {})]


def test_without_a_credential_there_is_no_authentication() -> None:
    assert bearer(None, ARM, "http://127.0.0.1:1") is None


def test_a_token_is_bound_to_the_host_of_its_endpoint() -> None:
    bound = bearer(Tokens(Token("abc", 1 << 40)), ARM, "https://Management.Azure.com/base")

    assert bound is not None
    assert bound(prepared()).headers["Authorization"] == "Bearer abc"


PRINCIPAL = {
    "AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000001",
    "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000002",
}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "DefaultAzureCredential"),
        ({"LINEAGE_AUTH": "managed-identity"}, "ManagedIdentityCredential"),
        ({"LINEAGE_AUTH": "managed-identity:0000-1"}, "ManagedIdentityCredential"),
        (
            {"LINEAGE_AUTH": "client-secret", "AZURE_CLIENT_SECRET": "s", **PRINCIPAL},
            "ClientSecretCredential",
        ),
        ({"LINEAGE_AUTH": "device-code"}, "SignIn"),
        ({"AZURE_AUTHORITY_HOST": "login.contoso.com"}, "DefaultAzureCredential"),
        ({"LINEAGE_AUTH": "none"}, "NoneType"),
    ],
)
def test_the_credential_is_the_one_that_is_set(
    environ: dict[str, str], expected: str, tmp_path: Path
) -> None:
    assert type(credential(Settings.from_env(environ), tmp_path)).__name__ == expected


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        ("", {}),
        ("login.microsoftonline.us", {"authority": "https://login.microsoftonline.us"}),
        ("https://login.chinacloudapi.cn/", {"authority": "https://login.chinacloudapi.cn"}),
        (
            "login.contoso.com",
            {"authority": "https://login.contoso.com", "disable_instance_discovery": True},
        ),
        (
            "login.microsoftonline.com.evil.tld",
            {
                "authority": "https://login.microsoftonline.com.evil.tld",
                "disable_instance_discovery": True,
            },
        ),
    ],
)
def test_an_authority_that_is_none_of_microsofts_is_trusted_as_it_is_set(
    authority: str, expected: dict[str, Any]
) -> None:
    assert _cloud(Settings.from_env({"AZURE_AUTHORITY_HOST": authority})) == expected


def test_there_is_a_credential_for_every_kind_but_none_in_alphabetical_order() -> None:
    assert list(auth.CREDENTIALS) == sorted(set(Auth) - {Auth.NONE})


def test_an_identity_that_cannot_be_made_is_a_setting() -> None:
    environ = {
        "LINEAGE_AUTH": "client-certificate",
        "AZURE_CLIENT_CERTIFICATE_PATH": "no-such-file.pem",
        **PRINCIPAL,
    }

    with pytest.raises(SettingsError, match="LINEAGE_AUTH: client-certificate cannot be set up"):
        credential(Settings.from_env(environ))
