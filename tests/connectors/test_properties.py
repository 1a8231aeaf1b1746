"""What holds for every endpoint, however odd: always a name, never an expression or a secret."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.connectors import CONNECTORS, name
from lineage.connectors._stores import STORES
from lineage.model import Certainty, Endpoint, Gap, Named, Reason, Value
from tests.connectors.trees import endpoint

CANARY = "c4n4ry"
TYPES = sorted({*STORES, *(t for row in CONNECTORS for t in row.linked_services), "Brandnew", ""})
DATASETS = ("AmazonS3Object", "AzureBlob", "AzureSqlTable", "AzureTable", "Json", "RestResource")
_KEYS = """
    server database connectionString url host port serviceEndpoint sasUri containerUri
    accountIdentifier systemId fileShare location container fileSystem bucketName folderPath
    fileName relativeUrl partitionedBy schema table tableName collection entityName path key prefix
    wildcardFolderPath wildcardFileName fileListPath type
"""
_FRAGMENTS = r"""
    @{ } @ dataset().x @dataset( @pipeline().parameters.p [ ] [[ ( ) parameters('x') [parameters(
    concat( variables( #{x}# $(x) <x> ' " ^ * ? / \ . , ; = : :// % é Server= Database= AccountName=
    h s.database.windows.net tcp: item() a.blob.core.windows.net https:// dbo t
"""
# An independent reading of what the acceptance of names forbids.
FORBIDDEN = re.compile(
    r"@\{|@(?:dataset|pipeline|item|linkedService|variables|activity)\(|\[(?:parameters|variables|concat)\("
    r"|[\x00-\x1f\x7f\"]",
    re.IGNORECASE,
)

fragments = st.sampled_from([*_FRAGMENTS.split(), " ", "\n", "\x00"])
texts = st.lists(fragments, max_size=8).map("".join) | st.text(max_size=8)
gaps = st.builds(Gap, st.sampled_from([Reason.UNRESOLVED, Reason.HIDDEN_CONNECTION]))
plain = texts | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.integers())
leaves = st.builds(Value, plain) | st.builds(Value, st.none(), st.just(()), gaps)
junk = leaves | texts | st.none() | st.integers() | st.lists(leaves, max_size=2)
keys = st.sampled_from(_KEYS.split()) | st.text(max_size=3)
trees = st.dictionaries(
    keys, junk | st.dictionaries(keys, junk | st.dictionaries(keys, junk, max_size=2), max_size=4),
    max_size=7,
)  # fmt: skip
endpoints = st.builds(
    Endpoint,
    factory=texts,
    dataset_name=texts,
    dataset_type=st.sampled_from(DATASETS) | texts,
    dataset=trees,
    linked_service=texts,
    linked_service_type=st.sampled_from(TYPES) | texts,
    connection=trees,
    store=trees,
    opaque=st.booleans(),
)


ODD_TYPE = Endpoint("", "", "Json", {}, "", "Sftp", {"host": {"type": []}})
ODD_VALUE = Endpoint("", "", "Json", {}, "", "Sftp", {"host": {"type": Value({"a": []})}})


@pytest.mark.slow
@settings(max_examples=500)
@example(ODD_TYPE)
@example(ODD_VALUE)
@given(endpoints)
def test_any_endpoint_is_named(given_endpoint: Endpoint) -> None:
    named = name(given_endpoint)

    assert named.asset.candidates
    assert len(set(named.asset.candidates)) == len(named.asset.candidates)
    assert all(each.type and "://" in each.qualified for each in named.asset.candidates)
    fallback = named.certainty is Certainty.FALLBACK
    assert fallback is (named.asset.candidates[0].type == "DataSet")
    assert fallback or (named.whole and not named.gaps)


@given(endpoints)
def test_no_name_holds_an_expression_a_quote_or_a_control_character(use: Endpoint) -> None:
    for candidate in name(use).asset.candidates:
        assert FORBIDDEN.search(candidate.qualified) is None
        assert candidate.qualified.encode("utf-8")


@given(st.sampled_from(["AzureSqlDatabase", "AzureSqlDW", "SqlServer"]), texts, texts, texts)
def test_no_sql_name_holds_an_expression(kind: str, database: str, schema: str, table: str) -> None:
    linked = {"server": Value("s.database.windows.net"), "database": Value(database)}
    dataset = {"schema": Value(schema), "table": Value(table)}

    named = name(Endpoint("f", "d", "AzureSqlTable", dataset, "l", kind, linked))

    assert all(FORBIDDEN.search(each.qualified) is None for each in named.asset.candidates)


@given(texts, texts, texts, texts)
def test_no_path_holds_an_expression(container: str, folder: str, file: str, wild: str) -> None:
    linked = {"url": Value("https://a.dfs.core.windows.net")}
    location = {"fileSystem": container, "folderPath": folder, "fileName": file}
    dataset = {"location": {key: Value(text) for key, text in location.items()}}

    for store in ({"wildcardFolderPath": Value(wild)}, {"wildcardPaths": Value([wild, folder])}):
        named = name(Endpoint("f", "d", "Json", dataset, "l", "AzureBlobFS", linked, store))

        assert all(FORBIDDEN.search(each.qualified) is None for each in named.asset.candidates)


# ---------------------------------------------------------------- secrets


SECRETS = (
    {"connectionString": f"Server=s.database.windows.net;Database=d;User ID=u;Password={CANARY}"},
    {"connectionString": f"Server=s.database.windows.net;Database=d;Pwd='a;{CANARY}'"},
    {"connectionString": f"Password={CANARY}"},
    {"connectionString": f"Server=s Password={CANARY};Database=d Pwd={CANARY}"},
    {"connectionString": f"AccountName=a;AccountKey={CANARY}==;EndpointSuffix=core.windows.net"},
    {
        "connectionString": f"BlobEndpoint=https://a.blob.core.windows.net/?sig={CANARY};AccountKey=x"
    },
    {"connectionString": f"mongodb://u:{CANARY}@h:27017/d?password={CANARY}"},
    {"connectionString": f"mongodb://u:12/{CANARY}@h/d"},
    {"connectionString": f"jdbc:snowflake://h/?user=u&password={CANARY}&db=D"},
    {"connectionString": CANARY},
    {"connectionString": {"type": "SecureString", "value": CANARY}},
    {"sasUri": f"https://a.blob.core.windows.net/c?sv=1&sig={CANARY}"},
    {"serviceEndpoint": f"https://u:{CANARY}@a.blob.core.windows.net/"},
    {"url": f"https://u:{CANARY}@a.dfs.core.windows.net/?sig={CANARY}#{CANARY}"},
    {"host": f"u:{CANARY}@h", "password": CANARY, "encryptedCredential": CANARY},
    {"server": f"s.database.windows.net;Password={CANARY}", "database": f"d;Pwd={CANARY}"},
)
OBJECTS: tuple[dict[str, Any], ...] = (
    {"schema": "dbo", "table": "t"},
    {"relativeUrl": f"a/b?code={CANARY}&sig={CANARY}"},
    {"location": {"container": "c", "folderPath": "f", "fileName": f"a.csv?sv=1&sig={CANARY}"}},
    {"folderPath": f"c/f?sig={CANARY}", "fileName": "a.csv"},
    {},
)


def shown(named: Named) -> str:
    """All that a name tells anybody."""
    return repr((named.asset, named.gaps, named.trace))


@pytest.mark.parametrize("linked", SECRETS, ids=range(len(SECRETS)))
def test_no_secret_is_in_a_name_a_trace_or_a_gap(linked: dict[str, Any]) -> None:
    for kind, properties, opaque in product(TYPES, OBJECTS, (False, True)):
        case = {
            "linkedService": {"type": kind, "typeProperties": linked},
            "dataset": {"type": "Json", "typeProperties": properties},
            "opaque": opaque,
        }

        assert CANARY not in shown(name(endpoint(case))), kind


def test_a_value_of_a_linked_service_is_in_no_gap_and_no_trace() -> None:
    linked = {"server": "canaryhost", "database": "canarydb"}
    case = {
        "linkedService": {"type": "SqlServer", "typeProperties": linked},
        "dataset": {"type": "SqlServerTable", "typeProperties": {}},
    }

    named = name(endpoint(case))

    assert "canary" not in repr((named.gaps, named.trace))


@pytest.mark.parametrize("kind", ["AzureKeyVaultSecret", "SecureString"])
@pytest.mark.parametrize("leaf", [Value, str])
def test_a_secret_that_arrives_as_an_object_hides_its_part(kind: str, leaf: Any) -> None:
    secret = {"type": leaf(kind), "value": Value(CANARY)}
    dataset = {"schema": Value("dbo"), "table": Value("t")}

    named = name(
        Endpoint("f", "d", "SqlServerTable", dataset, "l", "SqlServer", {"server": secret})
    )

    assert named.gaps[0] == Gap(Reason.HIDDEN_CONNECTION, detail="linked service l: server")
    assert CANARY not in shown(named)
