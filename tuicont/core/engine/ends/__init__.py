"""What happens when a container ends, however it ends.

    start: `births/starts.py`
      │
      ├─ cut short ──▶ BORN, not recorded ─────────────── clear, reconcile (or adopted: it runs)
      ▼                                                              │
    RUNNING, recorded                                                │
      │                                                              │
      ├─ its init ends: the shim leaves an exit record               │
      │        ▼                                                     │
      │      ENDED, not recorded ── settle ──▶ ENDED, recorded ── clean ──▶ NOTHING LEFT ── with --rm ──▶ REMOVED
      │                                            ▲                 ▲
      └─ its shim is killed: nobody saw the end ── repair ───────────┘

A container is dead when its init is, by the kernel. One whose shim lives and cannot be asked (its socket was removed,
it was stopped) goes on, and is ended by its cgroup: that wants no shim, no lock, and nothing on the disk.

Anybody who looks may be the first to see an end: a waiting verb, the event stream, a list, an engine that is opened.
So every step may be repeated, by this process or another, and the order makes a kill between any two harmless: the end
is stored first (one transaction with its event, once: whoever comes second finds it there); what the task left is
cleaned up afterwards, under the container's lock; the exit record goes last, as it says that there is something to do.

The verbs, all of `ends.py`:

- `settle_all`, `settle`: record the ends that can be seen, and clean up where nobody is at work on the container;
- `clear`: before a start or a removal, under the lock: nothing of an earlier task is left when it returns;
- `repair`: a container is recorded as running, and is not, or has no shim: record that;
- `undo`, `discard`: the same for a task that could not be recorded, or has no record;
- `kill`: end it now; `cut_short`: a start that is under way;
- `await_end`, `await_record`: wait for its end, told by its shim or by the kernel.
"""
