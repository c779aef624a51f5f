"""Storage drivers: read-only layers, and one read-write layer a container."""
