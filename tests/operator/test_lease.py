# SPDX-License-Identifier: Apache-2.0
"""Any number of operators: one works."""
import datetime
import os
import pathlib
import signal

import pytest
from kubernetes import MERGE, NAMESPACE
from waiting import stays, wait_for

LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
LEASE = f"{LEASES}/sparkgate-operator"


@pytest.fixture
def two(stack, node, operator):
    """The one that works, and one that waits."""
    taken = f"event=lease_taken program=sparkgate-operator pid={operator.pid}\n"
    wait_for("the first to work", lambda: taken in operator.log_text())
    second = stack.operator("operator2")
    begun = second.log_size()
    second.start()
    wait_for("the second to wait", lambda: "lease_held_by_another" in second.log_text(begun))
    yield operator, second, lambda: "lease_taken" in second.log_text(begun)
    second.stop()


def test_one_that_stops_gives_its_lease_back(node, two):
    first, _, second_works = two
    node.apply("pi")
    node.wait_driver("pi")
    assert not second_works()
    first.stop()
    wait_for("the second to take over", second_works, 3)
    node.apply("later")
    node.wait_driver("later")


def test_one_that_was_killed_on_the_same_machine_is_not_waited_for(node, two):
    first, _, second_works = two
    first.kill9()
    wait_for("the second to take over", second_works, 3)
    node.apply("pi")
    node.wait_driver("pi")


def test_one_that_was_killed_and_whose_parent_does_not_know_it_yet_is_not_waited_for(stack, node):
    first = stack.operator()
    begun = first.log_size()
    first.start()
    wait_for("the first to work", lambda: "event=lease_taken" in first.log_text(begun))
    os.kill(first.popen.pid, signal.SIGKILL)
    stat = pathlib.Path(f"/proc/{first.popen.pid}/stat")
    wait_for("its end", lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z")
    second = stack.operator("operator2").start()
    try:
        node.apply("pi")
        node.wait_driver("pi")
    finally:
        second.stop()
        first.stop()


def held_elsewhere():
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"spec": {"holderIdentity": "elsewhere/1/1", "leaseDurationSeconds": 2, "renewTime": now}}


def hold_elsewhere(kube):
    kube.call("PATCH", LEASE, held_elsewhere(), **MERGE)


def test_one_elsewhere_is_waited_for_as_long_as_it_renews(stack, node, kube):
    kube.call("DELETE", LEASE, expect=(200, 404))
    kube.call("POST", LEASES, {"metadata": {"name": "sparkgate-operator"}, **held_elsewhere()})
    operator = stack.operator()
    begun = operator.log_size()
    operator.start()
    try:
        def renewed():
            hold_elsewhere(kube)
            return "lease_taken" not in operator.log_text(begun)

        stays("the other's lease", renewed, 4)
        node.apply("pi")
        wait_for("the lease, once it has passed", lambda: "lease_taken" in operator.log_text(begun), 8)
        node.wait_driver("pi")
        assert kube.call("GET", LEASE)["spec"]["leaseTransitions"] == 1
    finally:
        operator.stop()


def test_one_whose_lease_was_taken_begins_nothing_more(node, kube, operator):
    begun = operator.log_size()
    node.apply("before")
    node.wait_driver("before")

    def lost():
        hold_elsewhere(kube)
        return "event=lease_lost" in operator.log_text(begun)

    def rests():
        hold_elsewhere(kube)
        return node.driver("later") is None

    wait_for("the loss to be seen", lost, 15)
    node.apply("later")
    stays("nothing is made", rests, 3)
    node.wait_driver("later", limit_s=15)
