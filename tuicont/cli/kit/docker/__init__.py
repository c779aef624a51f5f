"""What Docker calls things: the fields of its listings and the keys of its `inspect`, in its units. Pure.

Its users' templates and scripts work by these names. The engine answers with its own facts, which nothing else tells in
Docker's words. A module a thing; a field of a listing is one `Column`.
"""
