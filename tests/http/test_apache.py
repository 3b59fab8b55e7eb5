# SPDX-License-Identifier: Apache-2.0
"""Batches of a cluster with the Apache operator (spark.apache.org/v1), which is played: contract crds.md 4, 5 and 8.2."""
import apache
import pytest
from livy import becomes
from spark_rest import SparkRest, batch_of
from waiting import wait_for

pytestmark = pytest.mark.skipif(apache.missing() is not None, reason=str(apache.missing()))


@pytest.fixture(scope="module")
def cluster(stack, kube):
    """The stack's cluster has the Apache operator instead."""
    with apache.allowed(kube):
        stack.reconfigure({"clusters": {"default": {"operator": "apache"}}})
        yield
        stack.reconfigure()


@pytest.fixture
def batch(stack, cluster, kube, livy, clean):
    """A pushed batch: its id, and the operator that plays for its object."""
    batch_id = livy.submit()["id"]
    with apache.playing(kube, stack.wait_state(batch_id, "starting")["object_name"]) as played:
        yield batch_id, played


def test_a_batch_goes_from_post_to_success(stack, livy, batch):
    batch_id, played = batch
    assert livy.state(batch_id) == "starting"
    played.enter("Submitted", "DriverRequested")
    played.make_pod()
    assert livy.state(batch_id) == "starting"
    played.report_pod("Running")
    played.enter("DriverStarted", "DriverReady", "RunningHealthy")
    becomes(livy, batch_id, "running")
    row = stack.row(batch_id)
    assert (row["app_id"], row["driver_pod"]) == (f"{played.name}-0", f"{played.name}-0-driver"), "found by the pod's labels"
    played.report_pod("Succeeded", 0)
    played.enter("Succeeded")
    played.enter("TerminatedWithoutReleaseResources")
    becomes(livy, batch_id, "success")
    row = stack.row(batch_id)
    assert (row["exit_code"], row["operator_kind"], row["attempts"]) == (0, "apache", 1)
    assert livy.get(f"/batches/{batch_id}").json()["appId"] == f"{played.name}-0"


def test_the_pod_is_found_by_its_labels_whatever_its_name(stack, kube, livy, batch):
    batch_id, played = batch
    played.naming = "{}-spark-{}-driver"
    played.run()
    becomes(livy, batch_id, "running")
    assert stack.row(batch_id)["driver_pod"] == f"{played.name}-spark-0-driver"


EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}


@pytest.mark.parametrize("states, message, driver, reason, exit_code, words", [
    (["Failed"], "", apache.ended(3), "exit_code", 3, "ExitCode: 3, Reason: Error"),
    (["Failed"], "", apache.ended(137, "OOMKilled"), "out_of_memory", 137, "OOMKilled"),
    (["DriverEvicted"], "evicted", EVICTED, "evicted", None, "Evicted: low on memory"),
    (["Failed"], "Driver removed unexpectedly", None, "driver_lost", None, "Driver removed"),
    (["SchedulingFailure"], "quota\n\tat org.apache.Spark.run(Spark.scala:1)\nexceeded", None, "submission_failed", None,
     "SchedulingFailure: quota\nexceeded"),
    (["DriverStartTimedOut"], "the driver did not start", None, "failed", None, "DriverStartTimedOut: the driver did not"),
    (["Failed", "DriverReadyTimedOut"], "not ready", None, "failed", None, "DriverReadyTimedOut: not ready"),
])
def test_an_end_has_its_reason_and_words(stack, livy, batch, states, message, driver, reason, exit_code, words):
    batch_id, played = batch
    played.enter("Submitted", "DriverRequested")
    played.enter(*states, message=message, driver=driver)
    assert livy.state(batch_id) in ("starting", "running"), "a stopping state is not the end"
    played.enter("ResourceReleased")
    becomes(livy, batch_id, "dead")
    row = stack.row(batch_id)
    assert (row["reason"], row["exit_code"]) == (reason, exit_code) and words in row["message"], row["message"]
    assert words.splitlines()[0] in "\n".join(livy.get(f"/batches/{batch_id}/log").json()["log"]), "no pod: its log says why"


