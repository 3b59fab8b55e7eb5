# SPDX-License-Identifier: Apache-2.0
"""Client mode of --master k8s:// while workers and watchers are killed at every place that has a name: one batch an application,
its executors made once, its end the right one."""
import re

import k8s_client
import pytest
from k8s_client import PODS, ClientDriver, Stubborn
from kubernetes import CLONE, MERGE, NAMESPACE
from mortals import failpoint_counts
from test_k8s_faults import ROUNDS_AT_MOST
from waiting import wait_for

SOURCES = sorted((CLONE / "fcgi/service").glob("k8s_app*.c"))
STEPS = {step for file in SOURCES for step in re.findall(r'FAILPOINT\("([a-z0-9.]+)"\)', file.read_text())}
OF_WATCHER = {"k8s.app.silent"}
CORE = f"/api/v1/namespaces/{NAMESPACE}"


@pytest.fixture(scope="module", autouse=True)
def allowed(stack, kube):
    with k8s_client.opened(stack):
        yield


def driver_pod(kube):
    name = f"client-{ClientDriver().unique}"
    pod = kube.call("POST", PODS, {"metadata": {"name": name, "labels": {"sparkgate.io/driver": "client"}},
                                   "spec": {"containers": [{"name": "base", "image": "x"}]}})
    kube.call("PATCH", f"{PODS}/{name}/status", {"status": {"phase": "Running"}}, **MERGE)
    return pod


def begin(client, driver):
    for object_ in (driver.config_map(), driver.executor(), driver.executor(2)):
        answer = client.make(object_)
        assert answer.status == 201, answer


def check(stack, kube, driver, has_pod):
    (row,) = stack.postgres.rows("SELECT * FROM batch WHERE app_id = %s", (driver.app_id,))
    pods = kube.call("GET", PODS, params={"labelSelector": driver.executors})["items"]
    assert {pod["metadata"]["labels"]["sparkgate.io/batch-uid"] for pod in pods} == {str(row["uid"])} and len(pods) == 2
    if has_pod:
        assert row["driver_pod"] == driver.owner["metadata"]["name"]
        wait_for("its labels", lambda: kube.call("GET", f"{PODS}/{row['driver_pod']}")["metadata"]["labels"].get(
            "sparkgate.io/batch-uid") == str(row["uid"]))
    return row["id"]


@pytest.mark.parametrize("step", sorted(STEPS - OF_WATCHER | {"answer.ready"}))
def test_a_killed_worker_loses_and_doubles_nothing(stack, kube, clean, repaired, step):
    kube.delete_drivers()
    log = stack.run / "k8s-client-failpoints"
    log.unlink(missing_ok=True)
    stack.restart_workers(SPARKGATE_FAILPOINTS=f"{step}=0.3", SPARKGATE_FAILPOINTS_LOG=str(log))
    client, drivers = Stubborn(stack.spark_port), []
    try:
        while failpoint_counts(log)[step] < 2 and len(drivers) < ROUNDS_AT_MOST:
            drivers.append(ClientDriver(owner=driver_pod(kube) if len(drivers) % 2 else None))
            begin(client, drivers[-1])
            ids = [check(stack, kube, drivers[-1], drivers[-1].owner)]
            client.stop(drivers[-1])
            assert stack.row(ids[0])["stopped_at"]
    finally:
        stack.restart_workers()
    assert failpoint_counts(log)[step] >= 2, "it was never killed there"
    assert stack.postgres.value("SELECT count(*) FROM batch") == len(drivers)
    for driver in drivers:
        (row,) = stack.postgres.rows("SELECT * FROM batch WHERE app_id = %s", (driver.app_id,))
        if driver.owner:
            name = driver.owner["metadata"]["name"]
            kube.call("PATCH", f"{PODS}/{name}/status", {"status": {"phase": "Succeeded"}}, **MERGE)
        assert stack.wait_state(row["id"], "success")["exit_code"] == (0 if driver.owner else None)
    for plural in ("pods", "configmaps"):
        assert kube.call("GET", f"{CORE}/{plural}", params={"labelSelector": "spark-role=executor"})["items"] == []


@pytest.mark.parametrize("step", ["k8s.app.silent", "kill.delete", "kill.deleted", "state.move", "state.moved"])
def test_a_killed_watcher_ends_nothing_twice(stack, kube, clean, repaired, step):
    """One application is silent, one is killed; whoever takes over goes on."""
    kube.delete_drivers()
    log = stack.run / "k8s-client-failpoints"
    log.unlink(missing_ok=True)
    changes = {"clusters": {"default": {"k8s_submissions": True}}, "watcher": {"driver_silence_s": 1}}
    config = stack.write_config(changes, "silent.yaml")
    client = Stubborn(stack.spark_port)
    silent, killed = ClientDriver(), ClientDriver(owner=driver_pod(kube))
    stack.watcher.stop()
    for driver in (silent, killed):
        begin(client, driver)
    ids = [check(stack, kube, driver, False) for driver in (silent, killed)]
    k8s_client.end_claims(stack)
    assert stack.livy.delete(f"/batches/{ids[1]}").status == 200
    try:
        watcher = stack.start_watcher(config=config, SPARKGATE_FAILPOINTS=f"{step}=1", SPARKGATE_FAILPOINTS_LOG=str(log))
        wait_for(f"a kill at {step}", lambda: watcher.pid is None)
        assert failpoint_counts(log)[step] == 1
        stack.start_watcher(config=config)
        assert stack.wait_state(ids[0], "dead")["reason"] == "driver_lost"
        assert stack.wait_state(ids[1], "killed")["reason"] == "killed_by_user"
    finally:
        stack.watcher.stop()
    for batch_id, end in zip(ids, ("dead", "killed"), strict=True):
        assert [event["state"] for event in stack.events(batch_id) if event["kind"] == "state"] == [end]
    for plural in ("pods", "configmaps"):
        assert kube.call("GET", f"{CORE}/{plural}", params={"labelSelector": "spark-role=executor"})["items"] == []
