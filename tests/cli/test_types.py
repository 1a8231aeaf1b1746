"""`types install`, and the other commands on a catalog behind HTTP."""

from collections.abc import Iterator, Mapping

import pytest

from demo.shapes import Estate
from lineage.catalog.local import LocalCatalog
from tests.catalog.front import Front, embedded, serving
from tests.cli.program import Program, check

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
