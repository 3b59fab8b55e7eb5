# SPDX-License-Identifier: Apache-2.0
"""What people are told of an application by kubectl describe: as the Kubeflow operator tells it."""
from kubernetes import NAMESPACE
from waiting import wait_for

EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"


def wait_told(kube, name, last):
    """All events of the application as (type, reason, message), once the last is there."""
    uid = kube.application(name)["metadata"]["uid"]

    def told():
        items = kube.call("GET", EVENTS, params={"fieldSelector": f"involvedObject.uid={uid}"})["items"]
        items.sort(key=lambda event: int(event["metadata"]["name"].rpartition(".")[2], 16))
        events = [(event["type"], event["reason"], event["message"]) for event in items]
        return events if any(reason == last for _, reason, _ in events) else None

    return wait_for(f"the event {last}", told)


def test_a_run_is_told_from_its_submission_to_its_end(kube, node, operator):
    def wait_executor(state):
        wait_for(f"the executor to be {state}", lambda: node.status("pi").get("executorState") == {name: state})

    node.apply("pi")
    driver = node.wait_driver("pi")
    node.report(driver, "Running")
    node.wait("pi", "RUNNING")
    executor = node.executor(driver)
    name = executor["metadata"]["name"]
    wait_executor("PENDING")
    node.report(executor, "Running")
    wait_executor("RUNNING")
    node.report(executor, "Succeeded", 0)
    wait_executor("COMPLETED")
    node.report(driver, "Succeeded", 0)
    assert wait_told(kube, "pi", "SparkApplicationCompleted") == [
        ("Normal", "SparkApplicationSubmitted", "SparkApplication pi was submitted successfully"),
        ("Normal", "SparkDriverRunning", "Driver pi-driver is running"),
        ("Normal", "SparkExecutorPending", f"Executor {name} is pending"),
        ("Normal", "SparkExecutorRunning", f"Executor {name} is running"),
        ("Normal", "SparkExecutorCompleted", f"Executor {name} completed"),
        ("Normal", "SparkDriverCompleted", "Driver pi-driver completed"),
        ("Normal", "SparkApplicationCompleted", "SparkApplication pi completed"),
    ]


def test_a_failure_is_told_as_a_warning(kube, node, operator):
    node.apply("pi")
    node.report(node.wait_driver("pi"), "Failed", 3)
    assert wait_told(kube, "pi", "SparkApplicationFailed")[1:] == [
        ("Warning", "SparkDriverFailed", "Driver pi-driver failed"),
        ("Warning", "SparkApplicationFailed",
         "SparkApplication pi failed: driver container failed with ExitCode: 3, Reason: Error"),
    ]


def test_what_cannot_be_submitted_has_no_driver_to_tell_of(kube, node, operator):
    node.apply("pi", mainApplicationFile="local:///x.py", mode="client")
    reasons = [reason for _, reason, _ in wait_told(kube, "pi", "SparkApplicationFailed")]
    assert reasons == ["SparkApplicationFailed"]
