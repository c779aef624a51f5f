"""The keeper of containers: one small C process (core/native/shim) for each; how it is started, found and talked to.

Knows processes, their input and output, and their ends; it knows neither namespaces nor specifications, and what a
child does on its way to its command it passes on as bytes (`Order`). Nobody else knows the names and formats of what a
shim leaves in the file system.
"""
