# SPDX-License-Identifier: Apache-2.0
"""What there is before a case, by name: each is the case's own, and gone after it.

The ones of OPERATED play the operator or take a part away. They need the private stack; where the suite is pointed at a
foreign server they are skipped.
"""
import contextlib
import os
import time

import pytest
import wire
from case import Request, submit
from waiting import wait_for

RUN = f"{os.getpid():x}-{int(time.time()):x}"


class World:
    """The server, what a case has made there, and the stack behind it where it is ours."""

    def __init__(self, livy, stack):
        self.livy, self.stack = livy, stack
        self.made, self.words = [], 0

    def word(self):
        """Never used before; of the server there may be other users."""
        self.words += 1
        return f"contract-{RUN}-{self.words}"

    def send(self, request, known):
        answer = wire.send(self.livy, request, known)
        if request.method == "POST" and answer.status == 201:
            self.made.append(answer.json()["id"])
        return answer

    def submit(self, **fields):
        answer = self.send(submit(**fields), {})
        assert answer.status == 201, answer
        return answer.json()

    def state(self, batch_id):
        return wire.send(self.livy, Request("GET", f"/batches/{batch_id}/state"), {}).json()["state"]

    def total(self):
        return wire.send(self.livy, Request("GET", "/batches?size=0"), {}).json()["total"]

    def clear(self):
        while self.made:
            wire.send(self.livy, Request("DELETE", f"/batches/{self.made.pop()}"), {})

    @property
    def kubernetes(self):
        if self.stack.kubernetes is None:
            pytest.skip(f"no Kubernetes API: {self.stack.no_kubernetes}")
        return self.stack.kubernetes

    def report(self, batch_id, state, message="", **status):
        """Plays the operator."""
        self.kubernetes.report(self.stack.row(batch_id)["object_name"], state, message, **status)


@contextlib.contextmanager
def nothing(world):
    yield {}


@contextlib.contextmanager
def batch(world):
    name = world.word()
    yield {"id": world.submit(name=name)["id"], "name": name}


@contextlib.contextmanager
def unnamed(world):
    yield {"id": world.submit()["id"]}


@contextlib.contextmanager
def five(world):
    """The last five of the list; `first` is where they begin, `total` where they end."""
    ids = [world.submit(name=world.word())["id"] for _ in range(5)]
    total = world.total()
    yield {"ids": ids, "id": ids[0], "total": total, "first": total - 5, "second": total - 4, "beyond": total + 200}


@contextlib.contextmanager
def four_left(world):
    """Five, of which the third was deleted."""
    with five(world) as known:
        wire.send(world.livy, Request("DELETE", f"/batches/{known['ids'].pop(2)}"), {})
        yield {**known, "total": known["total"] - 1}


@contextlib.contextmanager
def deleted(world):
    with batch(world) as known:
        answer = wire.send(world.livy, Request("DELETE", f"/batches/{known['id']}"), {})
        assert answer.status == 200, answer
        yield known


@contextlib.contextmanager
def pushed(world):
    """Its object is there, and a watcher follows it."""
    world.kubernetes
    world.stack.wait_leased()
    with batch(world) as known:
        row = world.stack.wait_state(known["id"], "starting")
        yield {**known, "object": row["object_name"]}


def reported(state, shown, message="", **status):
    @contextlib.contextmanager
    def given(world):
        with pushed(world) as known:
            world.report(known["id"], state, message, **status)
            # It may have been that before; what else was reported tells whether it has been read.
            wait_for(f"the batch to be {shown}", lambda: world.state(known["id"]) == shown and (
                world.stack.row(known["id"])["app_id"] == status.get("sparkApplicationId")))
            yield known
    return given


@contextlib.contextmanager
def listed_success(world):
    """The last of the list."""
    with reported("COMPLETED", "success")(world) as known:
        yield {**known, "last": world.total() - 1}


@contextlib.contextmanager
def removed(world):
    """Somebody else has deleted its object."""
    with pushed(world) as known:
        world.kubernetes.delete_application(known["object"])
        wait_for("the batch to be killed", lambda: world.state(known["id"]) == "killed")
        yield known


