# SPDX-License-Identifier: Apache-2.0
"""Background programs with a pid file and a log each, ended by their process id, as in deploy/lib/process.sh."""
import contextlib
import os
import pathlib
import subprocess
from signal import SIGKILL, SIGTERM

from waiting import wait_for


def start_ticks(pid):
    """Field 22 of /proc/PID/stat, which tells a process from a later one of the same id; None: it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The first thread may have ended while others still end, and with them the process's ports.
    return None if fields[0] == "Z" and len(threads(pid)) < 2 else int(fields[19])


def threads(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []


def children(pid):
    """Of all its threads: each has those that it made itself."""
    found = []
    for thread in threads(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, pathlib.Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def parent(pid):
    """Of a process that is there."""
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def descendants(pid):
    """Children, theirs, and so on; a child comes after its parent."""
    found = children(pid)
    for child in found:
        found += children(child)
    return found


class Process:
    """One program. The pid file outlives a test run that was killed, so that the next one can end what it left."""

    def __init__(self, directory, name, command, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.environment = environment
        self.pid_file = pathlib.Path(directory) / "run" / f"{name}.pid"
        self.log = pathlib.Path(directory) / "log" / f"{name}.log"
        self.popen = None

    @property
    def pid(self):
        """None when it has ended, or a stranger has its number by now."""
        if self.popen is not None:
            self.popen.poll()  # a child that ended is reaped, or it would stay a zombie
        try:
            pid, ticks = (int(word) for word in self.pid_file.read_text().split()[:2])
        except (FileNotFoundError, ValueError):
            return None
        return pid if start_ticks(pid) == ticks else None

    def start(self):
        assert self.pid is None, f"{self.name} runs already"
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                start_new_session=True,  # Ctrl-C is for the tests, which then end it in order
            )
        self.pid_file.write_text(f"{self.popen.pid}\n{start_ticks(self.popen.pid)}\n")
        return self

    def wait_ready(self, condition):
        """A program that ended, because its port is taken, say, is told at once, with its last words."""
        def ready_or_ended():
            return condition() or self.pid is None

        wait_for(f"{self.name} to be ready", ready_or_ended)
        assert self.pid is not None, f"{self.name} ended:\n{self.log_text()[-2000:]}"

    def signal(self, number):
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)
        return pid is not None

    def stop(self, number=SIGTERM, limit_s=60):
        if self.signal(number):
            try:
                wait_for(f"the end of {self.name}", lambda: self.pid is None, limit_s)
            except AssertionError:
                # multiwatch passes a signal on to its children, but one that is just being made loses it
                self.kill9_with_descendants()
        self.pid_file.unlink(missing_ok=True)

    def kill9(self):
        if self.signal(SIGKILL):
            wait_for(f"the end of {self.name}", lambda: self.pid is None)
        self.pid_file.unlink(missing_ok=True)

    def kill9_with_descendants(self):
        """As when the machine fails: nobody is left to notice the end of somebody else."""
        pid = self.pid
        for one in [] if pid is None else [pid, *descendants(pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, SIGKILL)
        self.kill9()

    def log_text(self, since=0):
        try:
            return self.log.read_bytes()[since:].decode(errors="replace")
        except FileNotFoundError:
            return ""

    def log_size(self):
        return self.log.stat().st_size if self.log.exists() else 0