def test_a_short_job_that_failed_and_succeeded_in_one_write_has_succeeded(livy, batch):
    batch_id, played = batch
    played.enter(*apache.TO_RUNNING[:2])
    played.enter("Failed", "Succeeded", "TerminatedWithoutReleaseResources")
    becomes(livy, batch_id, "success")


def test_the_history_is_in_the_order_of_its_numbers(livy, batch):
    """As texts "9" would come after "10"."""
    batch_id, played = batch
    played.enter(*apache.TO_RUNNING, *2 * ("RunningWithPartialCapacity", "RunningHealthy"))
    played.enter("Failed")
    assert "9" in played.history
    played.enter("Succeeded")
    played.enter("ResourceReleased")
    becomes(livy, batch_id, "success")


def test_what_is_released_later_stays_as_it_ended(stack, livy, batch):
    batch_id, played = batch
    played.run()
    played.report_pod("Failed", 7)
    played.enter("Failed", driver=apache.ended(7))
    played.enter("TerminatedWithoutReleaseResources")
    becomes(livy, batch_id, "dead")
    events = len(stack.events(batch_id))
    played.delete_pod()
    played.enter("ResourceReleased")
    other = livy.submit()["id"]
    with apache.playing(played.kube, stack.wait_state(other, "starting")["object_name"]) as next_one:
        next_one.run()
        becomes(livy, other, "running")  # everything before it has been read by then
    assert livy.state(batch_id) == "dead" and len(stack.events(batch_id)) == events


def test_a_state_of_a_later_operator_changes_nothing(stack, kube, livy, batch):
    """The API server takes no other than those of its definition: the end of the object without any is such a gap."""
    batch_id, played = batch
    played.run()
    becomes(livy, batch_id, "running")
    played.report_pod("Failed", 4)
    played.enter("TerminatedWithoutReleaseResources", message="words of a later operator")
    becomes(livy, batch_id, "dead")
    assert stack.row(batch_id)["exit_code"] == 4, "nothing says how it ended but the pod"


def test_the_pod_knows_what_the_operator_missed(stack, livy, batch):
    """An operator that lost sight of a driver calls it removed; the pod that is there says more."""
    batch_id, played = batch
    played.run()
    becomes(livy, batch_id, "running")
    played.report_pod("Succeeded", 0)
    played.enter("Failed", message="Driver removed. This could caused by 'exit' in driver process")
    played.enter("TerminatedWithoutReleaseResources")
    becomes(livy, batch_id, "success")


def test_a_driver_that_ends_before_its_operator_notices_has_ended(stack, kube, livy, batch):
    """A known defect (contract crds.md 5.2): a pod that dies without a container's status stays DriverRequested for ever."""
    batch_id, played = batch
    played.enter("Submitted", "DriverRequested")
    played.make_pod()
    kube.call("PATCH", kube.driver_path(played.pod.removesuffix("-driver")) + "/status", {"status": EVICTED},
              headers={"Content-Type": "application/merge-patch+json"})
    becomes(livy, batch_id, "dead")
    assert stack.row(batch_id)["reason"] == "evicted"


def test_a_delete_answers_at_once_and_ends_with_the_object(stack, kube, livy, batch):
    batch_id, played = batch
    played.run()
    becomes(livy, batch_id, "running")
    assert livy.delete(f"/batches/{batch_id}").json() == {"msg": "deleted"}
    assert livy.state(batch_id) == "killed", "from the moment that the DELETE was answered"
    wait_for("the kill to reach Kubernetes", played.is_deleted)
    assert stack.row(batch_id)["finished_at"] is None, "the operator's finalizer holds the object, and the driver may run"
    played.release()
    row = stack.wait_state(batch_id, "killed")
    assert row["reason"] == "killed_by_user"


