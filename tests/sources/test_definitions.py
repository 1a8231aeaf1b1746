from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from typing import Any

import pytest
from requests import Response

from lineage import ticks
from lineage.errors import SettingsError, Unavailable
from lineage.model import (
    ActivityRun,
    FactoryId,
    Json,
    Kind,
    Listed,
    PipelineRun,
    Reading,
    Reference,
)
from lineage.settings import Settings
from lineage.sources.client import Client
from lineage.sources.definitions import RestDefinitions
from lineage.ticks import Ticks, shift
from tests.answers import Service, answer, session

ADF = FactoryId("/subscriptions/s/resourceGroups/r/providers/Microsoft.DataFactory/factories/adf")
WORKSPACE = FactoryId("/subscriptions/s/resourceGroups/r/providers/Microsoft.Synapse/workspaces/ws")
ETAG = "1a00e5d0-0000-0d00-0000-5e7288df0000"
WANTED = {"Copy"}


def at(text: str) -> Ticks:
    found = ticks.parse(text)
    assert found is not None
    return found


class Site:
    """A factory's definitions behind an adapter, asked at a time that tests set."""

    def __init__(self, factory: FactoryId = ADF) -> None:
        self.now = at("2026-11-20T12:00:00Z")
        self.factory: Any = {"id": factory, "name": factory.rpartition("/")[2], "properties": {}}
        self.bodies: dict[str, Any] = {}
        self.service = Service(self._respond)
        settings = Settings.from_env({})
        self._root = factory if factory is ADF else ""
        self._client = Client(factory, settings, http=session(self.service), sleep=lambda _: None)
        self.definitions = RestDefinitions(self._client, lambda: self.now)

    def _respond(self, method: str, path: str, body: Any) -> Response | Exception:
        below = path.removeprefix(self._root)
        if below in ("", "/workspace"):
            found = self.factory
        elif below not in self.bodies:
            return answer(404)
        else:
            found = self.bodies[below]
        if isinstance(found, Response | Exception):
            return found
        asked = self.service.sent[-1].headers.get("If-None-Match")
        return answer(304) if asked and asked == found.get("etag") else answer(200, found)

    def put(self, path: str, properties: Json, etag: str = "") -> None:
        name = path.rpartition("/")[2]
        self.bodies[path] = {"name": name, "properties": properties, "etag": etag}

    def calls(self) -> list[str]:
        """The paths asked since the last time, below the factory; those of a round in order."""
        found = [call.removeprefix(f"GET {self._root}") for call in self.service.calls]
        self.service.calls.clear()
        return found

    def get(self, kind: Kind, name: str) -> Json | None:
        found = self.definitions.get(kind, name)
        return found.properties if found else None

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def make() -> Iterator[Callable[..., Site]]:
    sites = []

    def made(factory: FactoryId = ADF) -> Site:
        sites.append(Site(factory))
        return sites[-1]

    yield made
    for each in sites:
        each.close()


@pytest.fixture
def site(make: Callable[..., Site]) -> Site:
    """One Copy from `ds_in` over `ls_sql` to `ds_out` over `ls_lake`."""
    made = make()
    made.put("/pipelines/p", pipeline("Copy it", "ds_in", "ds_out"), ETAG)
    made.put("/datasets/ds_in", dataset("ls_sql"), ETAG)
    made.put("/datasets/ds_out", dataset("ls_lake"))
    made.put("/linkedservices/ls_sql", {"type": "AzureSqlDatabase"}, ETAG)
    made.put("/linkedservices/ls_lake", {"type": "AzureBlobFS"})
    return made


def pipeline(name: str, source: str, sink: str) -> Json:
    return {
        "activities": [
            {
                "name": name,
                "type": "Copy",
                "inputs": [{"referenceName": source, "type": "DatasetReference"}],
                "outputs": [{"referenceName": sink, "type": "DatasetReference"}],
            }
        ]
    }


