import json
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import from_regex, text

from lineage.errors import SettingsError
from lineage.settings import (
    IDENTITY,
    STORAGE,
    TABLE,
    Auth,
    MissingAssets,
    Native,
    Place,
    RunAttributes,
    Setting,
    Settings,
    Storage,
    describe,
    is_loopback,
)
from lineage.settings._values import endpoint

ROOT = Path(__file__).parents[1]
ADF = "/subscriptions/S-1/resourceGroups/rg_(a).b/providers/Microsoft.DataFactory/factories/adf-one"
SYNAPSE = "/subscriptions/S-1/resourceGroups/rg/providers/Microsoft.Synapse/workspaces/ws"
NOT_ONE = (
    "LINEAGE_FACTORIES: entry 1 is no ARM id of a factory or workspace: /subscriptions/S/"
    "resourceGroups/R/providers/Microsoft.DataFactory/factories/F or "
    "…/Microsoft.Synapse/workspaces/W"
)
LATER = (
    "LINEAGE_FACTORIES: entry 1 is a subscription or resource group: searching one comes with a "
    "later release; name each factory"
)
URL = "is to be https://HOST, without user, query or blanks (http:// for loopback only)"
NO_PLACE = "is to be purview:https://HOST or atlas:https://HOST or local:PATH"
BROUGHT = ("spine", "catalogs", "functions")
TIME = "is to be a time such as 90s, 15m, 12h or 7d,"


def problems(environ: dict[str, str], overrides: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ, overrides)
    return list(caught.value.problems)


def test_without_an_environment_everything_has_its_default() -> None:
    found = Settings.from_env({})

    assert found.factories == ()
    assert found.catalog == Place("local", "lineage-catalog.db")
    assert found.store == Place("sqlite", "lineage-store.db")
    assert (found.auth, found.managed_identity) == (Auth.DEFAULT, "")
    assert found.management_endpoint == "https://management.azure.com"
    assert found.synapse_endpoint == "https://{workspace}.dev.azuresynapse.net"
    assert (found.lookback, found.overlap, found.lag) == (604_800, 900, 120)
    assert (found.in_flight, found.batch, found.lanes) == (16, 50, 2)
    assert found.missing_assets is MissingAssets.CREATE
    assert found.run_attributes is RunAttributes.DAILY
    assert found.ledger_days == 400
    assert found.native is Native.VERIFY


def test_every_setting_can_be_set() -> None:
    found = Settings.from_env(
        {
            "LINEAGE_FACTORIES": ADF,
            "LINEAGE_CATALOG": r"local:C:\lineage\catalog.db",
            "LINEAGE_STORE": "sqlite:/var/lib/lineage/store.db",
            "LINEAGE_AUTH": "managed-identity:0000-1",
            "LINEAGE_MANAGEMENT_ENDPOINT": "https://management.chinacloudapi.cn/",
            "LINEAGE_SYNAPSE_ENDPOINT": "http://127.0.0.1:7071/{workspace}",
            "LINEAGE_LOOKBACK": "45d",
            "LINEAGE_OVERLAP": "1h",
            "LINEAGE_LAG": "0s",
            "LINEAGE_IN_FLIGHT": "64",
            "LINEAGE_BATCH": "1",
            "LINEAGE_LANES": "16",
            "LINEAGE_MISSING_ASSETS": "skip",
            "LINEAGE_RUN_ATTRIBUTES": "off",
            "LINEAGE_NATIVE": "always",
        }
    )

    assert found.factories == (ADF,)
    assert found.catalog == Place("local", r"C:\lineage\catalog.db")
    assert found.store == Place("sqlite", "/var/lib/lineage/store.db")
    assert (found.auth, found.managed_identity) == (Auth.MANAGED_IDENTITY, "0000-1")
    assert found.management_endpoint == "https://management.chinacloudapi.cn"
    assert found.synapse_endpoint == "http://127.0.0.1:7071/{workspace}"
    assert (found.lookback, found.overlap, found.lag) == (3_888_000, 3_600, 0)
    assert (found.in_flight, found.batch, found.lanes) == (64, 1, 16)
    assert found.missing_assets is MissingAssets.SKIP
    assert found.run_attributes is RunAttributes.OFF
    assert found.native is Native.ALWAYS


