"""The logs that shims write, read again."""
