# SPDX-License-Identifier: Apache-2.0
"""What reports know of real batches, and the sums that the watcher keeps, whoever is killed when."""
import contextlib

import pytest
from k8s_client import Driver
from livy import becomes
from spark_rest import SparkRest, batch_of
from waiting import wait_for

COLUMNS = ("image", "spark_version", "driver_cores", "driver_memory_mib", "executors_count", "executor_cores", "executor_memory_mib",
           "labels", "airflow_dag", "airflow_task", "airflow_run", "airflow_try")
ENDED = """INSERT INTO batch (uid, request_digest, protocol, cluster, namespace, operator_kind, request, state, accepted_at, pushed_at,
                              started_at, finished_at, object_deleted_at)
           SELECT gen_random_uuid(), '', 'livy', 'default', 'spark', 'sparkgate', '{}', 'success', at, at, at, at, at
           FROM generate_series(1, %s), date_trunc('day', now() - interval '2 days') AS at"""
ADDING = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%batch_rollup_owed%%' AND application_name LIKE 'sparkgate-watcher%%'"


def asked(stack, batch_id):
    row = stack.row(batch_id)
    return {name: float(row[name]) if name.endswith("_cores") else row[name] for name in COLUMNS if row[name] is not None}


def summed(stack):
    return stack.postgres.value("SELECT coalesce(sum(batches), 0)::int FROM batch_rollup")


@pytest.fixture
def no_sums(clean):
    """No batch was ever counted."""
    clean.watcher.stop()
    clean.postgres.execute("TRUNCATE batch_rollup, batch_rollup_time, batch_rollup_owed")
    yield clean
    clean.repair()


def test_what_a_batch_asks_for_is_known_with_the_cluster_s_defaults(stack, kube, livy, clean):
    batch_id = livy.submit(driverMemory="2g", executorCores=2, numExecutors=3, conf={
        "spark.kubernetes.driver.request.cores": "500m", "spark.kubernetes.driver.label.team": "data",
        "spark.openlineage.rootParentJobName": "sales", "spark.openlineage.parentJobName": "sales.load"})["id"]
    assert asked(stack, batch_id) == {
        "image": "docker.io/library/sparkgate-spark:4.3.0", "spark_version": "4.3.0", "driver_cores": 0.5, "driver_memory_mib": 2048,
        "executors_count": 3, "executor_cores": 2, "executor_memory_mib": 512, "labels": {"team": "data"}, "airflow_dag": "sales",
        "airflow_task": "load"}


def test_the_same_of_spark_submit(stack, kube, clean):
    submission = SparkRest(stack.spark_port).submit({"spark.driver.cores": "2", "spark.kubernetes.driver.label.dag_id": "sales"})
    known = asked(stack, batch_of(submission))
    assert (known["driver_cores"], known["executor_memory_mib"], known["labels"], known["airflow_dag"]) == (
        2, 512, {"dag_id": "sales"}, "sales")


def test_and_of_drivers_that_come_as_pods(stack, kube, k8s, clean):
    driver = Driver(properties={"spark.driver.memory": "512m", "spark.executor.instances": "4", "spark.executor.cores": "2",
                                "spark.kubernetes.driver.label.team": "ml"})
    assert k8s.submit(driver)[1].status == 201
    row = stack.postgres.row("SELECT id FROM batch WHERE driver_pod = %s", (driver.pod_name,))
    assert asked(stack, row["id"]) == {
        "image": "spark:4.3.0", "driver_cores": 1, "driver_memory_mib": 512, "executors_count": 4, "executor_cores": 2,
        "executor_memory_mib": 512, "labels": {"team": "ml"}}


def test_a_batch_is_in_the_reports_as_soon_as_it_ends_and_in_the_sums_soon_after(no_sums, kube, livy):
    stack = no_sums
    stack.start_watcher()
    stack.wait_leased()
    batch_id = livy.submit(conf={"spark.kubernetes.driver.label.team": "data"})["id"]
    name = stack.wait_state(batch_id, "starting")["object_name"]
    assert stack.postgres.rows("SELECT * FROM report.by_team") == []
    kube.report(name, "RUNNING")
    becomes(livy, batch_id, "running")
    kube.report(name, "FAILED", "driver container failed with ExitCode: 137, Reason: OOMKilled")
    becomes(livy, batch_id, "dead")

    def reported():
        row = stack.postgres.row("SELECT team, batches, failed, reasons FROM report.by_team")
        assert row == {"team": "data", "batches": 1, "failed": 1, "reasons": {"out_of_memory": 1}}

    reported()
    wait_for("it to be in the sums", lambda: summed(stack) == 1)
    assert stack.postgres.rows("SELECT * FROM batch_rollup_owed") == []
    reported()
    assert "sums_added" in stack.watcher.log_text()


def test_a_watcher_that_is_killed_while_it_adds_counts_nothing_twice(no_sums, kube):
    """Its session waits in the middle for a row that somebody holds: then it goes on alone, or ends with its host."""
    stack, total = no_sums, 20
    stack.postgres.execute(ENDED, (total,))
    stack.start_watcher()
    wait_for("the first ones to be added", lambda: summed(stack) == total)
    stack.watcher.stop()
    for session_ends in (False, True):
        stack.postgres.execute(ENDED, (30,))
        total += 30
        with contextlib.closing(stack.postgres.connect(user="postgres", autocommit=False)) as holder:
            holder.cursor().execute("SELECT * FROM batch_rollup_time FOR UPDATE")
            stack.start_watcher()
            adding = wait_for("a watcher amid its sums", lambda: stack.postgres.rows(
                ADDING + " AND wait_event_type = 'Lock' AND state = 'active'", user="postgres"))
            stack.watcher.kill9_with_descendants()
            assert summed(stack) == total - 30, "nothing of it is seen yet"
            assert stack.postgres.value("SELECT sum(batches)::int FROM report.by_day") == total, "and reports have all of it"
            if session_ends:
                stack.postgres.execute("SELECT pg_terminate_backend(%s)", (adding[0]["pid"],))
            holder.rollback()
        wait_for("that session's end", lambda adding=adding: not stack.postgres.rows(
            "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (adding[0]["pid"],)))
        stack.start_watcher()
        wait_for("the rest to be added", lambda: not stack.postgres.rows("SELECT 1 FROM batch_rollup_owed"))
        assert summed(stack) == total
        assert stack.postgres.value("SELECT sum(batches)::int FROM batch_rollup_time WHERE measure = 'run'") == total
        stack.watcher.stop()
