# SPDX-License-Identifier: Apache-2.0
"""Airflow's own SparkSubmitOperator, unchanged, with a connection of type spark: spark-submit submits, curl asks."""
import pytest
from live_airflow_tasks import batches_of, see_it_killed_when_marked_failed, see_it_refused
from live_batch import KnownBatch
from spark_rest import batch_of
from waiting import wait_for

LONG_S = 60  # the retry is there before such a program has ended


@pytest.fixture(scope="module")
def tasks(airflow):
    """All at once; each test looks at its own."""
    return {
        **{name: airflow.start(f"live_spark_{name}") for name in ("good", "bad", "refused", "wait")},
        "retried": airflow.start("live_spark_wait", seconds=LONG_S),
    }


def batch_of_task(live, task, tries=None):
    return KnownBatch(live, batch_of(task.submission(tries)))


def test_a_retry_follows_the_driver_that_still_runs(live, tasks):
    task = tasks["retried"]
    batch = batch_of_task(live, task)
    batch.wait("running")
    wait_for("the id to be kept", lambda: f"Polling driver {task.submission(1)} until completion" in task.log(1), 30)
    task.kill9_worker()
    task.wait("success", tries=2)
    assert [int(row["id"]) for row in batches_of(live, task)] == [batch.id] and batch.row()["attempts"] == "1"


def test_a_task_is_green_when_its_driver_has_succeeded(live, tasks):
    task = tasks["good"].wait("success")
    row = batch_of_task(live, task).row()
    assert (row["protocol"], row["state"], row["exit_code"]) == ("spark_rest", "success", "0")
    assert batches_of(live, task) == [row]


def test_a_task_is_red_when_its_driver_has_failed(live, tasks):
    task = tasks["bad"].wait("failed")
    row = batch_of_task(live, task).row()
    assert (row["state"], row["exit_code"]) == ("dead", "3")
    assert "exited with status FAILED" in task.log_text()


def test_a_refused_submission_is_red_and_says_why(live, tasks):
    see_it_refused(live, tasks["refused"])


def test_a_task_that_somebody_marks_failed_kills_its_driver(live, tasks):
    task = tasks["wait"]
    see_it_killed_when_marked_failed(live, task, batch_of_task(live, task), "killed with return code: 0")
