"""A terminal in a pane."""