def dataset(service: str) -> Json:
    return {"type": "Parquet", "linkedServiceName": {"referenceName": service}}


def listed(
    name: str = "r1",
    pipeline: str = "p",
    updated: str = "2026-11-19T02:00:00Z",
    kind: str = "Copy",
    status: str = "Succeeded",
    output: Json | None = None,
) -> Listed:
    moment = at(updated)
    run = PipelineRun(ADF, name, pipeline, "Succeeded", moment, moment, moment, {})
    copied = ActivityRun(run, f"{name}-a", "Copy it", kind, status, None, None, {}, output, None)
    return Listed(run, (copied,))


def names(reading: Reading) -> tuple[list[str], list[str]]:
    return [each.run.id for each in reading.listed], [each.id for each in reading.unread]


FIRST = ["", "/pipelines/p"]
ALL = [
    *("", "/datasets/ds_in", "/datasets/ds_out", "/linkedservices/ls_lake"),
    *("/linkedservices/ls_sql", "/pipelines/p"),
]


def test_what_succeeded_runs_need_is_fetched_in_three_rounds(site: Site) -> None:
    reading = Reading((listed(),))

    assert site.definitions.prefetch(reading, WANTED) is reading

    calls = site.calls()
    assert (calls[:2], sorted(calls)) == (FIRST, ALL)
    assert site.get(Kind.PIPELINE, "P") == pipeline("Copy it", "ds_in", "ds_out")
    assert site.get(Kind.DATASET, "DS_in") == dataset("ls_sql")
    assert site.get(Kind.LINKED_SERVICE, "ls_sql") == {"type": "AzureSqlDatabase"}


def test_each_name_is_one_segment_of_a_path(site: Site) -> None:
    site.definitions.prefetch(Reading((listed(pipeline="a/b ü?"), listed("r2", ".."))), WANTED)

    urls = sorted(str(each.url).partition("/adf")[2] for each in site.service.sent)
    assert urls == [
        "/pipelines/%2E%2E?api-version=2018-06-01",
        "/pipelines/a%2Fb%20%C3%BC%3F?api-version=2018-06-01",
        "?api-version=2018-06-01",
    ]


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [listed(kind="Web")],
        [listed(status="Failed")],
        [Listed(listed().run, (), 1)],
    ],
    ids=["no run", "a type that is not reported", "a failed run", "nothing has ended"],
)
def test_without_a_run_that_is_looked_at_nothing_is_asked(runs: list[Listed], site: Site) -> None:
    site.definitions.prefetch(Reading(tuple(runs)), WANTED)

    assert site.calls() == []


def test_a_run_without_output_needs_its_definition_which_may_hide_it(site: Site) -> None:
    site.definitions.prefetch(Reading((listed(output=None),)), WANTED)

    assert "/pipelines/p" in site.calls()


# ---------------------------------------------------------------- the factory


def test_the_factory_has_the_id_as_arm_writes_it_and_its_global_parameters(site: Site) -> None:
    site.factory = {
        "id": ADF.upper(),
        "name": "Adf",
        "properties": {"globalParameters": {"env": {"type": "string", "value": "prod"}}},
    }
    before = site.definitions.factory

    site.definitions.prefetch(Reading((listed(),)), WANTED)

    found = site.definitions.factory
    assert (before.id, before.name, before.parameters) == (ADF, "adf", {})
    assert (found.id, found.name, found.parameters) == (ADF.upper(), "Adf", {"env": "prod"})


@pytest.mark.parametrize("body", [{}, {"id": "/subscriptions/other", "name": ""}, {"id": 5}])
def test_a_factory_that_tells_another_id_keeps_ours(body: Any, site: Site) -> None:
    site.factory = body

    site.definitions.prefetch(Reading((listed(),)), WANTED)

    assert (site.definitions.factory.id, site.definitions.factory.name) == (ADF, "adf")


