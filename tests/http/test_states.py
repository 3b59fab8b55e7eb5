# SPDX-License-Identifier: Apache-2.0
"""States from evidence, once. The operator does not run here: the tests write the status that it would write."""
import time

import pytest
from kubernetes import MERGE
from livy import VISIBLE_S, becomes
from waiting import stays, wait_for, within


def late_s(change, seen):
    """From a change in the cluster until a client sees it."""
    began = time.monotonic()
    change()
    wait_for("a client to see it", seen)
    return time.monotonic() - began


def test_every_state_is_visible_within_two_seconds(stack, kube, livy):
    stack.wait_leased()
    batch_id = name = None

    def latest_s():
        nonlocal batch_id, name
        batch_id = livy.submit()["id"]
        name = stack.wait_state(batch_id, "starting")["object_name"]
        submitted_s = late_s(
            lambda: kube.report(name, "SUBMITTED", sparkApplicationId="spark-abc", driverInfo={"podName": f"{name}-driver"}),
            lambda: livy.get(f"/batches/{batch_id}").json()["appId"] == "spark-abc")
        assert livy.state(batch_id) == "starting"
        return max(submitted_s, *(
            late_s(lambda reported=reported: kube.report(name, reported, sparkApplicationId="spark-abc"),
                   lambda shown=shown: livy.state(batch_id) == shown)
            for reported, shown in (("RUNNING", "running"), ("COMPLETED", "success"))))

    within(VISIBLE_S, latest_s)
    row = stack.row(batch_id)
    assert row["app_id"] == "spark-abc" and row["driver_pod"] == f"{name}-driver"
    assert row["accepted_at"] <= row["pushed_at"] <= row["started_at"] <= row["finished_at"]
    moves = [(event["kind"], event["state"]) for event in stack.events(batch_id)]
    assert moves == [("accepted", "accepted"), ("pushed", "starting"), ("state", "running"), ("state", "success")]


@pytest.mark.parametrize("state, message, shown, reason, exit_code", [
    ("FAILED", "driver container failed with ExitCode: 3, Reason: Error", "dead", "exit_code", 3),
    ("FAILED", "driver container failed with ExitCode: 143, Reason: Error", "dead", "exit_code", 143),
    ("FAILED", "driver container failed with ExitCode: 137, Reason: OOMKilled", "dead", "out_of_memory", 137),
    ("FAILED", "The pod was Evicted: low on resource", "dead", "evicted", None),
    ("FAILED", "driver container failed with ExitCode: 143, Reason: Error; Evicted by PreemptionByScheduler: make room",
     "dead", "evicted", 143),
    ("FAILED", "driver pod not found", "dead", "driver_lost", None),
    ("FAILED", "failed to submit spark application: exceeded quota: q", "dead", "submission_failed", None),
    ("FAILED", "words of a later operator", "dead", "failed", None),
    ("FAILED", "", "dead", "failed", None),
    ("COMPLETED", "", "success", None, 0),
])
def test_the_end_has_its_reason_and_words(stack, kube, livy, batch, state, message, shown, reason, exit_code):
    batch_id, name = batch
    kube.report(name, state, message)
    becomes(livy, batch_id, shown)
    answer = livy.get(f"/batches/{batch_id}").json()
    assert answer["reason"] == reason and message in (answer["message"] or "")
    assert answer["exitCode"] == stack.row(batch_id)["exit_code"] == exit_code
    log = livy.get(f"/batches/{batch_id}/log").json()
    assert log["total"] == len(log["log"]) and (not message or message in log["log"]), "no pod: its log says why"


@pytest.mark.parametrize("state", ["SUBMISSION_FAILED", "PENDING_RERUN", "INVALIDATING", "SUCCEEDING", "FAILING",
                                   "UNKNOWN", "SUSPENDING", "SOMETHING_NEW", ""])
def test_states_in_between_are_no_end(stack, kube, livy, batch, state):
    batch_id, name = batch
    kube.report(name, state, sparkApplicationId=f"seen-{state}")
    wait_for("the watcher to have seen it", lambda: stack.row(batch_id)["app_id"] == f"seen-{state}")
    assert livy.state(batch_id) in ("starting", "running")


def test_an_object_that_is_edited_by_hand_runs_again_until_the_batch_has_ended(stack, kube, livy, batch):
    """As an operator does it: INVALIDATING, without its driver, PENDING_RERUN, another driver."""
    batch_id, name = batch

    def begin():
        kube.create_driver(name)
        kube.report_driver(name, "Running")
        kube.report(name, "RUNNING", driverInfo={"podName": f"{name}-driver"})

    def edit(argument):
        kube.call("PATCH", kube.path(name), {"spec": {"arguments": [argument]}}, **MERGE)
        kube.report(name, "INVALIDATING")
        kube.delete_driver(name)
        kube.report(name, "PENDING_RERUN")

    begin()
    becomes(livy, batch_id, "running")
    edit("7")
    becomes(livy, batch_id, "starting")
    begin()
    becomes(livy, batch_id, "running")
    kube.report_driver(name, "Succeeded", 0)
    kube.report(name, "COMPLETED")
    becomes(livy, batch_id, "success")
    edit("8")
    begin()
    kube.report(name, "FAILED", "driver container failed with ExitCode: 3, Reason: Error")
    other = livy.submit()["id"]
    stack.wait_state(other, "starting")
    kube.report(stack.row(other)["object_name"], "RUNNING")
    becomes(livy, other, "running")  # everything before it has been read by then
    assert livy.state(batch_id) == "success"
    kube.delete_driver(name)


