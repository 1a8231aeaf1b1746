"""The documents say what the tables say: `pytest --update` writes the generated ones anew."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from lineage.catalog.typedefs import definitions
from lineage.cli import COMMANDS
from lineage.connectors import CONNECTORS
from lineage.diagnosis import ATLAS, DATA_FACTORY, PURVIEW, STORAGE, SYNAPSE, ZONES
from lineage.diagnosis import TABLE as DIAGNOSES
from lineage.model import Json, Reason, Status
from lineage.settings import IDENTITY, TABLE, Auth
from lineage.settings import STORAGE as ACCOUNT

ROOT = Path(__file__).parent.parent


def settings() -> str:
    """docs/settings.md."""
    rows = [
        f"| `{row.name}` | {f'`{row.default}`' if row.default else ''} | {row.meaning} |"
        for row in TABLE
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "From the environment, or `--set NAME=VALUE` for all but secrets. Durations are a"
            " number with `s`, `m`, `h` or `d`.",
            "`python -m lineage settings` shows what is in force, and where it comes from.",
            "",
            "| name | default | meaning |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def connectors() -> str:
    """docs/connectors.md."""
    rows = [
        f"| [{row.id}]({row.docs}) | {', '.join(row.linked_services)} |"
        f" {'<br>'.join(f'`{host}`' for host in row.hosts) or 'any other'} |"
        f" {'<br>'.join(f'`{kind}`: `{name}`' for kind, name in row.names.items())} |"
        for row in CONNECTORS
    ]
    return "\n".join(
        [
            "# Connectors",
            "",
            "How each kind of store is named in the catalog, the most specific type first.",
            "A store that is not here becomes a fall-back asset of type `DataSet`, named by what is"
            " known of it, with the reason `UnknownConnector`; its edge is kept.",
            "",
            "| row | linked service | host | types and names |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


class Shown(dict[str, str]):
    """`{host}` of a template becomes HOST."""

    def __missing__(self, key: str) -> str:
        return key.upper()


def doctor() -> str:
    """docs/doctor.md."""
    rows = [
        f"| `{diagnosis}` | {row.said.format_map(Shown())} | {row.remedy.format_map(Shown())} |"
        for diagnosis, row in DIAGNOSES.items()
    ]
    return "\n".join(
        [
            "# Doctor",
            "",
            "`python -m lineage doctor` reaches everything that the settings name, as `sync` does:"
            " it asks for a token",
            "for each scope in use, reads each factory or workspace and then its runs, which is a"
            " right of its own, looks up the types",
            "that we send in the catalog, opens the store, and compares our clock with those of the"
            " services. Each thing has one line,",
            "and where it failed one remedy. It reads only, and never prints a token.",
            "",
            "Exit codes: 0 nothing failed (warnings may be left) · 2 a setting is missing or wrong"
            " · 3 something cannot be reached.",
            "",
            "Words in capitals stand for what is seen; `--json` has the diagnosis of each check"
            " (docs/schema/doctor.json).",
            "",
            "| diagnosis | what is said | what to do |",
            "| --- | --- | --- |",
            *rows,
            "",
            "| SERVICE | SETTING | ENDPOINT |",
            "| --- | --- | --- |",
            *(
                f"| {each.name} | `{each.setting}` | {each.endpoint} |"
                for each in (ATLAS, DATA_FACTORY, PURVIEW, STORAGE, SYNAPSE)
            ),
            "",
            f"ZONE is one of {', '.join(f'`{zone}`' for zone in sorted(ZONES))}; elsewhere, as in"
            " China, Microsoft has published none.",
            "",
        ]
    )


def types() -> str:
    """docs/types.md."""
    known = definitions()
    return "\n".join(
        [
            "# Types",
            "",
            "The types of what is sent. On Apache Atlas `python -m lineage types install` registers"
            " what is missing; Purview has all but our own.",
            "What an account lacks is left out, or a base type stands in for it.",
            "",
            "Confidence: *verified* in a response of the service or in Microsoft's own definitions"
            " or code · *community*: code that was run",
            "on a live account · *inferred* · *ours*. An attribute without a source has that of its"
            " type.",
            "",
            "| type | supertype | attribute | source | confidence |",
            "| --- | --- | --- | --- | --- |",
            *(row for each in known["entityDefs"] for row in _entity_rows(each)),
            "",
            "| relationship | end 1 | end 2 | source | confidence |",
            "| --- | --- | --- | --- | --- |",
            *map(_relationship_row, known["relationshipDefs"]),
            "",
        ]
    )


def _entity_rows(each: Json) -> Iterator[str]:
    name, above = f"`{each['name']}`", ", ".join(f"`{one}`" for one in each["superTypes"])
    yield f"| {name} | {above} | | {each['source']} | {each['confidence']} |"
    for found in each["attributeDefs"]:
        attribute = f"`{found['name']}`: {found['typeName'].replace('<', ' of ').rstrip('>')}"
        confidence = found.get("confidence", each["confidence"])
        yield f"| {name} | | {attribute} | {found.get('source', '')} | {confidence} |"


def _relationship_row(each: Json) -> str:
    ends = " | ".join(
        f"`{each[end]['type']}.{each[end]['name']}`" for end in ("endDef1", "endDef2")
    )
    return f"| `{each['name']}` | {ends} | {each['source']} | {each['confidence']} |"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/settings.md", settings()),
        ("docs/connectors.md", connectors()),
        ("docs/doctor.md", doctor()),
        ("docs/types.md", types()),
    ],
)
def test_a_generated_document_is_up_to_date(path: str, text: str, update: bool) -> None:
    if update:
        (ROOT / path).write_text(text, encoding="utf-8")

    assert (ROOT / path).read_text(encoding="utf-8") == text


def test_every_reason_and_status_is_explained() -> None:
    document = (ROOT / "docs/reasons.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `(\w+)` \|", document, re.MULTILINE) == [*Status, *Reason]


def test_every_kind_of_identity_and_each_of_its_variables_is_explained() -> None:
    document = (ROOT / "docs/identity.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `([a-z-]+)` \|", document, re.MULTILINE) == [*Auth]
    named = [row.name for row in (*IDENTITY, *ACCOUNT) if f"`{row.name}`" not in document]
    assert named == []


@pytest.mark.parametrize("command", [*COMMANDS])
def test_the_readme_names_every_command(command: str) -> None:
    assert f"`{command}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_requirement_has_its_reason() -> None:
    files = sorted(ROOT.glob("requirements*.in"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    names = [line for line in lines if line and not line.startswith(("#", "-"))]
    document = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = ", ".join(re.findall(r"^\| ([a-z][^|]*) \|", document, re.MULTILINE)).split(", ")

    assert len(files) == 3
    assert [name for name in names if not any(fnmatch(name, each) for each in told)] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs/schema").glob("*.json")), ids=lambda p: p.name
)
def test_a_schema_is_valid_json(path: Path) -> None:
    assert "$schema" in json.loads(path.read_text(encoding="utf-8"))


def test_the_statuses_and_reasons_are_those_that_were_decided() -> None:
    decided = ROOT.parent / "shared" / "data" / "reasons.json"
    if not decided.exists():
        pytest.skip("the specification is not beside this checkout")
    data = json.loads(decided.read_text(encoding="utf-8"))

    assert [*Status] == [each["status"] for each in data["statuses"]]
    assert [*Reason] == [each["code"] for each in data["reasons"]]


def test_the_runbook_has_every_line_that_is_logged() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "lineage").glob("*.py"))
    told = set(re.findall(r'tell\(\s*"(\w+)"', sources))

    assert {"tick", "run", "poisoned"} < told
    assert {event for event in told if f"`{event}`" not in text} == set()


def test_the_webhooks_document_has_every_status() -> None:
    text = (ROOT / "docs" / "webhook.md").read_text(encoding="utf-8")
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    told = set(re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE))

    assert told == set(document["paths"]["/api/runs"]["post"]["responses"])
