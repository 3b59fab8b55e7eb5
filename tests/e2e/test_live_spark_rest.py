# SPDX-License-Identifier: Apache-2.0
"""The real spark-submit with --master spark://: its exit status, what it prints, and what becomes of the driver."""
import contextlib
import os
import re
import subprocess

import pytest
from live_batch import PATIENT, PI, PROGRAMS, SMALL, KnownBatch
from spark_rest import SparkRest, batch_of
from waiting import wait_for

PYTHON = ("--class", "org.apache.spark.deploy.SparkSubmit", "spark-internal")
RUN_S = 240
ENDS = ("FINISHED", "FAILED", "KILLED", "ERROR")


class SparkSubmit:
    def __init__(self, live):
        self.home = max((live.cache / "images").glob("spark-4*"))
        self.master = f"spark://127.0.0.1:{live.spark_port}"
        self.any_jar = next((self.home / "jars").glob("spark-core*.jar")).name
        self.environment = dict(live.environment, SPARK_HOME=str(self.home), SPARK_LOCAL_IP="127.0.0.1")

    def start(self, *words, master=None):
        return subprocess.Popen(
            [self.home / "bin/spark-submit", "--master", master or self.master, *words], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=os.sep)

    def submit(self, *words, conf=None, master=None):
        options = ["--deploy-mode", "cluster", "--conf", "spark.master.rest.enabled=true"]
        for key, value in {**SMALL, **(conf or {})}.items():
            options += ["--conf", f"{key}={value}"]
        return self.start(*options, *words, master=master)


def ended(process):
    """Exit status and what was printed."""
    with process:
        printed, _ = process.communicate(timeout=RUN_S)
    return process.returncode, printed


def submission_of(process):
    status, printed = ended(process)
    assert status == 0, printed
    return re.search(r"successfully created as (driver-[0-9-]+)\.", printed)[1]


@pytest.fixture(scope="module")
def spark(live):
    return SparkRest(live.spark_port)


@pytest.fixture(scope="module")
def client(live):
    return SparkSubmit(live)


@pytest.fixture(scope="module")
def submissions(live, client):
    """All at once; each test looks at its own."""
    plan = {
        "pi": client.submit("--name", "spark-pi", "--total-executor-cores", "1", *PYTHON, PI, "2", conf=PATIENT),
        "exit_3": client.submit(*PYTHON, f"{PROGRAMS}/exit.py", "3"),
        "waits": client.submit(*PYTHON, f"{PROGRAMS}/wait.py", "600", master=client.master + "/clusters/default"),
        "no_class": client.submit("--class", "org.example.None", f"local:///opt/spark/jars/{client.any_jar}"),
        "no_file": client.submit("--class", "org.example.None", "local:///opt/there/is/none.jar"),
    }
    try:
        yield {name: submission_of(process) for name, process in plan.items()}
    finally:
        for process in plan.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()


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


def test_a_driver_that_exits_with_3_has_failed(live, spark, submissions):
    answer = wait_for_driver(spark, submissions["exit_3"], "FAILED", "FINISHED")
    assert answer["driverState"] == "FAILED" and "ExitCode: 3" in answer["message"]
    assert KnownBatch(live, batch_of(submissions["exit_3"])).row()["exit_code"] == "3"


@pytest.mark.parametrize("name, words", [("no_class", "org.example.None"), ("no_file", "/opt/there/is/none.jar")])
def test_a_jar_without_its_class_or_that_is_not_there_has_failed(live, spark, submissions, name, words):
    answer = wait_for_driver(spark, submissions[name], "FAILED", "FINISHED")
    assert answer["driverState"] == "FAILED" and "ExitCode" in answer["message"]
    log = KnownBatch(live, batch_of(submissions[name])).log("size=-1")["log"]
    assert any(words in line for line in log), log


def test_spark_submit_kills_and_is_told_when_there_is_nothing_to_kill(live, spark, client, submissions):
    wait_for_driver(spark, submissions["waits"], "RUNNING")
    status, printed = ended(client.start("--kill", submissions["waits"]))
    assert status == 0 and f"{submissions['waits']} is killed successfully." in printed, printed
    assert spark.driver_state(submissions["waits"]) == "KILLED"
    batch = KnownBatch(live, batch_of(submissions["waits"]))
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user", 60)
    status, printed = ended(client.start("--kill", submissions["waits"]))
    assert f"Driver {submissions['waits']} has already finished or does not exist" in printed


@pytest.mark.parametrize("words, conf, reason", [
    (("--class", "M", "local:///a.jar"), {"spark.ilum.cluster": "nowhere"}, "there is no cluster 'nowhere'"),
    (("--class", "M", "/jobs/app.jar"), {}, "Local path file:/jobs/app.jar cannot be added"),
])
def test_a_refused_submission_ends_with_1_and_the_reason(live, client, words, conf, reason):
    status, printed = ended(client.submit(*words, conf=conf))
    assert status == 1 and reason in printed, printed


def test_a_submission_without_workers_ends_with_1_and_the_reason(live, client):
    """Not with 0, as if it had been taken."""
    for pid in [live.pid("workers"), *live.worker_pids()]:
        live.kill9(pid)
    try:
        status, printed = ended(client.submit("--class", "M", "local:///a.jar"))
    finally:
        live.up()
    assert status == 1 and "no worker is free or running" in printed, printed
