"""Directory trees as a whole: removed, measured, thrown away; and the chores that nobody waits for."""
