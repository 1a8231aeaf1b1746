"""Whether a factory or workspace can be read, and its runs: two rights, two calls."""

from __future__ import annotations

from dataclasses import replace

from lineage import ticks
from lineage.auth import Credential
from lineage.diagnosis import DATA_FACTORY, Diagnosis, diagnose, told
from lineage.doctor._check import Check, Dates, Doors, Health, address_of, failed
from lineage.doctor._identity import place
from lineage.errors import LineageError
from lineage.model import FactoryId
from lineage.settings import Auth, Settings
from lineage.sources.client import Client
from lineage.sources.rest import RestRuns

WINDOW = 3_600.0  # seconds of runs to ask for; what they are does not matter


def check(
    factory: FactoryId, settings: Settings, identity: Credential, doors: Doors, dates: Dates
) -> Check:
    """The calls that `sync` makes first: GET of the factory, POST of a query of its runs."""
    where = place(factory, settings)
    where = replace(where, addresses=doors.resolve(where.host))
    client = Client(
        factory,
        settings,
        None if settings.auth is Auth.NONE else identity,
        http=dates.session(where.url),
        limits=doors.limits,
    )
    role: Diagnosis | None = None
    try:
        if not isinstance(client.call("GET", client.api.itself).body, dict):
            return failed("source", factory, told(Diagnosis.WRONG_URL, where))
        role = Diagnosis.ROLE_RUNS if where.service is DATA_FACTORY else None
        until = doors.clock()
        next(RestRuns(client, ()).finished(ticks.shift(until, -WINDOW), until), None)
    except LineageError as error:
        return failed("source", factory, diagnose(error, where, role))
    finally:
        client.close()
    said = f"{where.service.name} and its runs can be read; {address_of(where)}"
    return Check("source", factory, Health.OK, said)
