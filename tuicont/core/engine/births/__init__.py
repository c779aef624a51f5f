"""How a container comes to be: its files and record (`create`), and its processes (`starts`).

Order is what makes a crash at any moment harmless. Creating makes files first and the record last: files without a
record are garbage. Starting records nothing before the container runs: a task without a running record is adopted. Both
hold the container's lock, which the kernel releases if the process dies, so that a sweep can tell work in progress from
garbage.
"""
