# SPDX-License-Identifier: Apache-2.0
"""Airflow's own LivyOperator, unchanged, run by Airflow's own scheduler and triggerer, against the gateway."""
import json
import subprocess
import time
import urllib.request

import pytest

from live_airflow import SECRET
from live_batch import call, program_lines
from waiting import LIMIT_S, wait_for

# Airflow asks for 100 lines a page; 250,000 are 2,501 requests.
LOG_COUNTS = (0, 1, 100, 101, 250_000)


def driver_is_gone(live, row):
    wait_for("the object's end", lambda: not live.objects("sparkapplications", row["object_name"]))
    wait_for("the driver's end", lambda: not live.objects("pods", f"{row['object_name']}-driver"))


def test_the_connection_test_is_green(live, airflow):
    told = airflow.api("/connections/test", "POST", {
        "connection_id": "livy_tested", "conn_type": "livy", "host": "http://127.0.0.1", "port": live.livy_port,
    })
    assert told["status"] is True, told


def test_the_example_dag_runs_pi_green(airflow):
    task = airflow.start("sparkgate_pi").wait("success")
    batch = task.batch()
    row = batch.row()
    assert row["state"] == "success" and task.xcom() == batch.id and task.xcom("app_id") == row["app_id"] != ""
    assert "Pi is roughly 3.1" in task.log_text(), "the driver's log is in the task's"
    assert json.loads(row["request"])["executorCores"] == "1", "a templated number is a string"


def test_a_failing_program_is_red_with_its_log_in_the_task_log(airflow):
    task = airflow.start("live_bad").wait("failed")
    batch = task.batch()
    assert {"ending with status 3", f"Batch with id {batch.id} terminated with state: dead"} <= set(task.log())
    assert batch.row()["reason"] == "exit_code"


def test_a_deferred_task_is_green_with_its_log(airflow):
    task = airflow.start("live_deferred").wait("success")
    assert task.xcom("app_id") == task.batch().row()["app_id"] != ""
    log = task.log()
    assert program_lines(log) == 2 * [f"line {number}" for number in range(7)], "said by triggerer and task"
    assert "Pausing task as DEFERRED. " in log, "the triggerer followed it"


def test_a_deferred_failing_program_is_red(airflow):
    task = airflow.start("live_deferred_bad").wait("failed")
    assert task.batch().row()["state"] == "dead"


@pytest.fixture(scope="module", autouse=True)
def timing_out(airflow):
    """Begun before all others: its time is long enough for any machine to submit."""
    return airflow.start("live_timeout")


def test_a_task_that_times_out_kills_its_driver(live, timing_out):
    task = timing_out.wait("failed")
    assert "AirflowTaskTimeout" in task.log_text()
    batch = task.batch()
    wait_for("the kill", lambda: batch.row()["state"] == "killed")
    row = batch.row()
    assert row["reason"] == "killed_by_user" and row["deleted_at"]
    assert call(f"{batch.url}/state") == (200, {"id": batch.id, "state": "killed"})
    driver_is_gone(live, row)


def test_a_task_that_somebody_marks_failed_kills_its_driver_and_keeps_its_log(live, airflow):
    task = airflow.start("live_wait")
    batch = task.batch()
    batch.wait("running")
    wait_for("a line of the driver", lambda: "waiting, second 1 of 600" in batch.log("size=-1")["log"])
    asked = time.time()
    task.mark_failed()
    wait_for("the kill", lambda: batch.row()["state"] == "killed")
    print(f"killed {time.time() - asked:.1f} s after it was marked failed")
    row = batch.row()
    assert row["reason"] == "killed_by_user" and row["deleted_at"]
    driver_is_gone(live, row)
    assert "waiting, second 1 of 600" in batch.log("size=-1")["log"]
    wait_for("the task to have ended", lambda: "Task killed!" in task.log())
    log = task.log()
    assert f"Deleting batch session {batch.id}" in log, "by on_kill"
    assert "waiting, second 1 of 600" in log, "the task has the log of the driver that it killed"
    assert task.show()["state"] == "failed"


