"""The signals worth sending to a container, with what they mean there (signal(7)). Pure."""

from __future__ import annotations

SIGNALS: tuple[tuple[str, int, str], ...] = (
    ("SIGKILL", 9, "end every process at once; cannot be caught"),
    ("SIGTERM", 15, "ask to end"),
    ("SIGINT", 2, "as ctrl+c does"),
    ("SIGQUIT", 3, "end with a core dump"),
    ("SIGHUP", 1, "often: read the configuration again"),
    ("SIGUSR1", 10, "the program's own meaning"),
    ("SIGUSR2", 12, "the program's own meaning"),
    ("SIGSTOP", 19, "stop until SIGCONT; the freezer is gentler"),
    ("SIGCONT", 18, "go on after SIGSTOP"),
    ("SIGABRT", 6, "end with a core dump"),
    ("SIGALRM", 14, "a timer ran out"),
    ("SIGWINCH", 28, "the terminal's size changed"),
)
"""(name, number, meaning); the first is what the dialog proposes"""
