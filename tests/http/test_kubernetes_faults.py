# SPDX-License-Identifier: Apache-2.0
"""The API server away, frozen or refusing: an accepted batch is never lost and never runs twice."""
import concurrent.futures
import contextlib
import json
import os
import signal
import time

import pytest
from cgi_client import Cgi
from kubernetes import NAMESPACE
from waiting import LIMIT_S, stays, wait_for

# Not as long as somebody is away. Connecting and one call, and a second one to see what became of it, take a few seconds.
ANSWER_S = 100.0
POST = {"file": "local:///a.py"}

pytestmark = pytest.mark.usefixtures("clean", "same_workers")


def pid_of(kube, name="kube-apiserver"):
    return int((kube.dir / f"cluster/run/{name}.pid").read_text().split()[0])


@contextlib.contextmanager
def frozen(kube):
    pid = pid_of(kube)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def post_in_time(livy, **fields):
    began = time.monotonic()
    answer = livy.post({**POST, **fields})
    assert time.monotonic() - began < ANSWER_S, f"{time.monotonic() - began:.1f} s: {answer}"
    return answer


def pushed_once(stack, kube, batch_id, by="watcher"):
    row = stack.wait_state(batch_id, "starting")
    owed = "SELECT 1 FROM batch_push WHERE batch_id = %s"
    wait_for("nothing to be owed", lambda: not stack.postgres.rows(owed, (batch_id,)))
    pushes = [event["actor"] for event in stack.events(batch_id) if event["kind"] == "pushed"]
    assert len(pushes) == 1 and pushes[0] in (by, "watch"), "its watch event may be faster than whoever pushed it"
    objects = [item for item in kube.applications() if str(row["uid"]) in item["metadata"]["labels"].values()]
    assert [item["metadata"]["name"] for item in objects] == [row["object_name"]]
    return row


def all_pushed(stack, count):
    pushed = "SELECT count(*) FROM batch WHERE state = 'starting'"
    wait_for("all pushes", lambda: stack.postgres.value(pushed) == count)


def test_killed_while_batches_come_in(stack, kube, livy):
    kube.kill9()
    try:
        answers = [post_in_time(livy, name=f"late {number}") for number in range(5)]
        assert [answer.status for answer in answers] == [201] * 5
        ids = [answer.json()["id"] for answer in answers]
        assert livy.state(ids[0]) == "starting", "Livy knows no other word for it"
        assert stack.row(ids[0])["state"] == "accepted" and stack.row(ids[0])["message"]
        assert livy.get("/batches").json()["total"] == 5 and livy.get(f"/batches/{ids[0]}/log").status == 200
        assert livy.get("/readyz").status == 200, "the database answers for the past"
    finally:
        kube.start()
    for batch_id in ids:
        pushed_once(stack, kube, batch_id)
    assert len(kube.applications()) == 5
    assert all(livy.get(f"/batches/{batch_id}").json()["message"] is None for batch_id in ids)


def test_batches_that_no_worker_tries_to_push(stack, kube, livy):
    """After a try of its own a worker leaves them to the watcher for a while."""
    kube.kill9()
    try:
        def put_off():
            assert post_in_time(livy).status == 201
            return stack.postgres.rows("SELECT message FROM batch JOIN batch_push ON batch_id = id WHERE tries = 0")

        left = wait_for("a batch that was left to the watcher", put_off)
        assert all(row["message"] for row in left), "people are told why"
    finally:
        kube.start()
    ids = [row["id"] for row in stack.postgres.rows("SELECT id FROM batch")]
    for batch_id in ids:
        pushed_once(stack, kube, batch_id)
    assert len(kube.applications()) == len(ids)


@pytest.mark.usefixtures("impatient")
def test_frozen_while_a_batch_comes_in(stack, kube, livy):
    """Whether the create took place is not known; it is asked again, and there is one object in the end."""
    with frozen(kube):
        answer = post_in_time(livy)
        assert answer.status == 201, answer
    batch_id = answer.json()["id"]
    stack.wait_state(batch_id, "starting")
    stays("one object", lambda: len(kube.applications()) == 1, 1)


def test_states_survive_an_api_server_that_is_away(stack, kube, livy):
    batch_id = livy.submit()["id"]
    name = stack.wait_state(batch_id, "starting")["object_name"]
    kube.report(name, "RUNNING")
    stack.wait_state(batch_id, "running")
    kube.kill9()
    try:
        stays("the last known state", lambda: livy.state(batch_id) == "running", 2)
    finally:
        kube.start()
    kube.report(name, "COMPLETED")
    stack.wait_state(batch_id, "success")


def test_a_kill_is_repeated_until_it_is_done(stack, kube, livy):
    batch_id = livy.submit()["id"]
    name = stack.wait_state(batch_id, "starting")["object_name"]
    kube.kill9()
    try:
        assert livy.delete(f"/batches/{batch_id}").status == 200
        assert livy.state(batch_id) == "killed" and stack.row(batch_id)["state"] == "starting"
    finally:
        kube.start()
    stack.wait_state(batch_id, "killed")
    assert kube.application(name) is None


