"""The definitions of a synthetic estate: shared datasets with parameters, and its pipelines."""

from __future__ import annotations

from typing import Any

from demo import payloads
from demo.shapes import Definition

BURST = "PL_Burst"  # many runs in one minute
WIDE = "PL_Wide"  # one run with many activity runs
WIDE_COPY = "Copy batch"
WIDE_LOOP = "For each batch"

_REFERENCE = "LinkedServiceReference"


def pipeline_name(number: int) -> str:
    """What the n-th pipeline is called."""
    return f"PL_Load_{number:04d}"


def activity_name(number: int) -> str:
    """What the n-th activity of a pipeline is called: Ingest, Stage and Lookup in turn."""
    return f"{('Ingest', 'Stage', 'Lookup')[number % 3]} {number:02d}"


def activity_type(name: str) -> str:
    """The type of the activity of this name."""
    if name == WIDE_LOOP:
        return "ForEach"
    return "Lookup" if name.startswith("Lookup") else "Copy"


def all_of(
    site: str, pipelines: int, activities: int, columns: int, written: int
) -> tuple[Definition, ...]:
    """Every definition of a site; `written` is the Unix second of the last write."""
    found = [
        payloads.definition(site, kind, name, properties, written)
        for kind, name, properties in (*_linked_services(), *_datasets())
    ]
    for name in (*(pipeline_name(number) for number in range(pipelines)), BURST):
        steps = [_activity(name, number, columns) for number in range(activities)]
        found.append(payloads.definition(site, "pipelines", name, _pipeline(steps), written))
    inner = _copy(WIDE_COPY, columns, _blob(WIDE, "batch"), _lake(WIDE, "batch.parquet"))
    loop = {
        "name": WIDE_LOOP,
        "type": "ForEach",
        "typeProperties": {"items": _expression("@range(0, 200)"), "activities": [inner]},
    }
    found.append(payloads.definition(site, "pipelines", WIDE, _pipeline([loop]), written))
    return tuple(found)


def type_properties(activity: str, columns: int) -> dict[str, Any]:
    """An activity's typeProperties, which hold no expression: a run's input is the same."""
    if activity == WIDE_LOOP:
        return {}
    if activity_type(activity) == "Lookup":
        source = {"type": "AzureSqlSource", "sqlReaderQuery": "SELECT COUNT(*) AS n FROM stg.log"}
        return {"source": source, "dataset": _reference("DS_Stg_Table", table="log")}
    staged = activity.startswith("Stage")
    mappings = [
        {"source": {"name": f"c{n:02d}"}, "sink": {"name": f"C{n:02d}"}} for n in range(columns)
    ]
    translator = {"type": "TabularTranslator", "mappings": mappings}
    return {
        "source": {"type": "ParquetSource" if staged else "DelimitedTextSource"},
        "sink": {"type": "AzureSqlSink" if staged else "ParquetSink"},
        "enableStaging": False,
        "translator": translator,
    }


def _activity(pipeline: str, number: int, columns: int) -> dict[str, Any]:
    name = activity_name(number)
    if name.startswith("Lookup"):
        return {"name": name, "type": "Lookup", "typeProperties": type_properties(name, columns)}
    if name.startswith("Ingest"):
        source, sink = _blob(pipeline, f"{number:02d}"), _lake(pipeline, f"{number:02d}.parquet")
        return _copy(name, columns, source, sink)
    table = f"{pipeline}_{number:02d}_@{{pipeline().parameters.table}}"
    sink = _reference("DS_Stg_Table", table=_expression(table))
    return _copy(name, columns, _lake(pipeline, f"{number - 1:02d}.parquet"), sink)


def _copy(name: str, columns: int, source: dict[str, Any], sink: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "type": "Copy",
        "dependsOn": [],
        "userProperties": [],
        "typeProperties": type_properties(name, columns),
        "inputs": [source],
        "outputs": [sink],
    }


def _pipeline(activities: list[dict[str, Any]]) -> dict[str, Any]:
    parameters = {
        "batch": {"type": "int", "defaultValue": 0},
        "table": {"type": "string", "defaultValue": "all"},
    }
    return {"activities": activities, "parameters": parameters, "annotations": []}


def _blob(pipeline: str, stem: str) -> dict[str, Any]:
    file = _expression(f"{stem}_@{{pipeline().parameters.batch}}.csv")
    return _reference("DS_Blob_Csv", folder=pipeline, file=file)


def _lake(pipeline: str, file: str) -> dict[str, Any]:
    return _reference("DS_Lake_Parquet", folder=f"raw/{pipeline}", file=file)


def _reference(name: str, **arguments: Any) -> dict[str, Any]:
    return {"referenceName": name, "type": "DatasetReference", "parameters": arguments}


def _expression(text: str) -> dict[str, str]:
    return {"value": text, "type": "Expression"}


def _linked_services() -> list[tuple[str, str, dict[str, Any]]]:
    blob = (
        "DefaultEndpointsProtocol=https;AccountName=contosolanding;EndpointSuffix=core.windows.net"
    )
    sql = "Data Source=contoso-sql-stg.database.windows.net;Initial Catalog=@{linkedService().db}"
    services: dict[str, dict[str, Any]] = {
        "LS_Blob": {"type": "AzureBlobStorage", "typeProperties": {"connectionString": blob}},
        "LS_Lake": {
            "type": "AzureBlobFS",
            "typeProperties": {"url": "https://contosolake.dfs.core.windows.net"},
        },
        "LS_Sql": {
            "type": "AzureSqlDatabase",
            "parameters": {"db": {"type": "string"}},
            "typeProperties": {"connectionString": sql},
        },
    }
    return [("linkedservices", name, properties) for name, properties in services.items()]


def _datasets() -> list[tuple[str, str, dict[str, Any]]]:
    def parameters(*names: str) -> dict[str, Any]:
        return {name: {"type": "string"} for name in names}

    def path(kind: str, **container: str) -> dict[str, Any]:
        folder, file = _expression("@dataset().folder"), _expression("@dataset().file")
        return {"location": {"type": kind, "folderPath": folder, "fileName": file, **container}}

    datasets: dict[str, dict[str, Any]] = {
        "DS_Blob_Csv": {
            "type": "DelimitedText",
            "linkedServiceName": {"referenceName": "LS_Blob", "type": _REFERENCE},
            "parameters": parameters("folder", "file"),
            "typeProperties": path("AzureBlobStorageLocation", container="landing"),
        },
        "DS_Lake_Parquet": {
            "type": "Parquet",
            "linkedServiceName": {"referenceName": "LS_Lake", "type": _REFERENCE},
            "parameters": parameters("folder", "file"),
            "typeProperties": path("AzureBlobFSLocation", fileSystem="lake"),
        },
        "DS_Stg_Table": {
            "type": "AzureSqlTable",
            "linkedServiceName": {
                "referenceName": "LS_Sql",
                "type": _REFERENCE,
                "parameters": {"db": "staging"},
            },
            "parameters": parameters("table"),
            "typeProperties": {"schema": "stg", "table": _expression("@dataset().table")},
        },
    }
    return [("datasets", name, properties) for name, properties in datasets.items()]
