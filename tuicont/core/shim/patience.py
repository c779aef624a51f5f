"""How long a shim is waited for, and a shim waits for its children: nobody waits for ever."""

from __future__ import annotations

PATIENCE_SECONDS = 30.0
"""How long a birth may take where it waits for nobody. What takes longer hangs in the kernel, on a file system that
does not answer, say, or was stopped by the container that it enters."""

ANSWER_SECONDS = 3.0
"""How long a shim may take to answer. One that takes longer was stopped, or has no processor."""
