"""Namespaces of processes: which there are, whose they are, and what is mounted in them."""
