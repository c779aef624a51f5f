"""What was measured: taken and kept."""