def test_a_final_state_never_changes(stack, kube, livy, batch):
    batch_id, name = batch
    kube.report(name, "COMPLETED")
    becomes(livy, batch_id, "success")
    events = len(stack.events(batch_id))
    kube.report(name, "FAILED", "too late")
    kube.report(name, "RUNNING")
    kube.delete_application(name)
    other = livy.submit()["id"]
    stack.wait_state(other, "starting")
    kube.report(stack.row(other)["object_name"], "RUNNING")
    becomes(livy, other, "running")  # everything before it has been read by then
    assert livy.state(batch_id) == "success" and len(stack.events(batch_id)) == events


def test_delete_answers_at_once_and_kills(stack, kube, livy, batch):
    batch_id, name = batch
    kube.report(name, "RUNNING")
    becomes(livy, batch_id, "running")
    assert livy.delete(f"/batches/{batch_id}").json() == {"msg": "deleted"}
    assert livy.state(batch_id) == "killed", "from the moment that the DELETE was answered"
    wait_for("the object's end", lambda: kube.application(name) is None)
    row = stack.wait_state(batch_id, "killed")
    assert row["reason"] == "killed_by_user" and row["finished_at"] and row["deleted_at"]
    assert batch_id not in [listed["id"] for listed in livy.get("/batches?size=1000").json()["sessions"]]
    assert livy.delete(f"/batches/{batch_id}").status == 200
    assert livy.get(f"/batches/{batch_id}/log").status == 200


def test_a_killed_batch_stays_killed_when_a_late_success_arrives(stack, kube, livy, batch):
    """The object lingers by a finalizer, so that its end comes after the kill was asked for."""
    batch_id, name = batch
    finalizer = {"metadata": {"finalizers": ["test.example/hold"]}}
    kube.call("PATCH", kube.path(name), finalizer, **MERGE)
    livy.delete(f"/batches/{batch_id}")
    wait_for("the kill to reach Kubernetes", lambda: kube.application(name)["metadata"].get("deletionTimestamp"))
    kube.report(name, "COMPLETED")
    stack.wait_state(batch_id, "killed")
    kube.call("PATCH", kube.path(name), {"metadata": {"finalizers": None}}, **MERGE)
    wait_for("the object's end", lambda: kube.application(name) is None)
    assert livy.state(batch_id) == "killed" and stack.row(batch_id)["reason"] == "killed_by_user"


def test_a_finished_batch_that_is_deleted_keeps_its_end(stack, kube, livy, batch):
    batch_id, name = batch
    kube.report(name, "FAILED", "driver container failed with ExitCode: 3, Reason: Error")
    becomes(livy, batch_id, "dead")
    livy.delete(f"/batches/{batch_id}")
    assert livy.state(batch_id) == "dead"
    assert batch_id not in [listed["id"] for listed in livy.get("/batches?size=1000").json()["sessions"]]


def test_an_object_deleted_by_somebody_else_is_killed_with_that_reason(stack, kube, livy, batch):
    batch_id, name = batch
    kube.delete_application(name)
    becomes(livy, batch_id, "killed")
    row = stack.wait_state(batch_id, "killed")
    assert row["reason"] == "deleted_outside" and row["deleted_at"] is None


def test_deleted_before_it_was_pushed_never_reaches_kubernetes(stack, kube, livy, repaired):
    kube.kill9()
    try:
        batch_id = livy.submit()["id"]
        assert livy.delete(f"/batches/{batch_id}").status == 200
        assert livy.state(batch_id) == "killed"
    finally:
        kube.start()
    row = stack.wait_state(batch_id, "killed")
    stays("no object", lambda: kube.application(row["object_name"]) is None, 1)


def test_a_doubtful_failure_asks_the_driver_pod(stack, kube, livy, batch):
    """"driver pod already exist" is what an operator says that lost track of a driver that runs."""
    batch_id, name = batch
    kube.create_driver(name)
    try:
        kube.report_driver(name, "Running")
        kube.report(name, "FAILED", "failed to submit: driver pod already exist")
        becomes(livy, batch_id, "running")
        kube.report_driver(name, "Failed", 4)
        becomes(livy, batch_id, "dead")
        assert stack.row(batch_id)["reason"] == "exit_code" and "ExitCode: 4" in stack.row(batch_id)["message"]
    finally:
        kube.delete_driver(name)


def test_many_batches_are_no_slower(stack, kube, livy):
    """State lag does not grow with the number of running applications."""
    stack.wait_leased()

    def last_s():
        names = {}
        for _ in range(40):
            batch_id = livy.submit()["id"]
            names[batch_id] = stack.row(batch_id)["object_name"]
        *others, last = names
        for batch_id in others:
            kube.report(names[batch_id], "RUNNING")
        return late_s(lambda: kube.report(names[last], "RUNNING"),
                      lambda: all(livy.state(batch_id) == "running" for batch_id in reversed(names)))

    within(VISIBLE_S, last_s)
