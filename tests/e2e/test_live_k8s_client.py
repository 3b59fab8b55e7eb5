# SPDX-License-Identifier: Apache-2.0
"""The real spark-submit in client mode, in pods, with executors that the gateway makes; also as Airflow starts it."""
import pytest
from live_batch import PI
from live_client import PodDoor, arguments, batch_of_pod, executors, image, start_driver
from waiting import wait_for


@pytest.fixture(scope="module")
def door(live):
    with PodDoor(live) as door:
        yield door


@pytest.fixture(scope="module")
def task(live, door, airflow):
    return airflow.start("live_client", image=image(live), arguments=arguments(live, door, "client-airflow"))


@pytest.fixture(scope="module")
def drivers(live, door):
    """All at once; each test looks at its own."""
    start_driver(live, door, "client-pi", executors=2)
    start_driver(live, door, "client-killed", PI, "100000")
    yield
    live.kubectl("delete", "pod", "client-pi", "client-killed", "--ignore-not-found", "--now")


def test_pi_in_a_pod_is_a_batch_with_its_exit_code_and_its_log(live, drivers):
    batch = batch_of_pod(live, "client-pi")
    batch.wait("success")
    row = batch.row()
    assert (row["protocol"], row["operator_kind"], row["driver_pod"], row["exit_code"]) == ("k8s", "client", "client-pi", "0")
    assert row["stopped_at"], "its SparkContext was stopped in order"
    assert any(line.startswith("Pi is roughly 3.1") for line in batch.log("size=-1")["log"]), batch.story()
    wait_for("its executors to be gone", lambda: not executors(live, batch))


def test_a_delete_ends_driver_and_executors(live, drivers):
    batch = batch_of_pod(live, "client-killed")
    wait_for("an executor", lambda: executors(live, batch))
    assert batch.delete()[0] == 200
    wait_for("the batch's end", lambda: batch.row()["reason"] == "killed_by_user")
    wait_for("the driver to be gone", lambda: not live.objects("pods", "client-killed"))
    wait_for("its executors to be gone", lambda: not executors(live, batch))


def test_airflow_s_kubernetes_pod_operator_is_green(live, task):
    task.wait("success")
    batch = batch_of_pod(live, "client-airflow")
    batch.wait("success")
    assert batch.row()["exit_code"] == "0"
    assert any(line.startswith("Pi is roughly 3.1") for line in batch.log("size=-1")["log"]), batch.story()
    assert "Pi is roughly 3.1" in task.log_text()
    wait_for("its executors to be gone", lambda: not executors(live, batch))
