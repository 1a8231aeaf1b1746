"""What HTTP is answered: JSON out of what is known, and references out of what callers send."""

from lineage.web._answer import Answer, Refusal, answered
from lineage.web._calls import LARGEST, called
from lineage.web._rate import Rate
from lineage.web._status import status

__all__ = ["LARGEST", "Answer", "Rate", "Refusal", "answered", "called", "status"]
