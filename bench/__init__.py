"""`make bench`: one table of what tuicont costs, measured in one run against what the kernel itself costs
and against other runtimes on the same machine.

    python -m bench [--quick] [--json]
"""
