# SPDX-License-Identifier: Apache-2.0
"""Clients that poll a batch's state, and which of their answers nginx had kept (nginx/polls.conf)."""
import contextlib
import http.client
import itertools
import pathlib
import re
import shutil
import threading

from waiting import LIMIT_S, wait_for

NUMBERS = itertools.count()
POLLS_DIR = re.compile(r"^fastcgi_cache_path (\S+)/nginx-polls ", re.M)


def new_id():
    """Of a request, by which it is found in the workers' log."""
    return f"poll-{next(NUMBERS)}"


class Poll:
    """One answer, and whether a worker was asked for it."""

    def __init__(self, port, batch_id, connection=None, headers=None):
        self.id = new_id()
        connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
        connection.request("GET", f"/batches/{batch_id}/state", headers={"X-Request-Id": self.id, **(headers or {})})
        answer = connection.getresponse()
        self.status, self.headers, self.body = answer.status, answer.getheaders(), answer.read()


def asked_workers(stack):
    """The ids of all polls that a worker has answered; it writes its line before its answer."""
    return set(re.findall(r" request=(poll-\d+) ", stack.workers.log_text()))


class Pollers:
    """Clients that ask for the states of some batches all the time, so that nginx has their answers."""

    def __init__(self, stack, ports, count=4, headers=None):
        self.stack, self.headers = stack, headers
        self.batches, self.done, self.failures = [], [], []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.poll, args=(port,)) for port in ports for _ in range(count)]

    def poll(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
        with contextlib.closing(connection):
            while not self.stopping.is_set():
                for batch_id in list(self.batches):
                    poll = Poll(port, batch_id, connection, self.headers)
                    if poll.status != 200:
                        self.failures.append((poll.status, poll.body))
                    self.done.append(poll.id)
                if not self.batches:
                    self.stopping.wait(0.01)

    def kept(self):
        """How many were answered without a worker."""
        done = list(self.done)
        return len(set(done) - asked_workers(self.stack))

    def watch(self, batch_ids):
        """Returns when answers about these are kept."""
        self.batches = list(batch_ids)
        before = self.kept()
        wait_for("kept answers", lambda: self.kept() > before + len(self.threads))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures


def remove_polls(nginx_dir):
    """What an nginx that has ended kept in memory, where nginx/render has found a place for it."""
    with contextlib.suppress(FileNotFoundError):
        place = pathlib.Path(POLLS_DIR.search((nginx_dir / "polls.conf").read_text()).group(1))
        shutil.rmtree(place / "nginx-polls", ignore_errors=True)
        if place != nginx_dir:
            place.rmdir()
