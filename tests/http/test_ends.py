# SPDX-License-Identifier: Apache-2.0
"""How batches end where the operator does not say so, or nobody looked: see "How a batch ends" in README.md.

Neither operator nor kubelet runs here: the tests write the statuses that these would write.
"""
import contextlib
import signal
import socket

import pytest
from kubernetes import MERGE
from livy import becomes
from test_operations import metrics
from waiting import stays, wait_for


@pytest.fixture(autouse=True)
def no_driver_is_left(clean, kube):
    yield
    kube.delete_drivers()


@pytest.fixture
def running(stack, kube, livy, batch):
    """A batch whose driver runs: its id and the object's name."""
    return run(stack, kube, livy, *batch)


def run(stack, kube, livy, batch_id, name):
    kube.create_driver(name)
    kube.report_driver(name, "Running")
    kube.report(name, "RUNNING", sparkApplicationId="spark-abc", driverInfo={"podName": f"{name}-driver"})
    becomes(livy, batch_id, "running")
    look_at_once(stack, batch_id)
    return batch_id, name


def look_at_once(stack, batch_id):
    """New batches are left alone for a while."""
    stack.postgres.execute(f"UPDATE batch SET pushed_at = pushed_at - interval '1 minute' WHERE id = {batch_id}")


def end_of(stack, batch_id):
    row = stack.row(batch_id)
    return row["state"], row["reason"], row["exit_code"]


@contextlib.contextmanager
def watcher_away(stack):
    stack.watcher.kill9()
    try:
        yield
    finally:
        stack.start_watcher()


@contextlib.contextmanager
def watcher_asleep(stack):
    """It sees what is there before and afterwards, and nothing in between."""
    stack.watcher.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        stack.watcher.signal(signal.SIGCONT)


@pytest.fixture
def silent_node(kube):
    """A node whose kubelet takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as kubelet:
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "silent"}, "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.getsockname()[1]}}}}
        kube.call("POST", "/api/v1/nodes", node)
        yield "silent"
        kube.call("DELETE", "/api/v1/nodes/silent")


# --- the operator is away, or does not notice --------------------------------------------------------------------


@pytest.mark.parametrize("phase, exit_code, container_reason, end", [
    ("Succeeded", 0, "Completed", ("success", None, 0)),
    ("Failed", 3, "Error", ("dead", "exit_code", 3)),
    ("Failed", 143, "Error", ("dead", "exit_code", 143)),
    ("Failed", 137, "OOMKilled", ("dead", "out_of_memory", 137)),
    ("Running", 0, "Completed", ("success", None, 0)),  # another container runs on: operators do not notice
    ("Running", 5, "Error", ("dead", "exit_code", 5)),
    ("Failed", 0, "Completed", ("success", None, 0)),  # another container failed
])
def test_the_driver_s_end_counts_when_its_operator_does_not_tell(
        stack, kube, livy, running, phase, exit_code, container_reason, end):
    batch_id, name = running
    behind = metrics(stack)["sparkgate_operator_behind_total"]
    kube.report_driver(name, phase, exit_code, container_reason)
    becomes(livy, batch_id, end[0])
    assert end_of(stack, batch_id) == end
    wait_for("whoever runs the operator to see it", lambda: metrics(stack)["sparkgate_operator_behind_total"] > behind)
    assert (f"ExitCode: {exit_code}" in (stack.row(batch_id)["message"] or "")) == (end[0] == "dead")
    kube.report(name, "FAILED", "driver pod not found")  # an operator that came back after the pod was gone
    other = livy.submit()["id"]
    stack.wait_state(other, "starting")
    assert end_of(stack, batch_id) == end


def test_an_operator_that_takes_an_eviction_for_a_failure(stack, kube, livy, running):
    """As Kubeflow's does: it looks at the exit code alone."""
    batch_id, name = running
    kube.report_driver(name, "Failed", 143, reason="Evicted", message="low on memory")
    kube.report(name, "FAILED", "driver container failed with ExitCode: 143, Reason: Error")
    becomes(livy, batch_id, "dead")
    assert end_of(stack, batch_id) == ("dead", "evicted", 143)
    assert stack.row(batch_id)["message"].endswith("; Evicted: low on memory")


