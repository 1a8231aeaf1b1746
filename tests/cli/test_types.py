"""`types install`, and the other commands on a catalog behind HTTP."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from demo.shapes import Estate
from lineage.catalog.local import LocalCatalog
from lineage.model import Json
from tests.catalog.front import Front, embedded, failing, refuse, serving
from tests.cli.program import Program, check

pytestmark = pytest.mark.slow

PUBLISHED = "ad000000-0195-4000-8000-000000000001"  # the built-in says that it reported this run
GONE = {"adf_copy_operation", "lineage_dataset"}


@pytest.fixture
def front(world: Estate) -> Iterator[Front]:
    """An Apache Atlas that lacks two types."""
    with LocalCatalog(":memory:") as local, serving(embedded(local, set(GONE))) as front:
        local.send(world.catalog)
        yield front


def test_what_is_missing_is_registered_once(program: Program, front: Front) -> None:
    settings = {"LINEAGE_CATALOG": f"atlas:{front.url}"}

    first = program("types", "install", "--json", **settings)
    second = program("types", "install", **settings)

    check("types", first.json)
    assert (first.code, set(first.json["registered"])) == (0, GONE)
    assert (second.code, second.out) == (
        0,
        f"atlas:{front.url}\nNothing: every type is there.\n",
    )


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "the embedded catalog has every type: nothing to do"),
        (
            {"LINEAGE_CATALOG": "purview:https://localhost", "LINEAGE_AUTH": "none"},
            "LINEAGE_REGISTER_TYPES: is false, so no type is registered on Purview",
        ),
    ],
    ids=["embedded", "Purview"],
)
def test_where_nothing_may_be_registered_it_says_so(
    program: Program, settings: Mapping[str, str], problem: str
) -> None:
    ended = program("types", "install", **settings)

    assert ended.code == 2
    assert problem in ended.err


def test_doctor_asks_for_what_install_does_and_is_content_with_it(
    program: Program, front: Front, source: Mapping[str, str]
) -> None:
    settings = {**source, "LINEAGE_CATALOG": f"atlas:{front.url}"}

    before = program("doctor", "--json", **settings)
    program("types", "install", **settings)
    after = program("doctor", "--json", **settings)

    [failed] = [each for each in before.json["checks"] if each["status"] == "failed"]
    assert (before.code, failed["diagnosis"], failed["remedy"]) == (
        3,
        "types-atlas",
        "run: python -m lineage types install",
    )
    check("doctor", after.json)
    assert (after.code, {each["status"] for each in after.json["checks"]}) == (0, {"ok"})


def test_a_type_that_is_missing_leaves_the_runs_of_its_factory_open_and_says_what_to_do(
    program: Program, front: Front, source: Mapping[str, str]
) -> None:
    settings = {
        **source,
        "LINEAGE_CATALOG": f"atlas:{front.url}",
        "LINEAGE_CATALOG_OPS_PER_SECOND": "100000",
        "LINEAGE_SYNAPSE_OPERATION": "my_operation",
    }

    ended = program("sync", "--json", **settings)

    problem = (
        "the catalog lacks the type my_operation; register it with: python -m lineage types install"
    )
    assert ended.code == 3
    assert problem in ended.err
    pending = [line for line in ended.lines if line.get("status") == "Pending"]
    assert {line["factory"].rpartition("/")[2] for line in pending} == {"syn-contoso-dwh"}
    assert {each["detail"] for line in pending for each in line["reasons"]} == {problem}
    assert {"Succeeded", "Partial"} <= {line.get("status") for line in ended.lines}


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/types/", 404, "answered 404, as no Atlas does: check LINEAGE_CATALOG"),
        ("/types/", 405, "answered 405, as no Atlas does: check LINEAGE_CATALOG"),
        ("/entity/bulk/uniqueAttribute/", 400, "answered 400"),
        ("/entity/bulk/uniqueAttribute/", 414, "answered 414"),
    ],
)
def test_a_look_up_that_is_refused_leaves_runs_open_and_none_of_them_fails(
    path: str, status: int, told: str, program: Program, source: Mapping[str, str], world: Estate
) -> None:
    trouble = [refuse(status)]
    with LocalCatalog(":memory:") as local:
        local.send(world.catalog)
        troubled = failing(
            embedded(local),
            lambda asked: trouble[0] if trouble and path in asked.path else None,
        )
        with serving(troubled) as front:
            settings = {**source, "LINEAGE_CATALOG": f"atlas:{front.url}"}
            settings["LINEAGE_CATALOG_OPS_PER_SECOND"] = "100000"
            first = program("sync", "--json", **settings)
            trouble.clear()
            second = program("sync", "--json", **settings)

    assert (first.code, second.code) == (3, 0)
    assert told in first.err
    open_ = [line for line in first.lines if line.get("status") in ("Pending", "Retrying")]
    assert {each["code"] for line in open_ for each in line["reasons"]} == {"Unavailable"}
    assert all(told in each["detail"] for line in open_ for each in line["reasons"])
    ended = [line for each in (first, second) for line in each.lines if "activityRunId" in line]
    assert {
        line["activityRunId"]: (line["status"], sorted({each["code"] for each in line["reasons"]}))
        for line in ended
    } == {
        run: (expected["status"], expected["reasons"])
        for run, expected in world.expected()["activityRuns"].items()
    }


def test_runs_graph_and_show_work_on_a_server(
    program: Program, front: Front, source: Mapping[str, str], world: Estate
) -> None:
    settings = {
        **source,
        "LINEAGE_CATALOG": f"atlas:{front.url}",
        "LINEAGE_CATALOG_OPS_PER_SECOND": "100000",
    }
    report = world.expected()["report"]

    synced = program("sync", "--json", **settings)
    run = next(line for line in synced.lines if line.get("status") == "Succeeded")
    graph = program("graph", report, "--json", **settings)
    listed = program("runs", "--json", **settings)
    shown = program("show", run["activityRunId"], "--json", **settings)

    assert [each.code for each in (synced, graph, listed, shown)] == [0, 0, 0, 0]
    assert graph.json["relations"]
    assert len(listed.lines) == len(synced.lines) - 1
    assert shown.json["runs"][0]["entities"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("capture", PUBLISHED, "--out"),
        ("doctor",),
        ("graph",),
        ("runs",),
        ("show", PUBLISHED),
        ("sync", "--dry-run"),
    ],
    ids=lambda given: given[0],
)
def test_what_reads_only_writes_to_no_server_and_to_no_file(
    arguments: tuple[str, ...],
    program: Program,
    front: Front,
    source: Mapping[str, str],
    world: Estate,
    tmp_path: Path,
) -> None:
    settings = {**source, "LINEAGE_CATALOG": f"atlas:{front.url}"}
    program("sync", **settings, LINEAGE_CATALOG_OPS_PER_SECOND="100000")
    places = {"graph": world.expected()["report"], "capture": str(tmp_path / "out" / "x")}
    (tmp_path / "out").mkdir()
    before = {path: path.read_bytes() for path in tmp_path.glob("*.db")}
    front.asked.clear()

    given = [*arguments, *filter(None, [places.get(arguments[0])])]
    ended = program(*given, **settings)

    assert ended.code in (0, 3), ended.err  # doctor warns of what the server lacks
    assert [each.method for each in front.asked if each.method != "GET"] == []
    assert {path: path.read_bytes() for path in tmp_path.glob("*.db")} == before


# ---------------------------------------------------------------- names that depend on the account


@pytest.mark.parametrize(
    ("lower", "kind"),
    [(True, "adf_copy_operation"), (False, "adf_activity_operation")],
    ids=["lower case", "a base type"],
)
def test_what_the_built_in_reported_is_found_by_the_name_it_has_in_this_account(
    lower: bool, kind: str, program: Program, source: Mapping[str, str], world: Estate
) -> None:
    entities = [renamed(each, lower, kind) for each in world.catalog]
    gone = {"adf_copy_operation"} - {kind}
    with LocalCatalog(":memory:") as local, serving(embedded(local, gone)) as front:
        local.send(entities)
        settings = {**source, "LINEAGE_CATALOG": f"atlas:{front.url}"}

        ended = program("sync", "--json", **settings, LINEAGE_CATALOG_OPS_PER_SECOND="100000")

    [run] = [line for line in ended.lines if line.get("activityRunId") == PUBLISHED]
    [operation] = [each for each in entities if each["typeName"] == kind]
    name = operation["attributes"]["qualifiedName"]
    assert ended.code == 0
    assert [each["code"] for each in run["reasons"]] == ["ReportedByService"]
    assert [(each["typeName"], each["qualifiedName"]) for each in run["processes"]] == [
        (kind, name)
    ]
    asked = [value for each in front.asked for _, value in each.query]
    assert asked.count(name) == 1
    assert not any(name.encode() in each.body for each in front.calls("/entity/bulk"))


def renamed(entity: Json, lower: bool, kind: str) -> Json:
    """An entity as an account has it that spells names in lower case, or lacks a type."""
    name = entity["attributes"]["qualifiedName"]
    above, mark, sink = name.partition("#")
    if lower and name.startswith("/subscriptions/"):
        steps = above.split("/")
        name = "/".join(s if n % 2 else s.lower() for n, s in enumerate(steps)) + mark + sink
    operation = entity["typeName"] == "adf_copy_operation"
    return {
        **entity,
        "typeName": kind if operation else entity["typeName"],
        "attributes": {**entity["attributes"], "qualifiedName": name},
    }
