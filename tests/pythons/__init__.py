"""The other Pythons of this machine, each with the tests' packages in a virtual environment of its own.

python -m tests.pythons [ARGUMENTS OF PYTEST…]     runs all unit and interface tests on each; `make pythons`
"""
