"""Namespaces of processes: which there are, and whose they are."""