def test_a_workspace_tells_of_itself_at_a_path_of_its_own(make: Callable[..., Site]) -> None:
    site = make(WORKSPACE)
    site.factory = {"id": WORKSPACE.replace("/ws", "/WS"), "name": "WS"}

    site.definitions.prefetch(Reading((listed(),)), WANTED)

    assert site.definitions.factory.name == "WS"
    assert site.definitions.factory.synapse
    assert [each.url for each in site.service.sent[:2]] == [
        "https://ws.dev.azuresynapse.net/workspace?api-version=2020-12-01",
        "https://ws.dev.azuresynapse.net/pipelines/p?api-version=2020-12-01",
    ]


def test_a_factory_that_cannot_be_had_leaves_all_unread_and_asks_no_more(site: Site) -> None:
    site.factory = answer(429, headers={"Retry-After": "90"})

    reading = site.definitions.prefetch(Reading((listed(), listed("r2", kind="Web"))), WANTED)

    assert (names(reading), reading.wait) == ((["r2"], ["r1"]), 90.0)
    assert site.calls() == [""]


@pytest.mark.parametrize("refusal", [answer(403), answer(404)])
def test_a_factory_that_may_not_be_seen_is_a_matter_of_set_up(
    refusal: Response, site: Site
) -> None:
    site.factory = refusal

    with pytest.raises(SettingsError):
        site.definitions.prefetch(Reading((listed(),)), WANTED)


# ---------------------------------------------------------------- what is kept


def test_what_was_fetched_after_a_run_ended_is_good_for_it(site: Site) -> None:
    site.definitions.prefetch(Reading((listed(),)), WANTED)
    site.calls()

    site.definitions.prefetch(Reading((listed("r2", updated="2026-11-20T11:59:00Z"),)), WANTED)

    assert site.calls() == []


def test_for_a_later_run_it_is_asked_for_again_by_its_etag(site: Site) -> None:
    site.definitions.prefetch(Reading((listed(),)), WANTED)
    site.calls()
    site.service.sent.clear()
    site.now = at("2026-11-20T13:00:00Z")
    site.put("/datasets/ds_in", dataset("ls_lake"), "new")

    site.definitions.prefetch(Reading((listed("r2", updated="2026-11-20T12:30:00Z"),)), WANTED)

    asked = {
        str(each.url).partition("/adf")[2].partition("?")[0]: each.headers.get("If-None-Match")
        for each in site.service.sent
    }
    assert asked == {
        "": None,
        "/pipelines/p": ETAG,
        "/datasets/ds_in": ETAG,
        "/datasets/ds_out": None,
        "/linkedservices/ls_lake": None,
    }
    assert site.get(Kind.PIPELINE, "p") == pipeline("Copy it", "ds_in", "ds_out")
    assert site.get(Kind.DATASET, "ds_in") == dataset("ls_lake")


def test_what_is_deleted_is_gone_until_it_is_there_again(site: Site) -> None:
    kept = site.bodies.pop("/datasets/ds_in")
    reading = site.definitions.prefetch(Reading((listed(),)), WANTED)
    gone = site.get(Kind.DATASET, "ds_in")
    site.now = at("2026-11-20T13:00:00Z")
    site.bodies["/datasets/ds_in"] = kept

    site.definitions.prefetch(Reading((listed("r2", updated="2026-11-20T12:30:00Z"),)), WANTED)

    assert (names(reading), gone) == ((["r1"], []), None)
    assert site.get(Kind.DATASET, "ds_in") == dataset("ls_sql")


def test_what_was_not_prefetched_is_not_known_to_be_gone(site: Site) -> None:
    with pytest.raises(Unavailable):
        site.definitions.get(Kind.DATASET, "ds_in")


def test_nothing_has_changed_of_what_was_never_had_is_no_answer(site: Site) -> None:
    site.bodies["/datasets/ds_in"] = answer(304)

    reading = site.definitions.prefetch(Reading((listed(),)), WANTED)

    assert names(reading) == ([], ["r1"])
    assert "/datasets/ds_in" in site.calls()
    with pytest.raises(Unavailable):
        site.definitions.get(Kind.DATASET, "ds_in")


