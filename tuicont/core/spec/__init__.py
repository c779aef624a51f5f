"""From what a user asks for to an OCI runtime specification (config.json, 1.2).

Pure: host facts, the image's configuration and the image's own user files are passed in. Knows nothing of
how a runtime carries the specification out.
"""
