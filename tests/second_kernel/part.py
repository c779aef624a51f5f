"""The tests that `make test` repeats in the second kernel: those whose answer is that kernel's, not the host's.

`make second-kernel` runs all of `tests/contract` and `tests/kernel` there. Emulation is some ten times slower than the
machine, so a test is listed here when it says something of cgroup v2 or of another kernel that none before it says.
"""

from __future__ import annotations

CGROUPS = """
    tests/contract/test_cgroup.py
    tests/contract/test_cgroup_devices.py
    tests/kernel/test_metrics.py
    tests/kernel/test_limits.py::test_update_changes_kernel_specification_and_answers_alike
    tests/kernel/test_limits.py::test_a_limit_of_memory_limits_swap_too_and_moves_it_along
    tests/kernel/test_limits.py::test_devices_are_those_of_the_specification
    tests/kernel/test_history.py::test_history_says_what_the_kernel_s_files_say
"""
"""The driver of pure v2 whole (limits, devices, freezer, kills, pressure, memory that runs out), and who reads it."""

RUNTIMES = """
    tests/contract/test_runtime.py::test_a_container_ends_with_the_code_of_its_command
    tests/contract/test_runtime.py::test_its_processes_are_in_the_groups_that_were_made_for_it
    tests/contract/test_runtime.py::test_it_is_shown_no_group_but_its_own
    tests/contract/test_runtime.py::test_an_exec_is_in_the_containers_namespaces
    tests/contract/test_runtime.py::test_what_is_created_waits_until_it_is_started
    tests/contract/test_runtime_ends.py::test_a_released_container_that_is_cleaned_up_leaves_nothing
    tests/contract/test_runtime_ends.py::test_a_shim_that_was_killed_is_told_as_such
"""
"""A life on each runtime, and the groups that its processes are in."""

STORAGE = """
    tests/contract/test_storage.py::test_a_snapshot_shows_its_layers_with_the_top_one_on_top
    tests/contract/test_storage.py::test_changes_are_told_by_path_as_added_changed_and_deleted
    tests/kernel/test_storage_overlay.py
"""
"""Each storage driver on that kernel's file systems."""

ENGINE = """
    tests/kernel/test_lifecycle.py::test_a_running_container_has_its_own_namespaces
    tests/kernel/test_lifecycle.py::test_start_wait_and_remove_leave_nothing
    tests/kernel/test_lifecycle.py::test_freeze_stops_every_process_and_thaw_lets_them_go_on
    tests/kernel/test_lifecycle.py::test_kill_ends_a_container_even_frozen
    tests/kernel/test_lifecycle.py::test_limits_are_in_the_kernel_s_files
    tests/kernel/test_lifecycle.py::test_too_much_memory_is_ended_by_the_kernel_and_said_so
    tests/kernel/test_lifecycle.py::test_a_container_outlives_its_engine_with_log_and_exit_code
    tests/kernel/test_safety.py::test_seccomp_filters_and_its_refusals_reach_the_program
    tests/kernel/test_safety.py::test_devices_that_are_not_its_own_cannot_be_opened
    tests/kernel/test_safety.py::test_privileged_has_all_that_the_host_has
    tests/kernel/test_host_usage.py
"""
"""All of it together, from start to removal."""

PART = tuple(f"{CGROUPS}{RUNTIMES}{STORAGE}{ENGINE}".split())
