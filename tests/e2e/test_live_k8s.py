# SPDX-License-Identifier: Apache-2.0
"""The real spark-submit with --master k8s://, in cluster mode: its exit status, what it prints, and the ledger."""
import re

import pytest
from live_batch import PATIENT, PI, PROGRAMS, SMALL, KnownBatch, call
from live_spark import CLIENT_S, LiveSpark, SparkSubmit, ended, ended_at_last
from live_stack import NAMESPACE
from waiting import wait_for

# What both wait for is far shorter on an idle machine; this one may be busy.
CLIENT = {f"spark.kubernetes.submission.{what}Timeout": "60000" for what in ("connection", "request")}


def client(live, version):
    """spark-submit of one version, and drivers with the image of that version."""
    spark = LiveSpark(live, version)
    return SparkSubmit(live, spark, f"k8s://http://127.0.0.1:{live.spark_port}", {
        **SMALL, **CLIENT, "spark.kubernetes.container.image": spark.image, "spark.kubernetes.namespace": NAMESPACE,
        "spark.driver.memory": "512m", "spark.executor.instances": "1"})


@pytest.fixture(scope="module")
def spark4(live):
    return client(live, "4.3.0")


@pytest.fixture(scope="module")
def spark35(live):
    return client(live, "3.5.9")


@pytest.fixture(scope="module")
def submissions(spark4, spark35):
    """All at once; each test looks at its own."""
    plan = {
        "pi": spark4.submit("--name", "k8s pi ü", PI, "2", conf={**PATIENT, "spark.sparkgate.cluster": "default"}),
        "waits": spark4.submit("--name", "k8s-waits", f"{PROGRAMS}/wait.py", "600",
                               master=spark4.master + "/clusters/default"),
        "exit_3": spark35.submit("--name", "k8s-exit", f"{PROGRAMS}/exit.py", "3"),
        "killed": spark35.submit("--name", "k8s-kill", f"{PROGRAMS}/wait.py", "600",
                                 conf={"spark.kubernetes.submission.waitAppCompletion": "false"}),
        "refused": spark4.submit("--name", "k8s-refused", PI, conf={"spark.ilum.cluster": "nowhere"}),
    }
    with ended_at_last(plan.values()):
        yield plan


def batch_named(live, name):
    """The newest one of that name, when it is there."""
    def ids():
        status, answer = call(f"{live.livy_url}/batches?namePrefix={name}&protocol=k8s&order=desc")
        assert status == 200, answer
        return [batch["id"] for batch in answer["sessions"]]

    wait_for(f"a batch named {name}", ids, CLIENT_S)
    return KnownBatch(live, ids()[0])


def test_pi_runs_to_its_end_and_the_client_sees_it(live, submissions):
    status, printed = ended(submissions["pi"])
    assert status == 0 and re.search(r"exit code: 0\b", printed), printed[-6000:]
    assert re.search(r"submission ID spark:k8s-pi-[0-9a-f]{16}-driver finished", printed), printed[-3000:]
    app_id = re.search(r"spark-app-selector -> (spark-[a-z0-9]+)", printed)[1]
    batch = batch_named(live, "k8s%20pi")
    wait_for("the ledger", lambda: batch.row()["state"] == "success", 60)
    row = batch.row()
    assert (row["protocol"], row["app_id"], row["name"], row["exit_code"]) == ("k8s", app_id, "k8s pi ü", "0")
    assert any(line.startswith("Pi is roughly 3.1") for line in batch.log("size=-1")["log"]), batch.story()


def test_a_driver_that_exits_with_3_is_shown_as_it_ended(live, submissions):
    """spark-submit itself exits with 0: only what it prints tells (contract k8s-facade.md, rule 4)."""
    status, printed = ended(submissions["exit_3"])
    assert status == 0 and "exit code: 3" in printed, printed[-6000:]
    batch = batch_named(live, "k8s-exit")
    wait_for("the ledger", lambda: batch.row()["state"] == "dead", 60)
    assert (batch.row()["reason"], batch.row()["exit_code"]) == ("exit_code", "3")


def test_a_kill_from_livy_s_side_ends_the_driver_and_its_client(live, spark4, submissions):
    batch = batch_named(live, "k8s-waits")
    wait_for("the driver to run", lambda: batch.row()["state"] == "running", CLIENT_S)
    pod = batch.row()["driver_pod"]
    status, printed = ended(spark4.start("--status", f"{NAMESPACE}:{pod}"))
    assert status == 0 and "phase: Running" in printed, printed
    assert batch.delete()[0] == 200
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user", 90)
    status, printed = ended(submissions["waits"])
    assert status == 0 and f"{pod} finished" in printed, printed[-3000:]


def test_spark_submit_kills_by_a_pattern(live, spark35, submissions):
    status, printed = ended(submissions["killed"])
    assert status == 0 and f"submission ID {NAMESPACE}:k8s-kill-" in printed, printed[-3000:]
    batch = batch_named(live, "k8s-kill")
    status, printed = ended(spark35.start("--kill", f"{NAMESPACE}:k8s-kill-*"))
    assert status == 0, printed
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user", 90)


def test_a_refused_submission_ends_with_1_and_the_reason(submissions):
    status, printed = ended(submissions["refused"])
    assert status == 1 and "there is no cluster 'nowhere'" in printed, printed[-3000:]