def test_an_evicted_driver_without_an_operator(stack, kube, livy, running):
    batch_id, name = running
    kube.report_driver(name, "Failed", reason="Evicted", message="low on memory")
    becomes(livy, batch_id, "dead")
    assert end_of(stack, batch_id) == ("dead", "evicted", None)
    assert stack.row(batch_id)["message"] == "driver pod failed: Evicted: low on memory"


def test_a_driver_that_vanished_without_an_operator(stack, kube, livy, running):
    batch_id, name = running
    kube.delete_driver(name)
    becomes(livy, batch_id, "dead")
    assert end_of(stack, batch_id) == ("dead", "driver_lost", None)


@pytest.mark.parametrize("spec", [{"restartPolicy": {"type": "OnFailure"}}, {"suspend": True}])
def test_a_driver_that_may_run_again_has_not_ended_the_batch(stack, kube, livy, running, spec):
    """Somebody has edited the object, so the operator has the last word."""
    batch_id, name = running
    kube.call("PATCH", kube.path(name), {"spec": spec}, **MERGE)
    kube.report_driver(name, "Failed", 3)
    other = other_running(stack, kube, livy)
    kube.report_driver(other[1], "Failed", 4)
    becomes(livy, other[0], "dead")  # a whole round has passed by then
    stays("the first is not ended", lambda: livy.state(batch_id) == "running", 6)
    kube.report(name, "FAILED", "driver container failed with ExitCode: 3, Reason: Error")
    becomes(livy, batch_id, "dead")


def test_another_object_s_driver_says_nothing(stack, kube, livy, running):
    batch_id, name = running
    with watcher_asleep(stack):
        kube.delete_driver(name)
        kube.create_driver(name, uid="00000000-0000-4000-8000-000000000000")
    kube.report_driver(name, "Failed", 3)
    other = other_running(stack, kube, livy)
    kube.report_driver(other[1], "Failed", 4)
    becomes(livy, other[0], "dead")
    stays("it is not believed", lambda: livy.state(batch_id) == "running", 6)


def other_running(stack, kube, livy):
    batch_id = livy.submit()["id"]
    name = stack.wait_state(batch_id, "starting")["object_name"]
    return run(stack, kube, livy, batch_id, name)


def test_an_application_that_no_operator_takes_up_says_so(stack, kube, livy, batch):
    batch_id, name = batch
    look_at_once(stack, batch_id)
    wait_for("the message", lambda: "operator" in (stack.row(batch_id)["message"] or ""))
    assert livy.state(batch_id) == "starting"
    kube.report(name, "RUNNING")
    becomes(livy, batch_id, "running")
    assert stack.row(batch_id)["message"] is None


# --- why a driver did not run, which only its pod knows -----------------------------------------------------------


INIT_FAILED = {"initContainerStatuses": [{
    "name": "prepare", "image": "x", "imageID": "x", "ready": False, "restartCount": 0,
    "state": {"terminated": {"exitCode": 7, "reason": "Error"}}}]}


@pytest.mark.parametrize("status, reason, message", [
    ({"reason": "Evicted", "message": "low on memory"}, "evicted", "driver pod failed: Evicted: low on memory"),
    ({"reason": "OutOfcpu", "message": "no room"}, "failed", "driver pod failed: OutOfcpu: no room"),
    (INIT_FAILED, "failed", "init container prepare failed with ExitCode: 7, Reason: Error"),
])
def test_a_driver_that_never_ran_says_why(stack, kube, livy, batch, status, reason, message):
    batch_id, name = batch
    kube.create_driver(name)
    kube.report_driver(name, "Failed", **status)
    kube.report(name, "FAILED", "driver container status missing")
    becomes(livy, batch_id, "dead")
    assert end_of(stack, batch_id) == ("dead", reason, None) and stack.row(batch_id)["message"] == message
    assert message in livy.get(f"/batches/{batch_id}/log").json()["log"]


# --- objects that vanish --------------------------------------------------------------------------------------------


def test_an_object_that_its_time_to_live_removes_has_ended_before(stack, kube, livy, running):
    batch_id, name = running
    kube.report(name, "COMPLETED")
    kube.delete_application(name)
    becomes(livy, batch_id, "success")


