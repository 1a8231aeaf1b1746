"""Two endpoints that differ in what tells stores apart never share a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.connectors import name
from lineage.connectors._stores import STORES, Store, store_of
from lineage.model import Endpoint, Factory, FactoryId
from tests.connectors.trees import tree

pytestmark = pytest.mark.slow

# Keys under which no host stands, so that there is no port.
IDS = {
    *("accountIdentifier", "clientCustomerID", "companyId", "office365TenantId", "project"),
    *("projectId", "workspaceId"),
}
URLS = {
    "url",
    "endpoint",
    "serviceUrl",
    "serviceUri",
    "siteUrl",
    "environmentUrl",
    "accountEndpoint",
}
STRINGS = {
    "CosmosDb": "AccountEndpoint=https://{host}:{port}/;Database={database}",
    "MongoDb": "mongodb://{host}:{port}/{database}",
    "Snowflake": "jdbc:snowflake://{host}:{port}/?db={database}",
    "": "Server={host};Port={port};Database={database}",
}
USUAL = {21, 22, 80, 443, 1025, 1433, 3306, 3342, 5432, 10000, 27017}
WORDS = ("alpha", "beta", "gamma")  # three, for two that differ and one that is equal
LOCATION = {"type": "Location", "bucketName": "bucket", "folderPath": "in", "fileName": "a.csv"}

words = st.sampled_from(WORDS)
ports = st.integers(1, 65535).filter(lambda port: port not in USUAL)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("also", "base", "database", "factory", "host", "instance"), words),
    "port": ports,
    "service": words,
    "share": words,
    "synapse": st.booleans(),
}
stores = st.fixed_dictionaries(PARTS)

# Two that are equal but for one part, if at all.
pairs = st.builds(
    lambda one, other, part: (one, {**one, part: other[part]}),
    stores,
    stores,
    st.sampled_from(sorted(PARTS)),
)


def told(kind: str, key: str, at: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a linked service that tell where a store is, its host under `key`."""
    store = store_of(kind)
    host = f"{at['host']}.corp.example"
    more: dict[str, Any] = dict.fromkeys(store.also, at["also"])
    if store.service:
        return {"connectionString": f"AccountName={at['host']}", "fileShare": at["share"]}
    if store.scheme == "mssql":
        beside = f",{at['port']}" if at["port"] % 2 else f"\\{at['instance']}"
        return {"server": host + beside, "database": at["database"]}
    if key == "connectionString":
        family = next((each for each in STRINGS if each and kind.startswith(each)), "")
        text = STRINGS["MongoDb" if "Mongo" in kind else family]
        return {key: text.format(host=host, port=at["port"], database=at["database"])}
    more["organizationName" if store.scheme == "dataverse" else "database"] = at["database"]
    if key in IDS:
        return {key: at["host"], **more}
    path = f"/{at['base']}" if store.base else ""
    text = f"{host}:{at['port']}{path}"
    return {key: f"https://{text}" if key in URLS else text, **more}


def parts(store: Store, key: str, at: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells this store from others, as far as `told` says it."""
    if store.service:
        return at["host"], at["share"] if store.service == "file" else ""
    if store.scheme == "mssql":
        return at["host"], at["database"], at["port"] if at["port"] % 2 else at["instance"]
    also = at["also"] if store.also else ""
    if key in IDS:
        return at["host"], at["database"], also
    base = at["base"] if store.base and key != "connectionString" else ""
    return at["host"], at["port"], at["database"], base, also


def named(kind: str, linked: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    endpoint = Endpoint("contoso", "ds", "Thing", tree(dataset), "ls", kind, tree(linked))
    return name(endpoint).asset.candidates[0].qualified


WAYS = sorted(
    (kind, key)
    for kind, store in {**STORES, "Brandnew": store_of("Brandnew")}.items()
    for key in (
        store.hosts or ((store.scheme,) if store.service or store.scheme == "mssql" else ())
    )
)


@pytest.mark.parametrize(("kind", "key"), WAYS)
@settings(max_examples=40)
@given(pairs)
def test_stores_have_the_same_name_only_if_they_are_the_same(
    kind: str, key: str, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    one, other = pair
    dataset = {"location": LOCATION} if store_of(kind).own else {"schema": "s", "table": "t"}
    first, second = (named(kind, told(kind, key, at), dataset) for at in (one, other))

    same = parts(store_of(kind), key, one) == parts(store_of(kind), key, other)
    assert (first == second) is same
    assert "linked-service" not in first


@given(pairs)
def test_linked_services_that_stand_for_a_host_are_those_of_one_factory_or_workspace(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    one, other = pair

    def of(at: Mapping[str, Any]) -> str:
        provider = "Synapse/workspaces" if at["synapse"] else "DataFactory/factories"
        owner = Factory(FactoryId(f"/x/providers/Microsoft.{provider}/f"), at["factory"])
        hidden = tree({"host": "localhost"})
        dataset = tree({"schema": "s", "table": "t"})
        end = Endpoint(owner.distinct_name, "ds", "Thing", dataset, at["service"], "Sftp", hidden)
        return name(end).asset.candidates[0].qualified

    keys = ("synapse", "factory", "service")
    same = all(one[key] == other[key] for key in keys)
    assert (of(one) == of(other)) is same


def test_a_workspace_is_told_from_a_factory_of_the_same_name() -> None:
    workspace = FactoryId("/x/providers/Microsoft.Synapse/workspaces/contoso")
    hidden, file = tree({"host": "localhost"}), tree({"location": {"fileName": "a.csv"}})
    owner = Factory(workspace, "contoso").distinct_name

    found = name(Endpoint(owner, "ds", "Binary", file, "ls", "Sftp", hidden))

    assert found.asset.candidates[0].qualified == "sftp://linked-service/synapse:contoso/ls/a.csv"
