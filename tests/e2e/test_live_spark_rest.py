# SPDX-License-Identifier: Apache-2.0
"""The real spark-submit with --master spark://: its exit status, what it prints, and what becomes of the driver."""
import concurrent.futures
import json
import re
import shlex

import pytest
from live_batch import PATIENT, PI, PROGRAMS, SMALL, KnownBatch
from live_spark import LiveSpark, SparkSubmit, ended_at_last
from spark_rest import SparkRest, batch_of
from waiting import wait_for

PYTHON = ("--class", "org.apache.spark.deploy.SparkSubmit", "spark-internal")
VERSIONS = ("4.3.0", "3.5.9")  # of clients; what runs in the cluster is the gateway's
PROPERTIES = {"spark.master.rest.enabled": "true", **SMALL}
RUN_S = 240
NOT_THERE = "HTTP Error 404: File not found"
ENDS = ("FINISHED", "FAILED", "KILLED", "ERROR")


def submission_of(client):
    status, printed = client.ended()
    assert status == 0, printed
    return re.search(r"successfully created as (driver-[0-9-]+)\.", printed)[1]


@pytest.fixture(scope="module")
def spark(live):
    return SparkRest(live.spark_port)


@pytest.fixture(scope="module")
def clients(live):
    master = f"spark://127.0.0.1:{live.spark_port}"
    return {version: SparkSubmit(live, LiveSpark(live, version), master, PROPERTIES) for version in VERSIONS}


@pytest.fixture(scope="module")
def client(clients):
    return clients["4.3.0"]


@pytest.fixture(scope="module")
def submissions(clients, client, errands):
    """All at once; each test looks at its own."""
    address, _ = errands
    any_jar = next((client.spark.home / "jars").glob("spark-core*.jar")).name
    plan = {
        "pi": client.submit("--name", "spark-pi", "--total-executor-cores", "1", *PYTHON, PI, "2", conf=PATIENT),
        "supervised": client.submit("--supervise", *PYTHON, f"{address}/errand.py", f"{address}/thing"),
        "outlives": client.submit(*PYTHON, f"{address}/errand.py", f"{address}/release", "3600"),
        "no_class": client.submit("--class", "org.example.None", f"local:///opt/spark/jars/{any_jar}"),
        "no_file": client.submit("--class", "org.example.None", "local:///opt/there/is/none.jar"),
    }
    for version, one in clients.items():
        plan["exit_3", version] = one.submit(*PYTHON, f"{PROGRAMS}/exit.py", "3")
        plan["waits", version] = one.submit(*PYTHON, f"{PROGRAMS}/wait.py", master=f"{one.master}/clusters/default")
    with ended_at_last(plan.values()):
        yield {name: submission_of(one) for name, one in plan.items()}


def wait_for_driver(spark, submission, *states):
    """Its status then; another end fails at once."""
    def arrived():
        state = spark.driver_state(submission)
        assert state in states or state not in ENDS, f"{submission}: {spark.status(submission)}, not {states}"
        return state in states

    wait_for(f"{submission} to be one of {states}", arrived, RUN_S, 0.2)
    return spark.status(submission)


def test_pi_runs_to_its_end_and_its_log_is_kept(live, spark, submissions):
    wait_for_driver(spark, submissions["pi"], "FINISHED")
    batch = KnownBatch(live, batch_of(submissions["pi"]))
    assert batch.row()["name"] == "spark-pi" and batch.row()["protocol"] == "spark_rest"
    assert any(line.startswith("Pi is roughly 3.1") for line in batch.log("size=-1")["log"]), batch.story()


def test_a_supervised_driver_runs_again_until_it_succeeds(live, spark, submissions, errands):
    wait_for_driver(spark, submissions["supervised"], "RELAUNCHING")
    errands[1]("thing")
    wait_for_driver(spark, submissions["supervised"], "FINISHED")
    batch = KnownBatch(live, batch_of(submissions["supervised"]))
    assert int(batch.row()["attempts"]) > 1, batch.story()
    log = [line for line in batch.log("size=-1")["log"] if line.startswith(("look", "found"))]
    assert log[0] == f"look 1: {NOT_THERE}" and log[-1] == "found 4 bytes", "one log has all runs"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_driver_that_exits_with_3_has_failed(live, spark, submissions, version):
    submission = submissions["exit_3", version]
    answer = wait_for_driver(spark, submission, "FAILED", "FINISHED")
    assert answer["driverState"] == "FAILED" and "ExitCode: 3" in answer["message"]
    row = KnownBatch(live, batch_of(submission)).row()
    assert row["exit_code"] == "3" and json.loads(row["request"])["clientSparkVersion"] == version


