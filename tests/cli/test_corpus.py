"""`names` over factories and templates that nobody here wrote."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import CORPUS, Ended, Program, check, write

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")

HERE = Path(__file__).parent / "cases"
CASES = json.loads((HERE / "corpus.json").read_text(encoding="utf-8"))
# Factories that lack linked services, and what is to be laid beside them.
COMPLETED = json.loads((HERE / "completed.json").read_text(encoding="utf-8"))
NAMED = ("typeName", "qualifiedName", "certainty")
KEYS = ("source", "pipeline", "activity", "side", "dataset")

# What evaluated text never holds.
RAW = ("@{", "@dataset", "@pipeline", "@concat", "[parameters(", "[concat(", "[variables(")
NEVER = (*RAW, "REDACTED", "'", '"', "{", "}", "Expression", "\n")

# Where the six stores of this release tell their host.
HOSTS = {
    "AzureBlobFS": ("url",),
    "AzureBlobStorage": ("connectionString", "serviceEndpoint"),
    "AzureSqlDW": ("connectionString", "server"),
    "AzureSqlDatabase": ("connectionString", "server"),
    "SqlServer": ("connectionString", "server"),
}


@pytest.fixture
def ended(program: Program) -> Ended:
    return program("names", str(CORPUS), "--json")


def uses(ended: Ended) -> list[dict[str, Any]]:
    return [line for line in ended.lines if line["event"] == "name"]


def test_every_use_in_the_corpus_has_a_name_or_reasons(ended: Ended) -> None:
    assert ended.code == 0
    for line in uses(ended):
        check("name", line)
        assert line["qualifiedName"] or line["reasons"]
    check("names-summary", ended.lines[-1])
    assert (ended.lines[-1]["uses"], ended.lines[-1]["named"]) == (302, 17)
    print(json.dumps(ended.lines[-1]["reasons"], indent=1))


def test_no_name_holds_what_was_not_evaluated_or_a_secret(ended: Ended) -> None:
    for line in uses(ended):
        name = line["qualifiedName"] or ""
        assert not [text for text in NEVER if text in name], name


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: "/".join(str(case[key]) for key in KEYS[1:])
)
def test_a_use_that_was_named_by_hand(
    case: dict[str, Any], tmp_path: Path, program: Program
) -> None:
    given = write(tmp_path / "given.json", {case["pipeline"]: case.get("parameters", {})})

    found = uses(
        program("names", str(CORPUS / case["source"]), "--json", "--parameters", str(given))
    )

    wanted = [case[key] for key in KEYS[1:]]
    lines = [line for line in found if [line[key] for key in KEYS[1:]] == wanted]
    assert lines  # several where an activity uses one dataset twice
    for line in lines:
        codes = sorted({reason["code"] for reason in line["reasons"]})
        assert [*(line[key] for key in NAMED), codes] == [
            *(case[key] for key in NAMED),
            case["reasons"],
        ]


@pytest.mark.parametrize("given", COMPLETED, ids=lambda given: Path(given["source"]).name)
def test_the_uses_of_a_factory_with_its_linked_services_beside_it(
    given: dict[str, Any], tmp_path: Path, program: Program
) -> None:
    """All uses of a dataset by an activity are listed, where one is."""
    folder = (
        completed_template(given, tmp_path)
        if "parameters" in given
        else completed(given, tmp_path / "factory")
    )

    found = Counter(map(told, uses(program("names", str(folder), "--json"))))

    wanted = Counter(
        (*(case[key] for key in (*KEYS[1:], *NAMED)), tuple(case["reasons"]))
        for case in given["cases"]
    )
    keys = {each[:4] for each in wanted}
    assert Counter({each: count for each, count in found.items() if each[:4] in keys}) == wanted


def told(line: dict[str, Any]) -> tuple[Any, ...]:
    codes = sorted({reason["code"] for reason in line["reasons"]})
    return (*(line[key] for key in (*KEYS[1:], *NAMED)), tuple(codes))


def completed(given: dict[str, Any], folder: Path) -> Path:
    """A copy in Git format, its placeholders filled in as the repository's set-up script does."""
    shutil.copytree(CORPUS / given["source"], folder, copy_function=shutil.copyfile)
    for file in sorted((folder / "datasets").iterdir()):
        text = file.read_text(encoding="utf-8-sig")
        for sign, words in given["placeholders"].items():
            text = replaced(text, words) if sign in text else text
        file.write_text(text, encoding="utf-8")
    for name, how in given["linkedServices"].items():
        text = (folder / how["template"]).read_text(encoding="utf-8-sig")
        words = {"#LINKED_SERVICE_NAME#": name, **how["replace"]}
        write(folder / f"linkedService/{name}.json", json.loads(replaced(text, words)))
    return folder


def replaced(text: str, words: dict[str, str]) -> str:
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)
    return text


def completed_template(given: dict[str, Any], folder: Path) -> Path:
    """A template, the file of its parameters, and a second template of linked services."""
    shutil.copyfile(CORPUS / given["source"], folder / "factory.json")
    values = {"factoryName": "contoso", **given["parameters"]}
    parameters = {name: {"value": value} for name, value in values.items()}
    write(folder / "factory.parameters.json", {"parameters": parameters})
    kind = "Microsoft.DataFactory/factories/linkedServices"
    resources = [
        {
            "type": kind,
            "name": f"[concat(parameters('factoryName'), '/{name}')]",
            "properties": body,
        }
        for name, body in given["linkedServices"].items()
    ]
    declared = {"factoryName": {"type": "string", "defaultValue": "contoso"}}
    write(folder / "services.json", {"parameters": declared, "resources": resources})
    return folder


def test_forty_uses_with_a_full_name_were_named_by_hand() -> None:
    """As they stand, parameters passed; or with the linked services of the repository itself."""
    own = [given for given in COMPLETED if "parameters" not in given]
    rows = [*CASES, *({"source": each["source"], **case} for each in own for case in each["cases"])]

    full = {
        tuple(row[key] for key in KEYS) for row in rows if row["typeName"] not in (None, "DataSet")
    }

    assert len(full) >= 40


def test_every_use_whose_values_are_all_literal_is_named(ended: Ended) -> None:
    """By the files alone, which this test reads in its own way."""
    literal = Counter[bool]()
    for line in uses(ended):
        if "OpaqueQuery" in {reason["code"] for reason in line["reasons"]}:
            continue
        if all(_literal(line)):
            literal[line["certainty"] in ("exact", "inferred")] += 1

    assert literal == {True: 15}


def _literal(line: dict[str, Any]) -> Iterator[bool]:
    """Whether dataset and linked service are there, of one of the six stores, and plain."""
    folder = CORPUS / line["source"]
    dataset = _definition(folder, "dataset", line["dataset"])
    service = _definition(folder, "linkedService", line["linkedService"])
    properties = service.get("typeProperties", {})
    hosts = [properties.get(key) for key in HOSTS.get(service.get("type", ""), ())]
    yield any(isinstance(host, str) and host for host in hosts)
    yield "@" not in json.dumps([dataset.get("typeProperties"), hosts])
    location = dataset.get("typeProperties", {})
    yield bool(location.get("location") or location.get("tableName") or location.get("table"))


def _definition(folder: Path, kind: str, name: str | None) -> dict[str, Any]:
    file = folder / kind / f"{name}.json"
    if not file.is_file():
        return {}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig"))["properties"]
    return found