def test_an_end_that_was_seen_outlives_watcher_and_object(stack, kube, livy, running, silent_node, repaired):
    """The log does not come from that node, so the watcher dies while it is waiting for it."""
    batch_id, name = running
    with watcher_asleep(stack):
        kube.delete_driver(name)
        kube.create_driver(name, node=silent_node)
    kube.report(name, "FAILED", "driver container failed with ExitCode: 3, Reason: Error")
    wait_for("the end to be seen", lambda: stack.row(batch_id)["end_state"] == "dead")
    with watcher_away(stack):
        assert livy.state(batch_id) == "running", "its log is not complete"
        kube.delete_application(name)
        kube.delete_driver(name)
    becomes(livy, batch_id, "dead")
    assert end_of(stack, batch_id) == ("dead", "exit_code", 3)


def test_an_object_that_is_deleted_when_only_its_driver_was_followed(stack, kube, livy, running):
    """Its last word was a failure that was none."""
    batch_id, name = running
    kube.report(name, "FAILED", "failed to submit: driver pod already exist")
    wait_for("the driver to be followed", lambda: stack.row(batch_id)["driver_followed"])
    kube.delete_application(name)
    becomes(livy, batch_id, "killed")
    assert end_of(stack, batch_id) == ("killed", "deleted_outside", None)


def test_an_object_that_was_removed_while_nobody_looked(stack, kube, livy, running, repaired):
    batch_id, name = running
    with watcher_away(stack):
        kube.report(name, "COMPLETED")
        kube.delete_application(name)
    becomes(livy, batch_id, "killed")
    assert end_of(stack, batch_id) == ("killed", "deleted_outside", None)
    assert "was not seen" in stack.row(batch_id)["message"]


def test_a_foreground_deletion_by_hand_is_a_deletion(stack, kube, livy, running):
    """The driver goes first, the operator calls that a failure, then the object goes."""
    batch_id, name = running
    kube.call("PATCH", kube.path(name), {"metadata": {"finalizers": ["test.example/hold"]}}, **MERGE)
    kube.delete_application(name)
    deleted_at = kube.application(name)["metadata"]["deletionTimestamp"]
    kube.report(name, "FAILED", "driver pod not found", terminationTime=deleted_at)
    becomes(livy, batch_id, "killed")
    kube.call("PATCH", kube.path(name), {"metadata": {"finalizers": None}}, **MERGE)
    assert end_of(stack, batch_id) == ("killed", "deleted_outside", None)


# --- objects made anew by hand ----------------------------------------------------------------------------------------


def remake(kube, name, *kept):
    """As kubectl replace --force, or a restored backup, does it."""
    old = kube.application(name)
    kube.delete_application(name)
    metadata = {key: old["metadata"][key] for key in ("name", "namespace", *kept)}
    kube.create_application({**old, "metadata": metadata, "status": None})


@pytest.mark.parametrize("watched", [True, False], ids=["watched", "while no watcher looks"])
def test_an_object_made_anew_does_not_run_the_batch_again(stack, kube, livy, running, repaired, watched):
    batch_id, name = running
    if watched:
        remake(kube, name, "labels")
    else:
        with watcher_away(stack):
            remake(kube, name, "labels")
    becomes(livy, batch_id, "killed")
    assert end_of(stack, batch_id) == ("killed", "deleted_outside", None)
    wait_for("the new object's end", lambda: kube.application(name) is None)


def test_nor_when_the_batch_has_ended(stack, kube, livy, running, repaired):
    batch_id, name = running
    kube.report(name, "COMPLETED")
    becomes(livy, batch_id, "success")
    with watcher_away(stack):
        remake(kube, name, "labels")
    wait_for("the new object's end", lambda: kube.application(name) is None)
    assert end_of(stack, batch_id) == ("success", None, 0)


def test_an_object_of_its_name_that_is_not_ours_is_left_alone(stack, kube, livy, running, repaired):
    batch_id, name = running
    with watcher_away(stack):
        remake(kube, name)
    becomes(livy, batch_id, "killed")
    assert end_of(stack, batch_id) == ("killed", "deleted_outside", None)
    assert kube.application(name)
