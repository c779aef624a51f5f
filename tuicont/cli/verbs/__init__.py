"""The verbs, each in the module of its name; a family shares one where its code is one. None knows another.

A module has `COMMANDS`: a `Command` for each verb that it holds. `cli/table.py` says which module that is.
"""
