# SPDX-License-Identifier: Apache-2.0
"""How real batches end, by either operator: see "How a batch ends" in README.md.

All drivers of an operator run side by side, and each test looks at its own.
"""
import datetime
import json

import pytest

from live_batch import PROGRAMS, SMALL, LiveBatch
from live_stack import OPERATORS
from live_watch import LiveWatch, pod_phase
from waiting import wait_for

LONG_S = 3600  # of programs that somebody else ends, and of containers beside them
SOON_S = 300  # and not as late as what runs so long
AT_ONCE = 3  # submissions: for the Kubeflow operator each is a Java program; of too many the connections time out
QUOTA = {
    "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "ends"},
    "spec": {"hard": {"requests.memory": "64Gi"}},
}
pytestmark = pytest.mark.parametrize("operator", OPERATORS, indirect=True, scope="module")


@pytest.fixture(scope="module")
def drivers(live, operator):
    """What Kubernetes shows of driver pods all the while."""
    with LiveWatch(live, "pods", pod_phase, "spark-role=driver") as watch:
        yield watch


@pytest.fixture(scope="module")
def batches(live, drivers, errands):
    def waiting(seconds=LONG_S, **conf):
        return LiveBatch(live, f"{PROGRAMS}/wait.py", args=[str(seconds)], conf=SMALL | conf)

    live.kubectl("create", "-f", "-", text=json.dumps(QUOTA))
    plan = {
        "beside": lambda: with_beside(live, waiting(5), ["sleep", str(LONG_S)]),
        "beside_failed": lambda: with_beside(live, waiting(10), ["false"]),
        # reads zeros until its memory is used up
        "memory": lambda: LiveBatch(live, f"{PROGRAMS}/exit.py", args=["/dev/zero"], conf=SMALL | {
            "spark.pyspark.driver.python": "tail", "spark.driver.memoryOverhead": "100m"}),
        "quota": lambda: LiveBatch(live, f"{PROGRAMS}/exit.py", driverMemory="100g", conf=SMALL),
        "deleted": waiting,
        "made_anew": waiting,
        "short_lived": lambda: waiting(30),
        "no_node": lambda: waiting(**{"spark.kubernetes.driver.node.selector.no": "where"}),
        "no_secret": lambda: waiting(**{"spark.kubernetes.driver.secretKeyRef.TOKEN": "no-such-secret:key"}),
        "no_file": lambda: LiveBatch(live, "local:///opt/there/is/none.py", conf=SMALL),
        "edited": lambda: waiting(30),
        "lost_alone": waiting,
        "fails_twice": lambda: LiveBatch(live, f"{errands[0]}/third_run.py", conf=SMALL | {
            "spark.sparkgate.retry.max": "3", "spark.sparkgate.retry.interval": "1s"}),
    }
    with live.operator_away():  # what is edited later counts for the next run only, or makes one: see "edited"
        started = {name: plan.pop(name)() for name in ("beside", "beside_failed")}
    for name, start in plan.items():
        wait_for("the operator to have room", lambda: sum(map(is_submitting, started.values())) < AT_ONCE, interval_s=0.5)
        started[name] = start()
    yield started
    live.kubectl("delete", "resourcequota", "ends", "--wait=false")


def is_submitting(batch):
    row = batch.row()
    return row["app_id"] == "" and row["finished_at"] == ""


def end_of(batch):
    row = batch.row()
    return row["state"], row["reason"], row["exit_code"]


def ended(batch):
    return batch.row()["finished_at"] != ""


def application(live, batch):
    """The object, or None."""
    return next(iter(live.objects("sparkapplications", batch.row()["object_name"])), None)


def reported(live, batch):
    return application(live, batch)["status"]["applicationState"]["state"]


def driver(live, batch):
    """The driver pod, or None."""
    return next(iter(live.objects("pod", batch.row()["driver_pod"])), None)


def patch(live, batch, spec):
    live.kubectl("patch", "sparkapplications", batch.row()["object_name"], "--type=merge", "-p", json.dumps({"spec": spec}))


