# SPDX-License-Identifier: Apache-2.0
"""More requests than may wait for a worker (nginx/queue.conf): refused at once, in each protocol's words, without a trace."""
import contextlib
import json
import os
import re
import resource
import select
import signal
import socket

import pytest
import second_nginx
from kubernetes import CLONE, NAMESPACE
from livy import Livy
from spark_rest import CREATE, SPARK_SUBMIT, creation
from waiting import LIMIT_S, wait_for

QUEUE = (CLONE / "nginx/queue.conf").read_text()
SUBMISSIONS, REQUESTS = (int(re.search(rf"^limit_conn {zone} (\d+);", QUEUE, re.M).group(1))
                         for zone in ("sparkgate_submissions", "sparkgate_requests"))
MORE = 40


class Sent:
    """A request whose answer nobody has waited for yet."""

    def __init__(self, port, method, path, body=None, headers=None):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        body = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: gateway", "Connection: close", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        with contextlib.suppress(ConnectionError):  # it was closed at once
            self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def is_answered(self):
        look = select.poll()  # select() knows no descriptors as high as these
        look.register(self.socket, select.POLLIN)
        return bool(look.poll(0))

    def answer(self):
        """Status, headers by lower-case name, body; a status of None: the connection was closed without."""
        with self.socket:
            head, _, body = Livy.read_all(self.socket).partition(b"\r\n\r\n")
        if not head:
            return None, {}, ""
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(first.split()[1]), headers, body.decode()


def answered(requests):
    return [request for request in requests if request.is_answered()]


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * REQUESTS), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def signal_all(pids, number):
    for pid in pids:
        os.kill(pid, number)


@pytest.fixture
def still(stack, repaired):
    """Workers that do nothing, as long as a test wants: what comes meanwhile waits for them."""
    pids = stack.worker_pids()

    signal_all(pids, signal.SIGSTOP)
    yield lambda: signal_all(pids, signal.SIGCONT)
    signal_all(pids, signal.SIGCONT)


def post(stack, number):
    return Sent(stack.livy.port, "POST", "/batches", {"file": "local:///opt/app.py", "name": f"one-of-many-{number}"})


def test_submissions_beyond_the_queue_are_refused_and_the_others_all_made(stack, clean, many_files, still):
    sent = [post(stack, number) for number in range(SUBMISSIONS + MORE)]
    wait_for("those beyond it to be refused", lambda: len(answered(sent)) == MORE)
    refused = answered(sent)
    reads = [Sent(stack.livy.port, "GET", "/batches?size=1"), Sent(stack.livy.port, "DELETE", "/batches/999999999")]
    others = {
        "livy": Sent(stack.everything.port, "POST", "/batches", {"file": "local:///opt/app.py"}),
        "spark": Sent(stack.spark_port, "POST", CREATE, creation()),
        "spark-submit": Sent(stack.spark_port, "POST", CREATE, creation(), SPARK_SUBMIT),
        "k8s": Sent(stack.spark_port, "POST", f"/api/v1/namespaces/{NAMESPACE}/pods", {"kind": "Pod"}),
    }
    refusals = {name: request.answer() for name, request in others.items()}
    for name in ("livy", "spark", "k8s"):
        assert (refusals[name][0], refusals[name][1]["retry-after"]) == (503, "2"), refusals[name]
    assert "try again" in json.loads(refusals["livy"][2])["msg"]
    assert json.loads(refusals["spark"][2])["action"] == "ErrorResponse"
    assert json.loads(refusals["k8s"][2])["kind"] == "Status"
    assert refusals["spark-submit"][0] == 500 and "try again" in refusals["spark-submit"][2], "as it is told all failures"
    assert stack.livy.get("/nginx/healthz").status == 200
    assert len(answered(sent)) == MORE and not answered(reads), "who does not submit is not counted among them"
    for request in refused:
        status, headers, _ = request.answer()
        assert (status, headers["retry-after"]) == (503, "2")
    still()
    made = [request.answer() for request in sent if request not in refused]
    assert [status for status, _, _ in made] == [201] * SUBMISSIONS
    assert [request.answer()[0] for request in reads] == [200, 404]
    ids = sorted(json.loads(body)["id"] for _, _, body in made)
    assert ids == [row["id"] for row in stack.postgres.rows("SELECT id FROM batch ORDER BY id")]


def test_each_that_was_taken_has_its_object(stack, kube, clean, many_files, still):
    sent = [post(stack, number) for number in range(SUBMISSIONS + MORE)]
    wait_for("those beyond it to be refused", lambda: len(answered(sent)) == MORE)
    still()
    statuses = [request.answer()[0] for request in sent]
    assert sorted(statuses) == [201] * SUBMISSIONS + [503] * MORE
    names = {row["object_name"] for row in stack.postgres.rows("SELECT object_name FROM batch")}
    assert len(names) == SUBMISSIONS
    wait_for("an object of each", lambda: {made["metadata"]["name"] for made in kube.applications()} == names)


def test_all_kinds_together_leave_place_for_probes(stack, livy, many_files, still):
    batches = [Sent(livy.port, "GET", "/batches?size=1") for _ in range(REQUESTS + MORE)]
    wait_for("those beyond the queue to be refused", lambda: len(answered(batches)) == MORE)
    probe = Sent(stack.everything.port, "GET", "/readyz")
    assert livy.get("/nginx/healthz").status == 200
    state = Sent(livy.port, "GET", "/batches/1/state").answer()
    assert (state[0], state[1]["retry-after"]) == (503, "2")
    assert not probe.is_answered(), "it waits for a worker, and has a place"
    still()
    assert probe.answer()[0] == 200
    assert sorted(request.answer()[0] for request in batches) == [200] * REQUESTS + [503] * MORE


def test_nobody_hangs_when_nginx_has_no_connection_left(stack, livy, many_files, repaired):
    """Who waits takes two of them. The last ones are answered 503, or their connections are closed at once."""

    def few(text):
        return text.replace("worker_processes auto;", "worker_processes 1;").replace("worker_connections 4096;",
                                                                                     "worker_connections 64;")

    with second_nginx.opened(stack, few) as front:
        pids = stack.worker_pids()
        signal_all(pids, signal.SIGSTOP)
        try:
            sent = [Sent(front.port, "GET", "/batches?size=1") for _ in range(200)]
            wait_for("those without a place to be told so", lambda: len(answered(sent)) > len(sent) / 2)
        finally:
            signal_all(pids, signal.SIGCONT)
        ends = {request.answer()[0] for request in sent}
        assert 200 in ends and len(ends) > 1 and ends <= {200, 503, None}, ends
        assert front.get("/readyz").status == 200
