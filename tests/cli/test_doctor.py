"""`doctor`: what is printed, and how it ends."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from demo.services import Options, Services
from demo.shapes import Estate
from tests.auth.entra import CLIENT, HEADER, SECRET, TENANT, TOKEN, entra, host_identity
from tests.catalog.atlas_server import Atlas
from tests.cli.program import Program, Synced, check, contents, leading_to, process


def test_where_all_is_well_it_ends_with_0(synced: Synced, program: Program) -> None:
    ended = program("doctor", "--json", **synced.settings)

    check("doctor", ended.json)
    assert (ended.code, ended.err) == (0, "")
    assert [(each["check"], each["said"]) for each in ended.json["checks"]] == [
        ("settings", "none of 26 is missing or wrong"),
        ("identity", "no token is asked for"),
        ("source", "Data Factory and its runs can be read; 127.0.0.1 has a loopback address"),
        ("source", "Synapse and its runs can be read; 127.0.0.1 has a loopback address"),
        ("catalog", "all 22 types that we send"),
        ("store", "can be read"),
    ]


def test_it_changes_no_file_and_makes_none(
    source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    program("doctor", **source)
    none = list(tmp_path.iterdir())
    program("sync", **source)
    before = contents(tmp_path)

    ended = program("doctor", **source)

    assert none == []
    assert (ended.code, contents(tmp_path)) == (0, before)


def test_what_cannot_be_reached_ends_with_3_and_one_remedy(world: Estate, program: Program) -> None:
    with Services(world, Options(forbidden=frozenset({"adf-contoso-sales-prod"}))) as services:
        settings = leading_to(services, world)
        people = program("doctor", **settings)
        ended = program("doctor", "--json", **settings)

    check("doctor", ended.json)
    failed = [each for each in ended.json["checks"] if each["status"] == "failed"]
    assert (ended.code, ended.json["ok"], people.code) == (3, False, 3)
    assert [each["diagnosis"] for each in failed] == ["role-factory"]
    assert (
        "failed   source    adf-contoso-sales-prod: our identity may not read the factory (403)\n"
        "         → give it Reader on the factory, or the custom role that SECURITY.md lists "
        "(Microsoft.DataFactory/factories/read)\n"
    ) in people.out
    assert people.out.endswith("1 of 6 checks failed\n")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"LINEAGE_FACTORIES": ""},
            [("LINEAGE_FACTORIES", "is empty: name at least one factory or workspace, as ")],
        ),
        (
            {"LINEAGE_AUTH": "client-secret", "LINEAGE_LANES": "99", "AZURE_TENANT_ID": "t"},
            [
                ("LINEAGE_LANES", "is to be a whole number, 1 to 16"),
                ("LINEAGE_AUTH", "client-secret needs AZURE_CLIENT_ID"),
                ("LINEAGE_AUTH", "client-secret needs AZURE_CLIENT_SECRET"),
            ],
        ),
    ],
    ids=["no factory", "several problems"],
)
def test_settings_that_are_missing_or_wrong_end_with_2_each_on_its_line(
    settings: dict[str, str],
    said: list[tuple[str, str]],
    source: Mapping[str, str],
    program: Program,
) -> None:
    ended = program("doctor", "--json", **{**source, **settings})

    check("doctor", ended.json)
    failed = [each for each in ended.json["checks"] if each["status"] == "failed"]
    assert ended.code == 2
    assert {each["diagnosis"] for each in failed} == {"setting"}
    assert [each["name"] for each in failed] == [name for name, _ in said]
    for each, (name, begin) in zip(failed, said, strict=True):
        assert each["said"].startswith(begin)
        assert name in each["remedy"]


@pytest.mark.slow
def test_on_a_real_atlas_all_is_well_and_nothing_is_written(
    atlas: Atlas, source: Mapping[str, str], tmp_path: Path, program: Program
) -> None:
    ended = program("doctor", "--json", **source, **atlas.environ())

    check("doctor", ended.json)
    assert (ended.code, {each["status"] for each in ended.json["checks"]}) == (0, {"ok"})
    [catalog] = [each for each in ended.json["checks"] if each["check"] == "catalog"]
    assert catalog["said"].startswith("all 22 types that we send; 127.0.0.1 has a loopback")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("auth", ["client-secret", "managed-identity"])
def test_the_real_azure_identity_signs_in_and_no_token_is_told(
    auth: str, world: Estate, tmp_path: Path
) -> None:
    with (
        Services(world, Options(token=TOKEN)) as services,
        entra(tmp_path) as authority,
        host_identity() as host,
    ):
        environ = {
            **leading_to(services, world),
            "LINEAGE_AUTH": auth,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
            "AZURE_AUTHORITY_HOST": authority.url,
            "REQUESTS_CA_BUNDLE": authority.bundle,
            "IDENTITY_ENDPOINT": host.url,
            "IDENTITY_HEADER": HEADER,
            "LINEAGE_STORE": f"sqlite:{tmp_path / 'store.db'}",
            "LINEAGE_CATALOG": f"local:{tmp_path / 'catalog.db'}",
        }
        people = process("-vv", "doctor", environ=environ)
        ended = process("doctor", "--json", environ=environ)
        without = process(
            "doctor", environ={**environ, "AZURE_CLIENT_SECRET": "zq7", "IDENTITY_HEADER": "zq7"}
        )

    assert (people.returncode, ended.returncode, without.returncode) == (0, 0, 3)
    assert ": a token until 20" in people.stdout
    assert "no token for https://management.azure.com/.default" in without.stdout
    for each in (people, ended, without):
        assert "zq7" not in each.stdout + each.stderr
    assert authority.asked == (["client_credentials"] * 6 if auth == "client-secret" else [])
