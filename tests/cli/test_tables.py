"""`settings` and `connectors`."""

from lineage.connectors import CONNECTORS
from tests.cli.program import Program, check


def test_settings_tell_value_source_and_meaning_of_each(program: Program) -> None:
    ended = program("settings", "--json", "--set", "LINEAGE_LANES=3", LINEAGE_BATCH="7")

    check("settings", ended.json)
    told = {each["name"]: (each["value"], each["source"]) for each in ended.json["settings"]}
    assert told["LINEAGE_LANES"] == ("3", "--set")
    assert told["LINEAGE_BATCH"] == ("7", "environment")
    assert told["LINEAGE_OVERLAP"] == ("15m", "default")


def test_secrets_are_masked(program: Program) -> None:
    principal = {
        "LINEAGE_AUTH": "client-secret",
        "AZURE_TENANT_ID": "t",
        "AZURE_CLIENT_ID": "c",
        "AZURE_CLIENT_SECRET": "canary-4711",
    }

    for ended in (program("settings", **principal), program("settings", "--json", **principal)):
        assert "AZURE_CLIENT_SECRET" in ended.out
        assert "***" in ended.out
        assert "canary-4711" not in ended.out


def test_settings_are_a_table_for_people(program: Program) -> None:
    ended = program("settings")

    assert ended.code == 0
    assert "LINEAGE_LANES" in ended.out


def test_connectors_tell_every_row(program: Program) -> None:
    ended = program("connectors", "--json")

    check("connectors", ended.json)
    assert [each["id"] for each in ended.json["connectors"]] == [row.id for row in CONNECTORS]
    table = program("connectors").out
    assert all(linked in table for row in CONNECTORS for linked in row.linked_services)


def test_connectors_need_no_valid_environment(program: Program) -> None:
    assert program("connectors", LINEAGE_LANES="many").code == 0