def seconds_after_driver(live, batch):
    """From the end of the driver's container to the batch's."""
    (container,) = [status for status in driver(live, batch)["status"]["containerStatuses"]
                    if status["name"] == "spark-kubernetes-driver"]
    ended_at = datetime.datetime.fromisoformat(container["state"]["terminated"]["finishedAt"])
    finished_at = datetime.datetime.fromisoformat(batch.show()["finishedAt"])
    return (finished_at - ended_at).total_seconds()


def with_beside(live, batch, command):
    """Adds a container beside the driver's, as a webhook of a service mesh would."""
    memory = {"requests": {"memory": "16Mi"}, "limits": {"memory": "16Mi"}}
    image = application(live, batch)["spec"]["image"]
    patch(live, batch, {"driver": {"template": {"spec": {"containers": [
        {"name": "spark-kubernetes-driver"},
        {"name": "beside", "image": image, "imagePullPolicy": "IfNotPresent", "command": command, "resources": memory},
    ]}}}})
    return batch


def test_a_container_that_runs_on_beside_the_driver_keeps_no_end_back(live, batches):
    batch = batches["beside"]
    batch.wait("success")
    assert end_of(batch) == ("success", "", "0")
    assert driver(live, batch)["status"]["phase"] == "Running"
    assert seconds_after_driver(live, batch) < SOON_S
    assert "waited to the end" in batch.log("size=5")["log"]


def test_nor_is_a_container_that_fails_beside_it_the_driver_s_failure(live, batches):
    batch = batches["beside_failed"]
    batch.wait("success")
    assert end_of(batch) == ("success", "", "0")
    wait_for("the pod's end", lambda: driver(live, batch)["status"]["phase"] == "Failed")


def test_a_driver_that_needs_too_much_memory(live, batches):
    batch = batches["memory"]
    wait_for("its end", lambda: ended(batch))
    assert end_of(batch) == ("dead", "out_of_memory", "137")


QUOTA_SAID = {"sparkgate": 'failed to submit spark application: pods "',
              "kubeflow": "failed to submit spark application: failed to run spark-submit: "}


def test_a_driver_that_the_quota_has_no_room_for(batches, operator):
    batch = batches["quota"]
    wait_for("its end", lambda: ended(batch))
    assert end_of(batch) == ("dead", "submission_failed", "")
    assert batch.row()["message"].startswith(QUOTA_SAID[operator])
    assert "exceeded quota: ends" in batch.row()["message"]
    assert any("exceeded quota: ends" in line for line in batch.log()["log"])


@pytest.mark.parametrize("name, words", [
    ("no_node", "Unschedulable: 0/1 nodes are available"),
    ("no_secret", 'CreateContainerConfigError: secret "no-such-secret" not found'),
])
def test_a_driver_that_cannot_start_says_why_until_it_is_killed(live, batches, name, words):
    batch = batches[name]
    wait_for("the message", lambda: batch.row()["message"].startswith(words))
    assert batch.state() == "starting"
    batch.delete()
    wait_for("its end", lambda: ended(batch))
    assert end_of(batch) == ("killed", "killed_by_user", "")
    assert batch.row()["message"].startswith(words) and batch.log()["log"][0].startswith(words)


def test_an_object_that_is_deleted_by_hand(live, batches):
    batch = batches["deleted"]
    batch.wait("running")
    live.kubectl("delete", "sparkapplications", batch.row()["object_name"])
    batch.wait("killed")
    assert end_of(batch) == ("killed", "deleted_outside", "")


def test_an_object_that_is_made_anew_by_hand_does_not_run_the_batch_again(live, batches):
    batch = batches["made_anew"]
    batch.wait("running")
    first = application(live, batch)
    live.kubectl("replace", "--force", "-f", "-", text=json.dumps(
        first | {"metadata": {key: first["metadata"][key] for key in ("name", "namespace", "labels")}, "status": None}))
    batch.wait("killed")
    assert end_of(batch) == ("killed", "deleted_outside", "")
    wait_for("the new object's end", lambda: application(live, batch) is None)
    wait_for("no driver to be left", lambda: driver(live, batch) is None)


