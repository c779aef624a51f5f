"""Questions and messages over a screen, one a file."""
