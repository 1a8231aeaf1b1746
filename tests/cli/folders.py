"""Factories in Git format, as the tests of `names` and `show` need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli.program import write

LAKE = {"type": "AzureBlobFS", "typeProperties": {"url": "https://lake.dfs.core.windows.net"}}
SQL = {
    "type": "AzureSqlDatabase",
    "typeProperties": {"connectionString": "Server=tcp:srv.database.windows.net;Database=erp;"},
}


def dataset(link: str, kind: str, properties: Any, **parameters: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "linkedServiceName": {"referenceName": link, "type": "LinkedServiceReference"},
        "parameters": {
            name: {"type": "string", **({} if value is None else {"defaultValue": value})}
            for name, value in parameters.items()
        },
        "typeProperties": properties,
    }


def use(name: str, **parameters: Any) -> dict[str, Any]:
    return {"referenceName": name, "type": "DatasetReference", "parameters": parameters}


def copy(name: str, reads: Any, writes: Any, /, **sides: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": "Copy",
        "inputs": [reads],
        "outputs": [writes],
        "typeProperties": {"source": {}, "sink": {}, **sides},
    }


def factory(folder: Path, activities: list[Any], **parameters: Any) -> Path:
    """A factory in Git format: a lake, a database, one dataset of each, one pipeline."""
    csv = {
        "location": {"type": "AzureBlobFSLocation", "fileSystem": "raw", "fileName": "@dataset().f"}
    }
    definitions = {
        "linkedService/ls_lake": LAKE,
        "linkedService/ls_sql": SQL,
        "linkedService/ls_sftp": {"type": "Sftp", "typeProperties": {"host": "files.contoso.com"}},
        "dataset/ds_csv": dataset("ls_lake", "DelimitedText", csv, f=None),
        "dataset/ds_sql": dataset("ls_sql", "AzureSqlTable", {"schema": "dbo", "table": "Orders"}),
        "dataset/ds_sftp": dataset(
            "ls_sftp", "Binary", {"location": {"type": "SftpLocation", "folderPath": "in"}}
        ),
        "dataset/ds_lost": dataset("ls_lost", "AzureSqlTable", {"table": "t"}),
        "pipeline/pl_load": {
            "activities": activities,
            "parameters": {
                name: {"type": "string", **({} if value is None else {"defaultValue": value})}
                for name, value in parameters.items()
            },
        },
    }
    for place, properties in definitions.items():
        name = place.partition("/")[2]
        write(folder / f"{place}.json", {"name": name, "properties": properties})
    return folder
