"""What `inspect` tells, on the command line and in the TUI: Docker's keys in Docker's units, made of what the engine's
own `inspect` answers. Pure. What Docker has and this engine has not is there with the value that Docker gives for none.
"""
