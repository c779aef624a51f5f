"""What draws: widgets hold the frozen values that they are given, and nothing else."""