# --- refusals ------------------------------------------------------------------------------------------------------

def refused(stack, answer, words):
    """A 4xx with Kubernetes' own words, and the row as the record of it."""
    assert 400 <= answer.status < 500, answer
    assert words in answer.json()["msg"], answer
    (row,) = stack.postgres.rows("SELECT * FROM batch")
    assert (row["state"], row["reason"]) == ("error", "refused") and words in row["message"]
    assert stack.postgres.value("SELECT count(*) FROM batch_push") == 0
    shown = stack.livy.get(f"/batches/{row['id']}").json()
    assert shown["state"] == "error" and any(words in line for line in shown["log"])


def test_a_namespace_that_is_not_there(stack, kube):
    config = stack.write_config({"clusters": {"default": {
        "namespace": "nowhere", "kubeconfig": str(kube.dir / "cluster/run/admin.kubeconfig")}}}, "nowhere.yaml")
    refused(stack, Cgi(stack, config).call("POST", "/batches", json.dumps(POST).encode()), "nowhere")


def test_a_namespace_that_is_forbidden(stack, kube):
    config = stack.write_config({"clusters": {"default": {"namespace": "default"}}}, "forbidden.yaml")
    answer = Cgi(stack, config).call("POST", "/batches", json.dumps(POST).encode())
    assert answer.status == 403
    refused(stack, answer, "forbidden")


@pytest.fixture
def policy(kube):
    with kube.unwanted_files():
        yield


def test_an_object_that_kubernetes_finds_invalid(stack, policy, livy):
    refused(stack, livy.post({"file": "local:///unwanted.py"}), "nobody wants this file")
    assert livy.post(POST).status == 201


def test_a_refused_batch_frees_its_name(stack, policy, livy):
    assert 400 <= livy.post({"file": "local:///unwanted.py", "name": "again"}).status < 500
    assert livy.post({**POST, "name": "again"}).status == 201


@pytest.fixture
def quota(kube):
    """A quota of n objects. No controller runs here, so its status is written by hand, as the controller would."""
    path = f"/api/v1/namespaces/{NAMESPACE}/resourcequotas"
    resource = "count/sparkapplications.sparkoperator.k8s.io"

    def allow(count):
        status = {"hard": {resource: str(count)}, "used": {resource: "0"}}
        kube.call("PATCH", f"{path}/test/status", {"status": status},
                  headers={"Content-Type": "application/merge-patch+json"})

    kube.call("POST", path, {"metadata": {"name": "test"}, "spec": {"hard": {resource: "0"}}})
    allow(0)
    probe = kube.probe("x")

    def in_force():
        answer = kube.session.post(kube.url + kube.path(), json=probe, params={"dryRun": "All"}, timeout=LIMIT_S)
        return "exceeded quota" in answer.text

    wait_for("the quota to be in force", in_force)
    yield allow
    kube.call("DELETE", f"{path}/test", expect=(200, 404))
    wait_for("the quota to be gone", lambda: not in_force())


def test_an_exceeded_quota_is_waited_for(stack, kube, livy, quota):
    answer = livy.post(POST)
    assert answer.status == 201, "a full cluster is no fault of the client"
    batch_id = answer.json()["id"]
    assert stack.row(batch_id)["state"] == "accepted" and "quota" in stack.row(batch_id)["message"]
    assert "quota" in livy.get(f"/batches/{batch_id}").json()["message"], "people can see what it waits for"
    wait_for("the watcher to have tried", lambda: stack.postgres.value("SELECT tries FROM batch_push") > 2)
    assert kube.applications() == []
    quota(10)
    pushed_once(stack, kube, batch_id)


# --- what a crash leaves behind ------------------------------------------------------------------------------------

def unpush(stack, batch_id, claim_s=0):
    """The row as a worker leaves it that is killed before it can record its push; the object may be there or not."""
    row = stack.row(batch_id)
    spec = stack.kubernetes.application(row["object_name"])["spec"]
    stack.postgres.execute("DELETE FROM batch_event WHERE batch_id = %s AND kind = 'pushed'", (batch_id,))
    stack.postgres.execute(
        "BEGIN; UPDATE batch SET state = 'accepted', pushed_at = NULL WHERE id = %s; "
        "INSERT INTO batch_push (batch_id, cluster, object, claimed_until) "
        "VALUES (%s, 'default', %s, clock_timestamp() + %s * interval '1 second'); COMMIT",
        (batch_id, batch_id, json.dumps(spec), claim_s))
    return row


@pytest.fixture
def without_watcher(stack):
    stack.watcher.stop()
    yield
    if stack.watcher.pid is None:
        stack.start_watcher()


