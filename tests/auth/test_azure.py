"""The real azure-identity, against loopback identity services."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from lineage.auth import bearer, credential
from lineage.errors import SettingsError
from lineage.settings import Settings
from tests.auth.entra import CLIENT, HEADER, SECRET, TENANT, TOKEN, Entra, entra, host_identity
from tests.auth.words import ARM, prepared

ENDPOINT = "https://management.azure.com"
PURVIEW = "https://purview.azure.net/.default"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    with entra(tmp_path) as found:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", found.bundle)
        monkeypatch.setenv("HOME", str(tmp_path))  # where azure-identity keeps its cache
        yield found


def principal(found: Entra, **more: str) -> dict[str, str]:
    return {
        "AZURE_AUTHORITY_HOST": found.url,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        **more,
    }


def header(environ: dict[str, str], folder: Path, scope: str = ARM) -> str:
    """What goes to the endpoint."""
    auth = bearer(credential(Settings.from_env(environ), folder), scope, ENDPOINT)
    assert auth is not None
    return auth(prepared()).headers["Authorization"]


@pytest.mark.parametrize("auth", ["managed-identity", "managed-identity:0000-1", "default"])
def test_a_host_gives_its_managed_identity(
    auth: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with host_identity() as host:
        monkeypatch.setenv("IDENTITY_ENDPOINT", host.url)
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)

        found = header({"LINEAGE_AUTH": auth}, tmp_path, PURVIEW)

    assert found == f"Bearer {TOKEN}"
    assert host.resources == [
        {
            "api-version": "2019-08-01",
            "resource": "https://purview.azure.net",
            **({"client_id": "0000-1"} if auth.endswith("-1") else {}),
        }
    ]


def test_a_secret_gives_a_token_over_tls(authority: Entra, tmp_path: Path) -> None:
    environ = principal(authority, LINEAGE_AUTH="client-secret", AZURE_CLIENT_SECRET=SECRET)

    assert header(environ, tmp_path) == f"Bearer {TOKEN}"
    assert (authority.asked, authority.scopes) == (["client_credentials"], [ARM])


def test_a_certificate_gives_a_token_over_tls(authority: Entra, tmp_path: Path) -> None:
    file = str(tmp_path / "principal.pem")
    made = trustme.CA().issue_cert("lineage.example.com", key_type=trustme.KeyType.RSA)
    made.private_key_and_cert_chain_pem.write_to_path(file)
    environ = principal(
        authority, LINEAGE_AUTH="client-certificate", AZURE_CLIENT_CERTIFICATE_PATH=file
    )

    assert header(environ, tmp_path) == f"Bearer {TOKEN}"
    assert authority.asked == ["client_credentials"]


def test_a_wrong_secret_is_told_by_microsofts_number_alone(
    authority: Entra, tmp_path: Path
) -> None:
    environ = principal(authority, LINEAGE_AUTH="client-secret", AZURE_CLIENT_SECRET="zq7wrong")

    with pytest.raises(SettingsError) as caught:
        header(environ, tmp_path)

    assert str(caught.value) == (
        f"no token for {ARM}: AADSTS7000215; check LINEAGE_AUTH and who it signs in as"
    )


def test_one_sign_in_by_device_code_lasts(
    authority: Entra, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {
        "LINEAGE_AUTH": "device-code",
        "AZURE_AUTHORITY_HOST": authority.url,
        "AZURE_TENANT_ID": TENANT,
    }
    folder = tmp_path / "config" / "purview-lineage"

    first = header(environ, folder)
    prompted = capsys.readouterr()
    second = header(environ, folder)  # as another process would
    other = header(environ, folder, PURVIEW)
    silent = capsys.readouterr()

    assert [first, second, other] == [f"Bearer {TOKEN}"] * 3
    assert authority.asked == ["devicecode", "device_code", "device_code", "refresh_token"]
    assert prompted == (
        "",
        "To sign in, open https://microsoft.com/devicelogin and enter the code ABCD1234\n",
    )
    assert silent == ("", "")


def test_what_is_remembered_of_a_sign_in_is_for_the_user_alone(
    authority: Entra, tmp_path: Path
) -> None:
    folder = tmp_path / "config" / "purview-lineage"

    header({"LINEAGE_AUTH": "device-code", "AZURE_AUTHORITY_HOST": authority.url}, folder)

    [record] = folder.iterdir()
    caches = [each for each in (tmp_path / ".IdentityService").iterdir() if each.stat().st_size]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in (record, *caches)} == {0o600}
    assert "zq7canary" not in record.read_text()


def test_a_damaged_record_asks_for_a_sign_in(authority: Entra, tmp_path: Path) -> None:
    environ = {"LINEAGE_AUTH": "device-code", "AZURE_AUTHORITY_HOST": authority.url}
    header(environ, tmp_path / "config")
    [record] = (tmp_path / "config").iterdir()
    record.write_text('{"authority": ')

    header(environ, tmp_path / "config")

    assert authority.asked.count("devicecode") == 2


def test_a_sign_in_that_cannot_be_kept_serves_all_the_same(
    authority: Entra, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config").write_text("a file where the folder is to be")

    found = header(
        {"LINEAGE_AUTH": "device-code", "AZURE_AUTHORITY_HOST": authority.url},
        tmp_path / "config",
    )

    assert found == f"Bearer {TOKEN}"
    assert capsys.readouterr().err.endswith("this sign-in is not remembered: File exists\n")
