# SPDX-License-Identifier: Apache-2.0
"""A retry of an Airflow task goes back to the batch of the try before; it makes a new one only if that is lost."""
import collections

import pytest

from live_watch import LiveWatch, application_state, pod_phase
from waiting import wait_for


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
    """The batch that Airflow has kept for later tries of this task, or None."""
    kept = task.airflow.api(task.stored, may_be_missing=True)
    return kept and kept["value"]


@pytest.fixture(scope="module")
def outage(live, airflow, seen, errands):
    """Name -> task and its first batch. Airflow fails as a whole once three tasks have submitted; when it comes back,
    one batch has ended by itself, and somebody has deleted another."""
    url, release = errands
    tasks = {name: airflow.start("live_errand", url=url, thing=name) for name in ("running", "finished", "deleted")}
    batches = {name: task.batch() for name, task in tasks.items()}
    for name, task in tasks.items():
        wait_for("the id to be kept", lambda task=task, name=name: stored(task) == batches[name].id)
    airflow.fail()
    assert batches["deleted"].delete()[0] == 200
    wait_for("the kill", lambda: batches["deleted"].row()["state"] == "killed")
    release("finished")
    batches["finished"].wait("success")
    airflow.scheduler.start()
    return {name: (task, batches[name]) for name, task in tasks.items()}


def test_after_an_outage_of_airflow_the_retry_follows_the_batch_that_still_runs(live, outage, seen, errands):
    task, batch = outage["running"]
    wait_for("the second try to follow it", lambda: "Reconnecting to existing job" in task.log(), interval_s=0.25)
    errands[1]("running")
    task.wait("success", tries=2)
    log = task.log()
    assert any(line.startswith("look 1: ") for line in log) and "found 4 bytes" in log, "the second try has the whole log"
    assert f'"external_id": {batch.id}' in task.log_text()
    assert batches_of(live, task) == [batch.id] and ran_once(seen, batch)


def test_after_an_outage_of_airflow_the_retry_takes_the_batch_that_has_succeeded_meanwhile(live, outage, seen):
    task, batch = outage["finished"]
    task.wait("success", tries=2)
    assert "Job already completed successfully, skipping resubmission" in task.log()
    assert task.xcom() == batch.id and task.xcom("app_id") == batch.row()["app_id"] != ""
    assert batches_of(live, task) == [batch.id] and ran_once(seen, batch)


def test_after_an_outage_of_airflow_the_retry_submits_anew_what_was_deleted_meanwhile(live, outage, seen, errands):
    task, deleted = outage["deleted"]
    errands[1]("deleted")
    task.wait("success", tries=2)
    assert "Prior job in terminal state, resubmitting fresh" in task.log(), "Livy's 404 would have failed this try"
    again = task.batch()
    assert batches_of(live, task) == [deleted.id, again.id] and stored(task) == again.id
    assert again.row()["state"] == "success" and ran_once(seen, again)


@pytest.fixture(scope="module")
def disturbed(live, airflow, outage, seen, errands):
    """Name -> task and its first batch; they run side by side, and each is disturbed as soon as its driver runs."""
    url, release = errands
    tasks = {
        **{name: airflow.start("live_errand", url=url, thing=name) for name in ("kept", "lost", "cleared")},
        "failed by itself": airflow.start("live_second_try_good"),
    }
    batches = {name: task.batch() for name, task in tasks.items()}
    # As if it had died between the answer to its POST and keeping the id.
    before_it_is_noticed = {"kept": lambda: None, "lost": lambda: airflow.api(tasks["lost"].stored, "DELETE")}
    for name, meanwhile in before_it_is_noticed.items():
        batches[name].wait("running")
        wait_for("the id to be kept", lambda name=name: stored(tasks[name]) == batches[name].id)
        tasks[name].kill9_worker(meanwhile)
    batches["cleared"].wait("running")
    tasks["cleared"].clear()
    wait_for("its driver to be killed", lambda: batches["cleared"].row()["state"] == "killed")
    release("cleared")
    return {name: (task, batches[name]) for name, task in tasks.items()}


@pytest.mark.parametrize("kept", (True, False), ids=("id_kept", "id_not_kept"))
def test_a_retry_of_a_task_whose_worker_was_killed_has_the_same_batch(live, disturbed, seen, errands, kept):
    task, batch = disturbed["kept" if kept else "lost"]
    # where the id was lost, the same key is answered with the same batch
    words = "Reconnecting to existing job" if kept else f"Generated batch-id is {batch.id}"
    wait_for("the second try", lambda: task.show()["try_number"] == 2 and words in task.log(2), interval_s=0.25)
    errands[1]("kept" if kept else "lost")
    task.wait("success", tries=2)
    log = task.log()
    assert ("Reconnecting to existing job" in log) is kept and "found 4 bytes" in log
    assert (f"Generated batch-id is {batch.id}" in log) is not kept
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