@pytest.mark.parametrize("name, words", [("no_class", "org.example.None"), ("no_file", "/opt/there/is/none.jar")])
def test_a_jar_without_its_class_or_that_is_not_there_has_failed(live, spark, submissions, name, words):
    answer = wait_for_driver(spark, submissions[name], "FAILED", "FINISHED")
    assert answer["driverState"] == "FAILED" and "ExitCode" in answer["message"]
    log = KnownBatch(live, batch_of(submissions[name])).log("size=-1")["log"]
    assert any(words in line for line in log), log


@pytest.mark.parametrize("version", VERSIONS)
def test_spark_submit_kills_and_is_told_when_there_is_nothing_to_kill(live, spark, clients, submissions, version):
    submission, client = submissions["waits", version], clients[version]
    wait_for_driver(spark, submission, "RUNNING")
    status, printed = client.start("--kill", submission).ended()
    assert status == 0 and f"{submission} is killed successfully." in printed, printed
    assert spark.driver_state(submission) == "KILLED"
    batch = KnownBatch(live, batch_of(submission))
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user", 60)
    status, printed = client.start("--kill", submission).ended()
    assert f"Driver {submission} has already finished or does not exist" in printed


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("words, conf, reason", [
    (("--class", "M", "local:///a.jar"), {"spark.ilum.cluster": "nowhere"}, "there is no cluster 'nowhere'"),
    # io.kestra.plugin.spark.JarSubmit
    (("--name", "flow", "--class", "M", "file:///tmp/kestra-wd/1/app.jar", "10"), {},
     "Local path file:///tmp/kestra-wd/1/app.jar cannot be added"),
])
def test_a_refused_submission_ends_with_1_and_the_reason(clients, version, words, conf, reason):
    status, printed = clients[version].submit(*words, conf=conf).ended()
    assert status == 1 and reason in printed, printed


def test_a_driver_outlives_gateway_and_api_server_and_its_end_is_told(live, spark, client, submissions, errands):
    wait_for_driver(spark, submissions["outlives"], "RUNNING")
    try:
        live.kill9_with_children("nginx", "workers", "watcher", "kube-apiserver")
    finally:
        live.up()
    status, printed = client.start("--status", submissions["outlives"]).ended()
    assert status == 0, printed
    assert spark.driver_state(submissions["outlives"]) == "RUNNING"
    errands[1]("release")
    wait_for_driver(spark, submissions["outlives"], "FINISHED")
    batch = KnownBatch(live, batch_of(submissions["outlives"]))
    assert batch.row()["attempts"] == "1", batch.story()
    looks = [line for line in batch.log("size=-1")["log"] if line.startswith("look")]
    assert looks and looks == [f"look {number}: {NOT_THERE}" for number in range(1, len(looks) + 1)], "each line, once"


# --- as Kestra does it -----------------------------------------------------------------------------------------------

class KestraTask:
    """io.kestra.plugin.spark.SparkCLI: a shell runs the user's command line, and only its exit status counts."""

    def __init__(self, client, execution):
        words = ["spark-submit", "--master", client.master, *client.options(
            {"spark.sparkgate.client.key": f"kestra-{execution}"}), *PYTHON, f"{PROGRAMS}/exit.py", "0"]
        self.command = ["/bin/sh", "-c", f"export PATH=$PATH:{client.spark.home}/bin\n{shlex.join(words)}"]
        self.client = client

    def run(self):
        return self.client.run(self.command).ended()

    def submission(self):
        return submission_of(self.client.run(self.command))


def test_ten_tasks_of_kestra_with_retries_are_ten_drivers(live, spark, client):
    begun = int(live.row("SELECT coalesce(max(id), 0) AS id FROM batch")["id"])
    tasks = [KestraTask(client, f"{begun}-{number}") for number in range(10)]
    for pid in [live.pid("workers"), *live.worker_pids()]:
        live.kill9(pid)
    try:
        status, printed = tasks[0].run()
    finally:
        live.up()
    assert status == 1 and "no worker is free or running" in printed, "a retry, and not taken for accepted"
    with concurrent.futures.ThreadPoolExecutor(len(tasks)) as pool:
        taken = list(pool.map(KestraTask.submission, tasks))
    assert tasks[0].submission() == taken[0], "a retry whose first try had been accepted"
    for submission in taken:
        wait_for_driver(spark, submission, "FINISHED")
    rows = live.rows(f"SELECT * FROM batch WHERE id > {begun} ORDER BY id")
    assert [int(row["id"]) for row in rows] == sorted(batch_of(submission) for submission in taken)
    assert {row["attempts"] for row in rows} == {"1"}
    pushed = live.rows(f"SELECT batch_id FROM batch_event WHERE batch_id > {begun} AND kind = 'pushed'")
    assert len(pushed) == len(tasks)
