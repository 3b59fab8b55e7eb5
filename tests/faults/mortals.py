# SPDX-License-Identifier: Apache-2.0
"""Workers and watchers that are killed all the time, and somebody who starts them again, as systemd would."""
import asyncio
import collections
import contextlib
import os
import random
import signal
import socket


class Mortals:
    """count processes of one program. `killed` counts ends by SIGKILL; any other end is a fault and kept in `crashed`."""

    def __init__(self, command, count, environment, log, listen=None):
        # Nobody of them outlives this run, however it ends.
        self.command = ["setpriv", "--pdeathsig", "KILL", "--", *(str(word) for word in command)]
        self.environment, self.log = environment, log
        self.count = count
        self.killed, self.crashed = 0, []
        self.processes = {}
        self.going_on = True
        self.listener = None
        if listen is not None:
            listen.unlink(missing_ok=True)
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(listen))
            listen.chmod(0o600)
            self.listener.listen(1024)

    async def start(self):
        self.keepers = [asyncio.create_task(self.keep(number)) for number in range(self.count)]

    async def keep(self, number):
        with open(self.log, "ab") as log:
            while self.going_on:
                process = await asyncio.create_subprocess_exec(
                    *self.command, env=self.environment, start_new_session=True, stdout=log, stderr=log,
                    stdin=self.listener.fileno() if self.listener else asyncio.subprocess.DEVNULL)
                self.processes[number] = process
                if not self.going_on:  # stop() came while it was being started
                    process.terminate()
                status = await process.wait()
                if status == -signal.SIGKILL:
                    self.killed += 1
                elif self.going_on and status != -signal.SIGTERM:
                    self.crashed.append(status)
                    await asyncio.sleep(0.2)

    def kill_one(self):
        """True when there was one."""
        running = [process for process in self.processes.values() if process.returncode is None]
        if not running:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.choice(running).pid, signal.SIGKILL)
        return True

    async def stop(self):
        self.going_on = False
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await asyncio.gather(*self.keepers)
        if self.listener:
            self.listener.close()


def failpoint_counts(file):
    try:
        return collections.Counter(file.read_text().split())
    except FileNotFoundError:
        return collections.Counter()
