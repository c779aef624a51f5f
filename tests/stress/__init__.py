"""Attacks on the whole program, seeded and bounded in time: `make stress`, and a short form in `make test`."""
