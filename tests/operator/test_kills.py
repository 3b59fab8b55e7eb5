# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every step, and at random: no application is lost, and none runs twice."""
import contextlib
import re
import threading

import pytest
from kubernetes import CLONE
from waiting import stays, wait_for

STEPS = sorted(set(re.findall(r'FAILPOINT\("([a-z.]+)"\)', "".join(
    file.read_text() for room in ("launch", "operator") for file in (CLONE / "fcgi" / room).glob("*.c")))))
RETRIES = {"restartPolicy": {"type": "OnFailure", "onFailureRetries": 1, "onFailureRetryInterval": 1}}


@pytest.fixture
def killed_at(stack, node):
    """Runs an operator until it has died at a step."""
    def run(step):
        operator = stack.operator(SPARKGATE_FAILPOINTS=f"{step}=1").start()
        wait_for(f"the kill at {step}", lambda: operator.pid is None)  # a dead one may hold the lease

    yield run
    stack.operator().stop()


@contextlib.contextmanager
def killed_at_random(stack):
    """An operator that dies at random and is started again; those that died."""
    ended, kills = threading.Event(), []

    def supervise():
        while not ended.is_set():
            operator = stack.operator(SPARKGATE_FAILPOINTS="*=0.15").start()
            while operator.pid is not None and not ended.wait(0.02):
                pass
            if operator.pid is None:
                kills.append(operator)
        operator.stop()

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    try:
        yield kills
    finally:
        ended.set()
        supervisor.join()
    print("kills:", len(kills))


def test_the_steps_are_known():
    assert {"launch.pod", "operator.release", "operator.status"} <= set(STEPS)


@pytest.mark.parametrize("step", [step for step in STEPS if step != "operator.removed"])
def test_killed_at_a_step_it_goes_on_and_runs_once(stack, node, killed_at, step):
    node.apply("pi")
    killed_at(step)
    before = node.driver("pi")
    stack.operator().start()
    driver = node.wait_driver("pi")
    status = node.wait("pi", "SUBMITTED")
    assert before is None or before["metadata"]["uid"] == driver["metadata"]["uid"], "the same driver"
    assert status["submissionAttempts"] == status["executionAttempts"] == 1
    node.report(driver, "Succeeded", 0)
    node.wait("pi", "COMPLETED")


def test_killed_between_two_attempts_it_makes_the_second(stack, node, killed_at):
    node.apply("pi", **RETRIES)
    first = stack.operator().start()
    driver = node.wait_driver("pi")
    first.kill9()
    node.report(driver, "Failed", 3)
    killed_at("operator.removed")
    stack.operator().start()
    node.wait_driver("pi", not_uid=driver["metadata"]["uid"])
    assert node.wait("pi", "SUBMITTED")["submissionAttempts"] == 2


def test_a_driver_that_vanished_before_it_could_run_is_made_again(stack, node, killed_at):
    node.apply("pi")
    killed_at("launch.objects")
    driver = node.driver("pi")
    assert driver["spec"]["schedulingGates"] == [{"name": "sparkgate.io/submission"}], "it cannot have run"
    node.remove(driver)
    stack.operator().start()
    node.wait_driver("pi", not_uid=driver["metadata"]["uid"])
    assert node.wait("pi", "SUBMITTED")["submissionAttempts"] == 1


def test_a_driver_that_vanished_when_it_may_have_run_is_not_made_again(stack, node, killed_at):
    node.apply("pi")
    killed_at("operator.release")
    node.remove(node.driver("pi"))
    stack.operator().start()
    node.wait("pi", "FAILED")
    assert node.message("pi") == "driver pod not found" and node.driver("pi") is None


def test_a_driver_of_a_spec_that_was_changed_before_it_ran_is_made_anew(stack, node, killed_at):
    node.apply("pi")
    killed_at("launch.objects")
    before = node.driver("pi")
    node.change("pi", arguments=["7"])
    stack.operator().start()
    driver = node.wait_driver("pi", not_uid=before["metadata"]["uid"])
    assert "7" in driver["spec"]["containers"][0]["args"]
    assert node.wait("pi", "SUBMITTED")["submissionAttempts"] == 1


@pytest.mark.parametrize("step", ["operator.status", "operator.removed", "launch.begin", "launch.pod", "launch.map",
                                  "launch.objects", "operator.release"])
def test_killed_after_a_change_of_the_spec_it_runs_the_new_one_once(stack, node, killed_at, step):
    node.apply("pi")
    first = stack.operator().start()
    before = node.wait_driver("pi")
    node.report(before, "Running")
    node.wait("pi", "RUNNING")
    first.kill9()
    node.change("pi", arguments=["7"])  # while no operator is there
    killed_at(step)
    stack.operator().start()
    driver = node.wait_driver("pi", not_uid=before["metadata"]["uid"])
    assert "7" in driver["spec"]["containers"][0]["args"]
    status = node.wait("pi", "SUBMITTED")
    assert status["submissionAttempts"] == status["executionAttempts"] == 1
    node.report(driver, "Succeeded", 0)
    node.wait("pi", "COMPLETED")
    stays("one run", lambda: node.driver("pi")["metadata"]["uid"] == driver["metadata"]["uid"], 1)


def test_killed_at_random_while_specs_change_the_newest_is_run_once(stack, node):
    names = [f"pi-{number}" for number in range(6)]
    for name in names:
        node.apply(name)
    ran, changes = {name: {} for name in names}, {name: 0 for name in names}

    def all_have_ended():
        node.collect_garbage()
        pods = [pod for pod in node.pods("spark-role=driver") if "schedulingGates" not in pod["spec"]]
        for pod in pods:
            name = pod["metadata"]["labels"]["sparkoperator.k8s.io/app-name"]
            run = ran[name].setdefault(pod["metadata"]["uid"], pod["spec"]["containers"][0]["args"][-1])
            if changes[name] < 3:
                changes[name] += 1
                node.report(pod, "Running")
                node.change(name, arguments=[f"spec-{changes[name]}"])
            elif run == "spec-3":
                node.report(pod, "Succeeded", 0)
        return all(node.state(name) == "COMPLETED" for name in names)

    with killed_at_random(stack) as kills:
        wait_for("all to be completed", all_have_ended, interval_s=0.1)
    for name in names:
        runs = list(ran[name].values())
        assert kills and runs.count("spec-3") == 1 and len(set(runs)) == len(runs), ran


def test_killed_at_random_all_applications_run_once(stack, node):
    names = [f"pi-{number}" for number in range(12)]
    for name in names:
        node.apply(name)
    ran = {name: set() for name in names}

    def all_have_ended():
        node.collect_garbage()
        for pod in node.pods("spark-role=driver"):
            uids = ran[pod["metadata"]["labels"]["sparkoperator.k8s.io/app-name"]]
            if "schedulingGates" not in pod["spec"] and pod["metadata"]["uid"] not in uids:
                uids.add(pod["metadata"]["uid"])
                node.report(pod, "Succeeded", 0)
        return all(node.state(name) == "COMPLETED" for name in names)

    with killed_at_random(stack) as kills:
        wait_for("all to be completed", all_have_ended, interval_s=0.1)
    assert kills and all(len(uids) == 1 for uids in ran.values()), ran
