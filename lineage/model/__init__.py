"""The words all others speak, and the protocols of the doors."""

from lineage.model._assets import ANYTHING, Asset, Certainty, Name
from lineage.model._catalog import Catalog, Described, Finding
from lineage.model._doors import Clock, Definitions, Messages, Queue, Runs
from lineage.model._endpoints import Endpoint, Evaluated, Fixed, Named, Trace, Value
from lineage.model._factories import (
    REMOVED,
    Definition,
    Factory,
    FactoryId,
    Json,
    Kind,
    Naming,
)
from lineage.model._outcomes import Change, LastRun, Outcome, Reported, Translation
from lineage.model._processes import Column, ColumnKind, ColumnLink, Edge, Process
from lineage.model._readings import Batch, Listed, Reading
from lineage.model._reasons import LONGEST_DETAIL, OPEN, Gap, Reason, Status, Where
from lineage.model._rows import Row, Rows, Versioned
from lineage.model._runs import ActivityRun, PipelineRun, Reference, TriggerRun

__all__ = [
    "ANYTHING",
    "LONGEST_DETAIL",
    "OPEN",
    "REMOVED",
    "ActivityRun",
    "Asset",
    "Batch",
    "Catalog",
    "Certainty",
    "Change",
    "Clock",
    "Column",
    "ColumnKind",
    "ColumnLink",
    "Definition",
    "Definitions",
    "Described",
    "Edge",
    "Endpoint",
    "Evaluated",
    "Factory",
    "FactoryId",
    "Finding",
    "Fixed",
    "Gap",
    "Json",
    "Kind",
    "LastRun",
    "Listed",
    "Messages",
    "Name",
    "Named",
    "Naming",
    "Outcome",
    "PipelineRun",
    "Process",
    "Queue",
    "Reading",
    "Reason",
    "Reference",
    "Reported",
    "Row",
    "Rows",
    "Runs",
    "Status",
    "Trace",
    "Translation",
    "TriggerRun",
    "Value",
    "Versioned",
    "Where",
]
