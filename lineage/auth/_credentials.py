"""Who we are, by LINEAGE_AUTH: one row for each kind of identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage.auth._fetched import Credential
from lineage.auth._sign_in import SignIn
from lineage.errors import Cause, SettingsError
from lineage.settings import Auth, Settings

_Make = Callable[[Any, Settings, Path, dict[str, Any]], Credential]

CREDENTIALS: dict[Auth, _Make] = {
    Auth.CLIENT_CERTIFICATE: lambda azure, s, _, cloud: azure.CertificateCredential(
        s.identity.tenant, s.identity.client, s.identity.certificate, **cloud
    ),
    Auth.CLIENT_SECRET: lambda azure, s, _, cloud: azure.ClientSecretCredential(
        s.identity.tenant, s.identity.client, s.identity.secret, **cloud
    ),
    Auth.DEFAULT: lambda azure, _, __, cloud: azure.DefaultAzureCredential(**cloud),
    Auth.DEVICE_CODE: lambda azure, s, folder, cloud: SignIn(
        azure, folder, s.identity.tenant, **cloud
    ),
    Auth.MANAGED_IDENTITY: lambda azure, s, _, __: azure.ManagedIdentityCredential(
        client_id=s.managed_identity or None
    ),
}


def credential(settings: Settings, folder: Path | None = None) -> Credential | None:
    """
    Who we are, by LINEAGE_AUTH; None is nobody. `folder` is where a sign-in is remembered.

    azure-identity is loaded here and not before: it takes a tenth of a second and 14 MB. It reads
    further variables of its own (IDENTITY_ENDPOINT, those of its default chain). Raises
    `SettingsError` where the identity cannot be made from what is set.
    """
    if settings.auth is Auth.NONE:
        return None
    import azure.identity
    import click  # knows each system's place for the settings of a user's programs

    place = folder or Path(click.get_app_dir("purview-lineage"))
    try:
        return CREDENTIALS[settings.auth](azure.identity, settings, place, _cloud(settings))
    except (ValueError, OSError) as error:
        raise SettingsError(
            f"LINEAGE_AUTH: {settings.auth} cannot be set up: {type(error).__name__}; check the "
            "AZURE_ variables it reads",
            cause=Cause.IDENTITY,
        ) from None


def storage_identity(settings: Settings) -> Credential:
    """
    Who we are towards the account of AzureWebJobsStorage, as the Functions host signs in there.

    Raises `SettingsError` as `credential` does.
    """
    managed = settings.storage.credential == "managedidentity"
    kind = Auth.MANAGED_IDENTITY if managed else Auth.DEFAULT
    as_host = replace(settings, auth=kind, managed_identity=settings.storage.client)
    made = credential(as_host)
    assert made is not None  # noqa: S101 - only Auth.NONE is nobody
    return made


def _cloud(settings: Settings) -> dict[str, Any]:
    """
    Where to sign in: AZURE_AUTHORITY_HOST, or else Azure's public cloud.

    An authority that is none of Microsoft's clouds is trusted as it is set: to ask login.microsoft
    .com about it, as azure-identity else does, fails where a cloud is cut off.
    """
    authority = settings.identity.authority
    if not authority:
        return {}
    from azure.identity import AzureAuthorityHosts

    known = {value for name, value in vars(AzureAuthorityHosts).items() if name.startswith("AZURE")}
    host = authority.partition("://")[2].rstrip("/").lower()
    unknown = {} if host in known else {"disable_instance_discovery": True}
    return {"authority": authority, **unknown}
