"""Images in archives and layouts, as other programs write them, and their way into the store."""
