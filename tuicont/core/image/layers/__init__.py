"""Tar streams and directory trees, one made from the other: layers, and files copied into and out of containers."""
