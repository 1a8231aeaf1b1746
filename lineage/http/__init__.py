"""One HTTP call: decoded JSON, or one of our errors."""

from lineage.http._attempt import Answer, Renewable
from lineage.http._bodies import ANY, LIMITS, Limits, Shape, TooLarge
from lineage.http._refusals import LONGEST_ASKED, epoch, retry_after
from lineage.http._request import LONGEST_WAIT, request
from lineage.http._session import session

__all__ = [
    "ANY",
    "LIMITS",
    "LONGEST_ASKED",
    "LONGEST_WAIT",
    "Answer",
    "Limits",
    "Renewable",
    "Shape",
    "TooLarge",
    "epoch",
    "request",
    "retry_after",
    "session",
]
