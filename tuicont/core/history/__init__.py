"""What was measured: taken, kept, and the rates between two samples."""
