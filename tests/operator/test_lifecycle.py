# SPDX-License-Identifier: Apache-2.0
"""From an application to its end, as its status tells it."""
import pytest
from kubernetes import NAMESPACE
from waiting import stays, wait_for

UI = f"/api/v1/namespaces/{NAMESPACE}/services/pi-ui-svc"
pytestmark = pytest.mark.usefixtures("operator")


def test_an_application_runs_to_completion(node):
    application = node.apply("pi")
    status = node.wait("pi", "SUBMITTED")
    pod = node.wait_driver("pi")
    assert pod["metadata"]["ownerReferences"][0]["uid"] == application["metadata"]["uid"]
    assert status["submissionAttempts"] == status["executionAttempts"] == 1
    assert status["submissionID"] == pod["metadata"]["labels"]["sparkoperator.k8s.io/submission-id"]
    assert status["sparkApplicationId"] == pod["metadata"]["labels"]["spark-app-selector"]
    assert status["driverInfo"]["podName"] == pod["metadata"]["name"] == "pi-driver"

    node.report(pod, "Running")
    node.wait("pi", "RUNNING")
    executor = node.executor(pod)
    name = executor["metadata"]["name"]
    wait_for("the executor in the status", lambda: node.status("pi").get("executorState") == {name: "PENDING"})
    node.report(executor, "Running")
    wait_for("the running executor", lambda: node.status("pi")["executorState"] == {name: "RUNNING"})
    node.remove(executor)
    wait_for("the lost executor", lambda: node.status("pi")["executorState"] == {name: "UNKNOWN"})
    node.report(pod, "Succeeded", 0)
    status = node.wait("pi", "COMPLETED")
    assert status["executorState"] == {name: "COMPLETED"} and status["terminationTime"]


@pytest.mark.parametrize("phase, exit_code, why, more, message", [
    ("Failed", 3, "Error", {}, "driver container failed with ExitCode: 3, Reason: Error"),
    ("Failed", 137, "OOMKilled", {}, "driver container failed with ExitCode: 137, Reason: OOMKilled"),
    ("Failed", None, None, {"reason": "Evicted", "message": "The node was low on memory."},
     "driver pod failed: Evicted: The node was low on memory."),
    ("Failed", 137, "Error", {"reason": "Evicted", "message": "The node was low on memory."},
     "driver container failed with ExitCode: 137, Reason: Error; Evicted: The node was low on memory."),
    ("Failed", 143, "Error", {"conditions": [{"type": "DisruptionTarget", "status": "True", "message": "make room",
                                              "reason": "PreemptionByScheduler"}]},
     "driver container failed with ExitCode: 143, Reason: Error; Evicted by PreemptionByScheduler: make room"),
])
def test_a_failed_driver_is_failed_with_its_reason(node, phase, exit_code, why, more, message):
    node.apply("pi")
    pod = node.wait_driver("pi")
    node.report(pod, phase, exit_code, why, **more)
    node.wait("pi", "FAILED")
    assert node.message("pi") == message


def test_a_lost_driver_is_failed_and_not_run_again(node):
    node.apply("pi")
    pod = node.wait_driver("pi")
    node.report(pod, "Running")
    node.wait("pi", "RUNNING")
    node.remove(pod)
    node.wait("pi", "FAILED")
    assert node.message("pi") == "driver pod not found" and node.driver("pi") is None


def test_the_driver_container_decides_and_a_sidecar_does_not(node):
    node.apply("pi")
    pod = node.wait_driver("pi")
    node.report(pod, "Running", 1, container="sidecar")
    node.wait("pi", "RUNNING")
    node.report(pod, "Running", 0)
    node.wait("pi", "COMPLETED")


def test_a_pod_that_cannot_be_scheduled_stays_submitted_and_says_why(node):
    node.apply("pi")
    pod = node.wait_driver("pi")
    node.report(pod, "Pending", conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                             "message": "0/1 nodes are available"}])
    wait_for("the reason", lambda: node.message("pi") == "Unschedulable: 0/1 nodes are available")
    assert node.state("pi") == "SUBMITTED"
    node.report(pod, "Running", conditions=[])
    node.wait("pi", "RUNNING")
    assert node.message("pi") is None


