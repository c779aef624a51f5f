"""The engine: every verb, on one code path for the TUI, the command line and later the server."""