@contextlib.contextmanager
def unwanted(world):
    """Kubernetes will never take this file."""
    with world.kubernetes.unwanted_files():
        yield {"unwanted": "local:///unwanted.py"}


def log_of(count):
    @contextlib.contextmanager
    def given(world):
        with batch(world) as known:
            world.stack.write_log(known["id"], [f"line {number}" for number in range(count)])
            yield {**known, "count": count}
    return given


@contextlib.contextmanager
def late_failure(world):
    """success, and then the operator says otherwise; another batch's news show that it has been read."""
    with reported("COMPLETED", "success")(world) as known:
        world.report(known["id"], "FAILED", "too late")
        with reported("RUNNING", "running")(world):
            yield known


@contextlib.contextmanager
def held(world):
    """Running, and its object stays although it was deleted: the kill is not confirmed."""
    merge = {"headers": {"Content-Type": "application/merge-patch+json"}}
    with reported("RUNNING", "running")(world) as known:
        path = world.kubernetes.path(known["object"])
        world.kubernetes.call("PATCH", path, {"metadata": {"finalizers": ["test.example/hold"]}}, **merge)
        try:
            yield known
        finally:
            world.kubernetes.call("PATCH", path, {"metadata": {"finalizers": None}}, **merge)


@contextlib.contextmanager
def thousand(world):
    """More than 1,000 listed ones."""
    world.stack.postgres.execute("""
        INSERT INTO batch (uid, request_digest, protocol, name, cluster, namespace, operator_kind, request, state,
                           accepted_at, finished_at)
        SELECT gen_random_uuid(), '', 'livy', %s || n, 'default', 'spark', 'kubeflow', '{}', 'success', now(), now()
        FROM generate_series(1, 1001) AS n""", (prefix := world.word(),))
    yield {}
    world.stack.postgres.execute("DELETE FROM batch WHERE name LIKE %s || '%%'", (prefix,))


@contextlib.contextmanager
def cluster_away(world):
    with pushed(world) as known:
        world.kubernetes.kill9()
        try:
            yield known
        finally:
            world.kubernetes.start()


@contextlib.contextmanager
def database_away(world):
    with batch(world) as known:
        world.stack.postgres.stop()
        try:
            yield known
        finally:
            world.stack.repair()


@contextlib.contextmanager
def workers_away(world):
    with batch(world) as known:
        world.stack.stop_workers()
        try:
            yield known
        finally:
            world.stack.repair()


ANYWHERE = {None: nothing, "a batch": batch, "a batch without a name": unnamed, "five batches": five,
            "four of five left": four_left, "a deleted batch": deleted}
APP = "spark-5f1c"
OPERATED = {
    "a running batch": reported("RUNNING", "running", sparkApplicationId=APP),
    "a submitted batch": reported("SUBMITTED", "starting", sparkApplicationId=APP),
    "a batch of success": reported("COMPLETED", "success", sparkApplicationId=APP),
    "a listed batch of success": listed_success,
    "a dead batch": reported("FAILED", "dead", "driver container failed with ExitCode: 3, Reason: Error"),
    "a batch whose submission failed": reported("FAILED", "dead", "failed to submit spark application: exit status 1"),
    "a batch whose driver is lost": reported("FAILED", "dead", "driver pod not found"),
    "a batch of unknown state": reported("UNKNOWN", "starting"),
    "a batch removed by somebody else": removed,
    "a success that was reported as a failure later": late_failure,
    "a running batch whose object stays": held,
    "a file that Kubernetes refuses": unwanted,
    "a log of 19 lines": log_of(19),
    "a log of 250 lines": log_of(250),
    "a log of 10001 lines": log_of(10_001),
    "more than 1000 batches": thousand,
    "Kubernetes away": cluster_away,
    "the database away": database_away,
    "the workers away": workers_away,
}


@contextlib.contextmanager
def make(name, world):
    if name in OPERATED and world.stack is None:
        pytest.skip(f"{name}: needs the operator, or a part of the stack, in the tests' hands")
    with {**ANYWHERE, **OPERATED}[name](world) as known:
        yield {"new": world.word(), **known}
