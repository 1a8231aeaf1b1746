"""How reporting can end, and why."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Status(StrEnum):
    """Where reporting one activity run stands: the status column of the ledger."""

    PENDING = "Pending"  # known, not settled yet
    RETRYING = "Retrying"  # a service could not answer; tried again
    TIMED_OUT = "TimedOut"  # the catalog did not answer within 120 s; tried again
    SUCCEEDED = "Succeeded"  # everything this run tells is in the catalog, proven
    PARTIAL = "Partial"  # reported and proven, with something left out; the reasons say what
    NOT_REPORTED = "NotReported"  # nothing to report, or nothing that may be said
    FAILED = "Failed"  # needs a person or a newer release; can be replayed


OPEN = frozenset({Status.PENDING, Status.RETRYING, Status.TIMED_OUT})


class Reason(StrEnum):
    """Why a run ended as it did: a closed list, explained in docs/reasons.md."""

    UNSUPPORTED_ACTIVITY = "UnsupportedActivity"  # this release reports nothing for the type
    RUN_FAILED = "RunFailed"  # the activity did not succeed
    NO_EVIDENCE = "NoEvidence"  # says Succeeded, shows no sign of having run
    REPORTED_BY_SERVICE = "ReportedByService"  # the built-in connection reported it
    UNRESOLVED = "Unresolved"  # an expression that cannot be evaluated from what the run tells
    AMBIGUOUS = "Ambiguous"  # several items could have produced this run
    INFERRED = "Inferred"  # a value taken from what the run does tell
    DEFINITION_MISSING = "DefinitionMissing"  # deleted since
    DEFINITION_CHANGED = "DefinitionChanged"  # written after the run
    MASKED = "Masked"  # secure input or output
    HIDDEN_CONNECTION = "HiddenConnection"  # the server is in Key Vault or a secure string
    LOCAL_NAME = "LocalName"  # a host name of the self-hosted runtime only
    UNKNOWN_CONNECTOR = "UnknownConnector"  # no catalog type for this kind of store
    UNKNOWN_OBJECT = "UnknownObject"  # the store is known, the object in it is not
    MISSING_ASSET = "MissingAsset"  # not in the catalog, and not to be created
    OPAQUE_QUERY = "OpaqueQuery"  # SQL text that is not read
    OPAQUE_PROCEDURE = "OpaqueProcedure"  # a stored procedure whose text is not known
    BROKEN_REFERENCE = "BrokenReference"  # the definition refers to what it does not contain
    PACKAGE_UNAVAILABLE = "PackageUnavailable"  # the SSIS package could not be fetched
    PACKAGE_ENCRYPTED = "PackageEncrypted"  # the whole SSIS package is encrypted
    TRUNCATED = "Truncated"  # cut by the source
    COLUMNS_UNKNOWN = "ColumnsUnknown"  # which column feeds which is not known
    COLUMN_MAPPING_TOO_LARGE = "ColumnMappingTooLarge"  # more than one property can hold
    REJECTED = "Rejected"  # the catalog refused an entity
    ENTITY_DELETED = "EntityDeleted"  # deleted in the catalog and not made again
    TOO_LONG = "TooLong"  # a qualified name above the catalog's limit
    POISONED = "Poisoned"  # ended the worker several times
    BUG = "Bug"  # our fault
    THROTTLED = "Throttled"  # a service asked us to slow down
    UNAVAILABLE = "Unavailable"  # a service did not answer
    ROLE_MISSING = "RoleMissing"  # our identity may not do this
    FIREWALL = "Firewall"  # behind a private endpoint that we do not reach


class Where(StrEnum):
    """The part of a run that a reason is about."""

    INPUT = "input"
    OUTPUT = "output"
    COLUMNS = "columns"
    PROCESS = "process"


LONGEST_DETAIL = 256  # characters


class Gap(Struct, frozen=True, order=True):
    """
    Something left out or approximated. `detail` names parts and places.

    It never holds a value of a linked service, a parameter or an output.
    """

    reason: Reason
    where: Where = Where.PROCESS
    detail: str = ""

    @property
    def short(self) -> str:
        """`detail`, cut to its length."""
        long = len(self.detail) > LONGEST_DETAIL
        return self.detail[: LONGEST_DETAIL - 1] + "…" if long else self.detail

    def json(self) -> dict[str, str]:
        """The public shape: interfaces, run line, `reasons`."""
        return {"code": self.reason.value, "where": self.where.value, "detail": self.short}
