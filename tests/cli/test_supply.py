from pathlib import Path

from tests.cli.supply import supply

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def test_every_parameter_of_a_pipeline_is_supplied_by_its_type() -> None:
    found = supply(SCENARIOS / "loop_sequential")

    assert found == {"PL_Load_Control_Tables": {"tables": []}}
