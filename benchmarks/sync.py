"""One sync as the command line does it, without its output: `python -m benchmarks.sync`."""

import gc
import json
import os

from lineage.app import App
from lineage.cli.sync import COLLECT
from lineage.settings import Settings
from lineage.sync import sync

gc.set_threshold(*COLLECT)
with App(Settings.from_env(os.environ)) as app:
    print(json.dumps(sync(app, None, lambda _: None).json()))
