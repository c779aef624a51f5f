"""What Docker calls things: the fields of its listings, in its units. Pure.

Its users' templates and scripts work by these names. The engine answers with its own facts, which nothing else tells in
Docker's words. A module a thing; a field of a listing is one `Column`.
"""
