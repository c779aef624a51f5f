"""Fresh machines: a bare Debian of another release with no Python, no compiler and a copy of this checkout.

python -m tests.fresh -- SUITE COMMAND…     runs one command there and ends with its exit code
"""
