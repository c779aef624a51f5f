"""What was measured: taken, packed and kept."""