def test_an_object_that_nobody_has_taken_up_is_killed_at_once(stack, kube, livy, batch):
    batch_id, played = batch
    played.let_go()
    livy.delete(f"/batches/{batch_id}")
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    assert apache.application(kube, played.name) is None


def test_an_object_that_somebody_deleted_is_a_killed_batch(stack, kube, livy, batch):
    batch_id, played = batch
    played.run()
    becomes(livy, batch_id, "running")
    kube.call("DELETE", apache.path(played.name))
    played.release()
    assert stack.wait_state(batch_id, "killed")["reason"] == "deleted_outside"


def test_what_happened_without_a_watcher_is_seen_by_the_next(stack, livy, batch, repaired):
    batch_id, played = batch
    stack.watcher.stop()
    played.run()
    played.report_pod("Succeeded", 0)
    played.enter("Succeeded")
    played.enter("TerminatedWithoutReleaseResources")
    stack.start_watcher()
    becomes(livy, batch_id, "success")
    assert stack.row(batch_id)["driver_pod"] == played.pod


def test_a_supervised_driver_runs_again(stack, cluster, kube, livy, clean):
    spark = SparkRest(stack.spark_port)
    submission = spark.submit({"spark.driver.supervise": "true"})
    batch_id = batch_of(submission)
    with apache.playing(kube, stack.wait_state(batch_id, "starting")["object_name"]) as played:
        played.run()
        becomes(livy, batch_id, "running")
        played.report_pod("Failed", 3)
        played.enter("Failed", message="the first run", driver=apache.ended(3))
        wait_for("the failure", lambda: spark.driver_state(submission) == "RELAUNCHING")
        assert livy.state(batch_id) == "starting"
        played.restart("the first run")
        wait_for("another attempt", lambda: stack.row(batch_id)["attempts"] == 2)
        assert stack.row(batch_id)["message"] == "the first run"
        played.run()
        becomes(livy, batch_id, "running")
        row = stack.row(batch_id)
        assert (row["driver_pod"], row["app_id"]) == (f"{played.name}-1-driver", f"{played.name}-1")
        played.enter("Succeeded")
        played.enter("ResourceReleased")
        wait_for("its end", lambda: spark.driver_state(submission) == "FINISHED")
        assert stack.row(batch_id)["attempts"] == 2


def test_the_objects_of_old_batches_go(stack, kube, livy, batch, repaired):
    batch_id, played = batch
    played.enter("Succeeded")
    played.enter("TerminatedWithoutReleaseResources")
    becomes(livy, batch_id, "success")
    stack.watcher.stop()
    stack.age("25 hours", [batch_id])
    stack.start_watcher()
    wait_for("the object's end", played.is_deleted)
    played.release()
    wait_for("the object to be gone", lambda: apache.application(kube, played.name) is None)
    assert livy.state(batch_id) == "success"


# --- another operator than before ---------------------------------------------------------------------------------------


def test_batches_stay_with_the_operator_that_they_were_made_for(stack, kube, livy, batch):
    """The cluster has Kubeflow's from now on; what was begun under Apache's goes on, and can be killed."""
    batch_id, played = batch
    played.run()
    becomes(livy, batch_id, "running")
    killed = livy.submit()["id"]
    with apache.playing(kube, stack.wait_state(killed, "starting")["object_name"]) as second:
        second.run()
        stack.reconfigure()
        try:
            later = livy.submit()["id"]
            name = stack.wait_state(later, "starting")["object_name"]
            assert kube.application(name) is not None and stack.row(later)["operator_kind"] == "kubeflow"
            becomes(livy, killed, "running")
            livy.delete(f"/batches/{killed}")
            wait_for("the kill to reach Kubernetes", second.is_deleted)
            second.release()
            assert stack.wait_state(killed, "killed")["reason"] == "killed_by_user"
            played.enter("Succeeded")
            played.enter("TerminatedWithoutReleaseResources")
            becomes(livy, batch_id, "success")
            kube.report(name, "RUNNING")
            becomes(livy, later, "running")
        finally:
            stack.reconfigure({"clusters": {"default": {"operator": "apache"}}})
        kube.report(name, "COMPLETED")
        becomes(livy, later, "success")


