# SPDX-License-Identifier: Apache-2.0
"""The real Kubeflow operator without a JVM a submission, with real drivers: the gateway makes its driver pods."""
import json

import kubeflow
import pytest
import submitter
import yaml
from live_batch import PATIENT, PI, PROGRAMS
from live_stack import NAMESPACE, QUICK_JAVA, kubeflow_missing
from live_watch import LiveWatch, application_state, pod_phase
from waiting import wait_for

# The gateway's own operator leaves alone what is not labelled for it, so Kubeflow's, which this test starts, is the only one.
pytestmark = [pytest.mark.skipif(kubeflow_missing() is not None, reason=str(kubeflow_missing())),
              pytest.mark.parametrize("operator", ("sparkgate",), indirect=True, scope="module")]
SWITCH = "SPARKGATE_SUBMITTER_CLUSTER"


@pytest.fixture(scope="module")
def door(live, operator):
    """The gateway with POST /api/v1/spark-submit, and a Kubeflow operator that uses it."""
    text = submitter.RBAC.read_text()
    live.kubectl("apply", "-f", "-", text=text.replace("@NAMESPACE@", NAMESPACE).replace("@GATEWAY_USER@",
                                                                                         submitter.GATEWAY_USER))
    live.cluster("operator", "definitions")
    controller = kubeflow.controller(live.dir, "--enable-ui-service=false", "--feature-gates=RestSubmitter=true",
                                     f"--submitter-service-url={live.all_url}{submitter.PATH}")
    live.environment[SWITCH] = "default"
    try:
        live.restart_workers()
        controller.start()
        yield live
    finally:
        controller.stop()
        del live.environment[SWITCH]
        live.restart_workers()


def apply(live, name, file, *args):
    """As an analyst would, for a cluster that has neither DNS nor service routing."""
    cluster = yaml.safe_load((live.dir / "sparkgate.yaml").read_text())["clusters"]["default"]
    small = {"cores": 1, "coreRequest": "50m", "memory": "512m"}
    live.kubectl("apply", "-f", "-", text=json.dumps({
        "apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "metadata": {"name": name},
        "spec": {"type": "Python", "mode": "cluster", "sparkVersion": cluster["spark_version"], "image": cluster["image"],
                 "mainApplicationFile": file, "arguments": list(args), "restartPolicy": {"type": "Never"},
                 "sparkConf": cluster["enforced_conf"] | PATIENT,
                 "driver": {**small, "serviceAccount": cluster["service_account"],
                            "envVars": {"JAVA_TOOL_OPTIONS": QUICK_JAVA}},
                 "executor": {**small, "instances": 1}}}))


def status(live, name):
    return live.objects("sparkapplications", name)[0].get("status", {})


def wait_state(live, name, state):
    wait_for(f"{name} to be {state}",
             lambda: status(live, name).get("applicationState", {}).get("state") == state, 240, 0.5)
    return status(live, name)


def test_pi_is_completed_and_its_status_is_the_operators(door):
    with LiveWatch(door, "sparkapplications", application_state) as objects, \
            LiveWatch(door, "pods", pod_phase, "spark-role=driver") as drivers:
        apply(door, "rest-pi", PI, "2")
        said = wait_state(door, "rest-pi", "COMPLETED")
        wait_for("the watches to have caught up", lambda: objects.uids("rest-pi") and drivers.uids("rest-pi-driver"))
        object_at = min(objects.times("rest-pi").values())
        pod_at = min(drivers.times("rest-pi-driver").values())
    print(f"driver pod {pod_at - object_at:.3f} s after its object, by a watch of each")
    (pod,) = door.objects("pods", "rest-pi-driver")
    assert said["submissionID"] == pod["metadata"]["labels"]["sparkoperator.k8s.io/submission-id"]
    assert said["sparkApplicationId"] == pod["metadata"]["labels"]["spark-app-selector"]
    assert "Pi is roughly 3.1" in door.kubectl("logs", "rest-pi-driver")


def test_its_executors_are_in_its_status(door):
    """Of one that runs for minutes: the operator looks now and then, and Spark deletes its executors at its end."""
    apply(door, "rest-on", PI, "20000")
    executor, *_ = wait_for("an executor in the status", lambda: status(door, "rest-on").get("executorState"), interval_s=0.5)
    (pod,) = door.objects("pods", executor)
    assert pod["metadata"]["labels"]["spark-role"] == "executor"
    door.kubectl("delete", "sparkapplication", "rest-on")
    wait_for("its driver to go", lambda: not door.objects("pods", "rest-on-driver"), interval_s=0.5)


def test_a_program_that_exits_3_fails_with_that_code(door):
    apply(door, "rest-exit", f"{PROGRAMS}/exit.py", "3")
    assert "exit code 3" in wait_state(door, "rest-exit", "FAILED")["applicationState"]["errorMessage"].lower().replace(
        "exitcode:", "exit code")


def test_none_of_it_is_a_batch(door):
    assert door.row("SELECT count(*) AS n FROM batch WHERE object_name LIKE 'rest-%' OR name LIKE 'rest-%'")["n"] == "0"
