"""The engine's vocabulary: frozen values without behaviour beyond their own rules.

Every type is a frozen `msgspec.Struct`: hashable, comparable, and its own JSON form. Nothing here
touches the system. Sizes are bytes, times are nanoseconds since the epoch, unless a name says so.
"""
