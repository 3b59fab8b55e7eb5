# SPDX-License-Identifier: Apache-2.0
"""A retry of an Airflow task goes back to the batch of the try before; it makes a new one only if that is lost."""
import collections

import pytest

from live_watch import LiveWatch, application_state, pod_phase
from waiting import wait_for

LONG_S = 60  # Airflow is back before such a program has ended


@pytest.fixture(scope="module")
def seen(live):
    """What Kubernetes shows of objects and driver pods all the while."""
    with (
        LiveWatch(live, "sparkapplications", application_state) as objects,
        LiveWatch(live, "pods", pod_phase, "spark-role=driver") as drivers,
    ):
        yield collections.namedtuple("Seen", "objects drivers")(objects, drivers)


def batches_of(live, task):
    """Ids of all batches of this task: its run stands in their key."""
    return [int(row["id"]) for row in live.rows(
        f"SELECT id FROM batch WHERE client_key LIKE '%{task.run_id}%' ORDER BY id")]


def ran_once(seen, batch):
    """One object and one driver pod, whatever their uids."""
    name = batch.row()["object_name"]
    return len(seen.objects.uids(name)) == 1 and len(seen.drivers.uids(f"{name}-driver")) == 1


def stored(task):
    """The batch that Airflow has kept for later tries of this task."""
    return task.airflow.api(task.stored)["value"]


@pytest.fixture(scope="module")
def outage(live, airflow, seen):
    """Name -> task and its first batch. Airflow fails as a whole once three tasks have submitted; when it comes back,
    one batch has ended by itself, and somebody has deleted another."""
    tasks = {name: airflow.start("live_wait", seconds=seconds) for name, seconds in
             (("still running", LONG_S), ("finished", 1), ("deleted", 10))}
    batches = {name: task.batch() for name, task in tasks.items()}
    for name, task in tasks.items():
        wait_for("the id to be kept", lambda task=task, name=name: stored(task) == batches[name].id)
    airflow.scheduler.kill9_with_descendants()
    assert batches["deleted"].delete()[0] == 200
    wait_for("the kill", lambda: batches["deleted"].row()["state"] == "killed", 60)
    batches["finished"].wait("success")
    airflow.scheduler.start()
    return {name: (task, batches[name]) for name, task in tasks.items()}


def test_after_an_outage_of_airflow_the_retry_follows_the_batch_that_still_runs(live, outage, seen):
    task, batch = outage["still running"]
    task.wait("success", tries=2)
    log = task.log()
    assert "Reconnecting to existing job" in log and "waited to the end" in log, "the second try has the whole log"
    assert f'"external_id": {batch.id}' in task.log_text()
    assert batches_of(live, task) == [batch.id] and ran_once(seen, batch)


def test_after_an_outage_of_airflow_the_retry_takes_the_batch_that_has_succeeded_meanwhile(live, outage, seen):
    task, batch = outage["finished"]
    task.wait("success", tries=2)
    assert "Job already completed successfully, skipping resubmission" in task.log()
    assert task.xcom() == batch.id and task.xcom("app_id") == batch.row()["app_id"] != ""
    assert batches_of(live, task) == [batch.id] and ran_once(seen, batch)


def test_after_an_outage_of_airflow_the_retry_submits_anew_what_was_deleted_meanwhile(live, outage, seen):
    task, deleted = outage["deleted"]
    task.wait("success", tries=2)
    assert "Prior job in terminal state, resubmitting fresh" in task.log(), "Livy's 404 would have failed this try"
    again = task.batch()
    assert batches_of(live, task) == [deleted.id, again.id] and stored(task) == again.id
    assert again.row()["state"] == "success" and ran_once(seen, again)


@pytest.fixture(scope="module")
def disturbed(live, airflow, outage, seen):
    """Name -> task and its first batch; they run side by side, and each is disturbed as soon as its driver runs."""
    tasks = {
        "id kept": airflow.start("live_wait", seconds=LONG_S),
        "id not kept": airflow.start("live_wait", seconds=LONG_S),
        "cleared": airflow.start("live_wait", seconds=20),
        "failed by itself": airflow.start("live_second_try_good"),
    }
    batches = {name: task.batch() for name, task in tasks.items()}
    for name in ("id kept", "id not kept"):
        batches[name].wait("running")
        assert stored(tasks[name]) == batches[name].id
        tasks[name].kill9_worker()
    # As if it had died between the answer to its POST and keeping the id.
    airflow.api(tasks["id not kept"].stored, "DELETE")
    batches["cleared"].wait("running")
    tasks["cleared"].clear()
    return {name: (task, batches[name]) for name, task in tasks.items()}


@pytest.mark.parametrize("kept", (True, False), ids=("id_kept", "id_not_kept"))
def test_a_retry_of_a_task_whose_worker_was_killed_has_the_same_batch(live, disturbed, seen, kept):
    task, batch = disturbed["id kept" if kept else "id not kept"]
    task.wait("success", tries=2)
    log = task.log()
    assert ("Reconnecting to existing job" in log) is kept and "waited to the end" in log
    assert (f"Generated batch-id is {batch.id}" in log) is not kept, "the same key was answered with the same batch"
    assert stored(task) == batch.id
    assert batches_of(live, task) == [batch.id] and ran_once(seen, batch)


@pytest.mark.parametrize("name, ended", (("failed by itself", "dead"), ("cleared", "killed")))
def test_a_retry_of_a_task_whose_batch_is_lost_is_a_new_batch(live, disturbed, seen, name, ended):
    task, first = disturbed[name]
    task.wait("success", tries=2)
    second = task.batch(tries=2)
    assert batches_of(live, task) == [first.id, second.id]
    assert first.row()["state"] == ended and second.row()["state"] == "success"
    assert ran_once(seen, first) and ran_once(seen, second)
