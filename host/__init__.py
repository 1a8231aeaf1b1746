"""
A small Azure Functions host: it serves an app's folder from this machine, over Azurite or Azure.

Azure's own host is a .NET program that no package registry ships. Its behaviour is modelled here,
as far as a timer, queue or HTTP function can tell. Imports nothing of `lineage`: it judges it.

What is modelled, after the source of Azure's host and its storage extension, or its documentation:

* Indexing: bindings as the worker tells them, %NAME% from the environment, host.json and what
  overrides it (AzureFunctionsJobHost__a__b), AzureWebJobs.NAME.Disabled.
* Timers: six fields, UTC, both days must match; a run longer than the interval delays the next;
  nothing is tried again.
* Queues: a message is hidden for 600 s while its function runs, which is renewed at half of that;
  it is deleted on success, and on failure visible again after visibilityTimeout. After
  maxDequeueCount deliveries, or where it cannot be decoded, it is copied to QUEUE-poison, with the
  service's lifetime of 7 days. batchSize and newBatchThreshold bound what runs at once; polling
  backs off to maxPollingInterval. A queue named ...-poison has no poison queue: what fails there
  stays hidden for the rest of its 600 s, and after maxDequeueCount deliveries its function does not
  get it any more.
* HTTP: route prefix, templates and constraints, one function key (x-functions-key or ?code=), 401
  without it, 404 for a wrong method too, 500 for an error, 413 for a body that is too long.
* functionTimeout: reaching it fails every invocation that runs, and the worker begins anew.

What only Azure's host does: several instances and scaling, the lease that keeps a timer to one of
them, the schedule monitor (past_due), retry policies, other triggers and bindings, admin keys and
callers' identities, the 230 s of its front end, CORS, chunked requests, Application Insights, a
worker in a process of its own, and ending a thread: one that hangs is left behind until the
process restarts, which `python -m host` does by itself. Azure's host is not known to make the
queues that it listens to: an app that sends to its own should (--no-create shows whether it does).
"""

from host.calls import Answer, HttpCall, Outcome, QueueCall, TimerCall
from host.errors import HostError
from host.serving import Host, Options

__all__ = [
    "Answer",
    "Host",
    "HostError",
    "HttpCall",
    "Options",
    "Outcome",
    "QueueCall",
    "TimerCall",
]
