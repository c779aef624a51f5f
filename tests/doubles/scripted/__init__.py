"""An engine in memory, for tests of the screens."""
