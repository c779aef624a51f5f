"""What comes by itself: events as they happen, samples as they are taken."""
