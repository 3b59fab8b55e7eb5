# SPDX-License-Identifier: Apache-2.0
"""kill -9 of workers and watchers at any instant loses nothing, doubles nothing and needs no repair."""
import concurrent.futures
import contextlib
import os
import signal
import threading

import pytest
import requests
from process import start_ticks
from test_kubernetes_faults import all_pushed, frozen, pid_of
from waiting import LIMIT_S, wait_for

POST = {"file": "local:///a.py"}
LEASES = ("FROM pg_locks WHERE locktype = 'advisory' AND granted "
          "AND database = (SELECT oid FROM pg_database WHERE datname = 'sparkgate')")

pytestmark = pytest.mark.usefixtures("clean", "repaired")


def kill9(pid):
    os.kill(pid, signal.SIGKILL)
    wait_for(f"the end of {pid}", lambda: start_ticks(pid) is None)


def test_a_worker_that_is_killed_is_replaced(stack, livy):
    before = stack.worker_pids()
    for pid in before:
        kill9(pid)
    wait_for("new workers", lambda: len(stack.worker_pids()) == len(before))
    assert not set(stack.worker_pids()) & set(before)
    assert livy.get("/batches").status == 200


@pytest.mark.usefixtures("impatient")  # the dead worker's claim is over soon
def test_a_worker_killed_between_commit_and_push(stack, kube, livy):
    """The API server is frozen, so the worker hangs in its create; then it is killed; then the server goes on."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool, frozen(kube):
        posting = pool.submit(livy.post, POST)
        row = wait_for("the commit", lambda: (stack.postgres.rows("SELECT * FROM batch") or [None])[0])
        for pid in stack.worker_pids():
            kill9(pid)
        answer = posting.result()
        assert answer.status == 503 and answer.headers["retry-after"]
    row = stack.wait_state(row["id"], "starting")
    assert [item["metadata"]["name"] for item in kube.applications()] == [row["object_name"]]
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1


@pytest.mark.usefixtures("impatient")
def test_a_client_that_repeats_its_key_after_that_gets_the_same_batch(stack, kube, livy):
    key = {"Idempotency-Key": "after a crash"}
    with concurrent.futures.ThreadPoolExecutor(1) as pool, frozen(kube):
        posting = pool.submit(livy.post, POST, headers=key)
        wait_for("the commit", lambda: stack.postgres.rows("SELECT 1 FROM batch"))
        for pid in stack.worker_pids():
            kill9(pid)
        assert posting.result().status == 503
    wait_for("new workers", lambda: len(stack.worker_pids()) == 2)
    again = livy.post(POST, headers=key)
    assert again.status == 201
    stack.wait_state(again.json()["id"], "starting")
    assert len(kube.applications()) == 1 == stack.postgres.value("SELECT count(*) FROM batch")


def test_a_second_watcher_takes_over(stack, kube, livy):
    batch_id = livy.submit()["id"]
    name = stack.wait_state(batch_id, "starting")["object_name"]
    second = stack.start_watcher("watcher-2")
    try:
        wait_for("it to wait", lambda: "lease_held_by_another" in second.log_text())
        stack.watcher.kill9()
        kube.report(name, "RUNNING")
        stack.wait_state(batch_id, "running")
    finally:
        second.stop()


def test_a_watcher_that_hangs_does_not_keep_what_it_cannot_hold(stack, kube, livy):
    """Its connection is ended, so the lease is free; when it goes on it has lost it, and one of them follows."""
    second = stack.start_watcher("watcher-2")
    try:
        wait_for("it to wait", lambda: "lease_held_by_another" in second.log_text())
        os.kill(stack.watcher.pid, signal.SIGSTOP)
        stack.postgres.execute(f"SELECT pg_terminate_backend(pid) {LEASES}")
        wait_for("the second one to lead", lambda: "lease_taken" in second.log_text())
        os.kill(stack.watcher.pid, signal.SIGCONT)
        batch_id = livy.submit()["id"]
        kube.report(stack.wait_state(batch_id, "starting")["object_name"], "RUNNING")
        stack.wait_state(batch_id, "running")
        assert stack.postgres.value(f"SELECT count(*) {LEASES}") == 1
    finally:
        with contextlib.suppress(ProcessLookupError, TypeError):
            os.kill(stack.watcher.pid, signal.SIGCONT)
        second.stop()


def test_what_happened_while_no_watcher_ran_is_seen_afterwards(stack, kube, livy):
    ids = [livy.submit()["id"] for _ in range(4)]
    names = [stack.wait_state(batch_id, "starting")["object_name"] for batch_id in ids]
    stack.watcher.kill9()
    kube.delete_application(names[0])
    kube.report(names[1], "COMPLETED")
    kube.report(names[2], "FAILED", "driver container failed with ExitCode: 3, Reason: Error")
    livy.delete(f"/batches/{ids[3]}")
    stack.start_watcher()
    assert stack.wait_state(ids[0], "killed")["reason"] == "deleted_outside"
    assert stack.wait_state(ids[1], "success")["reason"] is None
    assert stack.wait_state(ids[2], "dead")["reason"] == "exit_code"
    assert stack.wait_state(ids[3], "killed")["reason"] == "killed_by_user"


def compact(kube):
    """etcd forgets all old revisions, as the API server has it do every five minutes."""
    url = f"http://127.0.0.1:{23790 + 100 * kube.slot}/v3/kv"
    with requests.Session() as etcd:
        etcd.trust_env = False
        revision = etcd.post(f"{url}/range", json={"key": "AA=="}, timeout=LIMIT_S).json()["header"]["revision"]
        done = etcd.post(f"{url}/compaction", json={"revision": revision, "physical": True}, timeout=LIMIT_S)
        assert done.status_code == 200, done.text


def test_a_watch_whose_place_was_forgotten_lists_anew(stack, kube, livy):
    """The watcher sleeps, its stream is cut, objects change, and neither etcd nor a new API server remembers how."""
    ids = [livy.submit()["id"] for _ in range(2)]
    names = [stack.wait_state(batch_id, "starting")["object_name"] for batch_id in ids]
    log_size = stack.watcher.log_size()
    os.kill(stack.watcher.pid, signal.SIGSTOP)
    try:
        kube.kill9()
        kube.start()
        kube.report(names[0], "COMPLETED")
        kube.delete_application(names[1])
        for number in range(20):
            kube.report(names[0], "COMPLETED", f"change {number}")
        compact(kube)
        kube.kill9()
        kube.start()
    finally:
        os.kill(stack.watcher.pid, signal.SIGCONT)
    stack.wait_state(ids[0], "success")
    assert stack.wait_state(ids[1], "killed")["reason"] == "deleted_outside"
    wait_for("it to have listed anew", lambda: "cluster_synced" in stack.watcher.log_text(log_size))


@pytest.mark.usefixtures("impatient")
def test_everything_killed_while_fifty_are_submitted(stack, kube, livy):
    """Workers, watcher and API server die with -9 in turn; clients repeat with their key what was answered 503."""
    def submit(number):
        def accepted():
            with contextlib.suppress(OSError):
                answer = livy.post({**POST, "name": f"chaos {number}"}, headers={"Idempotency-Key": f"chaos/{number}"})
                assert answer.status in (201, 503), answer
                return answer.status == 201 and answer.json()["id"]

        return wait_for("a batch to be accepted", accepted, interval_s=0.1)

    over = threading.Event()

    def destroy():
        for turn in range(6):
            for pid in stack.worker_pids()[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if turn == 1:
                kube.kill9()
            if turn == 3:
                stack.watcher.kill9()
                stack.start_watcher()
                kube.start()
            over.wait(0.4)

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        destroying = pool.submit(destroy)
        ids = list(pool.map(submit, range(50)))
        over.set()
        destroying.result()
    assert pid_of(kube) and len(set(ids)) == 50 == stack.postgres.value("SELECT count(*) FROM batch")
    all_pushed(stack, 50)
    assert stack.postgres.value("SELECT count(*) FROM batch_push") == 0
    names = {item["metadata"]["name"] for item in kube.applications()}
    assert names == {row["object_name"] for row in stack.postgres.rows("SELECT object_name FROM batch")}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1], ids=lambda number: number.name)
def test_workers_end_in_good_order(stack, livy, number):
    (pid, _) = stack.worker_pids()
    os.kill(pid, number)
    wait_for("its end", lambda: start_ticks(pid) is None)
    wait_for("its successor", lambda: len(stack.worker_pids()) == 2)
    assert livy.get("/batches").status == 200
