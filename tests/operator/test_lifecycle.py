# SPDX-License-Identifier: Apache-2.0
"""From an application to its end, as its status tells it."""
import pytest
from waiting import stays, wait_for

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
