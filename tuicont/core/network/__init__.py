"""Networks of containers."""
