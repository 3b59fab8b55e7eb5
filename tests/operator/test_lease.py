# SPDX-License-Identifier: Apache-2.0
"""Any number of operators: one works."""
import datetime
import itertools
import os
import pathlib
import signal
import time

import pytest
from kubernetes import MERGE, NAMESPACE
from waiting import stays, wait_for

LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
LEASE = f"{LEASES}/sparkgate-operator"
SHORT_S = 2
FOR_EVER_S = 3600  # longer than any wait of a test


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


def test_one_that_stops_gives_its_lease_back(node, kube, two):
    first, second, second_works = two
    node.apply("pi")
    node.wait_driver("pi")
    assert not second_works()
    second.signal(signal.SIGSTOP)  # it would see that its neighbour has ended
    try:
        first.stop()
        assert kube.call("GET", LEASE)["spec"]["holderIdentity"] == ""
    finally:
        second.signal(signal.SIGCONT)
    wait_for("the second to take over", second_works)
    node.apply("later")
    node.wait_driver("later")


def test_one_that_was_killed_on_the_same_machine_is_not_waited_for(node, kube, two):
    first, _, second_works = two
    first.kill9()
    lasts(kube, FOR_EVER_S)
    wait_for("the second to take over", second_works)
    node.apply("pi")
    node.wait_driver("pi")


def test_one_that_was_killed_and_whose_parent_does_not_know_it_yet_is_not_waited_for(stack, node, kube):
    first = stack.operator()
    begun = first.log_size()
    first.start()
    wait_for("the first to work", lambda: "event=lease_taken" in first.log_text(begun))
    os.kill(first.popen.pid, signal.SIGKILL)
    stat = pathlib.Path(f"/proc/{first.popen.pid}/stat")
    wait_for("its end", lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z")
    lasts(kube, FOR_EVER_S)
    second = stack.operator("operator2").start()
    try:
        node.apply("pi")
        node.wait_driver("pi")
    finally:
        second.stop()
        first.stop()


def held_elsewhere(duration_s):
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"spec": {"holderIdentity": "elsewhere/1/1", "leaseDurationSeconds": duration_s, "renewTime": now}}


def hold_elsewhere(kube, duration_s=FOR_EVER_S):
    kube.call("PATCH", LEASE, held_elsewhere(duration_s), **MERGE)


def lasts(kube, duration_s):
    """As long as that from its last renewal on, whoever holds it."""
    kube.call("PATCH", LEASE, {"spec": {"leaseDurationSeconds": duration_s}}, **MERGE)


def is_waited_for(kube, operator, begun):
    """For twice as long as the lease lasts, but renewed all the time; None if this machine was too slow to renew it."""
    times = [time.monotonic()]
    while times[-1] < times[0] + 2 * SHORT_S:
        hold_elsewhere(kube, SHORT_S)
        times.append(time.monotonic())
    taken = "lease_taken" in operator.log_text(begun)
    times.append(time.monotonic())
    pauses = [after - before for before, after in itertools.pairwise(times)]
    return None if taken and max(pauses) > SHORT_S / 2 else not taken


def test_one_elsewhere_is_waited_for_as_long_as_it_renews(stack, node, kube):
    operator = stack.operator()

    def waited_for():
        operator.stop()
        kube.call("DELETE", LEASE, expect=(200, 404))
        kube.call("POST", LEASES, {"metadata": {"name": "sparkgate-operator"}, **held_elsewhere(FOR_EVER_S)})
        begun = operator.log_size()
        operator.start()
        wait_for("it to have looked", lambda: "lease_held_by_another" in operator.log_text(begun))
        waited = is_waited_for(kube, operator, begun)
        return None if waited is None else (waited, begun)

    try:
        waited, begun = wait_for("a machine that can renew a lease", waited_for)
        assert waited, "the other's lease was taken"
        node.apply("pi")
        wait_for("the lease, once it has passed", lambda: "lease_taken" in operator.log_text(begun))
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

    wait_for("the loss to be seen", lost)
    node.apply("later")
    stays("nothing is made", rests, 3)
    lasts(kube, 1)
    node.wait_driver("later")