def test_an_object_that_is_removed_as_soon_as_it_has_ended(live, batches):
    batch = batches["short_lived"]
    batch.wait("running", "success")
    patch(live, batch, {"timeToLiveSeconds": 1})
    batch.wait("success")
    wait_for("the object's end", lambda: application(live, batch) is None)
    assert end_of(batch) == ("success", "", "0")
    assert "waited to the end" in batch.log("size=5")["log"]


def test_a_main_file_that_is_not_there(live, batches):
    batch = batches["no_file"]
    wait_for("its end", lambda: ended(batch))
    assert end_of(batch)[:2] == ("dead", "exit_code") and "ExitCode" in batch.row()["message"]


def test_an_object_that_is_edited_while_its_driver_runs(live, batches, drivers):
    batch = batches["edited"]
    batch.wait("running", "success")
    patch(live, batch, {"driver": {"labels": {"edited": "yes"}}})
    batch.wait("success")
    assert end_of(batch) == ("success", "", "0")
    wait_for("the second driver: both operators run what was changed anew",
             lambda: len(drivers.uids(batch.row()["driver_pod"])) == 2)


def test_what_happens_while_the_operator_is_away(live, batches, errands, operator):
    """It is killed while two drivers run, and a third batch comes before it is back."""
    url, release = errands
    lost = batches["lost_alone"]
    ended_alone = LiveBatch(live, f"{url}/errand.py", args=[f"{url}/{operator}", str(LONG_S)], conf=SMALL)
    for batch in (lost, ended_alone):
        batch.wait("running")
        wait_for("the operator's word", lambda batch=batch: reported(live, batch) == "RUNNING")
    with live.operator_away():
        release(operator)
        late = LiveBatch(live, f"{PROGRAMS}/exit.py", args=["0"], conf=SMALL)
        ended_alone.wait("success")
        assert end_of(ended_alone) == ("success", "", "0") and reported(live, ended_alone) == "RUNNING"
        assert seconds_after_driver(live, ended_alone) < SOON_S
        live.kubectl("delete", "pod", lost.row()["driver_pod"], "--grace-period=0", "--force")
        lost.wait("dead")
        assert lost.row()["reason"] in ("driver_lost", "exit_code") and reported(live, lost) == "RUNNING"
        wait_for("the message", lambda: "operator" in late.row()["message"])
        assert late.state() == "starting"
    ends = [end_of(batch) for batch in (ended_alone, lost)]
    wait_for("what the operator says now",
             lambda: [reported(live, batch) for batch in (ended_alone, lost)] == ["COMPLETED", "FAILED"])
    late.wait("success")
    assert [end_of(batch) for batch in (ended_alone, lost)] == ends, "a final state never changes"


def test_a_batch_that_fails_twice_is_run_again_and_succeeds(live, batches):
    batch = batches["fails_twice"]
    batch.wait("success")
    row, name = batch.row(), batch.row()["object_name"]
    assert (row["attempts"], row["retries"], row["exit_code"], row["reason"]) == ("3", "2", "0", "")
    *before, last = [event["state"] for event in batch.events()]
    assert set(before) <= {"accepted", "starting", "running"} and last == "success", batch.story()
    log = batch.log("size=-1")
    assert log["total"] == len(log["log"])
    said = [line.split(" failed: ")[0] for line in log["log"] if line.startswith(("this is", "(sparkgate: run"))]
    assert said == [f"this is {name}-driver", "(sparkgate: run 1 of 4", f"this is {name}-1-driver",
                    "(sparkgate: run 2 of 4", f"this is {name}-2-driver"], "one log has all runs, one after the other"
    assert all(live.objects("sparkapplications", each) for each in (name, f"{name}-1", f"{name}-2")), "retention takes them"
