# SPDX-License-Identifier: Apache-2.0
"""spark-submit --master k8s:// while its workers are killed at every place that has a name: nothing is lost, none runs twice."""
import re

import k8s_client
import pytest
from k8s_client import PODS, Driver, Stubborn
from kubernetes import CLONE
from mortals import failpoint_counts
from stack import IMPATIENT
from waiting import wait_for

SOURCES = [*(CLONE / "fcgi/service").glob("k8s_[!a]*.c"), CLONE / "fcgi/service/pod_push.c", CLONE / "fcgi/launch/launch.c"]
STEPS = {step for file in SOURCES for step in re.findall(r'FAILPOINT\("([a-z0-9.]+)"\)', file.read_text())}
NOT_TAKEN = {"launch.map"}  # a step of what the gateway makes up itself
ROUNDS_AT_MOST = 100  # a kill is drawn: with 25, one of six hundred runs of a step had fewer than two


@pytest.fixture(scope="module", autouse=True)
def allowed(stack, kube):
    with k8s_client.opened(stack, IMPATIENT):  # a dead worker's claim is over soon
        yield


@pytest.mark.parametrize("step", sorted(STEPS - NOT_TAKEN | {"answer.ready", "push.create", "push.created", "push.recorded"}))
def test_a_kill_at_each_step_loses_and_doubles_nothing(stack, kube, clean, repaired, step):
    kube.delete_drivers()
    log = stack.run / "k8s-failpoints"
    log.unlink(missing_ok=True)
    stack.restart_workers(SPARKGATE_FAILPOINTS=f"{step}=0.3", SPARKGATE_FAILPOINTS_LOG=str(log))
    client, drivers = Stubborn(stack.spark_port), []
    try:
        while failpoint_counts(log)[step] < 2 and len(drivers) < ROUNDS_AT_MOST:
            drivers.append(Driver())
            _, ended = client.submit(drivers[-1], drivers[-1].secret())
            assert ended.status == 201, ended
    finally:
        stack.restart_workers()
    assert failpoint_counts(log)[step] >= 2, "it was never killed there"
    for driver in drivers:
        row = stack.postgres.row("SELECT * FROM batch WHERE app_id = %s", (driver.app_id,))
        stack.wait_state(row["id"], "starting")
        pod = kube.call("GET", f"{PODS}/{driver.pod_name}")
        assert pod["metadata"]["labels"]["sparkgate.io/batch-uid"] == str(row["uid"])
        wait_for("it to be let run", lambda path=f"{PODS}/{driver.pod_name}": not kube.call("GET", path)["spec"].get(
            "schedulingGates"))
    assert stack.postgres.value("SELECT count(*) FROM batch") == len(drivers)
    assert len(kube.call("GET", PODS)["items"]) == len(drivers)
    wait_for("nothing to be owed", lambda: stack.postgres.value("SELECT count(*) FROM batch_push") == 0)
    assert stack.postgres.value("SELECT count(*) FROM k8s_submission") == 0
