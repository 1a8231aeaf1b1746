"""A person's sign-in by device code, remembered so that one lasts."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from threading import Lock
from typing import Any

from lineage.auth._fetched import AccessToken, Credential

CACHE = "purview-lineage"  # the name of our token cache among those of azure-identity


class SignIn:
    """
    Gives tokens for the person who signed in, and asks for a sign-in where nobody has.

    Two things are kept. The tokens, by azure-identity, in a cache of our own: encrypted where the
    system offers that (DPAPI, Keychain, libsecret), else in a file that only the user may read, as
    the Azure CLI does: hosts without a desktop are where a device code is needed. And in `folder`
    who signed in (no secret), without which the cache is not looked at; one file for each
    tenant and authority. A damaged one is as none.
    """

    def __init__(self, azure: Any, folder: Path, tenant: str, **options: Any) -> None:
        place = sha256(f"{tenant}\n{options.get('authority', '')}".encode()).hexdigest()[:16]
        self._lock = Lock()  # a person is asked once, whoever needs the token
        self._file = folder / f"sign-in-{place}.json"
        record = self._remembered(azure, options.get("authority"))
        if record is not None:
            options.pop("authority", None)  # the record has it
        self._credential = azure.DeviceCodeCredential(
            prompt_callback=_prompt,
            authentication_record=record,
            disable_automatic_authentication=True,
            cache_persistence_options=azure.TokenCachePersistenceOptions(
                name=CACHE, allow_unencrypted_storage=True
            ),
            **({"tenant_id": tenant} if tenant else {}),
            **options,
        )

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """A token for these scopes, after a sign-in where one is needed."""
        from azure.identity import AuthenticationRequiredError

        silent: Credential = self._credential
        with self._lock:
            try:
                return silent.get_token(*scopes, **kwargs)
            except AuthenticationRequiredError:
                record = self._credential.authenticate(scopes=scopes, **kwargs)
                self._remember(record.serialize())
                return silent.get_token(*scopes)

    def _remembered(self, azure: Any, authority: str | None) -> Any:
        """Who signed in, or None. Where to do so again is what is set, whatever the file says."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            found = azure.AuthenticationRecord.deserialize(self._file.read_text("utf-8"))
            return azure.AuthenticationRecord(
                found.tenant_id,
                found.client_id,
                authority or azure.AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
                found.home_account_id,
                found.username,
            )
        return None

    def _remember(self, text: str) -> None:
        """In one step, and readable for the user alone; where that fails the next call asks."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, draft = mkstemp(dir=self._file.parent)  # with mode 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(draft).replace(self._file)
        except OSError as error:
            print(f"this sign-in is not remembered: {error.strerror}", file=sys.stderr, flush=True)


def _prompt(uri: str, code: str, _expires: object) -> None:
    print(f"To sign in, open {uri} and enter the code {code}", file=sys.stderr, flush=True)
