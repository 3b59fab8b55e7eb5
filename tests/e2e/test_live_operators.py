# SPDX-License-Identifier: Apache-2.0
"""What only the gateway's own operator promises; and a change from one operator to the other, and back."""
import pytest

from live_batch import KEPT_EXECUTORS, PATIENT, PI, PROGRAMS, SMALL, LiveBatch
from live_stack import kubeflow_missing
from live_watch import LiveWatch, application_state, pod_phase
from waiting import wait_for, within

# From the object to its driver pod, as two watches see them: no Java program stands between.
POD_WITHIN_S = 2.0

pytestmark = [pytest.mark.usefixtures("operator"),
              pytest.mark.parametrize("operator", ("sparkgate",), indirect=True, scope="module")]


@pytest.fixture(scope="module")
def drivers(live, operator):
    """What Kubernetes shows of driver pods all the while."""
    with LiveWatch(live, "pods", pod_phase, "spark-role=driver") as watch:
        yield watch


def driver_name(batch):
    return f"{batch.row()['object_name']}-driver"


def application(live, batch):
    (item,) = live.objects("sparkapplications", batch.row()["object_name"])
    return item


def test_the_driver_pod_is_there_at_once(live, drivers):
    with LiveWatch(live, "sparkapplications", application_state) as objects:
        def late_s():
            batch = LiveBatch(live, f"{PROGRAMS}/exit.py", args=["0"], conf=SMALL)
            batch.wait("success")
            name = batch.row()["object_name"]
            wait_for("the watches to have caught up", lambda: objects.uids(name) and drivers.uids(driver_name(batch)))
            object_at = min(objects.times(name).values())
            pod_at = min(drivers.times(driver_name(batch)).values())
            print(f"driver pod {pod_at - object_at:.3f} s after its object, by a watch of each")
            return pod_at - object_at

        within(POD_WITHIN_S, late_s)


def test_executors_are_in_the_status(live):
    batch = LiveBatch(live, PI, numExecutors=2, args=["2"], conf=SMALL | PATIENT | KEPT_EXECUTORS)
    batch.wait("success")
    assert any(line.startswith("Pi is roughly 3.1") for line in batch.log("size=-1")["log"])
    wait_for("the operator's last word", lambda: application_state(application(live, batch)) == "COMPLETED")
    assert len(application(live, batch)["status"]["executorState"]) >= 2


def test_killed_while_batches_start_it_runs_each_once(live, drivers):
    batches = []
    for _ in range(3):
        batches.append(LiveBatch(live, f"{PROGRAMS}/exit.py", args=["0"], conf=SMALL))
        with live.operator_away():
            pass
    for batch in batches:
        batch.wait("success")
        wait_for("the watch to have caught up", lambda batch=batch: drivers.uids(driver_name(batch)))
        assert len(drivers.uids(driver_name(batch))) == 1


def test_everything_of_a_deleted_batch_is_collected(live):
    batch = LiveBatch(live, f"{PROGRAMS}/wait.py", conf=SMALL)
    batch.wait("running")
    name = batch.row()["object_name"]
    kinds = "pods,services,configmaps,networkpolicies"
    prefix = live.objects("pods", f"{name}-driver")[0]["metadata"]["labels"]["spark-app-selector"][-16:]

    def left():
        return [line for line in live.kubectl("get", kinds, "-o", "name").splitlines()
                if name in line or prefix in line]

    assert {line.split("/")[0].split(".")[0] for line in left()} >= {"pod", "service", "configmap"}, left()
    assert batch.delete()[0] == 200
    wait_for("the garbage collector", lambda: not left())


def test_batches_outlive_a_change_of_operator_and_back(live, drivers, errands):
    if missing := kubeflow_missing():
        pytest.skip(missing)

    url, release = errands

    def running(thing):
        batch = LiveBatch(live, f"{url}/errand.py", args=[f"{url}/{thing}", "3600"], conf=SMALL)
        batch.wait("running")
        return batch

    begun_here, long_here = running("here"), running("never")
    with live.use_operator("kubeflow"):
        begun_there = running("there")
        release("here")
        begun_here.wait("success")
        wait_for("the Kubeflow operator to have seen its end",
                 lambda: application_state(application(live, begun_here)) == "COMPLETED")
        live.cluster("operator", "kill")
        waits = LiveBatch(live, f"{PROGRAMS}/exit.py", args=["0"], conf=SMALL)
        wait_for("the object", lambda: live.objects("sparkapplications", waits.row()["object_name"]))
    release("there")
    for batch in (begun_there, waits):
        batch.wait("success")
    assert long_here.state() == "running"
    assert long_here.delete()[0] == 200
    wait_for("its driver's end", lambda: not live.objects("pods", driver_name(long_here)))
    assert [len(drivers.uids(driver_name(batch))) for batch in (begun_here, long_here, begun_there, waits)] == [1] * 4
