"""The command line: Docker's verbs, flags and exit codes on the engine that the TUI uses.

Knows nothing of Textual, and of the kernel only what a terminal needs. A verb imports its own module and what that
uses of the kit.
"""
