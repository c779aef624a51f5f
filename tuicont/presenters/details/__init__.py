"""What the details tabs show, as pure functions from model values to lines of text with roles."""
