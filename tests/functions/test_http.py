"""The app's HTTP over a socket: as its document says, whatever is sent, and nothing kept of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
from azure.data.tables import TableServiceClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests import Session
from schemathesis import Case, GenerationMode
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

from lineage.catalog.local import LocalCatalog
from lineage.web._rate import BURST, PER_SECOND
from tests.azurite.server import ACCOUNTS
from tests.azurite.storage import connection_to_all
from tests.cli.program import check
from tests.functions.chain import Chain
from tests.functions.trial import Reply, Served, ask
from tests.reliability.harness import Site, serving_sample
from tests.web.test_calls import HOSTILE

pytestmark = pytest.mark.slow

CASES = 200  # an operation
CANARY = "canary-7f3a9c"
RUN = "0a1b2c3d-0000-4000-8000-00000000abcd"
DOCUMENT = schemathesis.openapi.from_path(Path(__file__).parents[2] / "docs" / "openapi.json")
FOUND = [cast("Any", each).ok() for each in DOCUMENT.get_all_operations()]
OPERATIONS = {each.label: each for each in FOUND}
CALL = "POST /api/runs"
UNREADY = {"GET /api/health/ready": (503,)}  # where this machine is too busy to look in 2 s
CONFORMANCE = [
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
]
JUNK = st.dictionaries(
    st.text(min_size=1, max_size=9).filter(lambda name: name not in ("run", "code")),
    st.text(max_size=9),
    max_size=3,
)
ONE_EACH = settings(
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)


@dataclass(slots=True)
class App:
    """The app behind a host, with a sample estate that was collected and reported."""

    chain: Chain
    served: Served
    storage: str
    session: Session
    _next: float = 0.0

    @property
    def factory(self) -> str:
        return self.chain.site.source.addresses.sites[0]

    def pace(self) -> None:
        """Not more calls than are taken in the long run."""
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + 1.05 / PER_SECOND

    def asked(self, case: Case[Any], **more: Any) -> Response:
        """The answer to a case, over a connection that is kept."""
        key = {"x-functions-key": self.served.key}
        base = self.served.address
        return case.call(base_url=base, session=self.session, headers=key, **more)

    def post(self, body: bytes, **headers: str) -> Reply:
        self.pace()
        given = {"x-functions-key": self.served.key, **headers}
        return ask(self.served.address, "POST", "/api/runs", given, body)

    def held(self) -> int:
        """How many messages are on the queues, hidden ones too."""
        return sum(map(self.chain.held, ("", "-poison")))

    def rows(self) -> str:
        """All that is in the tables, as text."""
        found = []
        with TableServiceClient.from_connection_string(self.storage) as service:
            for table in service.list_tables():
                with service.get_table_client(table.name) as client:
                    found += [repr(dict(entity)) for entity in client.list_entities()]
        return "\n".join(found)


@pytest.fixture(scope="module")
def app(
    storage_services: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("http")
    storage = connection_to_all(storage_services, ACCOUNTS - 1)
    with serving_sample(folder / "source") as (source, known):
        chain = Chain(Site(folder / "site", source, tables=storage))
        with LocalCatalog(chain.site.folder / "catalog.db") as catalog:
            catalog.send(known)
        with chain.host("--log-level", "debug") as served, Session() as session:
            chain.wait()
            yield App(chain, served, storage, session)


# ---------------------------------------------------------------- the document


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_the_document_says(label: str, app: App) -> None:
    """With a query that nobody asked for: no operation has an endless choice of its own."""
    met: Counter[int] = Counter()

    @settings(ONE_EACH, max_examples=CASES)
    @given(case=OPERATIONS[label].as_strategy(), junk=JUNK)
    def answered(case: Case[Any], junk: dict[str, str]) -> None:
        if label == CALL:
            cast("dict[str, Any]", case.body)["factory"] = app.factory
            app.pace()
        answer = app.asked(case, params={**(case.query or {}), **junk})
        met[answer.status_code] += 1
        case.validate_response(answer, checks=[*CONFORMANCE, checks.positive_data_acceptance])

    answered()

    assert sum(met.values()) >= CASES
    assert set(met) <= {202 if label == CALL else 200, *UNREADY.get(label, ())}, met


def test_every_call_that_does_not_fit_is_refused_as_the_document_says(app: App) -> None:
    met: Counter[int] = Counter()

    @settings(ONE_EACH, max_examples=CASES)
    @given(case=OPERATIONS[CALL].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def refused(case: Case[Any]) -> None:
        app.pace()
        answer = app.asked(case)
        met[answer.status_code] += 1
        case.validate_response(answer, checks=[*CONFORMANCE, checks.negative_data_rejection])

    refused()

    assert sum(met.values()) >= CASES
    assert set(met) <= {400, 401, 403, 413}, met


def test_every_operation_of_the_app_is_in_the_document() -> None:
    assert set(OPERATIONS) == {
        "POST /api/runs",
        "GET /api/status",
        "GET /api/health",
        "GET /api/health/ready",
    }


def test_the_lines_of_a_run_are_those_of_the_command_line(app: App) -> None:
    run = next(iter(app.chain.site.source.truth.activities))[0].id
    key = {"x-functions-key": app.served.key}

    answer = ask(app.served.address, "GET", f"/api/status?run={run.upper()}", key)

    lines = json.loads(answer.body)["runs"]
    assert lines
    for line in lines:
        check("run", line)


# ---------------------------------------------------------------- the webhook


def test_a_call_is_answered_once_its_reference_is_on_the_queue(app: App) -> None:
    run = RUN.replace("0a1b", "1111")
    body = {"factory": app.factory, "pipeline": "P", "pipelineRunId": run, "secret": CANARY}

    answer = app.post(json.dumps(body).encode())

    assert answer.status == 202
    assert json.loads(answer.body) == {
        "v": 1,
        "accepted": True,
        "factory": app.factory,
        "pipelineRunId": run,
    }
    assert "location" not in answer.headers
    assert app.chain.held() >= 1


@pytest.mark.parametrize("key", ["", "another", CANARY])
@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/api/runs"), ("GET", "/api/status"), ("GET", "/api/health/ready")],
)
def test_without_the_key_nothing_is_answered(key: str, method: str, target: str, app: App) -> None:
    headers = {"x-functions-key": key} if key else {}

    answer = ask(app.served.address, method, target, headers, b"{}")

    assert (answer.status, answer.body) == (401, b"")


def planted(body: bytes) -> bytes:
    """A hostile body with a canary, refused for the same reason."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return body + CANARY.encode()
    if not isinstance(found, dict):
        return json.dumps([CANARY, found]).encode()
    bad = {
        key: f"{value}{CANARY}"
        for key, value in found.items()
        if isinstance(value, str) and value.strip() and key in ("factory", "pipelineRunId")
    }
    return json.dumps({**found, **bad, "connectionString": f"Password={CANARY}"}).encode()


