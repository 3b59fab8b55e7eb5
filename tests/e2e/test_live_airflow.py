# SPDX-License-Identifier: Apache-2.0
"""Airflow's own LivyOperator, unchanged, through Airflow's own machinery (dag.test()), against the gateway."""
import re
import subprocess
import urllib.request

import pytest

from live_airflow import Airflow
from live_batch import call
from waiting import wait_for

SECRET = "kX9-openlineage-secret-7fQ2"


@pytest.fixture(scope="module")
def airflow(live):
    return Airflow(live, SECRET)


def batch_of(printed):
    """The batch that the operator named in the task's log."""
    return int(re.search(r"Generated batch-id is (\d+)", printed).group(1))


def task_row(live, batch_id):
    return live.row(f"SELECT * FROM batch WHERE id = {batch_id}")


def test_the_connection_test_is_green(airflow):
    told, printed = airflow.ask("connection")
    assert told["works"] is True, printed


def test_the_example_dag_runs_pi_green(live, airflow):
    told, printed = airflow.dag("sparkgate_pi")
    assert (told["dag"], told["task"]) == ("success", "success"), printed
    row = task_row(live, told["batch"])
    assert row["state"] == "success" and told["app_id"] == row["app_id"]
    assert "Pi is roughly 3.1" in printed, "the driver's log is in the task's"
    assert '"executorCores": "1"' in row["request"], "a templated number is a string"


def test_a_failing_program_is_red_with_its_log_in_the_task_log(live, airflow):
    told, printed = airflow.dag("live_bad")
    assert (told["dag"], told["task"]) == ("failed", "failed"), printed
    assert "ending with status 3" in printed and "terminated with state: dead" in printed
    assert task_row(live, batch_of(printed))["reason"] == "exit_code"


def test_a_deferred_task_is_green_with_its_log(live, airflow):
    told, printed = airflow.dag("live_deferred")
    assert (told["dag"], told["task"]) == ("success", "success"), printed
    assert told["app_id"] == task_row(live, told["batch"])["app_id"] != ""
    assert "line 6" in printed and "Pausing task as DEFERRED" in printed


def test_a_deferred_failing_program_is_red(live, airflow):
    told, printed = airflow.dag("live_deferred_bad")
    assert (told["dag"], told["task"]) == ("failed", "failed"), printed
    assert task_row(live, batch_of(printed))["state"] == "dead"


def test_a_task_that_times_out_kills_its_driver(live, airflow):
    told, printed = airflow.dag("live_timeout")
    assert told["task"] == "failed" and "AirflowTaskTimeout" in printed, printed
    batch_id = batch_of(printed)
    wait_for("the kill", lambda: task_row(live, batch_id)["state"] == "killed", 60)
    row = task_row(live, batch_id)
    assert row["reason"] == "killed_by_user" and row["deleted_at"]
    assert call(f"{live.livy_url}/batches/{batch_id}/state") == (200, {"id": batch_id, "state": "killed"})
    wait_for("the object's end", lambda: not live.objects("sparkapplications", row["object_name"]), 60)
    pod = f"{row['object_name']}-driver"
    wait_for("the driver's end", lambda: not live.objects("pods", pod), 90)


def test_openlineage_hands_on_its_secret_and_nothing_shows_it(live, airflow):
    told, printed = airflow.dag("live_good")
    assert told["task"] == "success", printed
    row = task_row(live, told["batch"])
    assert SECRET in str(live.objects("sparkapplications", row["object_name"])), "Spark itself needs it"
    assert "spark.openlineage.parentRunId" in row["request"]

    url = f"{live.livy_url}/batches"
    shown = {path: call(f"{url}{path}") for path in
             ("?size=1000", f"/{told['batch']}", f"/{told['batch']}/state", f"/{told['batch']}/log?size=-1")}
    with urllib.request.urlopen(f"{live.all_url}/metrics", timeout=10) as answer:
        shown["/metrics"] = answer.read().decode()
    shown["the database"] = subprocess.run(
        ["pg_dump", live.conninfo], capture_output=True, text=True, timeout=60, check=True).stdout
    assert "spark.openlineage.transport.auth.apiKey" in shown["the database"]
    shown.update(live.log_texts())
    assert [name for name, text in shown.items() if SECRET in str(text)] == []
