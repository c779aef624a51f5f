"""Samples over time: rates, history, and the collector that takes them. Knows no cgroup file."""
