"""What an account lacks, and how names are spelt there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from lineage.catalog.account import Account, Choices
from lineage.catalog.fitted import FittedCatalog
from lineage.catalog.install import everything, fallback, install
from lineage.catalog.local import LocalCatalog
from lineage.catalog.pace import Pace
from lineage.catalog.rest import RestCatalog
from lineage.catalog.servers import SERVERS
from lineage.catalog.types import Memory, Types
from lineage.errors import Rejected, SettingsError, Unavailable
from lineage.model import Asset, Factory, FactoryId, Json, Name, Naming
from lineage.store.sqlite import SqliteRows
from lineage.ticks import DAY, SECOND, Ticks
from lineage.translate.names import ADF_COPY, kind_of, parents
from tests.catalog.contract import FACTORY, OPERATION, PIPELINE, TABLE, entity
from tests.catalog.front import Front, embedded, serving
from tests.world import FACTORY as ID
from tests.world import at as moment

MINUTE = 60 * SECOND
ADF = Factory(ID, "adf-contoso")
SYNAPSE = Factory(
    FactoryId("/subscriptions/s/resourceGroups/r/providers/Microsoft.Synapse/workspaces/Dwh"), "Dwh"
)
LOWER = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-sales"
    "/providers/microsoft.datafactory/factories/adf-contoso"
)


class Site:
    """An account that lacks some types, and what is remembered of it in a store."""

    def __init__(
        self, front: Front, server: RestCatalog, rows: SqliteRows, lacking: set[str]
    ) -> None:
        self.front = front
        self.server = server
        self.rows = rows
        self.lacking = lacking
        self.now = moment("03:00:00")

    def account(self, **choices: Any) -> Account:
        """As a new process knows it."""
        memory = Memory(self.rows, self.server.address, lambda: self.now)
        types = Types(self.server.definition, memory)
        return Account(self.server, types, memory, Choices(**choices))

    def looked_up(self) -> list[str]:
        asked = [each.path for each in self.front.asked if "/types/typedef/name/" in each.path]
        return [path.rpartition("/")[2] for path in asked]

    def warnings(self) -> dict[str, str]:
        return {each.what: each.warning for each in self.account().findings() if each.warning}


@contextmanager
def lacking(*types: str) -> Iterator[Site]:
    gone = set(types)
    with (
        LocalCatalog(":memory:") as local,
        serving(embedded(local, gone)) as front,
        RestCatalog(SERVERS["atlas"], front.url, None, Pace(1e9, 50, 50)) as server,
        SqliteRows(":memory:") as rows,
    ):
        yield Site(front, server, rows, gone)


@pytest.fixture
def site() -> Iterator[Site]:
    with lacking() as made:
        yield made


# ---------------------------------------------------------------- types


def test_types_are_looked_up_once_a_day_whatever_the_number_of_processes(site: Site) -> None:
    site.account().naming(ADF)
    first = sorted(site.looked_up())

    site.account().naming(ADF)
    same_day = sorted(site.looked_up())
    site.now = Ticks(site.now + DAY)
    site.account().naming(ADF)

    assert first == same_day
    assert {"azure_data_factory", "adf_pipeline", "adf_copy_activity"} <= set(first)
    assert len(site.looked_up()) == 2 * len(first)


def test_an_account_that_has_every_type_needs_no_stand_ins(site: Site) -> None:
    assert site.account().naming(ADF) == Naming()
    assert site.account().naming(SYNAPSE) == Naming()
    assert site.warnings() == {}


def test_a_base_type_stands_in_for_one_that_is_missing() -> None:
    with lacking("adf_copy_operation") as site:
        found = site.account().naming(ADF)

        assert found == Naming(False, (("adf_copy_operation", "adf_activity_operation"),))
        assert site.warnings() == {
            "missing adf_copy_operation": "adf_activity_operation stands in for it"
        }


def test_a_type_that_nothing_stands_in_for_stops_its_factory_and_says_what_to_do() -> None:
    remedy = "; register it with: python -m lineage types install"
    with lacking("adf_pipeline") as site:
        account = site.account(remedy=remedy)

        with pytest.raises(
            SettingsError, match=f"^the catalog lacks the type adf_pipeline{remedy}$"
        ):
            account.naming(ADF)
        assert account.naming(SYNAPSE) == Naming()


@pytest.mark.parametrize(
    ("gone", "setting", "expected"),
    [
        ((), "auto", "azure_synapse_operation"),
        (("azure_synapse_operation",), "auto", "adf_activity_operation"),
        ((), "adf_copy_operation", "adf_copy_operation"),
    ],
)
def test_the_operation_type_of_synapse_is_the_first_there_is_or_the_one_that_is_set(
    gone: tuple[str, ...], setting: str, expected: str
) -> None:
    with lacking(*gone) as site:
        naming = site.account(synapse_operation=setting).naming(SYNAPSE)

    found = kind_of(Factory(SYNAPSE.id, "Dwh", {}, naming), "azure_synapse_operation")
    assert found == expected


def test_an_operation_type_that_is_set_and_missing_is_named(site: Site) -> None:
    with pytest.raises(SettingsError, match="lacks the type my_operation"):
        site.account(synapse_operation="my_operation").naming(SYNAPSE)


def test_names_of_a_missing_type_are_no_candidates_and_data_set_is_the_last_resort() -> None:
    table, view = Name(TABLE, "mssql://a"), Name("azure_sql_view", "mssql://a")
    with lacking("azure_sql_view") as site:
        assert site.account().possible(Asset((table, view))) == (table,)
        assert site.account().possible(Asset((view,))) == (Name("DataSet", "mssql://a"),)
        assert site.warnings() == {"missing azure_sql_view": "DataSet stands in for it"}


def test_our_own_fall_back_type_is_used_only_where_it_may_be_and_is_there() -> None:
    plain = Name("DataSet", "sftp://host/a")
    ours = Name("lineage_dataset", "sftp://host/a")
    with lacking() as site:
        assert site.account().possible(Asset((plain,))) == (plain,)
        assert site.account(fallback=True).possible(Asset((plain,))) == (ours, plain)
    with lacking("lineage_dataset") as site:
        assert site.account(fallback=True).possible(Asset((plain,))) == (plain,)
        assert site.warnings() == {
            "missing lineage_dataset": "DataSet stands in for it: see types install"
        }


def test_an_unknown_attribute_is_left_out_and_said() -> None:
    with lacking() as site:
        [fitted] = site.account().fit([entity(TABLE, "a", nonsense=1)])

        assert fitted == entity(TABLE, "a")
        assert site.warnings() == {"missing azure_sql_table.nonsense": "it is left out"}


@pytest.mark.parametrize(
    ("name", "linked", "warned"),
    [
        ("factory", {"factory": {"guid": "-1"}}, ""),
        ("dataFactory", {"dataFactory": {"guid": "-1"}}, ""),
        ("", {}, "none: pipelines are not linked to their factory"),
    ],
    ids=["as ours", "by another name", "none"],
)
def test_the_way_from_a_pipeline_to_its_factory_is_told_by_its_end(
    site: Site, name: str, linked: Json, warned: str
) -> None:
    definition = {
        "name": PIPELINE,
        "attributeDefs": [{"name": "qualifiedName"}, {"name": "name"}],
        "relationshipAttributeDefs": [{"name": name, "typeName": FACTORY}] if name else [],
    }
    memory = Memory(site.rows, "purview:x", lambda: site.now)
    types = Types(lambda kind: definition if kind == PIPELINE else {"name": kind}, memory)
    account = Account(site.server, types, memory, Choices(name_case="original"))
    pipeline = {**entity(PIPELINE, "p"), "relationshipAttributes": {"factory": {"guid": "-1"}}}

    account.naming(ADF)
    [fitted] = account.fit([pipeline])

    assert fitted["relationshipAttributes"] == linked
    [finding] = [each for each in account.findings() if each.what.startswith("attribute from")]
    assert (finding.value, finding.warning) == (name or "none", warned)
    assert finding.found == site.now


def test_a_warning_is_over_once_the_account_has_what_it_lacked() -> None:
    with lacking("azure_sql_view", f"{TABLE}.description") as site:
        account = site.account()
        account.possible(Asset((Name("azure_sql_view", "mssql://a"),)))
        account.fit([entity(TABLE, "a", description="told", nonsense=1)])
        assert len(site.warnings()) == 3

        site.lacking.clear()
        site.now = Ticks(site.now + DAY)

        assert site.warnings() == {f"missing {TABLE}.nonsense": "it is left out"}


def test_a_type_that_is_missing_is_not_asked_about() -> None:
    with lacking(TABLE) as site:
        fitted = FittedCatalog(site.server, site.account())

        assert fitted.get(TABLE, ["a"]) == []
        fitted.delete(Name(TABLE, "a"))
        assert {each.path.split("/")[4] for each in site.front.asked} == {"types"}


# ---------------------------------------------------------------- what was taken away meanwhile


def test_an_attribute_that_is_refused_is_left_out_and_the_rest_is_sent_once_more(
    site: Site,
) -> None:
    fitted = FittedCatalog(site.server, site.account())
    fitted.send([entity(TABLE, "a")])
    site.now = Ticks(site.now + MINUTE)
    site.lacking.add(f"{TABLE}.description")

    fitted.send([entity(TABLE, "a", description="told")])

    assert len(site.front.calls("/entity/bulk")) == 3
    assert site.warnings() == {f"missing {TABLE}.description": "it is left out"}
    fitted.send([entity(TABLE, "b", description="told")])
    assert len(site.front.calls("/entity/bulk")) == 4


def test_what_is_refused_as_it_stands_is_not_sent_again_nor_are_types_asked_for_time_and_again(
    site: Site,
) -> None:
    known = FittedCatalog(site.server, site.account())
    known.send([entity(TABLE, "a")])
    asked, site.now = len(site.looked_up()), Ticks(site.now + MINUTE)
    refusing = Refusing(site.server, Rejected("no", 400, "ATLAS-400-00-023"))
    fitted = FittedCatalog(refusing, site.account())

    for _ in range(3):
        with pytest.raises(Rejected):
            fitted.send([entity(TABLE, "a")])

    assert len(refusing.sent) == 3
    assert len(site.looked_up()) == asked + 1


class Refusing:
    """A catalog that refuses whatever is sent."""

    def __init__(self, catalog: RestCatalog, error: Rejected) -> None:
        self.sent: list[Sequence[Json]] = []
        self.address, self.get, self.lineage = catalog.address, catalog.get, catalog.lineage
        self.delete = catalog.delete
        self._error = error

    def send(self, entities: Sequence[Json]) -> dict[str, str]:
        self.sent.append(entities)
        raise self._error


def test_a_type_of_data_that_is_refused_is_no_candidate_any_more(site: Site) -> None:
    account = site.account()
    fitted = FittedCatalog(site.server, account)
    asset = Asset((Name(TABLE, "mssql://a"),))
    assert account.possible(asset) == (Name(TABLE, "mssql://a"),)
    site.now = Ticks(site.now + MINUTE)
    site.lacking.add(TABLE)

    with pytest.raises(Rejected, match="answered 400"):
        fitted.send([entity(TABLE, "mssql://a")])

    assert account.possible(asset) == (Name("DataSet", "mssql://a"),)


def test_a_type_of_processes_that_is_refused_leaves_runs_open_and_names_are_made_anew(
    site: Site,
) -> None:
    account = site.account()
    fitted = FittedCatalog(site.server, account)
    account.naming(ADF)
    site.now = Ticks(site.now + MINUTE)
    site.lacking.add(OPERATION)

    for _ in range(2):  # lanes that were under way with the old names
        with pytest.raises(Unavailable, match=r"has no type adf_copy_operation any more$"):
            fitted.send([entity(OPERATION, "p")])

    assert account.naming(ADF) == Naming(False, (("adf_copy_operation", "adf_activity_operation"),))


def test_a_type_that_went_is_not_asked_about_nor_deleted_of(site: Site) -> None:
    fitted = FittedCatalog(site.server, site.account())
    assert fitted.get(TABLE, ["a"]) == []
    site.now = Ticks(site.now + MINUTE)
    site.lacking.add(TABLE)

    assert fitted.get(TABLE, ["a"]) == []
    fitted.delete(Name(TABLE, "a"))


# ---------------------------------------------------------------- name case


@pytest.mark.parametrize(
    ("there", "lower", "warning"),
    [
        ((), False, ""),
        ((ID,), False, ""),
        ((LOWER,), True, ""),
        ((ID, LOWER), False, "the catalog has the factory in both cases; original is used"),
    ],
    ids=["neither", "original", "lower", "both"],
)
def test_names_are_spelt_as_the_factory_is_in_the_catalog(
    site: Site, there: tuple[str, ...], lower: bool, warning: str
) -> None:
    if there:
        site.server.send([entity(FACTORY, name, f"-{i}") for i, name in enumerate(there, 1)])

    assert site.account().naming(ADF).lower is lower
    assert site.warnings().get(f"name case of {ID}", "") == warning


def test_a_spelling_once_found_stays_when_the_other_one_appears(site: Site) -> None:
    site.server.send([entity(FACTORY, LOWER)])
    site.account().naming(ADF)
    site.server.send([entity(FACTORY, ID)])
    site.now = Ticks(site.now + DAY)

    assert site.account().naming(ADF).lower is True


@pytest.mark.parametrize(("case", "lower"), [("original", False), ("lower", True)])
def test_a_spelling_that_is_set_is_not_looked_for(site: Site, case: str, lower: bool) -> None:
    assert site.account(name_case=case).naming(ADF).lower is lower
    assert not [each for each in site.front.asked if "/entity/" in each.path]


def test_lower_case_is_for_the_values_and_not_for_the_keywords() -> None:
    factory = Factory(ID, "adf-contoso", {}, Naming(lower=True))

    names = parents(factory, ADF_COPY, "PL Load", "Copy A")

    assert [each.qualified for each in names] == [
        LOWER,
        f"{LOWER}/pipelines/pl load",
        f"{LOWER}/pipelines/pl load/activities/copy a",
    ]


def test_names_that_come_back_otherwise_are_alarming_and_noted_once_with_their_date(
    site: Site,
) -> None:
    def noted() -> list[tuple[str, str, Ticks]]:
        found = site.account().findings()
        return [(each.value, each.warning, each.found) for each in found if "sent" in each.what]

    first, a, b = site.now, Name(TABLE, "a"), Name(TABLE, "b")
    site.account().named([])
    assert noted() == []
    site.account().named([(a, "a")])
    site.now = Ticks(site.now + DAY)
    site.account().named([(a, "a")])
    assert noted() == [("kept", "", first)]
    site.account().named([(a, "a"), (b, "B")])
    site.account().named([(a, "A")])
    assert noted() == [("changed", "b is B", site.now)]


# ---------------------------------------------------------------- registering


def test_what_is_missing_is_registered_and_again_nothing_is() -> None:
    with lacking("adf_copy_operation", "azure_blob_path", "process_parent") as site:
        first = install(site.server, everything)
        second = install(site.server, everything)

    assert set(first) == {"adf_copy_operation", "azure_blob_path", "process_parent"}
    assert second == []


def test_on_purview_our_own_type_is_all_that_is_registered() -> None:
    with lacking("lineage_dataset", "adf_copy_operation") as site:
        assert install(site.server, fallback) == ["lineage_dataset"]
        assert site.lacking == {"adf_copy_operation"}


def test_an_attribute_that_is_missing_is_added_to_those_that_are_there() -> None:
    there = {"name": "lineage_dataset", "version": 1, "attributeDefs": [{"name": "theirs"}]}
    sent: list[tuple[str, Json]] = []

    class Older:
        def definition(self, type_name: str) -> Json | None:
            return there

        def register(self, method: str, definitions: Json) -> None:
            sent.append((method, definitions))

    assert install(Older(), fallback) == ["lineage_dataset"]
    [(method, told)] = sent
    [grown] = told["entityDefs"]
    assert method == "PUT"
    assert grown["version"] == 1
    assert [each["name"] for each in grown["attributeDefs"]] == [
        "theirs",
        "connector",
        "linkedService",
        "factory",
        "locator",
    ]
    assert "source" not in grown
