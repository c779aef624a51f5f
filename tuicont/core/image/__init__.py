"""Images: names, content by digest, layers unpacked into a storage driver, archives in and out."""
