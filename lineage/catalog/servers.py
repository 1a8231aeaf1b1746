"""The kinds of server that speak Atlas's v2 REST interface, a row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Server:
    """
    What tells one kind of server from the other.

    `version` goes with the calls that need it, `lineage` with questions for lineage, of which
    `deepest` stands for no limit. `start` is how many processes the first bulk may hold, `grant`
    the remedy for a 403, `scope` that of its tokens (empty: Basic). `installs` says that types of
    ours are registered there.
    """

    scheme: str
    root: str
    version: Mapping[str, str]
    lineage: Mapping[str, str]
    deepest: int
    start: int
    grant: str
    scope: str
    installs: bool


SERVERS = {
    each.scheme: each
    for each in (
        Server(
            "atlas",
            "/api/atlas/v2",
            {},
            {},
            deepest=0,
            start=50,
            grant="let ATLAS_USERNAME create and update entities",
            scope="",
            installs=True,
        ),
        Server(
            "purview",
            "/datamap/api/atlas/v2",
            {"api-version": "2023-09-01"},
            {"width": "100", "getDerivedLineage": "false", "forceNewApi": "true"},
            deepest=31,
            start=25,
            grant="make our identity Data Curator of the collection, or of the root collection",
            scope="https://purview.azure.net/.default",
            installs=False,
        ),
    )
}