def test_an_etag_tells_when_a_definition_was_written(site: Site) -> None:
    site.bodies["/pipelines/p"] = answer(
        200, {"name": "p", "properties": {}}, {"ETag": f'"{ETAG}"'}
    )

    site.definitions.prefetch(Reading((listed(),)), WANTED)

    found = site.definitions.get(Kind.PIPELINE, "p")
    assert found is not None
    assert (found.etag, found.written) == (f'"{ETAG}"', at("2020-03-18T20:47:27Z"))


def test_an_etag_that_is_no_header_is_not_sent(site: Site) -> None:
    site.put("/pipelines/p", {}, "a\r\nHost: evil.tld")
    site.definitions.prefetch(Reading((listed(),)), WANTED)
    site.now = at("2026-11-20T13:00:00Z")

    site.definitions.prefetch(Reading((listed("r2", updated="2026-11-20T12:30:00Z"),)), WANTED)

    assert [each.headers.get("If-None-Match") for each in site.service.sent] == [None] * 4


def test_two_lanes_at_once_fetch_what_both_need_once(site: Site) -> None:
    barrier = Barrier(2)

    def lane(name: str) -> None:
        barrier.wait()
        site.definitions.prefetch(Reading((listed(name),)), WANTED)

    threads = [Thread(target=lane, args=(name,)) for name in ("r1", "r2")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(site.calls()) == ALL


# ---------------------------------------------------------------- many, or not to be had


def many(site: Site, count: int) -> Reading:
    for number in range(count):
        site.put(f"/pipelines/p{number}", pipeline("Copy it", "ds_in", "ds_out"))
    return Reading(tuple(listed(f"r{number}", f"p{number}") for number in range(count)))


def test_twenty_of_a_kind_are_got_one_by_one(site: Site) -> None:
    site.definitions.prefetch(many(site, 20), WANTED)

    assert len([call for call in site.calls() if call.startswith("/pipelines/p")]) == 20


def test_more_are_listed_and_what_the_list_lacks_is_gone(site: Site) -> None:
    reading = many(site, 21)
    rows = [site.bodies[f"/pipelines/p{number}"] for number in range(20)]
    site.bodies["/pipelines"] = {
        "value": rows[:10],
        "nextLink": f"https://management.azure.com:443{ADF}/next?api-version=2018-06-01&$skiptoken=x",
    }
    site.bodies["/next"] = {"value": rows[10:]}

    found = site.definitions.prefetch(reading, WANTED)

    assert site.calls()[:3] == ["", "/pipelines", "/next"]
    assert found is reading
    assert site.get(Kind.PIPELINE, "p19") == pipeline("Copy it", "ds_in", "ds_out")
    assert site.get(Kind.PIPELINE, "p20") is None


def test_a_list_leaves_what_another_lane_prefetched_and_keeps_what_is_new(site: Site) -> None:
    site.definitions.prefetch(Reading((listed(),)), WANTED)
    reading = many(site, 21)
    site.put("/pipelines/p", pipeline("Copy it", "ds_new", "ds_out"))
    site.put("/pipelines/fresh", pipeline("Copy it", "ds_in", "ds_out"))
    rows = [site.bodies[path] for path in site.bodies if path.startswith("/pipelines/")]
    site.bodies["/pipelines"] = {"value": rows}

    site.definitions.prefetch(reading, WANTED)

    assert site.get(Kind.PIPELINE, "p") == pipeline("Copy it", "ds_in", "ds_out")
    assert site.get(Kind.PIPELINE, "p20") == pipeline("Copy it", "ds_in", "ds_out")
    assert site.get(Kind.PIPELINE, "fresh") == pipeline("Copy it", "ds_in", "ds_out")


@pytest.mark.parametrize(
    "link",
    [
        f"https://evil.tld{ADF}/pipelines",
        f"http://management.azure.com{ADF}/pipelines",
        f"https://management.azure.com:8443{ADF}/pipelines",
        f"https://management.azure.com@evil.tld{ADF}/pipelines",
        f"https://management.azure.com.evil.tld{ADF}/pipelines",
        f"https://management.azure.com:x{ADF}/pipelines",
        f"{ADF}/pipelines",
        f"https://management.azure.com{ADF}/a b",
        f"https://management.azure.com{ADF}/pipelines",
        7,
    ],
    ids=[
        *("another host", "another scheme", "another port", "a user", "a longer host", "no port"),
        *("a path", "a blank", "in a circle", "a number"),
    ],
)
def test_a_list_that_leads_elsewhere_or_nowhere_leaves_its_runs_unread(
    link: Any, site: Site
) -> None:
    site.bodies["/pipelines"] = {"value": [], "nextLink": link}

    reading = site.definitions.prefetch(many(site, 21), WANTED)

    assert len(reading.unread) == 21
    assert reading.listed == ()
    assert all(
        str(each.url).startswith("https://management.azure.com/") for each in site.service.sent
    )


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        ((503,), None),
        ((429, None, {"Retry-After": "40"}), 40.0),
        ((400,), None),
        ((200, []), None),
        ((200, {"name": "another", "properties": {}}), None),
    ],
    ids=["outage", "a long wait", "refused", "no object", "another's"],
)
@pytest.mark.parametrize("path", ["/pipelines/q", "/datasets/ds_bad", "/linkedservices/ls_bad"])
def test_a_definition_that_cannot_be_had_now_leaves_only_its_runs_unread(
    path: str, failure: tuple[Any, ...], wait: float | None, site: Site
) -> None:
    site.put("/pipelines/q", pipeline("Copy it", "ds_in", "ds_bad"))
    site.put("/datasets/ds_bad", dataset("ls_bad"))
    site.put("/linkedservices/ls_bad", {"type": "Sftp"})
    site.bodies[path] = answer(*failure)
    before = Reading(
        (listed("r1"), listed("r2", "q"), listed("r3", "q")),
        (Reference("r0", "p", at("2026-11-19T02:00:00Z")),),
        wait=5.0,
        problem="",
    )

    reading = site.definitions.prefetch(before, WANTED)

    assert names(reading) == (["r1"], ["r0", "r2", "r3"])
    assert reading.wait == (wait or 5.0)
    assert reading.problem != ""


