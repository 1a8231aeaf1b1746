"""Data Factory and Synapse as two rows: where each call goes, and the token it takes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from lineage.model import FactoryId
from lineage.settings import Settings, is_loopback


@dataclass(frozen=True, slots=True)
class Api:
    """
    One of the two services. `itself` and `activities` are paths below a factory's or workspace's.

    Source: the specifications of Microsoft.DataFactory 2018-06-01 and of Synapse's artifacts
    2020-12-01, which agree on all bodies and answers.
    """

    version: str
    scope: str
    itself: str
    activities: str
    grant: str


ADF = Api(
    version="2018-06-01",
    scope="https://management.azure.com/.default",
    itself="",
    activities="/pipelineruns/{run}/queryActivityruns",
    grant="give our identity Reader on the factory, and a role with "
    "Microsoft.DataFactory/factories/querypipelineruns/action and "
    "…/pipelineruns/queryactivityruns/action",
)
SYNAPSE = Api(
    version="2020-12-01",
    scope="https://dev.azuresynapse.net/.default",
    itself="/workspace",
    activities="/pipelines/{pipeline}/pipelineruns/{run}/queryActivityruns",
    grant="give our identity the Synapse role Artifact User on the workspace",
)


def api(factory: FactoryId) -> Api:
    """The row of a factory or workspace."""
    return SYNAPSE if "/providers/microsoft.synapse/" in factory.lower() else ADF


def address(factory: FactoryId, settings: Settings) -> str:
    """The URL that all paths of a factory or workspace follow."""
    if api(factory) is SYNAPSE:
        return settings.synapse_endpoint.replace("{workspace}", factory.rpartition("/")[2])
    return settings.management_endpoint + quote(factory, safe="/")


def scope(factory: FactoryId, settings: Settings) -> str:
    """What tokens are asked for: other clouds have endpoints, and so scopes, of their own."""
    row = api(factory)
    if row is SYNAPSE:
        parts = urlsplit(settings.synapse_endpoint)
        host = parts.netloc.partition("{workspace}.")[2]
    else:
        parts = urlsplit(settings.management_endpoint)
        host = parts.netloc
    return (
        f"https://{host}/.default" if host and not is_loopback(parts.hostname or "") else row.scope
    )


def segment(text: str) -> str:
    """A name as one segment of a path; one of dots alone is no step upwards."""
    quoted = quote(text, safe="")
    return quoted if text.strip(".") else quoted.replace(".", "%2E")