def test_on_failure_runs_again_as_often_as_it_may(node):
    node.apply("pi", restartPolicy={"type": "OnFailure", "onFailureRetries": 1, "onFailureRetryInterval": 1})
    first = node.wait_driver("pi")
    node.report(first, "Failed", 3)
    second = node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    status = node.wait("pi", "SUBMITTED")
    assert status["executionAttempts"] == status["submissionAttempts"] == 2
    assert status["submissionID"] == second["metadata"]["labels"]["sparkoperator.k8s.io/submission-id"]
    node.report(second, "Failed", 4)
    node.wait("pi", "FAILED")
    assert "ExitCode: 4" in node.message("pi")


def test_always_runs_again_after_a_success(node):
    node.apply("pi", restartPolicy={"type": "Always", "onFailureRetryInterval": 1})
    first = node.wait_driver("pi")
    node.report(first, "Succeeded", 0)
    node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    assert node.wait("pi", "SUBMITTED")["executionAttempts"] == 2


def test_suspend_removes_the_driver_and_resuming_runs_it_again(node):
    node.apply("pi", suspend=True)
    node.wait("pi", "SUSPENDED")
    assert node.driver("pi") is None
    node.change("pi", suspend=False)
    first = node.wait_driver("pi")
    node.report(first, "Running")
    node.wait("pi", "RUNNING")
    node.change("pi", suspend=True)
    node.wait("pi", "SUSPENDED")
    assert node.driver("pi") is None
    node.change("pi", suspend=False)
    node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    assert node.wait("pi", "SUBMITTED")["submissionAttempts"] == 2


def test_a_changed_spec_ends_the_run_and_is_run_from_the_start(node):
    node.apply("pi", restartPolicy={"type": "OnFailure", "onFailureRetries": 3, "onFailureRetryInterval": 1})
    failed = node.wait_driver("pi")
    node.report(failed, "Failed", 3)
    first = node.wait_driver("pi", not_uid=failed["metadata"]["uid"])
    node.report(first, "Running")
    node.wait("pi", "RUNNING")
    node.executor(first, "Running")
    states = node.states("pi")
    node.change("pi", arguments=["7"])
    second = node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    assert "7" in second["spec"]["containers"][0]["args"]
    status = node.wait("pi", "SUBMITTED")
    assert next(states) == "RUNNING" and [next(states), next(states), next(states)] == [
        "INVALIDATING", "PENDING_RERUN", "SUBMITTED"]
    assert status["submissionAttempts"] == status["executionAttempts"] == 1 and "executorState" not in status
    assert status["submissionID"] == second["metadata"]["labels"]["sparkoperator.k8s.io/submission-id"]
    assert first["metadata"]["labels"]["spark-app-selector"] != second["metadata"]["labels"]["spark-app-selector"]


def test_a_changed_spec_of_an_ended_application_runs_it_again(node):
    node.apply("pi", batchScheduler="volcano")
    node.wait("pi", "FAILED")
    node.change("pi", batchScheduler=None)
    first = node.wait_driver("pi")
    node.report(first, "Succeeded", 0)
    node.wait("pi", "COMPLETED")
    node.change("pi", driver={"cores": 2, "podName": "other"})
    second = node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    assert second["metadata"]["name"] == "other"
    assert [pod["metadata"]["name"] for pod in node.pods("spark-role=driver")] == ["other"]


def test_what_is_no_change_of_the_run_runs_nothing_again(node, kube):
    node.apply("pi")
    driver = node.wait_driver("pi")
    node.report(driver, "Running")
    node.wait("pi", "RUNNING")
    for change in ({"timeToLiveSeconds": 10000}, {"arguments": []}, {"type": "Python"}):
        node.change("pi", **change)
    node.report(driver, "Succeeded", 0)
    node.wait("pi", "COMPLETED")
    assert kube.application("pi")["metadata"]["generation"] == 3
    stays("no new run", lambda: node.state("pi") == "COMPLETED", 1)
    assert node.driver("pi")["metadata"]["uid"] == driver["metadata"]["uid"]


