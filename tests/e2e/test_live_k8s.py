# SPDX-License-Identifier: Apache-2.0
"""The real spark-submit with --master k8s://, in cluster mode: its exit status, what it prints, and the ledger.

It waits for its driver and ends with 0 however that ends: only what it prints tells (contract k8s-facade.md, rule 4).
"""
import json
import re
import signal

import pytest
from live_batch import PATIENT, PI, PROGRAMS, SMALL, KnownBatch
from live_spark import CLIENT_S, PROGRAMS_HERE, LiveSpark, SparkSubmit, ended_at_last, served
from live_stack import NAMESPACE
from waiting import wait_for

# What both wait for is far shorter on an idle machine; this one may be busy.
CLIENT = {f"spark.kubernetes.submission.{what}Timeout": "60000" for what in ("connection", "request")}
WAITS_NOT = {"spark.kubernetes.submission.waitAppCompletion": "false"}
NOT_THERE = "HTTP Error 404: File not found"


def client(live, version):
    """spark-submit of one version, and drivers with the image of that version."""
    spark = LiveSpark(live, version)
    return SparkSubmit(live, spark, f"k8s://http://127.0.0.1:{live.spark_port}", {
        **SMALL, **CLIENT, "spark.kubernetes.container.image": spark.image, "spark.kubernetes.namespace": NAMESPACE,
        "spark.kubernetes.executor.request.cores": "50m", "spark.driver.memory": "512m",
        "spark.executor.instances": "1"})


@pytest.fixture(scope="module")
def spark4(live):
    return client(live, "4.3.0")


@pytest.fixture(scope="module")
def spark35(live):
    return client(live, "3.5.9")


@pytest.fixture(scope="module")
def jar(live, spark35, tmp_path_factory):
    """Where drivers find the class Sums."""
    directory = tmp_path_factory.mktemp("jar")
    spark35.spark.compile(PROGRAMS_HERE / "Sums.java", directory / "Sums.jar")
    with served(directory, live.node_address()) as address:
        yield f"{address}/Sums.jar"


@pytest.fixture(scope="module")
def submissions(spark4, spark35, errands, jar):
    """All at once; each test looks at its own."""
    address, _ = errands
    any_jar = next((spark4.spark.home / "jars").glob("spark-core*.jar")).name
    plan = {
        "outlives": spark4.submit("--name", "k8s-outlives", f"{address}/errand.py", f"{address}/never", "3600"),
        "ends_meanwhile": spark35.submit("--name", "k8s-ends", f"{address}/errand.py", f"{address}/meanwhile", "3600"),
        "pi": spark4.submit("--name", "k8s pi ü", PI, "2", conf={**PATIENT, "spark.sparkgate.cluster": "default"}),
        "jar": spark35.submit("--name", "k8s-jar", "--class", "Sums", jar, "100", conf=PATIENT),
        "waits": spark4.submit("--name", "k8s-waits", f"{PROGRAMS}/wait.py", "3600",
                               master=spark4.master + "/clusters/default"),
        "pattern": spark35.submit("--name", "k8s-kill", f"{PROGRAMS}/wait.py", "3600", conf=WAITS_NOT),
        "exit_3": spark35.submit("--name", "k8s-exit", f"{PROGRAMS}/exit.py", "3"),
        "no_class": spark4.submit("--class", "org.example.None", f"local:///opt/spark/jars/{any_jar}"),
        "no_file": spark35.submit("--class", "org.example.None", "local:///opt/there/is/none.jar"),
        "refused": spark4.submit("--name", "k8s-refused", PI, conf={"spark.ilum.cluster": "nowhere"}),
        "local_file": spark4.submit("--name", "k8s-local", "/opt/app.py"),
    }
    with ended_at_last(plan.values()):
        yield plan


def driver_of(client):
    """The pod that it names."""
    return client.wait_for(r"(?:pod name: |submission ID \w+:)(\S+-driver)\b")[1]


def batch_of(live, client):
    row = live.row(f"SELECT id FROM batch WHERE protocol = 'k8s' AND driver_pod = '{driver_of(client)}'")
    return KnownBatch(live, row["id"])


def see_running(client):
    client.wait_for(r"phase: Running$")


def ended_as(live, client, code):
    """What it printed at the driver's end, and the batch."""
    status, printed = client.ended()
    assert status == 0 and re.findall(r"exit code: (\d+)$", printed, re.M)[-1:] == [str(code)], printed[-6000:]
    assert f"submission ID {NAMESPACE}:{driver_of(client)} finished" in printed, printed[-3000:]
    batch = batch_of(live, client)
    wait_for("the ledger", lambda: batch.row()["finished_at"], CLIENT_S)
    row = batch.row()
    assert (row["state"], row["exit_code"]) == ("dead" if code else "success", str(code)), batch.story()
    return printed, batch


