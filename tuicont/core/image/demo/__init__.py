"""Images built from the host's own programs, so that there is something to run without a registry."""