def test_nothing_of_a_hostile_body_is_kept_or_told(app: App) -> None:
    before = app.held()
    answers = [app.post(planted(body)) for body, _ in HOSTILE]
    after = app.held()
    good = {"factory": app.factory, "pipeline": "P", "pipelineRunId": RUN, CANARY: CANARY}
    taken = app.post(json.dumps(good).encode(), **{"x-ms-client-principal": CANARY})

    assert len(answers) >= 100
    assert {answer.status for answer in answers} <= {400, 403, 413}
    assert all(set(json.loads(answer.body)) == {"error"} for answer in answers)
    assert taken.status == 202
    logs = "\n".join(log.read_text("utf-8", "replace") for log in logs_of(app))
    told = [answer.body.decode() + repr(answer.headers) for answer in (*answers, taken)]
    assert CANARY not in "".join(told)
    assert CANARY not in logs
    assert CANARY not in app.rows()
    assert after == before
    assert app.held() == before + 1  # tests/test_service.py tells what a message holds


def logs_of(app: App) -> list[Path]:
    return sorted(app.chain.site.folder.glob("host-*.log"))


def test_more_calls_than_are_taken_are_told_to_come_later(app: App) -> None:
    answers = [
        ask(app.served.address, "POST", "/api/runs", {"x-functions-key": app.served.key}, b"{}")
        for _ in range(2 * BURST)
    ]

    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert {answer.status for answer in answers} <= {400, 429}
    assert {answer.headers["retry-after"] for answer in refused} == {"60"}
    assert {json.loads(answer.body)["error"]["code"] for answer in refused} == {"TooManyRequests"}
