"""Whether a catalog answers as one, has the types of what we send, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterator

from lineage import ticks
from lineage.catalog import typedefs
from lineage.diagnosis import PURVIEW, Diagnosis, Place, told
from lineage.doctor._check import Check, Health, address_of, failed
from lineage.model import Described

EVERYWHERE = "Process"  # a type of every Atlas: what does not know it is none


def check(catalog: Described, where: Place | None, name: str) -> Iterator[Check]:
    """A line for the catalog and one for each finding; `where` is None for the embedded one."""
    yield _types(catalog, where, name)
    for each in catalog.findings():
        health = Health.WARNING if each.warning else Health.OK
        said = f"{each.value} (found {ticks.text(each.found)})"
        yield Check("finding", each.what, health, said, remedy=each.warning)


def _types(catalog: Described, where: Place | None, name: str) -> Check:
    """Purview makes do without a type; an Atlas refuses what is sent."""
    if where and catalog.typedef(EVERYWHERE) is None:
        return failed("catalog", name, told(Diagnosis.WRONG_URL, where))
    sent = typedefs.sent()
    missing = [each for each in sent if catalog.typedef(each) is None]
    if where and missing:
        purview = where.service is PURVIEW
        kind = Diagnosis.TYPES_PURVIEW if purview else Diagnosis.TYPES_ATLAS
        said = told(kind, where, count=len(missing), types=", ".join(missing))
        return failed("catalog", name, said, Health.WARNING if purview else Health.FAILED)
    reached = f"; {address_of(where)}" if where else ""
    return Check("catalog", name, Health.OK, f"all {len(sent)} types that we send{reached}")