def test_an_override_stands_above_the_environment_and_an_empty_value_is_none() -> None:
    environ = {"LINEAGE_BATCH": "10", "LINEAGE_LANES": "4", "LINEAGE_IN_FLIGHT": "  "}

    found = Settings.from_env(environ, {"LINEAGE_BATCH": "20", "LINEAGE_LANES": ""})

    assert (found.batch, found.lanes, found.in_flight) == (20, 4, 16)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ADF},{SYNAPSE}", (ADF, SYNAPSE)),
        (f"\n {ADF} \r\n{SYNAPSE}/\n,\n", (ADF, SYNAPSE)),
        (f"{ADF},{ADF.upper()},{ADF.lower()}", (ADF,)),
        (ADF.lower(), (ADF.lower(),)),
        (ADF.replace("rg_(a).b", "Größe"), (ADF.replace("rg_(a).b", "Größe"),)),
        (" , \n", ()),
    ],
    ids=["commas", "lines", "other case", "lower case", "letters of other alphabets", "blanks"],
)
def test_factories_are_separated_by_commas_or_line_ends(
    text: str, expected: tuple[str, ...]
) -> None:
    assert Settings.from_env({"LINEAGE_FACTORIES": text}).factories == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("adf-one", NOT_ONE),
        (ADF + "/pipelines/p", NOT_ONE),
        (ADF.replace("adf-one", "a"), NOT_ONE),
        (ADF.replace("adf-one", "a" * 64), NOT_ONE),
        (ADF.replace("adf-one", "-adf"), NOT_ONE),
        (ADF.replace("adf-one", "a--b"), NOT_ONE),
        (ADF.replace("adf-one", "a.evil.tld"), NOT_ONE),
        (ADF.replace("adf-one", "a\N{KELVIN SIGN}b"), NOT_ONE),
        (ADF.replace("rg_(a).b", ".."), NOT_ONE),
        (ADF.replace("rg_(a).b", "a b"), NOT_ONE),
        (ADF.replace("S-1", "S/1"), NOT_ONE),
        (ADF + "?x", NOT_ONE),
        (SYNAPSE.replace("/ws", "/ws@evil.tld"), NOT_ONE),
        (SYNAPSE.replace("/ws", "/" + "w" * 51), NOT_ONE),
        (ADF.replace("DataFactory", "Fabric"), NOT_ONE),
        ("/subscriptions/S-1", LATER),
        ("/subscriptions/S-1/resourceGroups/rg/", LATER),
    ],
)
def test_what_is_no_factory_is_refused(text: str, problem: str) -> None:
    assert problems({"LINEAGE_FACTORIES": text}) == [problem]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("CATALOG", "purview:http://a.purview.azure.com", f"purview: {URL}"),
        ("CATALOG", "purview:a.purview.azure.com", f"purview: {URL}"),
        ("CATALOG", "atlas:http://admin:secret@localhost:21000", f"atlas: {URL}"),
        (
            "CATALOG",
            "purview:https://a.purview.azure.com/catalog",
            "purview: is to end after the host: no path",
        ),
        ("CATALOG", "lineage.db", NO_PLACE),
        ("CATALOG", "local:", NO_PLACE),
        ("CATALOG", "sqlite:a.db", NO_PLACE),
        ("CATALOG_BATCH", "0", "is to be a whole number, 1 to 500"),
        ("ADF_NAME_CASE", "upper", "is to be one of auto, original, lower"),
        ("SYNAPSE_OPERATION", "a/b", "is to be auto or the name of a type"),
        (
            "COLLECTION",
            "My collection",
            "is to be a collection's id: letters, digits and hyphens",
        ),
        ("REGISTER_TYPES", "yes", "is to be true or false"),
        ("STORE", "table", "is to be sqlite:PATH or table:"),
        ("STORE", "table:lineage", "is to be sqlite:PATH or table:"),
        ("STORE", "local:a.db", "is to be sqlite:PATH or table:"),
        (
            "AUTH",
            "password",
            "is to be one of default, managed-identity, client-secret, client-certificate, "
            "device-code, none",
        ),
        (
            "AUTH",
            "managed-identity:",
            "only managed-identity takes a client id, as managed-identity:ID",
        ),
        (
            "AUTH",
            "default:x",
            "only managed-identity takes a client id, as managed-identity:ID",
        ),
        ("AUTH", "client-secret", "client-secret needs AZURE_TENANT_ID"),
        ("MANAGEMENT_ENDPOINT", "http://management.azure.com", URL),
        ("MANAGEMENT_ENDPOINT", "management.azure.com", URL),
        ("MANAGEMENT_ENDPOINT", "https://user@management.azure.com", URL),
        ("MANAGEMENT_ENDPOINT", "https://management.azure.com?x", URL),
        ("MANAGEMENT_ENDPOINT", "https://management.azure.com#x", URL),
        ("MANAGEMENT_ENDPOINT", "https://management.azure.com\\@evil.tld", URL),
        ("MANAGEMENT_ENDPOINT", "https://a b", URL),
        ("MANAGEMENT_ENDPOINT", "https://host:99999", URL),
        ("MANAGEMENT_ENDPOINT", "https://[::1", URL),
        ("MANAGEMENT_ENDPOINT", "https://", URL),
        ("SYNAPSE_ENDPOINT", "http://{workspace}.dev.azuresynapse.net", URL),
        (
            "MANAGEMENT_ENDPOINT",
            "https://169.254.169.254/metadata",
            "leads to a link-local address, where only platform services live",
        ),
        (
            "MANAGEMENT_ENDPOINT",
            "https://[fe80::1]",
            "leads to a link-local address, where only platform services live",
        ),
        ("LOOKBACK", "46d", f"{TIME} 1m to 45d"),
        ("LOOKBACK", "0s", f"{TIME} 1m to 45d"),
        ("OVERLAP", "2d", f"{TIME} 0s to 1d"),
        ("LAG", "61m", f"{TIME} 0s to 1h"),
        ("LAG", "2", f"{TIME} 0s to 1h"),
        ("LAG", "-2m", f"{TIME} 0s to 1h"),
        ("LAG", "2 m", f"{TIME} 0s to 1h"),
        ("LAG", "\N{ARABIC-INDIC DIGIT TWO}m", f"{TIME} 0s to 1h"),
        ("IN_FLIGHT", "0", "is to be a whole number, 1 to 64"),
        ("IN_FLIGHT", "65", "is to be a whole number, 1 to 64"),
        ("BATCH", "1.5", "is to be a whole number, 1 to 200"),
        ("BATCH", "-1", "is to be a whole number, 1 to 200"),
        ("BATCH", "9" * 5_000, "is to be a whole number, 1 to 200"),
        ("LANES", "17", "is to be a whole number, 1 to 16"),
        ("MISSING_ASSETS", "Create", "is to be one of create, skip"),
        ("RUN_ATTRIBUTES", "hourly", "is to be one of daily, off"),
        ("NATIVE", "maybe", "is to be one of verify, trust, always"),
        ("LEDGER_DAYS", "49", "is to be a whole number, 50 to 3650"),
    ],
)
def test_a_wrong_value_is_refused_in_the_words_of_its_setting(
    name: str, value: str, problem: str
) -> None:
    assert problems({f"LINEAGE_{name}": value})[0] == f"LINEAGE_{name}: {problem}"


