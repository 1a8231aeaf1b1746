"""Who we are towards sources and catalogs, and which hosts may see the proof of it."""

from lineage.auth._basic import BasicAuth, basic
from lineage.auth._credentials import CREDENTIALS, credential, storage_identity
from lineage.auth._fetched import AccessToken, Credential, fetched
from lineage.auth._hosts import allowed
from lineage.auth._tokens import BearerAuth, bearer

__all__ = [
    "CREDENTIALS",
    "AccessToken",
    "BasicAuth",
    "BearerAuth",
    "Credential",
    "allowed",
    "basic",
    "bearer",
    "credential",
    "fetched",
    "storage_identity",
]
