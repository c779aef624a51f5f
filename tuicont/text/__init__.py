"""What people type and read, in a command, a form or a table: sizes, times, mounts. Pure."""