def test_every_problem_is_reported_at_once_and_no_value_is_repeated() -> None:
    found = problems(
        {
            "LINEAGE_FACTORIES": f"secret-1,{ADF},secret-2",
            "LINEAGE_CATALOG": "secret-3",
            "LINEAGE_LAG": "secret-4",
            "LINEAGE_LANES": "secret-5",
            "LINEAGE_AUTH": "client-certificate",
        },
        {"LINEAGE_LANE": "secret-6", "AZURE_CLIENT_SECRET": "secret-7"},
    )

    assert [problem.partition(":")[0] for problem in found] == [
        *("--set", "--set", "LINEAGE_FACTORIES", "LINEAGE_FACTORIES", "LINEAGE_CATALOG"),
        *("LINEAGE_LAG", "LINEAGE_LANES", "LINEAGE_AUTH", "LINEAGE_AUTH", "LINEAGE_AUTH"),
    ]
    assert "secret-" not in " ".join(found)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("LINEAGE_LANE", "--set: there is no setting of that name: 'LINEAGE_LANE'"),
        ("lineage_lanes", "--set: there is no setting of that name: 'lineage_lanes'"),
        ("PATH", "--set: there is no setting of that name: 'PATH'"),
        (
            "AZURE_CLIENT_SECRET",
            "--set: AZURE_CLIENT_SECRET is a secret, which the process list would show; "
            "use its variable",
        ),
    ],
)
def test_an_override_of_no_setting_or_of_a_secret_is_refused(name: str, problem: str) -> None:
    assert problems({}, {name: "4"}) == [problem]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"WEBSITE_INSTANCE_ID": "x"},
            [
                "LINEAGE_CATALOG: local: is a file, and a Functions host loses its disk with the "
                "instance",
                "LINEAGE_STORE: sqlite: is a file, and a Functions host loses its disk with the "
                "instance",
            ],
        ),
        (
            {
                "WEBSITE_INSTANCE_ID": "x",
                "LINEAGE_STORE": "table:",
                "AzureWebJobsStorage__accountName": "ours",
            },
            [
                "LINEAGE_CATALOG: local: is a file, and a Functions host loses its disk with the "
                "instance",
            ],
        ),
        (
            {"LINEAGE_STORE": "table:", "AzureWebJobsStorage__clientId": "0000-1"},
            [
                "LINEAGE_STORE: table: needs AzureWebJobsStorage, "
                "AzureWebJobsStorage__accountName or AzureWebJobsStorage__tableServiceUri"
            ],
        ),
        (
            {"LINEAGE_AUTH": "device-code", "FUNCTIONS_WORKER_RUNTIME": "python"},
            ["LINEAGE_AUTH: device-code needs a person, and a Functions host has none"],
        ),
        (
            {"LINEAGE_AUTH": "device-code", "WEBSITE_INSTANCE_ID": "x"},
            [
                "LINEAGE_CATALOG: local: is a file, and a Functions host loses its disk with the "
                "instance",
                "LINEAGE_STORE: sqlite: is a file, and a Functions host loses its disk with the "
                "instance",
                "LINEAGE_AUTH: device-code needs a person, and a Functions host has none",
            ],
        ),
        (
            {"LINEAGE_AUTH": "client-secret", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"},
            ["LINEAGE_AUTH: client-secret needs AZURE_CLIENT_SECRET"],
        ),
        (
            {"LINEAGE_AUTH": "client-certificate", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c"},
            ["LINEAGE_AUTH: client-certificate needs AZURE_CLIENT_CERTIFICATE_PATH"],
        ),
        (
            {"ATLAS_USERNAME": "admin"},
            ["ATLAS_USERNAME, ATLAS_PASSWORD: are set together or not at all"],
        ),
        (
            {"LINEAGE_AUTH": "none", "LINEAGE_CATALOG": "purview:https://a.purview.azure.com"},
            ["LINEAGE_AUTH: none is for loopback, and LINEAGE_CATALOG is not"],
        ),
        (
            {"LINEAGE_AUTH": "none", "LINEAGE_FACTORIES": ADF},
            ["LINEAGE_AUTH: none is for loopback, and LINEAGE_MANAGEMENT_ENDPOINT is not"],
        ),
        (
            {"LINEAGE_AUTH": "none", "LINEAGE_FACTORIES": f"{ADF},{SYNAPSE}"},
            [
                "LINEAGE_AUTH: none is for loopback, and LINEAGE_MANAGEMENT_ENDPOINT is not",
                "LINEAGE_AUTH: none is for loopback, and LINEAGE_SYNAPSE_ENDPOINT is not",
            ],
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    environ: dict[str, str], expected: list[str]
) -> None:
    assert problems(environ) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("login.microsoftonline.us", "https://login.microsoftonline.us"),
        ("https://login.chinacloudapi.cn/", "https://login.chinacloudapi.cn"),
    ],
)
def test_an_authority_is_a_host_or_its_address(text: str, expected: str) -> None:
    assert Settings.from_env({"AZURE_AUTHORITY_HOST": text}).identity.authority == expected


