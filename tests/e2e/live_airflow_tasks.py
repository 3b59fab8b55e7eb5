# SPDX-License-Identifier: Apache-2.0
"""What the tasks of Airflow's SparkSubmitOperator come to, whichever of the gateway's doors its spark-submit goes by."""
from waiting import wait_for


def batches_of(live, task):
    return live.rows(f"SELECT * FROM batch WHERE name LIKE '%{task.run_id}' ORDER BY id")


def see_it_refused(live, task):
    task.wait("failed")
    assert "there is no cluster 'nowhere'" in task.log_text() and batches_of(live, task) == []


def see_it_killed_when_marked_failed(live, task, batch, last_words):
    batch.wait("running")
    task.mark_failed()
    wait_for("the kill", lambda: batch.row()["state"] == "killed")
    assert batch.row()["reason"] == "killed_by_user"
    wait_for("the driver's end", lambda: not live.objects("pods", batch.row()["driver_pod"]))
    wait_for("the task to have ended", lambda: last_words in task.log_text())
    assert task.show()["state"] == "failed"
