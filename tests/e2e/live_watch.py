# SPDX-License-Identifier: Apache-2.0
"""Records what the Kubernetes API shows of a kind of object, and when, by a watch of its own (kubectl get --watch)."""
import json
import subprocess
import threading
import time


class LiveWatch:
    """Every (object name, uid) ever seen, with the time at which each of its states was first seen.

    The watch is begun anew when the API server ends it; it then starts with a list, so nothing that still exists is
    missed. Objects and driver pods of finished batches stay for a day, so nothing has vanished meanwhile.
    """

    def __init__(self, stack, kind, state_of, selector=None):
        self.state_of = state_of
        self.seen = {}  # (name, uid) -> {state: time.time()}
        self.command = stack.kubectl_command(
            "get", kind, "--watch", "--output-watch-events", "-o", "json",
            *([] if selector is None else ["-l", selector]),
        )
        self.stopping = threading.Event()
        self.process = None
        self.thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        while self.thread.is_alive():
            if self.process is not None:
                self.process.kill()
            self.thread.join(0.1)

    def _follow(self):
        while not self.stopping.is_set():
            with subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ) as self.process:
                self._read(self.process.stdout)
            self.stopping.wait(0.2)

    def _read(self, stream):
        for line in stream:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # cut off by the end of the API server; the next list has it again
            self._note(event)

    def _note(self, event):
        item = event["object"]
        if "uid" in item.get("metadata", {}):
            key = (item["metadata"]["name"], item["metadata"]["uid"])
            self.seen.setdefault(key, {}).setdefault(self.state_of(item), time.time())

    def uids(self, name):
        return [uid for seen_name, uid in list(self.seen) if seen_name == name]

    def times(self, name):
        """State to time of the one object of that name."""
        (uid,) = self.uids(name)
        return dict(self.seen[(name, uid)])


def application_state(item):
    return item.get("status", {}).get("applicationState", {}).get("state", "")


def pod_phase(item):
    return item.get("status", {}).get("phase", "")
