"""One exact text for each thing that can be wrong, told over real sockets."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.exceptions import ClientAuthenticationError

from lineage import ticks
from lineage.diagnosis import (
    DATA_FACTORY,
    PURVIEW,
    SYNAPSE,
    TABLE,
    Diagnosis,
    Place,
    Service,
    diagnose,
)
from lineage.doctor import Doors, Health, examine, unset
from lineage.errors import Cause, SettingsError, Unavailable
from lineage.model import FactoryId
from lineage.settings import Settings, Storage
from lineage.wiring import now
from tests.auth.words import Token
from tests.auth.words import Tokens as Prepared
from tests.doctor.places import (
    FACTORY,
    TOKEN,
    WORKSPACE,
    Respond,
    answers,
    atlas,
    catalog,
    doors,
    found,
    service,
    sources,
    words,
)

NOWHERE = "https://ours.table.core.windows.invalid"
ARM_403 = {"error": {"code": "AuthorizationFailed", "message": "no authorization"}}
PURVIEW_SHUT = {
    "error": {
        "code": "Unauthorized",
        "message": "Not authorized to access this Microsoft Purview account. This Microsoft "
        "Purview account is behind a private endpoint.",
    }
}
LOCKED = {"errorCode": "ATLAS-403-00-001", "errorMessage": "not authorized"}
PAGE = b"<html><body>Sign in</body></html>"
WELL = (200, {"name": "it"})


@dataclass(frozen=True, slots=True)
class Case:
    """A service that is ill, how it is looked at, and what is said."""

    name: str
    respond: Respond
    look: Callable[[str], tuple[str, Settings]]
    diagnosis: Diagnosis
    said: str
    remedy: str
    outside: Doors | None = None


def factory(url: str) -> tuple[str, Settings]:
    return "source", sources(url, FACTORY)


def workspace(url: str) -> tuple[str, Settings]:
    return "source", sources(url, WORKSPACE)


def purview(url: str) -> tuple[str, Settings]:
    return "catalog", catalog("purview", url)


def apache(url: str) -> tuple[str, Settings]:
    return "catalog", catalog("atlas", url)


def storage(url: str) -> tuple[str, Settings]:
    string = f"AccountName=ours;AccountKey=enE3Y2FuYXJ5;TableEndpoint={url}/ours"
    tables = {"LINEAGE_STORE": "table:", "AzureWebJobsStorage": string}
    return "store", replace(sources("http://localhost:1", **tables), factories=())


def clock(url: str) -> tuple[str, Settings]:
    return "clock", sources(url, FACTORY)


def identity(url: str) -> tuple[str, Settings]:
    return "identity", sources(url, FACTORY)


def odata(code: str) -> dict[str, Any]:
    return {"odata.error": {"code": code, "message": {"lang": "en-US", "value": "zq7canary"}}}


class Refused:
    """An identity that Entra ID does not know."""

    def get_token(self, *_: str, **__: Any) -> Token:
        raise ClientAuthenticationError("AADSTS7000215: Invalid client secret 'zq7canary'")


ARM = "https://management.azure.com/.default"
CURATOR = (
    "give it Data Curator on the collection that we write to, the root collection unless one is "
    "set, in the Purview portal: roles of Azure do not count there"
)
OFF = "set the clock of this machine: tokens and windows of time hang on it"

CASES = [
    Case(
        "401 of Data Factory",
        answers((401, ARM_403)),
        factory,
        Diagnosis.TOKEN,
        "localhost does not accept our token (401)",
        f"check LINEAGE_AUTH, and that it signs in to the tenant of {FACTORY}",
    ),
    Case(
        "401 of Atlas",
        answers((401, PAGE)),
        apache,
        Diagnosis.PASSWORD,
        "localhost does not accept our password (401)",
        "check ATLAS_USERNAME and ATLAS_PASSWORD",
    ),
    Case(
        "403 of a factory",
        answers((403, ARM_403)),
        factory,
        Diagnosis.ROLE_FACTORY,
        "our identity may not read the factory (403)",
        "give it Reader on the factory, or the custom role that SECURITY.md lists "
        "(Microsoft.DataFactory/factories/read)",
    ),
    Case(
        "403 of a factory's runs",
        answers(post=(403, ARM_403)),
        factory,
        Diagnosis.ROLE_RUNS,
        "our identity may read the factory, but not its runs (403)",
        "Reader is not enough: give it a role on the factory with "
        "Microsoft.DataFactory/factories/querypipelineruns/action and "
        "Microsoft.DataFactory/factories/pipelineruns/queryactivityruns/action, as SECURITY.md "
        "lists",
    ),
    Case(
        "403 of a workspace",
        answers((403, ARM_403)),
        workspace,
        Diagnosis.ROLE_SYNAPSE,
        "our identity lacks a role in the workspace (403)",
        "give it the Synapse role Artifact User on the workspace, in Synapse Studio: roles of "
        "Azure do not count there",
    ),
    Case(
        "403 of a workspace's runs",
        answers(post=(403, ARM_403)),
        workspace,
        Diagnosis.ROLE_SYNAPSE,
        "our identity lacks a role in the workspace (403)",
        "give it the Synapse role Artifact User on the workspace, in Synapse Studio: roles of "
        "Azure do not count there",
    ),
    Case(
        "403 of Purview",
        answers((403, LOCKED)),
        purview,
        Diagnosis.ROLE_PURVIEW,
        "our identity may not use the data map (403)",
        CURATOR,
    ),
    Case(
        "403 of Atlas",
        answers((403, LOCKED)),
        apache,
        Diagnosis.ROLE_ATLAS,
        "our user may not read types (403)",
        "let ATLAS_USERNAME read types and create entities, in the policies of Atlas or Ranger",
    ),
    Case(
        "403 of Azure Storage",
        answers((403, odata("AuthorizationPermissionMismatch"))),
        storage,
        Diagnosis.ROLE_STORAGE,
        "our identity may not use the tables of localhost (403)",
        "give it the role Storage Table Data Contributor on the account of AzureWebJobsStorage",
    ),
    Case(
        "a key that Azure Storage does not accept",
        answers((403, odata("AuthenticationFailed"))),
        storage,
        Diagnosis.STORAGE_KEY,
        "we have no key or token that localhost accepts",
        "check AzureWebJobsStorage; or, where it names the account alone, the identity of "
        "AzureWebJobsStorage__credential and AzureWebJobsStorage__clientId",
    ),
    Case(
        "a shut firewall of Azure Storage",
        answers((403, odata("AuthorizationFailure"))),
        storage,
        Diagnosis.PUBLIC_ADDRESS,
        "localhost is shut to the public network (403), and resolves to the public address "
        "20.50.2.1",
        "reach it through a private endpoint of the group table in this network, and link its "
        "private DNS zone to this network",
        doors(["20.50.2.1"]),
    ),
    Case(
        "a page for people where Azure Storage should be",
        answers((200, PAGE)),
        storage,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Azure Storage does",
        "check AzureWebJobsStorage: it leads elsewhere",
    ),
    Case(
        "a redirect of Azure Storage, which is not followed",
        answers((307, {}), Location="http://localhost:1/elsewhere"),
        storage,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Azure Storage does",
        "check AzureWebJobsStorage: it leads elsewhere",
    ),
    Case(
        "503 of Azure Storage",
        answers((503, odata("ServerBusy"))),
        storage,
        Diagnosis.UNAVAILABLE,
        "the table lineageruns answered 503 (ServerBusy)",
        "run doctor again; if it stays, check AzureWebJobsStorage, the route, and the proxy "
        "(HTTPS_PROXY, NO_PROXY)",
    ),
    Case(
        "a shut firewall, from within",
        answers((403, PURVIEW_SHUT)),
        purview,
        Diagnosis.FIREWALL,
        "localhost does not let this network in (403)",
        "let this network in at the firewall of Purview, or have the connection of a private "
        "endpoint of the group account approved",
        doors(["10.0.0.4"]),
    ),
    Case(
        "a shut firewall, from outside",
        answers((403, PURVIEW_SHUT)),
        purview,
        Diagnosis.PUBLIC_ADDRESS,
        "localhost is shut to the public network (403), and resolves to the public address "
        "20.50.2.1",
        "reach it through a private endpoint of the group account in this network, and link its "
        "private DNS zone to this network",
        doors(["20.50.2.1"]),
    ),
    Case(
        "no such factory",
        answers((404, {"error": {"code": "ResourceNotFound"}})),
        factory,
        Diagnosis.GONE,
        f"there is no {FACTORY} (404), or we may not see it",
        "check LINEAGE_FACTORIES, and that our identity may read what it names",
    ),
    Case(
        "a factory that has no runs to ask for",
        answers(post=(404, {"error": {"code": "ResourceNotFound"}})),
        factory,
        Diagnosis.GONE,
        f"there is no {FACTORY} (404), or we may not see it",
        "check LINEAGE_FACTORIES, and that our identity may read what it names",
    ),
    Case(
        "404 of another service",
        answers((404, PAGE)),
        factory,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Data Factory does",
        "check LINEAGE_MANAGEMENT_ENDPOINT: it leads elsewhere",
    ),
    Case(
        "a page in place of a workspace",
        answers((200, PAGE)),
        workspace,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Synapse does",
        "check LINEAGE_SYNAPSE_ENDPOINT: it leads elsewhere",
    ),
    Case(
        "JSON that is no factory",
        answers((200, [])),
        factory,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Data Factory does",
        "check LINEAGE_MANAGEMENT_ENDPOINT: it leads elsewhere",
    ),
    Case(
        "404 of the account",
        answers((404, {"error": {"code": "NotFound"}})),
        purview,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Purview does",
        "check LINEAGE_CATALOG: it leads elsewhere",
    ),
    Case(
        "a page in place of a catalog",
        answers((200, PAGE)),
        purview,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Purview does",
        "check LINEAGE_CATALOG: it leads elsewhere",
    ),
    Case(
        "a redirect",
        answers((302, b""), Location="https://elsewhere.example.com/"),
        apache,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Apache Atlas does",
        "check LINEAGE_CATALOG: it leads elsewhere",
    ),
    Case(
        "an Atlas without its base model",
        atlas("Process"),
        apache,
        Diagnosis.WRONG_URL,
        "localhost answers, but not as Apache Atlas does",
        "check LINEAGE_CATALOG: it leads elsewhere",
    ),
    Case(
        "types that Atlas lacks",
        atlas("adf_copy_operation", "mssql_table"),
        apache,
        Diagnosis.TYPES_ATLAS,
        "2 of the types that we send are missing: adf_copy_operation, mssql_table",
        "run: python -m lineage types install",
    ),
    Case(
        "a type that Purview lacks",
        atlas("azure_synapse_operation"),
        purview,
        Diagnosis.TYPES_PURVIEW,
        "1 of the types that we send are missing: azure_synapse_operation",
        "nothing to do: Purview makes its own types; what would be of these gets a more general "
        "type, and its edge is kept",
    ),
    Case(
        "a clock that is late",
        answers(),
        clock,
        Diagnosis.CLOCK,
        "our clock is 12 min behind that of localhost",
        OFF,
        doors(clock=lambda: ticks.shift(now(), -720)),
    ),
    Case(
        "a clock that is early, told by a refusal",
        answers((401, ARM_403)),
        clock,
        Diagnosis.CLOCK,
        "our clock is 60 min ahead of that of localhost",
        OFF,
        doors(clock=lambda: ticks.shift(now(), 3_600)),
    ),
    Case(
        "a busy service",
        answers((503, ARM_403)),
        factory,
        Diagnosis.UNAVAILABLE,
        f"GET localhost{FACTORY} answered 503 (AuthorizationFailed)",
        "run doctor again; if it stays, check LINEAGE_MANAGEMENT_ENDPOINT, the route, and the "
        "proxy (HTTPS_PROXY, NO_PROXY)",
    ),
    Case(
        "a throttled service",
        answers((429, {})),
        factory,
        Diagnosis.UNAVAILABLE,
        f"GET localhost{FACTORY} answered 429",
        "run doctor again; if it stays, check LINEAGE_MANAGEMENT_ENDPOINT, the route, and the "
        "proxy (HTTPS_PROXY, NO_PROXY)",
    ),
    Case(
        "a refusal that nobody foresaw",
        answers((400, {"errorCode": "ATLAS-400-00-001"})),
        apache,
        Diagnosis.REFUSED,
        "GET localhost/api/atlas/v2/types/typedef/name/Process answered 400 (ATLAS-400-00-001)",
        "nothing in the settings explains it: see what Apache Atlas logged, or report it",
    ),
    Case(
        "no token",
        answers(),
        identity,
        Diagnosis.IDENTITY,
        f"no token for {ARM}: AADSTS7000215",
        "check LINEAGE_AUTH and the AZURE_ variables that docs/identity.md lists for it",
        doors(identity=Refused()),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_is_told_with_its_remedy(case: Case) -> None:
    with service(case.respond) as url:
        kind, settings = case.look(url)
        check = found(kind, settings, case.outside or doors())

    assert words(check) == (case.diagnosis, case.said, case.remedy)
    assert check.health is (
        Health.WARNING if case.diagnosis is Diagnosis.TYPES_PURVIEW else Health.FAILED
    )


@pytest.mark.parametrize("mode", ["open", "closed for ingestion", "closed"])
@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("no network of its own", "20.50.2.1"),
        ("a network without the zone", "20.50.2.1"),
        ("a network with the zone", "10.0.0.4"),
    ],
)
def test_only_a_closed_account_asks_for_a_network_with_a_private_endpoint_and_its_zone(
    mode: str, network: str, address: str
) -> None:
    public = address.startswith("20.")
    respond = answers((403, PURVIEW_SHUT)) if mode == "closed" and public else atlas()

    with service(respond) as url:
        check = found("catalog", catalog("purview", url), doors([address]))

    kind = "public" if public else "private"
    assert (check.said, check.remedy) == (
        (
            "localhost is shut to the public network (403), and resolves to the public address "
            "20.50.2.1",
            "reach it through a private endpoint of the group account in this network, and link "
            "its private DNS zone to this network",
        )
        if mode == "closed" and public
        else (f"all 22 types that we send; localhost has a {kind} address", "")
    )


@pytest.mark.parametrize("cause", [*Cause])
def test_every_cause_has_a_diagnosis(cause: Cause) -> None:
    place = Place(PURVIEW, "https://contoso.purview.azure.com", "purview")

    told = diagnose(Unavailable("no answer", cause=cause), place)

    passing = (Cause.BUSY, Cause.OVERLOADED, Cause.REPLACED, Cause.TIME)
    assert (told.diagnosis is Diagnosis.UNAVAILABLE) == (cause in passing)


def test_a_name_that_dns_does_not_know(no_proxy: None) -> None:
    settings = catalog("purview", "https://contoso.invalid")

    check = found("catalog", settings, doors(resolve=[]))

    assert words(check) == (
        Diagnosis.NAME,
        "the name contoso.invalid does not resolve",
        "check LINEAGE_CATALOG; where Purview is reached through a private endpoint of the group "
        "account, link its private DNS zone to this network, with a record for contoso.invalid",
    )


def test_a_certificate_that_is_not_trusted_until_its_authority_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)

    with service(answers(), context) as url:
        before = found("source", sources(url, FACTORY), doors())
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        after = found("source", sources(url, FACTORY), doors())

    assert words(before) == (
        Diagnosis.CERTIFICATE,
        "the certificate of localhost is not trusted here",
        "set REQUESTS_CA_BUNDLE to a PEM file with the authority that vouches for localhost: your "
        "proxy's, or your company's",
    )
    assert after.health is Health.OK


@pytest.mark.parametrize("scheme", ["atlas", "purview"])
def test_a_type_that_nothing_stands_in_for(scheme: str) -> None:
    with service(atlas("adf_pipeline")) as url:
        settings = replace(catalog(scheme, url), factories=(FactoryId(FACTORY),))
        checks = [each for each in examine(settings, doors()) if each.kind == "catalog"]

    assert words(checks[-1]) == (
        Diagnosis.TYPE_NEEDED,
        "the catalog lacks the type adf_pipeline",
        "have it registered, on Apache Atlas by: python -m lineage types install; where "
        "LINEAGE_SYNAPSE_OPERATION names it, set that to auto or to a type that is there",
    )
    assert checks[-1].health is Health.FAILED


def test_a_token_that_has_ended_when_it_comes() -> None:
    outside = doors(identity=Prepared(Token(TOKEN, 1_700_000_000)))

    with service(answers()) as url:
        check = found("identity", sources(url, FACTORY), outside)

    assert words(check) == (
        Diagnosis.TOKEN_ENDED,
        f"the token for {ARM} ends at 2023-11-14T22:13:20Z, which is past by our clock",
        OFF,
    )


@pytest.mark.parametrize(
    ("problem", "name", "said"),
    [
        ("LINEAGE_AUTH: client-secret needs X", "LINEAGE_AUTH", "client-secret needs X"),
        ("LINEAGE_FACTORIES is empty: name one", "LINEAGE_FACTORIES", "is empty: name one"),
    ],
)
def test_a_setting_that_is_missing(problem: str, name: str, said: str) -> None:
    [check] = unset([problem])

    assert (check.name, *words(check)) == (
        name,
        Diagnosis.SETTING,
        said,
        f"see {name} in docs/settings.md; the AZURE_ ones are in docs/identity.md",
    )


def test_a_store_whose_folder_is_missing() -> None:
    settings = sources("http://localhost:1", LINEAGE_STORE="sqlite:/no/such/folder/store.db")

    check = found("store", replace(settings, factories=()), doors())

    assert words(check) == (
        Diagnosis.STORE,
        "there is no folder for /no/such/folder/store.db",
        "check LINEAGE_STORE: the folder is to be there, and the file ours",
    )


def test_an_account_whose_name_dns_does_not_know(no_proxy: None) -> None:
    named = {"LINEAGE_STORE": "table:", "AzureWebJobsStorage__tableServiceUri": NOWHERE}
    settings = replace(sources("http://localhost:1", **named), factories=())
    key = f"AccountName=ours;AccountKey=enE3Y2FuYXJ5;TableEndpoint={NOWHERE}"

    check = found("store", replace(settings, storage=Storage(key)), doors([]))

    assert words(check) == (
        Diagnosis.NAME,
        "the name ours.table.core.windows.invalid does not resolve",
        "check AzureWebJobsStorage; where Azure Storage is reached through a private endpoint of "
        "the group table, link its private DNS zone to this network, with a record for "
        "ours.table.core.windows.invalid",
    )


@pytest.mark.slow
def test_no_token_for_the_account(no_proxy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    named = {
        "LINEAGE_STORE": "table:",
        "AzureWebJobsStorage__accountName": "ours",
        "AzureWebJobsStorage__credential": "managedidentity",
    }

    check = found("store", replace(sources("http://localhost:1", **named), factories=()), doors([]))

    assert check.diagnosis is Diagnosis.STORAGE_KEY
    assert check.said == "we have no key or token that ours.table.core.windows.net accepts"


@pytest.mark.parametrize("name", ["store", "catalog"])
def test_a_file_that_is_none_of_ours(name: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, though it is long enough to be one\n" * 100)
    place = {"store": "sqlite", "catalog": "local"}[name]
    settings = sources("http://localhost", **{f"LINEAGE_{name.upper()}": f"{place}:{file}"})

    check = found(name, replace(settings, factories=()), doors())

    assert check.diagnosis is Diagnosis.STORE
    assert str(file) in check.said
    assert check.remedy == (
        f"check LINEAGE_{name.upper()}: the folder is to be there, and the file ours"
    )


# ---------------------------------------------------------------- the table


def test_every_diagnosis_has_its_row_in_alphabetical_order_and_a_test() -> None:
    source = Path(__file__).read_text(encoding="utf-8")

    assert list(TABLE) == list(Diagnosis) == sorted(Diagnosis)
    assert [each for each in Diagnosis if f"Diagnosis.{each.name}," not in source] == []


@pytest.mark.parametrize(
    ("of", "url", "zone"),
    [
        (PURVIEW, "https://contoso.purview.azure.com", "privatelink.purview.azure.com"),
        (PURVIEW, "https://contoso.purview.azure.us", "privatelink.purview.azure.us"),
        (
            PURVIEW,
            "https://api.purview-service.microsoft.com",
            "privatelink.purview-service.microsoft.com",
        ),
        (SYNAPSE, "https://syn-1.dev.azuresynapse.net", "privatelink.dev.azuresynapse.net"),
        (
            SYNAPSE,
            "https://syn-1.dev.azuresynapse.usgovcloudapi.net",
            "privatelink.dev.azuresynapse.usgovcloudapi.net",
        ),
        (DATA_FACTORY, "https://management.azure.com", "privatelink.azure.com"),
    ],
)
def test_the_private_dns_zone_of_a_shut_service_is_named(of: Service, url: str, zone: str) -> None:
    place = Place(of, url, "it", ["20.50.2.1", "20.50.2.2"])
    shut = SettingsError("403", cause=Cause.FIREWALL)

    said = diagnose(shut, place)

    assert said.diagnosis is Diagnosis.PUBLIC_ADDRESS
    assert said.said == (
        f"{place.host} is shut to the public network (403), and resolves to the public address "
        "20.50.2.1"
    )
    assert said.remedy == (
        f"reach it through {of.endpoint} in this network, and link the private DNS zone {zone} to "
        "this network"
    )


@pytest.mark.parametrize(
    "url", ["https://contoso.purview.azure.cn", "https://contoso.purview.azure.com.evil.tld"]
)
def test_no_zone_is_named_that_nobody_published(url: str) -> None:
    assert Place(PURVIEW, url, "it").zone == "its private DNS zone"


@pytest.mark.parametrize(
    ("addresses", "public"),
    [
        ((), ""),
        (("10.1.2.3",), ""),
        (("10.1.2.3", "20.50.2.1"), ""),
        (("20.50.2.1",), "20.50.2.1"),
        (("fd00::1",), ""),
        (("2603:1030::1",), "2603:1030::1"),
        (("100.64.0.1",), ""),
    ],
)
def test_an_address_is_public_where_there_is_no_other(
    addresses: tuple[str, ...], public: str
) -> None:
    assert Place(PURVIEW, "https://x", "it", addresses).address == public
