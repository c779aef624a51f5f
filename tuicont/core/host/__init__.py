"""What the host is and what runs on it: facts, processes, mounts, and what its kernel offers."""