def test_what_is_changed_while_it_is_suspended_counts_when_it_is_resumed(node):
    node.apply("pi")
    first = node.wait_driver("pi")
    node.change("pi", suspend=True, arguments=["7"])
    node.wait("pi", "SUSPENDED")
    assert node.driver("pi") is None
    node.change("pi", arguments=["8"])
    stays("still suspended", lambda: node.state("pi") == "SUSPENDED", 1)
    node.change("pi", suspend=False)
    second = node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    assert "8" in second["spec"]["containers"][0]["args"]
    assert node.wait("pi", "SUBMITTED")["submissionAttempts"] == 2


def test_the_web_ui_has_a_service(node, kube):
    node.apply("pi")
    first = node.wait_driver("pi")
    info = node.wait("pi", "SUBMITTED")["driverInfo"]
    assert info == {"podName": "pi-driver", "webUIServiceName": "pi-ui-svc", "webUIPort": 4040,
                    "webUIAddress": f"pi-ui-svc.{NAMESPACE}.svc:4040"}
    assert kube.call("GET", UI)["metadata"]["ownerReferences"][0]["uid"] == first["metadata"]["uid"]
    node.change("pi", sparkUIOptions={"serviceType": "ClusterIP", "servicePort": 80})
    second = node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    service = kube.call("GET", UI)
    assert service["metadata"]["ownerReferences"][0]["uid"] == second["metadata"]["uid"]
    node.report(second, "Running")
    assert node.wait("pi", "RUNNING")["driverInfo"]["webUIAddress"] == f"{service['spec']['clusterIP']}:80"


def test_somebody_elses_service_of_the_web_uis_name_is_left(node, kube):
    kube.call("POST", UI.removesuffix("/pi-ui-svc"), {
        "metadata": {"name": "pi-ui-svc"}, "spec": {"clusterIP": "None", "ports": [{"port": 1}]}})
    node.apply("pi")
    node.wait("pi", "FAILED")
    assert "pi-ui-svc already exists" in node.message("pi") and node.driver("pi") is None
    assert kube.call("GET", UI)["spec"]["ports"][0]["port"] == 1


def test_an_application_that_is_deleted_and_made_again_waits_for_the_old_driver(node, kube, operator):
    node.apply("pi")
    first = node.wait_driver("pi")
    node.report(first, "Running")
    node.wait("pi", "RUNNING")
    kube.delete_application("pi")
    node.apply("pi")
    wait_for("the wait", lambda: "deleted application of that name" in operator.log_text())
    assert node.state("pi") == "" and node.driver("pi")["metadata"]["uid"] == first["metadata"]["uid"]
    node.remove(first)  # as the garbage collector would
    node.wait_driver("pi", not_uid=first["metadata"]["uid"])
    assert node.wait("pi", "SUBMITTED")["submissionAttempts"] == 1


def test_an_application_is_deleted_when_its_time_is_over(node, kube):
    node.apply("pi", timeToLiveSeconds=1)
    node.report(node.wait_driver("pi"), "Succeeded", 0)
    node.wait("pi", "COMPLETED")
    wait_for("the deletion", lambda: kube.application("pi") is None)


def test_objects_of_others_are_left_alone(node, kube):
    node.apply("unlabelled", own=False)
    node.apply("pi", suspend=True)
    node.wait("pi", "SUSPENDED")
    kube.report("pi", "SUBMITTED", submissionID="11111111-2222-3333-4444-555555555555", submissionAttempts=1)
    node.change("pi", suspend=False)
    node.apply("later")
    node.wait_driver("later")
    stays("no driver for others", lambda: len(node.pods("spark-role=driver")) == 1, 1)
    assert node.status("unlabelled") == {} and node.state("pi") == "SUBMITTED"


def test_a_pod_of_somebody_elses_in_the_way_is_told(node, kube):
    kube.call("POST", "/api/v1/namespaces/spark/pods", {
        "metadata": {"name": "pi-driver"}, "spec": {"containers": [{"name": "other", "image": "other"}]}})
    node.apply("pi")
    node.wait("pi", "FAILED")
    assert "driver pod already exist" in node.message("pi")


def test_a_quiet_application_is_not_written_again_and_again(node, kube):
    node.apply("pi")
    node.report(node.wait_driver("pi"), "Running")
    node.wait("pi", "RUNNING")
    version = kube.application("pi")["metadata"]["resourceVersion"]
    stays("nothing new", lambda: kube.application("pi")["metadata"]["resourceVersion"] == version, 1.5)
