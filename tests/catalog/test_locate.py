from collections.abc import Iterator

import pytest

from lineage.catalog.locate import locate
from lineage.model import Asset, Name
from tests.world import World, data_set, table, table_or_view


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def named(*names: Name) -> Asset:
    return Asset(names)


def as_written(*assets: Asset) -> dict[Asset, tuple[Name, ...]]:
    return {asset: asset.candidates for asset in assets}


def test_an_asset_goes_by_the_first_of_its_names_that_exists(world: World) -> None:
    asset = table_or_view("orders")
    _, view = asset.candidates
    world.have(data_set(named(view)))

    assert locate(world.catalog, as_written(asset)) == {asset: view}


def test_of_two_names_that_exist_the_first_counts(world: World) -> None:
    asset = table("Orders", "orders")
    world.have(data_set(table("orders")), data_set(table("Orders")))

    assert locate(world.catalog, as_written(asset)) == {asset: asset.candidates[0]}


def test_an_asset_of_which_no_name_exists_is_none(world: World) -> None:
    assert locate(world.catalog, as_written(table("orders"))) == {table("orders"): None}


def test_names_are_compared_by_exact_case(world: World) -> None:
    world.have(data_set(table("Orders")))

    assert locate(world.catalog, as_written(table("orders"))) == {table("orders"): None}


def test_a_deleted_entity_does_not_count(world: World) -> None:
    world.have(data_set(table("orders")))
    world.local.delete(table("orders").candidates[0])

    assert locate(world.catalog, as_written(table("orders"))) == {table("orders"): None}


def test_an_entity_of_a_subtype_is_another_one(world: World) -> None:
    qualified = "mssql://srv/db/dbo/orders"
    asset = named(Name("DataSet", qualified))
    world.have(data_set(named(Name("azure_sql_table", qualified))))

    assert locate(world.catalog, as_written(asset)) == {asset: None}


def test_one_look_up_for_each_type_whatever_the_number_of_assets(world: World) -> None:
    assets = [table_or_view(f"t{number}") for number in range(100)]

    locate(world.catalog, as_written(*assets, assets[0]))

    assert [(kind, len(names)) for kind, names in world.catalog.reads] == [
        ("azure_sql_table", 100),
        ("azure_sql_view", 100),
    ]


def test_no_asset_no_look_up(world: World) -> None:
    assert locate(world.catalog, {}) == {}
    assert world.catalog.reads == []
