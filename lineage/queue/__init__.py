"""Where batches wait: a queue of Azure Storage, or of the command line's, in memory."""

from lineage.queue._local import LocalQueue
from lineage.queue._storage import POISON, StorageQueue

__all__ = ["POISON", "LocalQueue", "StorageQueue"]
