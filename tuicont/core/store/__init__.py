"""The durable state: one SQLite database a state root, shared by every process that uses the root."""
