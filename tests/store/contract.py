"""
What every store does.

A test module imports all of this and has a fixture `rows`: an empty `model.Rows`.
"""

# ruff: noqa: F403 - the tests of each part
from tests.store.contract_circuits import *
from tests.store.contract_collecting import *
from tests.store.contract_counting import *
from tests.store.contract_folding import *
from tests.store.contract_leases import *
from tests.store.contract_parts import *
from tests.store.contract_published import *
from tests.store.contract_replaying import *
from tests.store.contract_reporting import *
from tests.store.contract_rows import *
from tests.store.contract_sweep import *
from tests.store.contract_versions import *