@pytest.mark.parametrize("text", ["http://login.contoso.com", "a@b", "https://a b", "a?b"])
def test_what_is_no_authority_is_refused(text: str) -> None:
    assert problems({"AZURE_AUTHORITY_HOST": text}) == [f"AZURE_AUTHORITY_HOST: {URL}"]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LINEAGE_CATALOG": "atlas:https://atlas.corp:21443"},
        {"LINEAGE_FACTORIES": ADF, "LINEAGE_MANAGEMENT_ENDPOINT": "http://127.0.0.1:1"},
        {"LINEAGE_FACTORIES": ADF, "LINEAGE_MANAGEMENT_ENDPOINT": "http://[::1]:1"},
        {"LINEAGE_FACTORIES": SYNAPSE, "LINEAGE_SYNAPSE_ENDPOINT": "http://localhost:1"},
    ],
    ids=["nothing is read", "Basic", "loopback", "loopback of version 6", "loopback by name"],
)
def test_no_authentication_is_for_loopback(environ: dict[str, str]) -> None:
    assert Settings.from_env({"LINEAGE_AUTH": "none", **environ}).auth is Auth.NONE


def test_a_command_that_needs_factories_says_so() -> None:
    with pytest.raises(SettingsError, match="LINEAGE_FACTORIES is empty"):
        Settings.from_env({}).require_factories()
    assert Settings.from_env({"LINEAGE_FACTORIES": ADF}).require_factories() == (ADF,)


