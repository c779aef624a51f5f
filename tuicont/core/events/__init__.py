"""How one process learns that another has changed something."""
