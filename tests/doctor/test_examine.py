"""What `doctor` looks at where all is well, and what it leaves alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from lineage import ticks
from lineage.auth import credential
from lineage.catalog.local import LocalCatalog
from lineage.diagnosis import Diagnosis
from lineage.doctor import Check, Health, examine
from lineage.model import FactoryId
from lineage.settings import Place, Settings, Storage
from tests.auth.words import Token
from tests.auth.words import Tokens as Prepared
from tests.doctor.places import (
    FACTORY,
    WORKSPACE,
    Answer,
    answers,
    atlas,
    catalog,
    doors,
    found,
    service,
    sources,
)
from tests.doctor.test_diagnoses import CASES

ARM = "https://management.azure.com/.default"
DEV = "https://dev.azuresynapse.net/.default"
ENDLESS = 1 << 33  # seconds since 1970
NO_CERTIFICATE = {
    "LINEAGE_AUTH": "client-certificate",
    "AZURE_TENANT_ID": "t",
    "AZURE_CLIENT_ID": "c",
    "AZURE_CLIENT_CERTIFICATE_PATH": "no-such-file.pem",
}
WHEN = ticks.parse("2026-11-19T02:00:00Z")


def shown(checks: list[Check]) -> list[tuple[str, str, str]]:
    return [(check.kind, check.name, check.said) for check in checks]


def test_where_all_is_well_each_thing_has_its_line(tmp_path: Path) -> None:
    files = {
        "LINEAGE_CATALOG": f"local:{tmp_path / 'c.db'}",
        "LINEAGE_STORE": f"sqlite:{tmp_path / 's.db'}",
    }
    with service(answers()) as url:
        checks = list(examine(sources(url, FACTORY, WORKSPACE, **files), doors()))

    [first, second] = [check.said for check in checks if check.kind == "identity"]
    assert {check.health for check in checks} == {Health.OK}
    assert first.startswith("a token until 20")
    assert second.startswith("a token until 20")
    assert [each for each in shown(checks) if each[0] != "identity"] == [
        ("settings", "all", "none of 26 is missing or wrong"),
        (
            "source",
            FACTORY,
            "Data Factory and its runs can be read; localhost has a loopback address",
        ),
        (
            "source",
            WORKSPACE,
            "Synapse and its runs can be read; localhost has a loopback address",
        ),
        ("catalog", files["LINEAGE_CATALOG"], "not there yet: sync makes it"),
        ("store", files["LINEAGE_STORE"], "not there yet: sync makes it"),
        ("clock", "localhost", "ours is less than 5 min from theirs"),
    ]
    assert [check.name for check in checks if check.kind == "identity"] == [ARM, DEV]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_tables_that_can_be_read_are_well_and_none_is_made(tables: str) -> None:
    named = {"LINEAGE_STORE": "table:", "AzureWebJobsStorage": tables}
    settings = replace(sources("http://localhost", **named), factories=())

    check = found("store", settings, doors())

    assert (check.health, check.said) == (
        Health.OK,
        "can be read; 127.0.0.1 has a loopback address",
    )
    with TableServiceClient.from_connection_string(tables) as service:
        assert list(service.list_tables()) == []


@pytest.mark.parametrize("scheme", ["atlas", "purview"])
def test_a_catalog_that_has_every_type_is_well(scheme: str) -> None:
    with service(atlas()) as url:
        check = found("catalog", catalog(scheme, url), doors(["10.0.0.4"]))

    assert (check.health, check.said) == (
        Health.OK,
        "all 22 types that we send; localhost has a private address",
    )


def test_the_embedded_catalog_has_every_type(tmp_path: Path) -> None:
    with LocalCatalog(tmp_path / "catalog.db"):
        pass
    settings = sources("http://localhost", LINEAGE_CATALOG=f"local:{tmp_path / 'catalog.db'}")

    check = found("catalog", replace(settings, factories=()), doors())

    assert (check.health, check.said) == (Health.OK, "all 22 types that we send")


def test_findings_are_told_with_their_date_and_warnings_repeated() -> None:
    assert WHEN is not None
    moment = WHEN
    types = atlas("adf_copy_activity")

    def respond(method: str, path: str) -> Answer:
        return (200, {}, {}) if "/entity/bulk/" in path else types(method, path)

    with service(respond) as url:
        settings = replace(catalog("purview", url), factories=(FactoryId(FACTORY),))
        checks = list(examine(settings, doors(clock=lambda: moment)))

    found = "(found 2026-11-19T02:00:00Z)"
    told = [
        (check.name, check.health.value, check.said, check.remedy)
        for check in checks
        if check.kind == "finding"
    ]
    assert told == [
        (
            "attribute from adf_pipeline to its factory",
            "warning",
            f"none {found}",
            "none: pipelines are not linked to their factory",
        ),
        (
            "missing adf_copy_activity",
            "warning",
            f"missing {found}",
            "adf_activity stands in for it",
        ),
        (f"name case of {FACTORY}", "ok", f"original {found}", ""),
    ]


def test_what_doctor_finds_out_is_not_remembered(tmp_path: Path) -> None:
    store = tmp_path / "store.db"

    with service(atlas()) as url:
        settings = replace(catalog("atlas", url), store=Place("sqlite", str(store)))
        list(examine(settings, doors()))

    assert not store.exists()


def test_a_store_that_cannot_be_read_is_not_laid_to_the_catalog() -> None:
    gone = Storage("AccountName=ours;AccountKey=enE3Y2FuYXJ5;TableEndpoint=http://localhost:1/ours")

    with service(atlas()) as url:
        settings = replace(catalog("atlas", url), store=Place("table", ""), storage=gone)
        checks = list(examine(settings, doors()))

    assert [
        (check.kind, check.health) for check in checks if check.kind in ("catalog", "store")
    ] == [
        ("catalog", Health.OK),
        ("store", Health.FAILED),
    ]


def test_one_thing_that_is_wrong_does_not_hide_another() -> None:
    with service(answers((401, {}))) as url:
        settings = sources(url, FACTORY, WORKSPACE, LINEAGE_STORE="sqlite:/no/such/folder/s.db")
        checks = list(examine(settings, doors()))

    assert [(check.kind, check.diagnosis) for check in checks if check.diagnosis] == [
        ("source", Diagnosis.TOKEN),
        ("source", Diagnosis.TOKEN),
        ("catalog", Diagnosis.STORE),
        ("store", Diagnosis.STORE),
    ]


def test_an_identity_that_cannot_be_made_is_told_for_each_scope_and_nothing_is_called() -> None:
    calls: list[str] = []

    def respond(method: str, path: str) -> Answer:
        calls.append(f"{method} {path}")
        return 200, {}, {}

    with service(respond) as url:
        settings = sources(url, FACTORY, WORKSPACE, **NO_CERTIFICATE)
        checks = list(examine(settings, replace(doors(), identity=credential)))

    assert [
        (check.kind, check.said, check.diagnosis)
        for check in checks
        if check.kind in ("identity", "source")
    ] == [
        (kind, "LINEAGE_AUTH: client-certificate cannot be set up: FileNotFoundError", "identity")
        for kind in ("identity", "identity", "source", "source")
    ]
    assert calls == []


def test_an_identity_is_made_once_and_asked_once_for_each_scope() -> None:
    made: list[Prepared] = []

    def identity(_: Settings) -> Prepared:
        made.append(Prepared(Token("first", ENDLESS), Token("second", ENDLESS)))
        return made[-1]

    with service(answers()) as url:
        outside = replace(doors(), identity=identity)
        list(examine(sources(url, FACTORY, WORKSPACE), outside))

    assert [each.asked for each in made] == [[((ARM,), {}), ((DEV,), {})]]


def test_only_calls_that_read_are_made() -> None:
    calls: list[str] = []

    def respond(method: str, path: str) -> Answer:
        calls.append(f"{method} {path}")
        return 200, {"name": "it", "value": []}, {}

    with service(respond) as url:
        list(examine(sources(url, FACTORY, WORKSPACE), doors()))

    assert calls == [
        f"GET {FACTORY}",
        f"POST {FACTORY}/queryPipelineRuns",
        "GET /workspace",
        "POST /queryPipelineRuns",
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_secret_is_told_whatever_is_wrong(case: Any) -> None:
    with service(case.respond) as url:
        _, settings = case.look(url)
        checks = list(examine(settings, case.outside or doors()))

    assert "zq7canary" not in repr(checks)