def test_what_was_known_but_cannot_be_confirmed_leaves_later_runs_unread(site: Site) -> None:
    site.definitions.prefetch(Reading((listed(),)), WANTED)
    site.now = at("2026-11-20T13:00:00Z")
    site.bodies["/datasets/ds_in"] = answer(503)

    reading = site.definitions.prefetch(
        Reading((listed("r2", updated="2026-11-20T12:30:00Z"),)), WANTED
    )

    assert names(reading) == ([], ["r2"])


def test_a_definition_that_could_not_be_had_is_not_asked_for_again_within_a_minute(
    site: Site,
) -> None:
    site.bodies["/datasets/ds_in"] = answer(503)
    site.definitions.prefetch(Reading((listed(),)), WANTED)
    site.put("/datasets/ds_in", dataset("ls_sql"), ETAG)
    began = site.now
    site.calls()

    site.now = shift(began, 59)
    soon = site.definitions.prefetch(Reading((listed(),)), WANTED)
    asked = site.calls()
    site.now = shift(began, 61)
    later = site.definitions.prefetch(Reading((listed(),)), WANTED)

    assert (names(soon), asked) == (([], ["r1"]), [])
    assert names(later) == (["r1"], [])


def test_a_definition_that_may_not_be_read_is_a_matter_of_set_up(site: Site) -> None:
    site.bodies["/linkedservices/ls_sql"] = answer(403)

    with pytest.raises(SettingsError, match="give our identity Reader on the factory"):
        site.definitions.prefetch(Reading((listed(),)), WANTED)
