"""The vfs storage driver."""
