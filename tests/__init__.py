"""The tests. `support.py` has what they share; each folder holds one kind (docs/testing.md)."""
