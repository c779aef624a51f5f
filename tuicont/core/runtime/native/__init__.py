"""tuicont's own runtime: a plan of kernel operations that a small C shim carries out."""
