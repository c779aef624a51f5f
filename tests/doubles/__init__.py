"""What stands in for the kernel or the engine where a test is about something else."""
