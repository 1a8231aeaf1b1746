from pathlib import Path

import pytest

from tests.cli.program import CORPUS, write
from tests.cli.share import share
from tests.cli.supply import supply

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def test_every_parameter_of_a_pipeline_is_supplied_by_its_type() -> None:
    found = supply(SCENARIOS / "loop_sequential")

    assert found == {"PL_Load_Control_Tables": {"tables": []}}


def test_every_parameter_of_a_template_is_supplied_by_its_name_but_one_with_a_default(
    tmp_path: Path,
) -> None:
    declared = {
        "factoryName": {"type": "string"},
        "ls_lake_properties_typeProperties_url": {"type": "string"},
        "service": {"type": "string"},
        "count": {"type": "int"},
        "known": {"type": "string", "defaultValue": "x"},
    }
    resource = {"type": "Microsoft.DataFactory/factories", "name": "f"}
    write(tmp_path / "t.json", {"parameters": declared, "resources": [resource]})

    assert supply(tmp_path) == {
        "parameters": {
            "ls_lake_properties_typeProperties_url": {
                "value": "https://supplied.dfs.core.windows.net/"
            },
            "service": {"value": "a_service"},
            "count": {"value": 1},
        }
    }


def test_the_share_counts_copy_uses_whose_store_has_a_row() -> None:
    counted = {"uses": 2, "named": 2, "share": 1.0, "rest": {}, "leftOut": {}}
    looping = {"uses": 2, "named": 1, "share": 0.5, "leftOut": {}}

    assert share(SCENARIOS / "copy_blob_to_sql") == {"asItStands": counted, "supplied": counted}
    assert share(SCENARIOS / "loop_sequential")["asItStands"] == {
        **looping,
        "rest": {"only a run tells it": 1},
    }


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_the_share_in_the_corpus_is_what_it_was() -> None:
    found = share(CORPUS)

    assert [(each["uses"], each["named"]) for each in found.values()] == [(14, 8), (121, 87)]
    assert found["supplied"]["rest"]["only a run tells it"] == 21
