"""Every diagnosis with its words and its one remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Diagnosis(StrEnum):
    """What `doctor` can find."""

    CERTIFICATE = "certificate"  # the service's is not trusted here
    CLOCK = "clock"  # ours is off
    FIREWALL = "firewall"  # 403, though we come by a private address, or know of none
    GONE = "gone"  # 404 for the factory or workspace itself
    IDENTITY = "identity"  # no token is to be had
    NAME = "name"  # DNS does not know the host
    PASSWORD = "password"  # noqa: S105 - 401 of Apache Atlas
    PUBLIC_ADDRESS = "public-address"  # 403 of a shut firewall, to which we come from outside
    REFUSED = "refused"  # any other refusal
    ROLE_ATLAS = "role-atlas"
    ROLE_FACTORY = "role-factory"
    ROLE_PURVIEW = "role-purview"
    ROLE_RUNS = "role-runs"  # a factory may be read, but its runs may not
    ROLE_STORAGE = "role-storage"
    ROLE_SYNAPSE = "role-synapse"
    SETTING = "setting"  # one is missing or wrong
    STORAGE_KEY = "storage-key"  # 401, or 403 for a key or token that is none
    STORE = "store"  # a file of ours cannot be read
    TOKEN = "token"  # noqa: S105 - 401
    TOKEN_ENDED = "token-ended"  # noqa: S105 - it is past when it comes
    TYPE_NEEDED = "type-needed"  # nothing stands in for it
    TYPES_ATLAS = "types-atlas"  # some that we send are missing
    TYPES_PURVIEW = "types-purview"  # as above, where they cannot be made
    UNAVAILABLE = "unavailable"  # it does not answer, or says to come again
    WRONG_URL = "wrong-url"  # something answers that is not the service


@dataclass(frozen=True, slots=True)
class Row:
    """What is said, and what to do; both are templates, filled from `Place` and what was seen."""

    said: str
    remedy: str


TABLE: dict[Diagnosis, Row] = {
    Diagnosis.CERTIFICATE: Row(
        "the certificate of {host} is not trusted here",
        "set REQUESTS_CA_BUNDLE to a PEM file with the authority that vouches for {host}: your "
        "proxy's, or your company's",
    ),
    Diagnosis.CLOCK: Row(
        "our clock is {minutes} min {side} that of {host}",
        "set the clock of this machine: tokens and windows of time hang on it",
    ),
    Diagnosis.FIREWALL: Row(
        "{host} does not let this network in (403)",
        "let this network in at the firewall of {service}, or have the connection of {endpoint} "
        "approved",
    ),
    Diagnosis.GONE: Row(
        "there is no {name} (404), or we may not see it",
        "check LINEAGE_FACTORIES, and that our identity may read what it names",
    ),
    Diagnosis.IDENTITY: Row(
        "{problem}",
        "check LINEAGE_AUTH and the AZURE_ variables that docs/identity.md lists for it",
    ),
    Diagnosis.NAME: Row(
        "the name {host} does not resolve",
        "check {setting}; where {service} is reached through {endpoint}, link {zone} to this "
        "network, with a record for {host}",
    ),
    Diagnosis.PASSWORD: Row(
        "{host} does not accept our password (401)",
        "check ATLAS_USERNAME and ATLAS_PASSWORD",
    ),
    Diagnosis.PUBLIC_ADDRESS: Row(
        "{host} is shut to the public network (403), and resolves to the public address {address}",
        "reach it through {endpoint} in this network, and link {zone} to this network",
    ),
    Diagnosis.REFUSED: Row(
        "{problem}",
        "nothing in the settings explains it: see what {service} logged, or report it",
    ),
    Diagnosis.ROLE_ATLAS: Row(
        "our user may not read types (403)",
        "let ATLAS_USERNAME read types and create entities, in the policies of Atlas or Ranger",
    ),
    Diagnosis.ROLE_FACTORY: Row(
        "our identity may not read the factory (403)",
        "give it Reader on the factory, or the custom role that SECURITY.md lists "
        "(Microsoft.DataFactory/factories/read)",
    ),
    Diagnosis.ROLE_PURVIEW: Row(
        "our identity may not use the data map (403)",
        "give it Data Curator on the collection that we write to, the root collection unless one "
        "is set, in the Purview portal: roles of Azure do not count there",
    ),
    Diagnosis.ROLE_RUNS: Row(
        "our identity may read the factory, but not its runs (403)",
        "Reader is not enough: give it a role on the factory with "
        "Microsoft.DataFactory/factories/querypipelineruns/action and "
        "Microsoft.DataFactory/factories/pipelineruns/queryactivityruns/action, as SECURITY.md "
        "lists",
    ),
    Diagnosis.ROLE_STORAGE: Row(
        "our identity may not use the tables of {host} (403)",
        "give it the role Storage Table Data Contributor on the account of AzureWebJobsStorage",
    ),
    Diagnosis.ROLE_SYNAPSE: Row(
        "our identity lacks a role in the workspace (403)",
        "give it the Synapse role Artifact User on the workspace, in Synapse Studio: roles of "
        "Azure do not count there",
    ),
    Diagnosis.SETTING: Row(
        "{problem}", "see {setting} in docs/settings.md; the AZURE_ ones are in docs/identity.md"
    ),
    Diagnosis.STORAGE_KEY: Row(
        "we have no key or token that {host} accepts",
        "check AzureWebJobsStorage; or, where it names the account alone, the identity of "
        "AzureWebJobsStorage__credential and AzureWebJobsStorage__clientId",
    ),
    Diagnosis.STORE: Row(
        "{problem}",
        "check {setting}: the folder is to be there, and the file ours",
    ),
    Diagnosis.TOKEN: Row(
        "{host} does not accept our token (401)",
        "check LINEAGE_AUTH, and that it signs in to the tenant of {name}",
    ),
    Diagnosis.TOKEN_ENDED: Row(
        "the token for {name} ends at {ends}, which is past by our clock",
        "set the clock of this machine: tokens and windows of time hang on it",
    ),
    Diagnosis.TYPE_NEEDED: Row(
        "{problem}",
        "have it registered, on Apache Atlas by: python -m lineage types install; where "
        "LINEAGE_SYNAPSE_OPERATION names it, set that to auto or to a type that is there",
    ),
    Diagnosis.TYPES_ATLAS: Row(
        "{count} of the types that we send are missing: {types}",
        "run: python -m lineage types install",
    ),
    Diagnosis.TYPES_PURVIEW: Row(
        "{count} of the types that we send are missing: {types}",
        "nothing to do: Purview makes its own types; what would be of these gets a more general "
        "type, and its edge is kept",
    ),
    Diagnosis.UNAVAILABLE: Row(
        "{problem}",
        "run doctor again; if it stays, check {setting}, the route, and the proxy "
        "(HTTPS_PROXY, NO_PROXY)",
    ),
    Diagnosis.WRONG_URL: Row(
        "{host} answers, but not as {service} does",
        "check {setting}: it leads elsewhere",
    ),
}
