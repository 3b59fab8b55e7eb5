# SPDX-License-Identifier: Apache-2.0
"""What measurements are told in: shares of sorted values, memory and CPU of processes."""
import os
import pathlib
import re

from process import descendants


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def memory_mb(pid, field, file="status"):
    text = pathlib.Path(f"/proc/{pid}/{file}").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) / 1024


def cpu_s(pid, with_ended_children=False):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15 if with_ended_children else 13]) / os.sysconf("SC_CLK_TCK")


def tree(pid):
    return [pid, *descendants(pid)]


def tree_cpu_s(pid):
    """Of a process, of all that it has started, and of those among them that have ended and were waited for."""
    return _sum(lambda one: cpu_s(one, with_ended_children=True), tree(pid))


def tree_memory_mb(pid):
    """Resident, pages that several of them share counted once (PSS)."""
    return _sum(lambda one: memory_mb(one, "Pss", "smaps_rollup"), tree(pid))


def _sum(figure, pids):
    total = 0
    for pid in pids:
        try:
            total += figure(pid)
        except (FileNotFoundError, ProcessLookupError, AttributeError):
            pass  # it has ended meanwhile
    return total