def test_pi_runs_to_its_end_and_the_client_sees_it(live, submissions):
    printed, batch = ended_as(live, submissions["pi"], 0)
    row = batch.row()
    app_id = re.search(r"spark-app-selector -> (spark-[a-z0-9]+)", printed)[1]
    assert (row["protocol"], row["app_id"], row["name"]) == ("k8s", app_id, "k8s pi ü")
    assert any(line.startswith("Pi is roughly 3.1") for line in batch.log("size=-1")["log"]), batch.story()


def test_a_jar_runs_with_the_classes_that_it_brings(live, spark35, submissions):
    _, batch = ended_as(live, submissions["jar"], 0)
    assert json.loads(batch.row()["request"])["mainClass"] == "Sums"
    line = f"the squares add up to 338350, with Spark {spark35.spark.version}"
    assert line in batch.log("size=-1")["log"], batch.story()


def test_a_driver_that_exits_with_3_is_shown_as_it_ended(live, submissions):
    _, batch = ended_as(live, submissions["exit_3"], 3)
    assert batch.row()["reason"] == "exit_code"


@pytest.mark.parametrize("name, code, words", [
    ("no_class", 101, "org.example.None"), ("no_file", 1, "/opt/there/is/none.jar")])
def test_a_jar_without_its_class_or_that_is_not_there_is_shown_as_it_ended(live, submissions, name, code, words):
    _, batch = ended_as(live, submissions[name], code)
    log = batch.log("size=-1")["log"]
    assert any(words in line for line in log), log


@pytest.mark.parametrize("name, words", [
    ("refused", "there is no cluster 'nowhere'"), ("local_file", "specify spark.kubernetes.file.upload.path")])
def test_a_refused_submission_ends_with_1_and_the_reason(submissions, name, words):
    status, printed = submissions[name].ended()
    assert status == 1 and words in printed, printed[-3000:]


# --- kills ------------------------------------------------------------------------------------------------------------

def killed(live, client):
    """Its driver is, by a user: it sees that the pod is gone and has no exit code to show."""
    batch = batch_of(live, client)
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user", CLIENT_S)
    status, printed = client.ended()
    assert status == 0 and f"{batch.row()['driver_pod']} finished" in printed, printed[-3000:]


def test_a_kill_from_livy_s_side_ends_the_driver_and_its_client(live, spark4, submissions):
    client = submissions["waits"]
    see_running(client)
    status, printed = spark4.start("--status", f"{NAMESPACE}:{driver_of(client)}").ended()
    assert status == 0 and "phase: Running" in printed, printed
    assert batch_of(live, client).delete()[0] == 200
    killed(live, client)


def test_spark_submit_kills_by_a_pattern(live, spark35, submissions):
    status, printed = submissions["pattern"].ended()
    assert status == 0 and f"submission ID {NAMESPACE}:k8s-kill-" in printed, printed[-3000:]
    status, printed = spark35.start("--kill", f"{NAMESPACE}:k8s-kill-*").ended()
    assert status == 0, printed
    batch = batch_of(live, submissions["pattern"])
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user", CLIENT_S)


# --- restarts ---------------------------------------------------------------------------------------------------------

def test_clients_outlive_api_server_and_gateway_and_see_what_becomes_of_their_drivers(live, spark4, submissions, errands):
    going_on, ending = submissions["outlives"], submissions["ends_meanwhile"]
    for client in (going_on, ending):
        see_running(client)
    errors = live.dir / "log/nginx-error.log"
    before = errors.stat().st_size
    try:
        live.kill9_with_children("kube-apiserver")
        for client in (going_on, ending):
            unanswered = re.compile(rf"Connection refused.*[?&]watch=true.*metadata.name%3D{driver_of(client)}|"
                                    rf"Connection refused.*metadata.name%3D{driver_of(client)}.*[?&]watch=true")
            wait_for("the client to ask while there is no API server",
                     lambda: unanswered.search(errors.read_bytes()[before:].decode()), CLIENT_S)
        going_on.process.send_signal(signal.SIGSTOP)
        live.kill9_with_children("nginx", "workers", "watcher")
        errands[1]("meanwhile")
    finally:
        live.up()
    _, batch = ended_as(live, ending, 0)
    assert batch.row()["attempts"] == "1", batch.story()
    looks = [line for line in batch.log("size=-1")["log"] if line.startswith(("look", "found"))]
    each_once = [f"look {number}: {NOT_THERE}" for number in range(1, len(looks))]
    assert looks == [*each_once, "found 4 bytes"], batch.story()

    batch, pod = batch_of(live, going_on), f"{NAMESPACE}:{driver_of(going_on)}"
    assert going_on.process.poll() is None and batch.state() == "running"
    status, printed = spark4.start("--kill", pod).ended()
    assert status == 0, printed
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user", CLIENT_S)
    going_on.process.send_signal(signal.SIGCONT)  # and finds no pod any more
    killed(live, going_on)
    status, printed = spark4.start("--status", pod).ended()
    assert status == 0 and "Application not found." in printed, printed
