"""What is done with containers that are there: their tasks controlled, entered and looked at, their files copied."""