def test_each_setting_is_described_with_its_source() -> None:
    environ = {"LINEAGE_BATCH": "10", "LINEAGE_LANES": "4"}
    overrides = {"LINEAGE_LANES": "1"}

    found = describe(Settings.from_env(environ, overrides), environ, overrides)

    shown = {each["name"]: (each["value"], each["source"]) for each in found}
    assert shown["LINEAGE_LAG"] == ("2m", "default")
    assert shown["LINEAGE_BATCH"] == ("10", "environment")
    assert shown["LINEAGE_LANES"] == ("1", "--set")
    assert len(found) == 26


def test_secrets_are_masked_and_not_shown_by_repr() -> None:
    environ = {
        "LINEAGE_AUTH": "client-secret",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_CLIENT_ID": "client",
        "AZURE_CLIENT_SECRET": "canary",
    }
    settings = Settings.from_env(environ)

    found = describe(settings, environ)

    shown = {each["name"]: each["value"] for each in found}
    assert (shown["AZURE_TENANT_ID"], shown["AZURE_CLIENT_SECRET"]) == ("tenant", "***")
    assert settings.identity.secret == "canary"
    assert "canary" not in repr(settings) + json.dumps(found)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("localhost.evil.tld", False),
        ("127.0.0.1.evil.tld", False),
        ("0.0.0.0", False),  # noqa: S104  # nothing is bound to it
        ("10.0.0.1", False),
        ("2130706433", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_how_a_host_is_written(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
@given(text=text() | from_regex(r"[a-z]{2,9}:[ -~]*|https?://[ -~]*|[0-9]{1,20}[a-z]?"))
def test_any_text_is_a_value_or_a_problem(row: Setting, text: str) -> None:
    with suppress(SettingsError):
        row.parse(text)


@given(
    text=from_regex(
        r"https://[a-zA-Z0-9.{}-]{1,20}(:[0-9]{1,5})?(/[a-z{}]{0,9}){0,3}", fullmatch=True
    )
)
def test_an_endpoint_that_was_read_is_read_as_itself(text: str) -> None:
    with suppress(SettingsError):
        once = endpoint(text)
        assert endpoint(once) == once


# ---------------------------------------------------------------- the storage account

NAME = "AzureWebJobsStorage"


@pytest.mark.parametrize(
    ("environ", "storage", "tables"),
    [
        ({"": "UseDevelopmentStorage=true"}, Storage("UseDevelopmentStorage=true"), ""),
        (
            {"__accountName": "ours"},
            Storage(account="ours"),
            "https://ours.table.core.windows.net",
        ),
        (
            {
                "__accountName": "ours",
                "__tableServiceUri": "https://ours.table.core.chinacloudapi.cn/",
                "__queueServiceUri": "https://ours.queue.core.chinacloudapi.cn",
                "__credential": "ManagedIdentity",
                "__clientId": "0000-1",
            },
            Storage(
                account="ours",
                tables="https://ours.table.core.chinacloudapi.cn",
                queues="https://ours.queue.core.chinacloudapi.cn",
                credential="managedidentity",
                client="0000-1",
            ),
            "https://ours.table.core.chinacloudapi.cn",
        ),
    ],
    ids=["a connection string", "an account's name", "an address"],
)
def test_the_account_is_named_as_the_functions_host_names_it(
    environ: dict[str, str], storage: Storage, tables: str
) -> None:
    told = {f"{NAME}{name}": value for name, value in environ.items()}

    found = Settings.from_env({"LINEAGE_STORE": "table:", **told})

    assert found.store == Place("table", "")
    assert found.storage == storage
    assert found.storage.endpoint == tables
    assert found.storage.queue_endpoint == tables.replace(".table.", ".queue.")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "accountName",
            "Ours.table.core.windows.net",
            "is to be the name of a storage account: 3 to 24 letters and digits",
        ),
        ("tableServiceUri", "http://ours.table.core.windows.net", URL),
        ("credential", "password", "is to be managedidentity, or empty for the default chain"),
        ("clientId", "a b", "is to be a client id"),
    ],
)
def test_a_wrong_word_of_the_storage_account_is_refused(
    name: str, value: str, problem: str
) -> None:
    assert problems({f"{NAME}__{name}": value}) == [f"{NAME}__{name}: {problem}"]


