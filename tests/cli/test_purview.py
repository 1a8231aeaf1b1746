"""The sample estate into Purview through the command line, by the real azure-identity over TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests

from demo import estate
from demo.services import Options, Services
from lineage.catalog.local import LocalCatalog
from lineage.model import Catalog, Name
from tests.auth.entra import CLIENT, HEADER, SECRET, TENANT, TOKEN, entra, host_identity
from tests.catalog.atlas_server import Atlas, fresh
from tests.catalog.front import embedded, relay
from tests.catalog.purview import Account, purview
from tests.cli.program import check, leading_to, process

pytestmark = pytest.mark.slow

OURS = "zq7canary-purview"  # the token that the account takes; other services take another
ASKED = {
    "https://management.azure.com",
    "https://dev.azuresynapse.net",
    "https://purview.azure.net",
}
Ended = CompletedProcess[str]


@dataclass(slots=True)
class Site:
    """The estate and an account, with what two syncs and a `doctor` printed."""

    environ: Mapping[str, str]
    expected: Mapping[str, Any]
    url: str
    account: Account
    asked: set[str]  # whom tokens were asked for
    first: Ended
    second: Ended
    doctor: Ended

    def lineage(self, name: Name) -> set[tuple[str, str]]:
        """What leads to an asset within one hop, as the account tells whoever asks it."""
        answer = requests.get(
            f"{self.url}/datamap/api/atlas/v2/lineage/uniqueAttribute/type/{name.type}",
            params={"attr:qualifiedName": name.qualified, "direction": "INPUT", "depth": "1"},
            headers={"Authorization": f"Bearer {OURS}"},
            verify=self.environ["REQUESTS_CA_BUNDLE"],
            timeout=30,
        ).json()
        names = {
            guid: each["attributes"]["qualifiedName"]
            for guid, each in answer["guidEntityMap"].items()
        }
        return {
            (names[each["fromEntityId"]], names[each["toEntityId"]]) for each in answer["relations"]
        }


@pytest.fixture(
    scope="module",
    params=[
        ("embedded", "managed-identity"),
        ("embedded", "client-secret"),
        ("atlas", "managed-identity"),
        ("atlas", "client-secret"),
    ],
    ids="-".join,
)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    kind, auth = request.param
    folder = tmp_path_factory.mktemp("purview")
    world = estate.load(datetime.now(UTC) - timedelta(minutes=10), fresh(folder / "estate"))
    with ExitStack() as stack:
        services = stack.enter_context(Services(world, Options(token=TOKEN)))
        server: Catalog
        if kind == "embedded":
            server = local = stack.enter_context(LocalCatalog(":memory:"))
            behind = embedded(local)
        else:
            atlas: Atlas = request.getfixturevalue("atlas")
            server = stack.enter_context(atlas.catalog())
            behind = relay(atlas.url, atlas.name, atlas.password)
        server.send(world.catalog)
        double = stack.enter_context(purview(behind, folder))
        double.account.token = OURS
        (folder / "entra").mkdir()
        authority = stack.enter_context(entra(folder / "entra"))
        host = stack.enter_context(host_identity())
        host.tokens["https://purview.azure.net"] = OURS
        authority.tokens["https://purview.azure.net/.default"] = OURS
        bundle = folder / "bundle.pem"
        bundle.write_text(
            "".join(Path(each).read_text() for each in (authority.bundle, *double.environ.values()))
        )
        environ = {
            **leading_to(services, world),
            "LINEAGE_AUTH": auth,
            "LINEAGE_CATALOG": f"purview:{double.url}",
            "LINEAGE_CATALOG_OPS_PER_SECOND": "100000",
            "LINEAGE_STORE": f"sqlite:{folder / 'store.db'}",
            "AZURE_AUTHORITY_HOST": authority.url,
            "REQUESTS_CA_BUNDLE": str(bundle),
            **{
                "managed-identity": {"IDENTITY_ENDPOINT": host.url, "IDENTITY_HEADER": HEADER},
                "client-secret": {
                    "AZURE_TENANT_ID": TENANT,
                    "AZURE_CLIENT_ID": CLIENT,
                    "AZURE_CLIENT_SECRET": SECRET,
                },
            }[auth],
        }
        first, second = (process("-v", "sync", "--json", environ=environ) for _ in range(2))
        doctor = process("-v", "doctor", "--json", environ=environ)
        scopes = {scope.removesuffix("/.default") for scope in authority.scopes}
        asked = scopes | {each["resource"] for each in host.resources}
        yield Site(
            environ, world.expected(), double.url, double.account, asked, first, second, doctor
        )


def lines(ended: Ended) -> list[Any]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_every_entity_is_accepted_and_every_run_ends_as_written_by_hand(site: Site) -> None:
    *runs, summary = lines(site.first)

    assert (site.first.returncode, summary["complete"]) == (0, True)
    assert {
        run["activityRunId"]: (run["status"], sorted({each["code"] for each in run["reasons"]}))
        for run in runs
    } == {
        run: (expected["status"], expected["reasons"])
        for run, expected in site.expected["activityRuns"].items()
    }
    changes = {each["change"] for run in runs for each in run["processes"]}
    assert changes == {"created", "unchanged", "updated"}


def test_a_second_sync_sends_nothing_and_asks_nothing_of_the_account(site: Site) -> None:
    [summary] = lines(site.second)

    assert (site.second.returncode, summary["complete"]) == (0, True)
    assert (summary["catalogReads"], summary["catalogWrites"]) == (0, 0)


def test_a_token_is_asked_for_each_service_and_none_is_told(site: Site) -> None:
    assert site.asked == ASKED
    for each in (site.first, site.second, site.doctor):
        assert "zq7" not in each.stdout + each.stderr


def test_the_account_tells_what_every_copy_reads_and_writes(site: Site) -> None:
    for source, _, operation, sink, sink_type in site.expected["edges"]:
        found = site.lineage(Name(sink_type, sink))

        if source is not None:  # Atlas draws no operation that has one end only
            assert {(source, operation), (operation, sink)} <= found


def test_graph_reaches_from_the_report_to_where_its_data_came_from(site: Site) -> None:
    options = ("--upstream", "--depth", "0", "--json")
    ended = process("graph", site.expected["report"], *options, environ=site.environ)

    assert ended.returncode == 0, ended.stderr
    names = [each["qualifiedName"] for each in json.loads(ended.stdout)["entities"]]
    assert any(
        name.endswith("landing.blob.core.windows.net/landing/orders/orders.csv") for name in names
    )


def test_doctor_finds_all_well(site: Site) -> None:
    told = json.loads(site.doctor.stdout)

    check("doctor", told)
    assert (site.doctor.returncode, told["ok"]) == (0, True)
    assert {each["status"] for each in told["checks"]} == {"ok"}
    checks = [each["check"] for each in told["checks"] if each["check"] != "finding"]
    assert checks == [
        *("settings", "identity", "identity", "identity", "source", "source"),
        *("catalog", "store", "clock"),
    ]
    catalog = next(each for each in told["checks"] if each["check"] == "catalog")
    assert catalog["said"] == "all 22 types that we send; localhost has a loopback address"
    findings = {each["name"]: each["said"] for each in told["checks"]}
    assert findings["attribute from adf_pipeline to its factory"].startswith("factory (found 20")
    assert findings["names as they are sent"].startswith("kept (found 20")


def test_a_sync_without_the_role_leaves_what_is_new_pending(site: Site) -> None:
    """Last, as it changes the account."""
    site.account.forbid = True
    environ = {**site.environ, "LINEAGE_STORE": site.environ["LINEAGE_STORE"] + ".new"}
    try:
        ended = process("sync", "--json", environ=environ)
    finally:
        site.account.forbid = False

    pending = [line for line in lines(ended) if line.get("status") == "Pending"]
    assert ended.returncode == 3
    assert {each["code"] for line in pending for each in line["reasons"]} == {"RoleMissing"}
