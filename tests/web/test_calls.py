"""What a pipeline may send, and what else comes to an address that everybody can find."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model import FactoryId, Reference
from lineage.ticks import Ticks
from lineage.web import LARGEST, Refusal, called

_GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers"
ADF = FactoryId(f"{_GROUP}/Microsoft.DataFactory/factories/adf-contoso")
SYNAPSE = FactoryId(f"{_GROUP}/Microsoft.Synapse/workspaces/syn-contoso")
TWIN = FactoryId(f"{_GROUP}/Microsoft.Synapse/workspaces/adf-twin")
OTHER = FactoryId(f"{_GROUP}/Microsoft.DataFactory/factories/adf-twin")
FACTORIES = (ADF, SYNAPSE, TWIN, OTHER)
RUN = "0a1b2c3d-0000-4000-8000-00000000abcd"
GOOD = {"factory": "adf-contoso", "pipeline": "pl load", "pipelineRunId": RUN}


def sent(**fields: Any) -> bytes:
    return json.dumps(GOOD | fields).encode()


@pytest.mark.parametrize(
    ("fields", "factory"),
    [
        ({}, ADF),
        ({"factory": ADF}, ADF),
        ({"factory": ADF.upper()}, ADF),
        ({"factory": f"{SYNAPSE}/"}, SYNAPSE),
        ({"factory": "SYN-CONTOSO"}, SYNAPSE),
        ({"factory": TWIN}, TWIN),
        ({"pipelineRunId": f" {RUN}\n"}, ADF),
        ({"pipeline": "  pl load "}, ADF),
        ({"linkedServices": [{"connectionString": "Password=hidden"}], "datasets": []}, ADF),
    ],
)
def test_a_run_of_a_factory_that_is_set_is_taken_and_nothing_else_of_the_body(
    fields: dict[str, Any], factory: FactoryId
) -> None:
    assert called(sent(**fields), FACTORIES) == (factory, Reference(RUN, "pl load", Ticks(0)))


def test_a_runs_id_is_passed_on_as_it_is_spelt() -> None:
    assert called(sent(pipelineRunId=RUN.upper()), FACTORIES)[1].id == RUN.upper()


NO_TEXTS: list[Any] = [None, True, 0, 1.5, [], {}, [RUN], {"value": RUN}, "", " ", "\t\n"]
NO_RUNS = [
    *("1", "@{pipeline().RunId}", "../../x", RUN[:-1], f"{RUN}0", RUN.replace("-", ""), "%2e%2e"),
    *(f"{RUN}/queryActivityruns", f"{RUN}?x=1", f"{RUN}#", f"urn:uuid:{RUN}", "{" + RUN + "}"),
    *(RUN.replace("a", "g"), RUN.replace("0", "０"), f"{RUN}\x00", f"{RUN};", "' or 1=1 --"),
    *(RUN.replace("-", "—"), f"{RUN[:-1]}\u0661", "null", "undefined", "x" * 4000),
]
NO_PIPELINES = ["p" * 261, "a\x00b", "a\nb", "a\rb", "a\x1b[2Jb", "a\x7fb", "a\ud800b"]
NO_FACTORIES = [
    *("adf", "adf-contoso2", "contoso", "*", ".", "..", "/", ADF[:-1], f"{ADF}x", f"x{ADF}"),
    *(f"{ADF}/pipelines/x", "https://evil.example/adf-contoso", "adf-contoso\x00", "adf contoso"),
    *("//evil.example", "adf-contoso@evil.example", "http://169.254.169.254/", f"{ADF}?a=b"),
    *("/subscriptions/00000000-0000-4000-8000-000000000001", "factories/adf-contoso", "%61df"),
]
NO_JSON: list[bytes] = [
    *(b"", b" ", b"null", b"1", b'"x"', b"[]", b"{", b"{}}", b"{]", b"\xff\xfe", b"\x00" * 9),
    *(b"<xml/>", b"a=b", b"{'factory': 1}", b"[" * 5000, b'{"a":' * 1500, b"NaN", b"Infinity"),
    sent().replace(b'"pl load"', b"NaN"),
    sent().replace(b'"pl load"', b"-Infinity"),
    sent().decode().encode("utf-16")[3:],
    b'{"factory": ' + b"9" * 5000 + b"}",
    b'{"factory": "\\ud800"',
    sent()[:-1],
    b"\xef\xbb\xbf" + b"\xff" + sent(),
]
HOSTILE: list[tuple[bytes, int]] = [
    *((sent(**{key: value}), 400) for key in GOOD for value in NO_TEXTS),
    *((sent(pipelineRunId=value), 400) for value in NO_RUNS),
    *((sent(pipeline=value), 400) for value in NO_PIPELINES),
    *((sent(factory=value), 403) for value in NO_FACTORIES),
    *((body, 400) for body in NO_JSON),
    *((json.dumps({k: v for k, v in GOOD.items() if k != key}).encode(), 400) for key in GOOD),
    (sent(factory="adf-twin"), 400),
    (sent(padding="x" * LARGEST), 413),
    (b"x" * (LARGEST + 1), 413),
    (b"[" * (LARGEST + 1), 413),
]


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 100


@pytest.mark.parametrize(("body", "status"), HOSTILE)
def test_anything_else_is_refused_without_repeating_it(body: bytes, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        called(body, FACTORIES)

    answer = refused.value.answer()
    assert answer.status == status
    assert set(answer.body) == {"error"}
    assert set(answer.body["error"]) == {"code", "message"}
    assert RUN not in answer.text
    assert "evil" not in answer.text


def test_the_later_of_two_equal_keys_counts_and_it_alone() -> None:
    body = sent()[:-1] + b', "factory": "elsewhere"}'

    with pytest.raises(Refusal, match="LINEAGE_FACTORIES"):
        called(body, FACTORIES)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_no_body_raises_anything_but_a_refusal(body: bytes) -> None:
    with pytest.raises(Refusal):
        called(body, FACTORIES)
