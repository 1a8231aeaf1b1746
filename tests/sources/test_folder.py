"""Factories on disk: Git folders, templates, and whatever else people leave there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lineage.errors import BadInput
from lineage.model import Definitions, Endpoint, Evaluated, Gap, Kind, Reason, Value
from lineage.resolve import activities, datasets
from lineage.sources import folder

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "adf"
ZEROS = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/folder/providers"


def write(root: Path, name: str, content: Any) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
    return path


def definition(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties}


def resource(kind: str, name: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": f"Microsoft.DataFactory/factories/{kind}",
        "name": f"[concat(parameters('factoryName'), '/{name}')]",
        "properties": properties,
    }


def template(*resources: Any, **parameters: Any) -> dict[str, Any]:
    return {
        "parameters": {"factoryName": {"type": "string"}, **parameters},
        "resources": list(resources),
    }


@pytest.mark.parametrize(
    ("pipelines", "linked", "flows"),
    [
        ("pipeline", "linkedService", "dataflow"),
        ("pipelines", "linkedServices", "dataflows"),
        ("Pipeline", "linkedservice", "DataFlow"),
    ],
)
def test_a_folder_in_git_format_is_read(
    tmp_path: Path, pipelines: str, linked: str, flows: str
) -> None:
    root = tmp_path / "contoso"
    write(root, f"{pipelines}/pl.json", definition("pl", activities=[]))
    write(root, f"{linked}/ls.json", definition("ls", type="AzureSqlDatabase"))
    write(root, f"{flows}/df.json", definition("df"))
    write(root, "dataset/ds.json", definition("ds"))
    write(root, "trigger/tr.json", definition("tr"))
    write(root, "dataset/notes.txt", "not this")

    found = folder.read(root)

    assert {kind.value: found.names(kind) for kind in Kind} == {
        "dataflows": ["df"],
        "datasets": ["ds"],
        "linkedservices": ["ls"],
        "pipelines": ["pl"],
    }
    assert found.problems == ()
    assert found.factory.name == "contoso"
    assert found.factory.id == f"{ZEROS}/Microsoft.DataFactory/factories/contoso"
    service = found.get(Kind.LINKED_SERVICE, "LS")
    assert service is not None
    assert (service.name, service.properties) == ("ls", {"type": "AzureSqlDatabase"})
    assert found.get(Kind.LINKED_SERVICE, "gone") is None
    assert [pipeline.name for pipeline in found.of(Kind.PIPELINE)] == ["pl"]


def test_a_folder_is_a_door_like_any_other(tmp_path: Path) -> None:
    write(tmp_path, "pipeline/pl.json", definition("pl"))

    door: Definitions = folder.read(tmp_path)

    assert door.get(Kind.PIPELINE, "pl")


def test_the_factory_file_gives_name_and_global_parameters(tmp_path: Path) -> None:
    shared = {"env": {"type": "string", "value": "prod"}}
    write(tmp_path, "factory/adf.json", definition("adf-contoso", globalParameters=shared))
    write(tmp_path, "pipeline/pl.json", definition("pl"))

    found = folder.read(tmp_path)

    assert (found.factory.name, found.factory.parameters) == ("adf-contoso", {"env": "prod"})


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("sqlscript/a.json", definition("a")),
        ("dataset/ds.json", {**definition("ds"), "type": "Microsoft.Synapse/workspaces/datasets"}),
    ],
)
def test_a_workspace_is_told_from_a_factory(tmp_path: Path, file: str, content: Any) -> None:
    root = tmp_path / "ws"
    write(root, "pipeline/pl.json", definition("pl"))
    write(root, file, content)

    found = folder.read(root)

    assert found.factory.id == f"{ZEROS}/Microsoft.Synapse/workspaces/ws"
    assert found.factory.synapse


def test_definitions_lying_about_say_what_they_are(tmp_path: Path) -> None:
    owner = "Microsoft.Synapse/workspaces"
    for name, kind in (("pl", "pipelines"), ("ds", "datasets"), ("t", "triggers")):
        write(tmp_path, f"{name}.json", {**definition(name), "type": f"{owner}/{kind}"})
    write(tmp_path, "package.json", {"name": "other"})

    found = folder.read(tmp_path)

    assert folder.find_factories(tmp_path) == [tmp_path]
    assert (found.names(Kind.PIPELINE), found.names(Kind.DATASET)) == (["pl"], ["ds"])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ('{"name": "ds"', "is no JSON: line 1, column 14"),
        (b"\x89PNG\xff\xfe\x00", "is no UTF-8 text"),
        ("[" * 100_000, "is no JSON that can be read: nested too deeply or a number too large"),
        ("[]", "is no definition: it has no properties"),
        ({"name": "ds"}, "is no definition: it has no properties"),
        ({"name": "ds", "properties": "[]"}, "is no definition: it has no properties"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_problem_and_no_more(
    tmp_path: Path, content: Any, problem: str
) -> None:
    write(tmp_path, "dataset/ds.json", content)
    write(tmp_path, "dataset/other.json", definition("other"))

    found = folder.read(tmp_path)

    assert found.problems == (("dataset/ds.json", problem),)
    assert found.names(Kind.DATASET) == ["other"]


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"name": "ds", "properties": {"type": "Json"}}',
        '{"name": "ds", "properties": {"type": "Json"}}'.encode("utf-16"),
        b'// first\n{"name": "ds", /* then */ "properties": {"type": "Json"}} // last',
        b'{"name": "ds", "properties": {"type": "Json"}}\r\n\r\n',
    ],
    ids=["byte order mark", "UTF-16", "comments", "Windows lines"],
)
def test_files_are_read_as_people_save_them(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "dataset/ds.json", content)

    found = folder.read(tmp_path)

    assert found.problems == ()
    assert found.of(Kind.DATASET)[0].properties == {"type": "Json"}


def test_a_comment_within_a_text_is_kept(tmp_path: Path) -> None:
    content = '{"name": "ls", "properties": {"url": "https://a/*b*/", "q": "\\"//"}} // c'
    write(tmp_path, "linkedService/ls.json", content)

    found = folder.read(tmp_path)

    properties = {"url": "https://a/*b*/", "q": '"//'}
    assert found.of(Kind.LINKED_SERVICE)[0].properties == properties


def test_a_name_that_is_not_the_files_is_kept_and_told(tmp_path: Path) -> None:
    write(tmp_path, "dataset/file.json", definition("ds"))
    write(tmp_path, "dataset/nameless.json", {"properties": {}})

    found = folder.read(tmp_path)

    assert found.names(Kind.DATASET) == ["ds", "nameless"]
    assert found.problems == (
        ("dataset/file.json", "is named 'ds'"),
        ("dataset/nameless.json", "has no name; the file's is taken"),
    )


def test_of_two_definitions_with_one_name_the_first_is_kept(tmp_path: Path) -> None:
    write(tmp_path, "dataset/A.json", definition("a", type="Json"))
    write(tmp_path, "dataset/b.json", definition("A", type="Xml"))

    found = folder.read(tmp_path)

    assert found.of(Kind.DATASET)[0].properties == {"type": "Json"}
    assert ("dataset/b.json", "'A' is defined more than once; left out") in found.problems


def test_a_template_is_read(tmp_path: Path) -> None:
    url = {"type": "string", "defaultValue": "https://lake.dfs.core.windows.net"}
    whole = template(
        resource("pipelines", "pl", activities=[]),
        resource("linkedServices", "ls", typeProperties={"url": "[parameters('url')]"}),
        url=url,
    )
    path = write(tmp_path / "contoso", "template.json", whole)

    found = folder.read(path)

    assert found.factory.name == "contoso"
    assert found.names(Kind.PIPELINE) == ["pl"]
    properties = {"typeProperties": {"url": "https://lake.dfs.core.windows.net"}}
    assert found.of(Kind.LINKED_SERVICE)[0].properties == properties
    assert folder.find_factories(tmp_path) == [path]
    assert folder.find_factories(path) == [path]


def test_linked_templates_are_one_factory_with_the_whole_one(tmp_path: Path) -> None:
    same = resource("datasets", "ds", type="Json")
    write(tmp_path, "ARMTemplateForFactory.json", template(same))
    write(tmp_path, "linkedTemplates/ArmTemplate_0.json", template(same))
    write(tmp_path, "linkedTemplates/ArmTemplate_1.json", template(resource("pipelines", "pl")))
    master = {"resources": [{"type": "Microsoft.Resources/deployments", "name": "a"}]}
    write(tmp_path, "linkedTemplates/ArmTemplate_master.json", master)

    found = folder.read(tmp_path)

    assert folder.find_factories(tmp_path) == [tmp_path]
    assert (found.names(Kind.DATASET), found.names(Kind.PIPELINE)) == (["ds"], ["pl"])
    assert found.problems == ()


def test_templates_that_disagree_are_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "a.json", template(resource("datasets", "ds", type="Json")))
    write(tmp_path, "b.json", template(resource("datasets", "ds", type="Xml")))

    found = folder.read(tmp_path)

    assert found.of(Kind.DATASET)[0].properties == {"type": "Json"}
    problem = "'ds' is defined more than once; left out"
    assert found.problems == (("b.json: datasets/ds", problem),)


@pytest.mark.parametrize(
    "file", ["ARMTemplateParametersForFactory.json", "ARMTemplateForFactory.parameters.json"]
)
def test_a_parameter_file_beside_a_template_gives_its_values(tmp_path: Path, file: str) -> None:
    whole = template(resource("datasets", "ds", type="[parameters('t')]"), t={"type": "string"})
    values = {"factoryName": {"value": "given"}, "t": {"value": "Json"}}
    write(tmp_path, "ARMTemplateForFactory.json", whole)
    write(tmp_path, file, {"parameters": values})

    found = folder.read(tmp_path)

    assert found.factory.name == "given"
    assert found.of(Kind.DATASET)[0].properties == {"type": "Json"}


def test_a_hole_in_a_template_becomes_a_gap_that_names_the_parameter(tmp_path: Path) -> None:
    copy = {"name": "Copy", "inputs": [{"referenceName": "ds"}]}
    whole = template(
        resource("pipelines", "pl", activities=[copy]),
        resource("datasets", "ds", type="A", linkedServiceName={"referenceName": "ls"}),
        resource(
            "linkedServices",
            "ls",
            type="AzureSqlDatabase",
            typeProperties={
                "connectionString": "[parameters('connection')]",
                "server": "[concat('sql-', parameters('env'))]",
            },
        ),
        connection={"type": "secureString"},
        env={"type": "string"},
    )
    found = folder.read(write(tmp_path, "t.json", whole))
    (use,) = activities.uses(found.of(Kind.PIPELINE), found)

    scope = datasets.pipeline_scope({}, use.pipeline, found.factory)
    assert not isinstance(use.reference, Gap)
    endpoint = datasets.resolve(use.reference, found, scope, activity="Copy")

    assert isinstance(endpoint, Endpoint)
    assert [endpoint.connection[key].gap for key in ("connectionString", "server")] == [
        Gap(
            Reason.HIDDEN_CONNECTION,
            detail="connectionString of linked service ls: template parameter connection",
        ),
        Gap(Reason.UNRESOLVED, detail="server of linked service ls: template parameter env"),
    ]


def test_factories_are_found_wherever_they_are(tmp_path: Path) -> None:
    write(tmp_path, "one/adf/pipeline/pl.json", definition("pl"))
    write(tmp_path, "one/adf/dataset/more/pipeline/pl.json", definition("pl"))
    write(tmp_path, "two/template.json", template(resource("pipelines", "pl")))
    write(tmp_path, "two/parameters.json", {"parameters": {}})
    write(tmp_path, "three/a.json", template(resource("pipelines", "a")))
    write(tmp_path, "three/b.json", template(resource("pipelines", "b")))
    write(tmp_path, ".git/pipeline/pl.json", definition("pl"))
    write(tmp_path, "docs/pipelines/readme.md", "nothing")
    write(tmp_path, "broken/template.json", '{"resources": [')

    found = folder.find_factories(tmp_path)

    assert found == [tmp_path / "one/adf", tmp_path / "three", tmp_path / "two/template.json"]


def test_what_holds_no_factory_is_bad_input(tmp_path: Path) -> None:
    other = write(tmp_path, "other.json", {"a": 1})

    assert folder.find_factories(tmp_path) == []
    with pytest.raises(BadInput, match="no such file or folder"):
        folder.find_factories(tmp_path / "gone")
    for path in (tmp_path, other, tmp_path / "gone"):
        with pytest.raises(BadInput, match="neither a factory"):
            folder.read(path)


def leaves(tree: Evaluated) -> list[Value]:
    found = [value if isinstance(value, Value) else leaves(value) for value in tree.values()]
    return [leaf for part in found for leaf in (part if isinstance(part, list) else [part])]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_dataset_use_of_the_corpus_is_an_endpoint_or_a_gap() -> None:
    endpoints = gaps = 0
    for path in folder.find_factories(CORPUS):
        found = folder.read(path)
        for use in activities.uses(found.of(Kind.PIPELINE), found):
            scope = datasets.pipeline_scope({}, use.pipeline, found.factory)
            activity = use.activity["name"]
            result = (
                use.reference
                if isinstance(use.reference, Gap)
                else datasets.resolve(use.reference, found, scope, activity=activity)
            )
            if isinstance(result, Gap):
                gaps += 1
                assert result.detail
                continue
            endpoints += 1
            for leaf in (*leaves(result.dataset), *leaves(result.connection)):
                assert (leaf.gap is None) or (leaf.value is None and leaf.gap.detail)
                assert not any(sign in str(leaf.value) for sign in ("@{", "@dataset(", "[param"))
    assert (endpoints, gaps) == (38, 264)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_definition_of_the_corpus_is_read() -> None:
    found = [folder.read(path) for path in folder.find_factories(CORPUS)]

    assert len(found) == 65
    # the corpus holds 40, 212, 56 and 121: without what a linked template repeats (1, 1, 3, 1),
    # a second pipeline of one name, a file in `misc`, and 5 patterns in a folder `templates`
    counts = {kind.value: sum(len(one.names(kind)) for one in found) for kind in Kind}
    assert counts == {"dataflows": 39, "datasets": 210, "linkedservices": 48, "pipelines": 119}
