"""The storage account of AzureWebJobsStorage: how it is reached, as whom, how patiently."""

from lineage.storage._account import AT_ONCE, opened, queue
from lineage.storage._patience import ATTEMPTS, Patience, code, status

__all__ = ["ATTEMPTS", "AT_ONCE", "Patience", "code", "opened", "queue", "status"]