def test_what_is_pushed_while_nobody_watches_is_noted_by_its_worker(stack, kube, livy, without_watcher):
    batch_id = livy.submit()["id"]
    assert stack.row(batch_id)["state"] == "starting"
    assert [event["actor"] for event in stack.events(batch_id)] == [None, "worker"]
    pushed_once(stack, kube, batch_id, by="worker")


def test_what_comes_at_once_is_noted_at_once(stack, kube, livy):
    stack.wait_leased()
    os.kill(stack.watcher.pid, signal.SIGSTOP)
    try:
        # however long this takes, the workers leave it to that watcher
        stack.postgres.execute("UPDATE cluster_watch SET heard_at = now() + interval '1 hour'")
        ids = [livy.submit()["id"] for _ in range(10)]
        assert {stack.row(batch_id)["state"] for batch_id in ids} == {"accepted"}
        assert {livy.state(batch_id) for batch_id in ids} == {"starting"}, "as the answer said"
    finally:
        os.kill(stack.watcher.pid, signal.SIGCONT)
    for batch_id in ids:
        pushed_once(stack, kube, batch_id)
    commits = stack.postgres.value("SELECT count(DISTINCT pushed_at) FROM batch WHERE id = ANY (%s)", (ids,))
    assert commits < len(ids), "some of them, at least"


def test_a_push_that_was_not_recorded_is_found(stack, kube, livy, without_watcher):
    """The object is there with this batch's uid: that is success, and no second one is made."""
    batch_id = livy.submit()["id"]
    uid_before = kube.application(unpush(stack, batch_id)["object_name"])["metadata"]["uid"]
    stack.start_watcher()
    row = pushed_once(stack, kube, batch_id)
    assert kube.application(row["object_name"])["metadata"]["uid"] == uid_before


def test_a_push_that_never_took_place_is_made_when_its_claim_is_over(stack, kube, livy, without_watcher):
    batch_id = livy.submit()["id"]
    row = unpush(stack, batch_id, claim_s=3)
    kube.delete_application(row["object_name"])
    stack.start_watcher()
    stays("somebody may still be pushing it", lambda: stack.row(batch_id)["state"] == "accepted", 1.5)
    pushed_once(stack, kube, batch_id)


def test_a_name_that_somebody_else_has_is_refused(stack, kube, livy, without_watcher):
    batch_id = livy.submit()["id"]
    row = unpush(stack, batch_id)
    theirs = kube.application(row["object_name"])
    kube.delete_application(row["object_name"])
    kube.create_application({"apiVersion": theirs["apiVersion"], "kind": theirs["kind"], "spec": theirs["spec"],
                             "metadata": {"name": row["object_name"], "labels": {"somebody": "else"}}})
    stack.start_watcher()
    row = stack.wait_state(batch_id, "error")
    assert row["reason"] == "refused" and row["object_name"] in row["message"]
    assert kube.application(row["object_name"])["metadata"]["labels"] == {"somebody": "else"}, "it is left alone"


def test_an_object_of_another_gateway_is_no_business_of_ours(stack, kube, livy):
    batch_id = livy.submit()["id"]
    name = stack.wait_state(batch_id, "starting")["object_name"]
    ours = kube.application(name)
    labels = dict(ours["metadata"]["labels"])
    (gateway_label,) = [key for key in labels if key.endswith("/gateway")]
    kube.create_application({"apiVersion": ours["apiVersion"], "kind": ours["kind"], "spec": ours["spec"],
                             "metadata": {"name": "theirs", "labels": {**labels, gateway_label: "other"}}})
    kube.report("theirs", "FAILED", "not ours")
    kube.report(name, "RUNNING")
    stack.wait_state(batch_id, "running")
    kube.delete_application("theirs")
    kube.report(name, "COMPLETED")
    stack.wait_state(batch_id, "success")


def test_fifty_at_once_are_fifty_rows_and_fifty_objects(stack, kube, livy):
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda number: livy.post({**POST, "name": f"many {number}"}), range(50)))
    assert {answer.status for answer in answers} == {201}
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 50 == stack.postgres.value("SELECT count(*) FROM batch")
    all_pushed(stack, 50)
    names = {item["metadata"]["name"] for item in kube.applications()}
    assert names == {row["object_name"] for row in stack.postgres.rows("SELECT object_name FROM batch")}


def test_one_name_at_once_is_one_batch(stack, kube, livy):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: livy.post({**POST, "name": "one"}), range(20)))
    assert sorted(answer.status for answer in answers) == [201] + [400] * 19
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1


def test_one_key_at_once_is_one_batch(stack, kube, livy):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: livy.post(POST, headers={"Idempotency-Key": "one"}), range(20)))
    assert {answer.status for answer in answers} <= {201, 503}
    assert len({answer.json()["id"] for answer in answers if answer.status == 201}) == 1
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1
    wait_for("the object", lambda: len(kube.applications()) == 1)