def test_a_connection_string_is_a_secret() -> None:
    environ = {"LINEAGE_STORE": "table:", NAME: "AccountName=a;AccountKey=hunter2"}
    found = Settings.from_env(environ)

    shown = {each["name"]: each["value"] for each in describe(found, environ)}

    assert shown[NAME] == "***"
    assert "hunter2" not in repr(found)


# ---------------------------------------------------------------- completeness


def test_every_field_has_a_row_and_every_row_a_field() -> None:
    rows = {row.field for row in TABLE} | {"managed_identity", "identity", "storage"}

    assert {each.name for each in fields(Settings)} == rows


def test_every_row_says_what_it_means() -> None:
    assert all(row.meaning.endswith(".") for row in (*TABLE, *IDENTITY, *STORAGE))


def test_the_sample_lists_every_setting_with_its_default() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())

    assert sample == {
        "IsEncrypted": False,
        "Values": {
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            **{row.name: row.default for row in TABLE},
        },
    }


def test_the_table_is_that_of_the_product() -> None:
    path = ROOT.parent / "shared" / "data" / "settings.json"
    if not path.exists():
        pytest.skip("the product's own table of settings is not at hand")
    rows = [row for row in json.loads(path.read_text()) if row["issue"] in BROUGHT]

    assert [(row.name, row.default, row.required, row.secret) for row in TABLE] == [
        (row["name"], row["default"], row.get("required", False), row.get("secret", False))
        for row in rows
    ]
