"""Runtimes: what turns an OCI bundle into running processes."""