# --- operator: auto -----------------------------------------------------------------------------------------------------


def found(stack):
    (cluster,) = stack.livy.get("/clusters").json()["clusters"]
    assert cluster["operator"] == "auto"
    return cluster["operatorFound"]


@pytest.fixture(scope="module")
def auto(stack, cluster, kube):
    stack.reconfigure({"clusters": {"default": {"operator": "auto"}}})
    yield
    apache.serve_kubeflow(kube, True)
    stack.reconfigure({"clusters": {"default": {"operator": "apache"}}})


def test_auto_is_what_the_api_server_serves(stack, kube, auto, livy, clean):
    """Both: Kubeflow's. One: that one. Neither: no batch. And batches of the other stay what they are."""
    wait_for("Kubeflow's to be found", lambda: found(stack) == "kubeflow")
    assert "operator auto: found kubeflow" in stack.ctl("check-config", "--connect").stdout
    first = livy.submit()["id"]
    name = stack.wait_state(first, "starting")["object_name"]
    apache.serve_kubeflow(kube, False)
    wait_for("Apache's to be found", lambda: found(stack) == "apache")
    assert "operator auto: found apache" in stack.ctl("check-config", "--connect").stdout
    second = livy.submit()["id"]
    assert stack.row(second)["operator_kind"] == "apache" and stack.row(first)["operator_kind"] == "kubeflow"
    with apache.playing(kube, stack.wait_state(second, "starting")["object_name"]) as played:
        played.run()
        becomes(livy, second, "running")
        apache.serve_kubeflow(kube, True)
        wait_for("Kubeflow's to be found again", lambda: found(stack) == "kubeflow")
        kube.report(name, "RUNNING")
        becomes(livy, first, "running")
        played.enter("Succeeded")
        played.enter("TerminatedWithoutReleaseResources")
        becomes(livy, second, "success")
    kube.report(name, "COMPLETED")
    becomes(livy, first, "success")


def test_an_api_server_that_does_not_answer_changes_nothing(stack, kube, auto, livy, clean, repaired):
    wait_for("Kubeflow's to be found", lambda: found(stack) == "kubeflow")
    since = stack.postgres.value("SELECT operator_found_at FROM cluster_watch")
    kube.kill9()
    try:
        wait_for("the outage to be noticed", lambda: stack.postgres.value("SELECT last_error FROM cluster_watch"))
        assert found(stack) == "kubeflow"
        batch_id = livy.submit()["id"]
        assert stack.row(batch_id)["operator_kind"] == "kubeflow", "accepted, to be pushed later"
        failed = stack.ctl("check-config", "--connect", check=False)
        assert failed.returncode != 0 and "found" not in failed.stdout
    finally:
        kube.start()
    stack.wait_state(batch_id, "starting")
    wait_for("another answer", lambda: stack.postgres.value("SELECT operator_found_at FROM cluster_watch") > since)
    assert found(stack) == "kubeflow"


def test_nothing_is_accepted_for_a_cluster_of_which_nothing_is_known(stack, auto, livy, clean, repaired):
    stack.watcher.stop()
    stack.postgres.execute("UPDATE cluster_watch SET operator_found = NULL")
    answer = livy.post({"file": "local:///a.py"})
    assert answer.status == 503 and answer.headers["retry-after"] and "no Spark operator" in answer.json()["msg"]
    assert stack.postgres.value("SELECT count(*) FROM batch") == 0
    stack.start_watcher()
    wait_for("a batch to be accepted", lambda: livy.post({"file": "local:///a.py"}).status == 201, interval_s=0.5)
