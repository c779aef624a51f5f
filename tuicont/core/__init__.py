"""The container engine. It never imports textual or rich and runs without them."""
