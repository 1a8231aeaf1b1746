"""The contract on the double of Purview, over TLS; and what the double refuses."""

from collections.abc import Iterator

import pytest

from lineage import http
from lineage.auth import bearer
from lineage.catalog.local import LocalCatalog
from lineage.catalog.pace import Pace
from lineage.catalog.rest import RestCatalog
from lineage.catalog.servers import SERVERS
from lineage.errors import Cause, Rejected, SettingsError
from lineage.model import Json, Name
from tests.catalog.atlas_server import Atlas
from tests.catalog.contract import *  # noqa: F403 - its tests run here, on the catalog below
from tests.catalog.contract import OPERATION, TABLE, At, by_name, one
from tests.catalog.contract import entity as sent
from tests.catalog.front import embedded, relay
from tests.catalog.purview import AUDIENCE, TOKEN, Purview, purview


@pytest.fixture(scope="module", params=["embedded", pytest.param("atlas", marks=pytest.mark.slow)])
def double(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Purview]:
    folder = tmp_path_factory.mktemp("purview")
    with LocalCatalog(":memory:") as local:
        behind = embedded(local)
        if request.param == "atlas":
            atlas: Atlas = request.getfixturevalue("atlas")
            behind = relay(atlas.url, atlas.name, atlas.password)
        with purview(behind, folder) as made:
            yield made


def client(double: Purview, scope: str = AUDIENCE, collection: str = "") -> RestCatalog:
    session = http.session(double.url)
    session.verify = double.environ["REQUESTS_CA_BUNDLE"]
    auth = bearer(double.credential, scope, double.url)
    pace = Pace(1e9, 50, 50)
    return RestCatalog(
        SERVERS["purview"], double.url, auth, pace, session=session, collection=collection
    )


@pytest.fixture
def catalog(double: Purview) -> Iterator[RestCatalog]:
    with client(double) as catalog:
        yield catalog


def test_the_token_asked_for_is_that_of_purview_and_every_call_has_it(
    double: Purview, catalog: RestCatalog, at: At
) -> None:
    catalog.send([sent(TABLE, at("a"))])

    assert set(double.credential.asked) == {"https://purview.azure.net/.default"}
    assert double.front.asked[-1].path == "/datamap/api/atlas/v2/entity/bulk"
    assert dict(double.front.asked[-1].query) == {"api-version": "2023-09-01"}


def test_a_token_for_another_audience_is_refused(double: Purview, at: At) -> None:
    with (
        client(double, "https://management.azure.com/.default") as catalog,
        pytest.raises(SettingsError, match=r"answered 401 \(Unauthorized, request request-\d+\)"),
    ):
        catalog.get(TABLE, [at("a")])


def test_a_token_that_is_taken_no_more_in_mid_run_is_replaced_and_nothing_is_lost(
    double: Purview, at: At
) -> None:
    with client(double) as catalog:
        catalog.send([sent(TABLE, at("a"))])
        before, double.account.token = double.account.token, f"renewed.{AUDIENCE}"
        double.credential.token = "renewed"
        try:
            assigned = catalog.send([sent(TABLE, at("b"))])
        finally:
            double.account.token, double.credential.token = before, TOKEN

        assert list(assigned) == ["-1"]
        assert catalog.closed is None


def test_a_missing_reference_is_told_with_its_code_and_the_id_of_the_request(
    catalog: RestCatalog, at: At
) -> None:
    with pytest.raises(Rejected, match=r"\(ATLAS-404-00-00A, request request-\d+\)") as refused:
        catalog.send([sent(OPERATION, at("p"), inputs=[by_name(TABLE, at("nope"))])])

    assert (refused.value.status, refused.value.code) == (404, "ATLAS-404-00-00A")


@pytest.mark.parametrize(
    ("trouble", "cause", "message"),
    [
        (
            {"forbid": True},
            Cause.ROLE,
            "make our identity Data Curator of the collection, or of the root collection",
        ),
        ({"shut": True}, Cause.FIREWALL, "a firewall or private endpoint keeps this host out"),
    ],
    ids=["role", "firewall"],
)
def test_a_refusal_of_access_closes_the_catalog_and_nothing_more_is_sent(
    double: Purview, at: At, trouble: Json, cause: Cause, message: str
) -> None:
    with client(double) as catalog:
        for name, value in trouble.items():
            setattr(double.account, name, value)
        try:
            with pytest.raises(SettingsError, match=message):
                catalog.send([sent(TABLE, at("a"))])
        finally:
            for name in trouble:
                setattr(double.account, name, False)
        before = len(double.front.asked)

        with pytest.raises(SettingsError, match=message):
            catalog.get(TABLE, [at("a")])

    assert len(double.front.asked) == before
    assert catalog.closed is not None
    assert catalog.closed.cause is cause


# ---------------------------------------------------------------- collections


def test_only_what_is_new_goes_into_the_collection(double: Purview, at: At) -> None:
    with client(double) as plain:
        plain.send([sent(TABLE, at("old")), sent(OPERATION, at("known"), "-2")])
    new = sent(TABLE, at("new"), "-1")
    ends = {"inputs": [table_guid("-1"), table_guid("-3")], "outputs": [table_guid("-1")]}
    told = [
        new,
        sent(OPERATION, at("known"), "-2", **ends),
        sent(TABLE, at("old"), "-3", description="told"),
        sent(OPERATION, at("made"), "-4", **ends),
    ]
    double.account.moved.clear()

    with client(double, collection="abcdef") as catalog:
        assigned = catalog.send(told)

        assert set(assigned) == {"-1", "-2", "-3", "-4"}
        assert set(double.account.moved) == {at("new"), at("made")}
        assert one(catalog, TABLE, at("old"))["attributes"]["description"] == "told"
        for name in ("known", "made"):
            found = one(catalog, OPERATION, at(name))["relationshipAttributes"]["inputs"]
            assert {each["displayText"] for each in found} == {"old", "new"}


def table_guid(guid: str) -> Json:
    return {"typeName": TABLE, "guid": guid}


def test_lineage_is_asked_for_with_as_many_edges_as_there_may_be(
    double: Purview, catalog: RestCatalog, at: At
) -> None:
    catalog.send([sent(TABLE, at("a"))])

    catalog.lineage(Name(TABLE, at("a")), "BOTH", 0)

    assert dict(double.front.asked[-1].query) == {
        "attr:qualifiedName": at("a"),
        "direction": "BOTH",
        "depth": "31",
        "width": "100",
        "getDerivedLineage": "false",
        "forceNewApi": "true",
    }