def test_every_field_of_the_operator_arrives_in_row_and_object(live, airflow):
    (jar,) = (live.cache / "images").glob("spark-*/jars/spark-core_*.jar")
    task = airflow.start("live_all_fields", jar=jar.name, cores="1").wait("success")
    batch = task.batch()
    row = batch.row()
    asked = {
        "file": "local:///opt/sparkgate/exit.py", "className": "org.example.Main", "args": ["0", "2", "0.5"],
        "jars": [f"local:///opt/spark/jars/{jar.name}"], "pyFiles": ["local:///opt/sparkgate/lines.py"],
        "files": ["local:///opt/sparkgate/wait.py"],
        "archives": ["local:///opt/spark/python/lib/pyspark.zip#there"],
        "driverMemory": "512m", "driverCores": "1", "executorMemory": "600m", "executorCores": "2",
        "numExecutors": "3", "queue": "nightly", "name": f"all-{task.run_id}",
    }
    request = json.loads(row["request"])
    conf = request.pop("conf")
    assert request == asked
    assert row["name"] == asked["name"] == batch.show()["name"]

    (item,) = live.objects("sparkapplications", row["object_name"])
    spec = item["spec"]
    wanted_conf = {"spark.example.word": "live_all_fields", "spark.example.number": 7, "spark.example.bool": True}
    assert wanted_conf.items() <= conf.items()
    assert {key: spec["sparkConf"].get(key) for key in wanted_conf} == {
        "spark.example.word": "live_all_fields", "spark.example.number": "7", "spark.example.bool": "true"}
    assert {
        "file": spec["mainApplicationFile"], "className": spec["mainClass"], "args": spec["arguments"],
        **{name: spec["deps"][name] for name in ("jars", "pyFiles", "files", "archives")},
        "driverMemory": spec["driver"]["memory"], "driverCores": str(spec["driver"]["cores"]),
        "executorMemory": spec["executor"]["memory"], "executorCores": str(spec["executor"]["cores"]),
        "numExecutors": str(spec["executor"]["instances"]), "queue": spec["batchSchedulerOptions"]["queue"],
        "name": asked["name"],  # in the object it is a label, cut to what a label may be
    } == asked


def test_a_proxy_user_fails_the_task_and_says_why(live, airflow):
    task = airflow.start("live_proxy_user").wait("failed")
    log = task.log_text()
    assert "Could not submit batch. Status code: 403" in log and "not allowed to impersonate 'Some(alice)'" in log
    assert live.rows("SELECT id FROM batch WHERE request ->> 'proxyUser' IS NOT NULL") == []


@pytest.fixture(scope="module")
def printing(airflow):
    """Line count -> a task whose program prints so many; they run side by side."""
    return {count: airflow.start("live_lines", count=count) for count in LOG_COUNTS}


@pytest.mark.parametrize("count", LOG_COUNTS)
def test_the_task_log_has_each_line_of_the_driver_once_and_in_order(printing, count):
    task = printing[count]
    batch = task.batch()
    batch.wait("success")
    ended = time.monotonic()
    task.wait("success")
    copied = time.monotonic()
    log = task.log()
    print(f"{count} lines: in the task's log {copied - ended:.1f} s after the batch's end, "
          f"read from there in {time.monotonic() - copied:.1f} s")
    assert program_lines(log) == [f"line {number}" for number in range(count)]


def test_openlineage_hands_on_its_secret_and_nothing_shows_it(live, airflow):
    task = airflow.start("live_good").wait("success")
    batch = task.batch()
    row = batch.row()
    assert SECRET in str(live.objects("sparkapplications", row["object_name"])), "Spark itself needs it"
    assert "spark.openlineage.parentRunId" in row["request"]
    assert row["airflow_dag"] == "live_good" and row["airflow_task"] == "spark" and row["airflow_run"], "reports know"

    url = f"{live.livy_url}/batches"
    shown = {path: call(f"{url}{path}") for path in
             ("?size=1000", f"/{batch.id}", f"/{batch.id}/state", f"/{batch.id}/log?size=-1")}
    with urllib.request.urlopen(f"{live.all_url}/metrics", timeout=LIMIT_S) as answer:
        shown["/metrics"] = answer.read().decode()
    shown["the database"] = subprocess.run(
        ["pg_dump", live.conninfo], capture_output=True, text=True, timeout=LIMIT_S, check=True).stdout
    assert "spark.openlineage.transport.auth.apiKey" in shown["the database"]
    shown.update(live.log_texts())
    assert [name for name, text in shown.items() if SECRET in str(text)] == []
