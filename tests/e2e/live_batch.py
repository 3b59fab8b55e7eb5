# SPDX-License-Identifier: Apache-2.0
"""A batch as a client of the Livy API sees it: plain HTTP through nginx."""
import json
import time
import urllib.error
import urllib.request

from live_stack import QUICK_JAVA
from waiting import LIMIT_S

FINAL_STATES = ("success", "dead", "killed", "error")
PROGRAMS = "local:///opt/sparkgate"
PI = "local:///opt/spark/examples/src/main/python/pi.py"

# Many small drivers on a small machine.
SMALL = {
    "spark.kubernetes.driver.request.cores": "50m",
    "spark.kubernetes.driverEnv.JAVA_TOOL_OPTIONS": QUICK_JAVA,
}

# Spark waits 10 s for the Kubernetes API, and then gives up; and 30 s for its executors, and then begins with fewer, which
# may have done it all before the others are there. Many Java programs on a small machine take longer.
PATIENT = {
    **{f"spark.kubernetes.{who}.{what}Timeout": "180000"
       for who in ("driver", "submission") for what in ("connection", "request")},
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "600s",
}

# Spark deletes its executors at its end, perhaps before an operator has looked at them.
KEPT_EXECUTORS = {"spark.kubernetes.executor.deleteOnTermination": "false"}


def call(url, method="GET", body=None, limit_s=LIMIT_S, headers=None):
    """Status and parsed answer; an error status is an answer like any other."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=limit_s) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        with error:
            text = error.read()
        try:
            return error.code, json.loads(text or "null")
        except ValueError:
            return error.code, text.decode(errors="replace")


def program_lines(log):
    """What lines.py printed: spark-submit writes around it, and so does Airflow."""
    return [line for line in log if line.startswith("line ")]


class KnownBatch:
    """One that somebody has submitted."""

    def __init__(self, stack, batch_id):
        self.stack = stack
        self.id = batch_id
        self.seen = {}  # state -> time.time() at which a client first saw it

    @property
    def url(self):
        return f"{self.stack.livy_url}/batches/{self.id}"

    def note(self, state):
        self.seen.setdefault(state, time.time())
        return state

    def state(self):
        status, answer = call(f"{self.url}/state")
        assert status == 200, (status, answer)
        return self.note(answer["state"])

    def show(self):
        status, answer = call(self.url)
        assert status == 200, (status, answer)
        return answer

    def delete(self):
        return call(self.url, "DELETE")

    def log(self, query="from=0&size=100"):
        status, answer = call(f"{self.url}/log?{query}")
        assert status == 200, (status, answer)
        return answer

    def row(self):
        return self.stack.row(f"SELECT * FROM batch WHERE id = {self.id}")

    def events(self):
        return self.stack.rows(
            "SELECT kind, state, reason, message, actor, extract(epoch from at) AS at_s "
            f"FROM batch_event WHERE batch_id = {self.id} ORDER BY id"
        )

    def wait(self, *wanted, limit_s=LIMIT_S):
        """Polls until one of these states; another final state fails at once, with all that is known."""
        deadline = time.monotonic() + limit_s
        while (state := self.state()) not in wanted:
            assert state not in FINAL_STATES, f"batch {self.id} is {state}, not {wanted}: {self.story()}"
            assert time.monotonic() < deadline, f"batch {self.id} is still {state} after {limit_s} s: {self.story()}"
            time.sleep(0.05)
        return state

    def story(self):
        lines = "\n".join(self.log("size=15")["log"])
        return f"{self.show()}\n{self.events()}\n{lines}"


class LiveBatch(KnownBatch):
    """One that this client submits."""

    def __init__(self, stack, file, **fields):
        status, answer = call(f"{stack.livy_url}/batches", "POST", {"file": file, **fields})
        assert status == 201, (status, answer)
        super().__init__(stack, answer["id"])
        self.note(answer["state"])
