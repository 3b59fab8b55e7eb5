# SPDX-License-Identifier: Apache-2.0
"""Airflow's own SparkSubmitOperator, unchanged, with a connection of type spark whose master is k8s://.

It reads spark-submit's lines, and what it asks of Kubernetes itself (a kill, a state) it asks of the gateway as well: its
own Kubernetes configuration names no other server (contract k8s-facade.md 9.2).
"""
import pytest
from live_airflow_tasks import batches_of, see_it_killed_when_marked_failed, see_it_refused
from live_batch import KnownBatch
from waiting import wait_for


@pytest.fixture(scope="module")
def tasks(airflow):
    """All at once; each test looks at its own."""
    return {name: airflow.start(f"live_k8s_{name}") for name in ("tracked", "wait", "good", "bad", "refused")}


def batch_of_task(live, task):
    """The only one, and that of the pod whose name Airflow has read."""
    pod = task.driver_pod()
    (row,) = batches_of(live, task)
    assert (row["protocol"], row["driver_pod"]) == ("k8s", pod)
    return KnownBatch(live, row["id"])


def ended_batch(live, task):
    """The task may know of the end some time before the ledger does."""
    batch = batch_of_task(live, task)
    wait_for("the ledger", lambda: batch.row()["finished_at"])
    return batch.row()


def test_a_task_is_green_when_its_driver_has_succeeded(live, tasks):
    row = ended_batch(live, tasks["good"].wait("success"))
    assert (row["state"], row["exit_code"]) == ("success", "0")


def test_a_task_is_red_when_its_driver_has_failed(live, tasks):
    task = tasks["bad"].wait("failed")
    row = ended_batch(live, task)
    assert (row["state"], row["exit_code"]) == ("dead", "3")
    assert "Kubernetes spark exit code is: 3" in task.log_text()


def test_a_refused_submission_is_red_and_says_why(live, tasks):
    see_it_refused(live, tasks["refused"])


def test_a_task_that_somebody_marks_failed_kills_its_driver(live, tasks):
    task = tasks["wait"]
    see_it_killed_when_marked_failed(live, task, batch_of_task(live, task), "Deleted driver pod")


def test_a_task_that_asks_for_its_driver_s_state_sees_the_end_and_removes_the_pod(live, tasks):
    task = tasks["tracked"].wait("success")
    row = ended_batch(live, task)
    assert (row["state"], row["exit_code"]) == ("success", "0")
    wait_for("the pod to be gone", lambda: not live.objects("pods", row["driver_pod"]))
    assert KnownBatch(live, row["id"]).state() == "success"
