# SPDX-License-Identifier: Apache-2.0
"""Five hundred clients of --master k8s:// that wait at once, until each has seen how its driver ended."""
import concurrent.futures
import contextlib
import http.client
import os
import resource
import signal

import pytest
from figures import cpu_s, memory_mb
from k8s_client import PODS, Driver, Stubborn, report, watch_path
from k8s_watch import HttpWatch, WebSocketWatch
from process import children
from waiting import LIMIT_S, wait_for

CLIENTS, DRIVERS = 500, 25
FEW_FILES = 64  # fewer than any share of what 500 clients need, however many processes nginx has
IDLE_CPU_S = 1.0  # of all workers together; if they had a part in each event it would be several
IDLE_GROWTH_MB = 8


@pytest.fixture
def front(stack, repaired):
    """nginx, begun where a process may have few files open: how many it needs it has to know itself."""
    nginx = stack.nginx
    before = children(nginx.pid)
    resource.prlimit(nginx.pid, resource.RLIMIT_NOFILE, (FEW_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    nginx.signal(signal.SIGHUP)
    wait_for("nginx's next processes", lambda: children(nginx.pid) and not {*before} & {*children(nginx.pid)})
    yield nginx
    nginx.stop()


def open_files(front):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in children(front.pid))


def costs(stack):
    """CPU seconds and memory of the workers, together."""
    pids = stack.worker_pids()
    return sum(map(cpu_s, pids)), sum(memory_mb(pid, "VmRSS") for pid in pids)


class Waiting:
    """What spark-submit does after it has submitted."""

    def __init__(self, stack, driver, kind):
        self.driver = driver
        self.watch = wait_for("a watch", lambda: self.opened(kind, stack.spark_port))
        assert self.watch.status == (101 if kind is WebSocketWatch else 200), self.watch.headers

    def opened(self, kind, port):
        """None: it is to try again."""
        watch = kind(port, watch_path(self.driver))
        if watch.status != 503:
            return watch
        return watch.socket.close()

    def status(self, phase):
        """Of its driver's pod, in the next event that has this phase."""
        while (pod := self.watch.event()["object"])["status"]["phase"] != phase:
            assert pod["metadata"]["name"] == self.driver.pod_name
        return pod["status"]


def test_five_hundred_wait_at_once_and_each_sees_its_end(stack, kube, k8s, clean, front):
    codes = {Driver(f"waited-{code}"): code for code in range(DRIVERS)}
    plan = [(driver, kind) for driver in codes for kind in (HttpWatch, WebSocketWatch)] * (CLIENTS // DRIVERS // 2)
    with concurrent.futures.ThreadPoolExecutor(8) as pool, contextlib.ExitStack() as sockets:
        for _, ended in pool.map(Stubborn(stack.spark_port).submit, codes):
            assert ended.status == 201, ended
        clients = list(pool.map(lambda pair: Waiting(stack, *pair), plan))
        for client in clients:
            sockets.callback(client.watch.socket.close)
            client.status("Pending")
        assert len(clients) == CLIENTS and open_files(front) >= 2 * CLIENTS, "nginx carries each of them"

        cpu_before, memory_before = costs(stack)
        for driver in codes:
            report(kube, driver, "Running")
        for client in clients:
            client.status("Running")
        for driver, code in codes.items():
            report(kube, driver, "Failed" if code else "Succeeded", code)
        for client in clients:
            code = codes[client.driver]
            (container,) = client.status("Failed" if code else "Succeeded")["containerStatuses"]
            assert container["state"]["terminated"]["exitCode"] == code
        cpu, memory = costs(stack)
        assert cpu - cpu_before < IDLE_CPU_S and memory - memory_before < IDLE_GROWTH_MB, "the workers had nothing to do"

        answers = list(pool.map(lambda driver: k8s.pod(driver.pod_name), codes))
        assert {answer.status for answer in answers} == {200}, "all of them are there for others"
        assert k8s.submit(Driver())[1].status == 201 and stack.livy.get("/batches").status == 200
    wait_for("nginx to have hung up", lambda: open_files(front) < CLIENTS / 2)


@pytest.mark.parametrize("door, path, words", [
    ("spark", f"{PODS}/any-driver", '"reason":"ServiceUnavailable"'),
    ("spark", "/v1/submissions/status/driver-1", '"action" : "ErrorResponse"'),
    ("livy", "/batches", '{"msg":'),
])
def test_a_front_that_can_open_nothing_more_says_it_in_its_clients_words(stack, k8s, front, door, path, words):
    port = stack.spark_port if door == "spark" else stack.livy.port
    for pid in children(front.pid):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (FEW_FILES,) * 2)
    with contextlib.ExitStack() as held:
        for _ in range(FEW_FILES * len(children(front.pid))):  # each of them keeps its connection
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
            held.callback(client.close)
            client.request("GET", path)
            answer = client.getresponse()
            text = answer.read().decode()
            if answer.status >= 500:
                break
    assert answer.status == 503 and words in text, (answer.status, text)
