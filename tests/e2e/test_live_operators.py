# SPDX-License-Identifier: Apache-2.0
"""The gateway's own operator in place of Kubeflow's, in the same cluster, with real drivers."""
import time

import pytest
from live_batch import PI, PROGRAMS, SMALL, LiveBatch
from live_watch import LiveWatch, application_state, pod_phase
from waiting import stays, wait_for

# From the object to its driver pod, as two watches see them: no Java program stands between.
POD_WITHIN_S = 2.0

pytestmark = pytest.mark.parametrize("operator", ("sparkgate",), indirect=True, scope="module")


@pytest.fixture(scope="module")
def own(live, operator):
    assert live.operator == operator
    return live


def driver_pods(live, batch):
    return live.objects("pods", f"{batch.row()['object_name']}-driver")


def test_pi_runs_to_success_and_its_pod_is_there_at_once(own):
    with LiveWatch(own, "sparkapplications", application_state) as objects, \
            LiveWatch(own, "pods", pod_phase, "spark-role=driver") as drivers:
        batch = LiveBatch(own, PI, name="own-pi", numExecutors=2, args=["2"])
        name = batch.row()["object_name"]
        batch.wait("running")
        batch.wait("success")
        object_at, pod_at = min(objects.times(name).values()), min(drivers.times(f"{name}-driver").values())
    print(f"driver pod {pod_at - object_at:.3f} s after its object, by a watch of each")
    assert pod_at - object_at <= POD_WITHIN_S
    assert any(line.startswith("Pi is roughly 3.1") for line in batch.log("size=-1")["log"])
    status = own.objects("sparkapplications", name)[0]["status"]
    assert list(status["executorState"].values()) == ["COMPLETED", "COMPLETED"], status


def test_a_program_that_exits_3_is_dead_with_its_exit_code(own):
    batch = LiveBatch(own, f"{PROGRAMS}/exit.py", args=["3"], conf=SMALL)
    batch.wait("dead")
    assert "ExitCode: 3" in batch.row()["message"]


def test_a_missing_main_file_is_dead(own):
    batch = LiveBatch(own, "local:///opt/there/is/none.py", conf=SMALL)
    batch.wait("dead")
    assert "ExitCode" in batch.row()["message"]


def test_a_missing_image_and_no_room_stay_starting_and_say_why(own):
    image = LiveBatch(own, PI, conf={**SMALL, "spark.kubernetes.container.image": "docker.io/library/none:1"})
    room = LiveBatch(own, PI, conf={**SMALL, "spark.kubernetes.driver.request.cores": "1000"})

    def said(batch):
        status = own.objects("sparkapplications", batch.row()["object_name"])[0].get("status", {})
        return status.get("applicationState", {}).get("errorMessage", "")

    wait_for("the image's error", lambda: "Image" in said(image) or "image" in said(image), 60)
    wait_for("the scheduler's", lambda: "Insufficient cpu" in said(room), 30)
    for batch in (image, room):
        assert batch.state() == "starting"
        assert batch.delete()[0] == 200
        wait_for("the garbage collector", lambda batch=batch: not driver_pods(own, batch), 60)


def test_killed_while_batches_start_it_runs_each_once(own):
    with LiveWatch(own, "pods", pod_phase, "spark-role=driver") as drivers:
        batches = []
        for _ in range(3):
            batches.append(LiveBatch(own, f"{PROGRAMS}/exit.py", args=["0"], conf=SMALL))
            own.kill9(own.pid("operator"))
            own.up()
        for batch in batches:
            batch.wait("success")
        for batch in batches:
            assert len(drivers.uids(f"{batch.row()['object_name']}-driver")) == 1


def test_everything_of_a_deleted_batch_is_collected(own):
    batch = LiveBatch(own, f"{PROGRAMS}/wait.py", conf=SMALL)
    batch.wait("running")
    name = batch.row()["object_name"]
    prefix = driver_pods(own, batch)[0]["metadata"]["labels"]["spark-app-selector"]
    kinds = "pods,services,configmaps,networkpolicies"

    def left():
        return [line for line in own.kubectl("get", kinds, "-o", "name").splitlines()
                if name in line or prefix[-16:] in line]

    assert {line.split("/")[0].split(".")[0] for line in left()} >= {"pod", "service", "configmap"}, left()
    assert batch.delete()[0] == 200
    wait_for("the garbage collector", lambda: not left(), 90)


def test_an_end_while_it_was_away_is_seen_afterwards(own):
    batch = LiveBatch(own, f"{PROGRAMS}/exit.py", args=["0"], conf=SMALL)
    wait_for("the driver", lambda: driver_pods(own, batch), 10)
    own.kill9(own.pid("operator"))
    began = time.monotonic()
    wait_for("the driver's end", lambda: pod_phase(driver_pods(own, batch)[0]) == "Succeeded", 60, 0.2)
    stays("the state without an operator", lambda: batch.state() in ("starting", "running"), 1)
    own.up()
    batch.wait("success", limit_s=30)
    print(f"ended while the operator was away, {time.monotonic() - began:.1f} s")
