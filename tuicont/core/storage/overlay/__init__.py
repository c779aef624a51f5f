"""The overlay storage driver."""
