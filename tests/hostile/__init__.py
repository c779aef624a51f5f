"""What a hostile container tries."""
