# SPDX-License-Identifier: Apache-2.0
"""Batches that are run again when they fail, as their conf asks: the gateway makes an object for each run.

The operators are played, both definitions of SparkApplications; what they write is in lib/kubernetes.py and lib/apache.py.
"""
import contextlib

import apache
import pytest
from kubernetes import CLONE, GATEWAY_USER, GROUP, MERGE
from livy import becomes
from spark_rest import SparkRest, batch_of, creation
from stack import IMPATIENT
from test_operations import metrics
from waiting import wait_for

MAX, INTERVAL, ON = (f"spark.sparkgate.retry.{key}" for key in ("max", "interval", "on"))
RBAC = CLONE / "deploy/kubernetes/rbac.yaml.in"
FAR = "1h"  # a next run that does not come by itself

pytestmark = pytest.mark.usefixtures("clean")


class Kubeflow:
    kind = "kubeflow"

    def __init__(self, kube):
        self.kube = kube

    def application(self, name):
        return next((each for each in self.kube.applications() if each["metadata"]["name"] == name), None)

    def names(self):
        return sorted(each["metadata"]["name"] for each in self.kube.applications())

    def run(self, name):
        self.kube.create_driver(name)
        self.kube.report_driver(name, "Running")
        self.kube.report(name, "RUNNING", executionAttempts=1, sparkApplicationId=f"spark-{name}",
                         driverInfo={"podName": f"{name}-driver"})

    def end(self, name, exit_code):
        self.kube.report_driver(name, "Failed" if exit_code else "Succeeded", exit_code)
        message = f"driver container failed with ExitCode: {exit_code}, Reason: Error" if exit_code else ""
        self.kube.report(name, "FAILED" if exit_code else "COMPLETED", message, executionAttempts=1)

    def remove(self, name):
        self.kube.delete_application(name)

    def conf(self, name):
        return self.application(name)["spec"]["sparkConf"]


class Apache:
    kind = "apache"

    def __init__(self, kube):
        self.kube = kube
        self.played = {}

    def application(self, name):
        return apache.application(self.kube, name)

    def names(self):
        return sorted(each["metadata"]["name"] for each in self.kube.call("GET", apache.path())["items"])

    def run(self, name):
        self.played[name] = apache.Played(self.kube, name)
        self.played[name].run()

    def end(self, name, exit_code):
        played = self.played[name]
        played.report_pod("Failed" if exit_code else "Succeeded", exit_code)
        played.enter("Failed" if exit_code else "Succeeded", driver=apache.ended(exit_code) if exit_code else None)
        played.enter("TerminatedWithoutReleaseResources")
        played.let_go()

    def remove(self, name):
        self.kube.call("DELETE", apache.path(name), expect=(200, 404))

    def conf(self, name):
        return self.application(name)["spec"]["sparkConf"]


@pytest.fixture(scope="module", params=["kubeflow", "apache"])
def cluster(request, stack, kube):
    if request.param == "kubeflow":
        yield Kubeflow(kube)
        return
    if apache.missing() is not None:
        pytest.skip(apache.missing())
    with apache.allowed(kube):
        stack.reconfigure({"clusters": {"default": {"operator": "apache"}}})
        yield Apache(kube)
        stack.reconfigure()


@pytest.fixture
def operator(cluster, kube):
    yield cluster
    for name in cluster.names():
        if cluster.kind == "apache":
            apache.Played(kube, name).let_go()
        cluster.remove(name)
    kube.delete_drivers()


only_kubeflow = pytest.mark.parametrize("cluster", ["kubeflow"], indirect=True)


@contextlib.contextmanager
def unreadable(kube):
    """The gateway may list and watch SparkApplications, and not get one."""
    (path, role), = [(path, manifest) for path, manifest in kube.roles(RBAC)
                     if manifest["kind"] == "Role" and manifest["metadata"]["name"] == "sparkgate"]
    rules = [{**rule, "verbs": [verb for verb in rule["verbs"] if verb != "get"]}
             if rule["resources"] == ["sparkapplications"] else rule for rule in role["rules"]]
    right = (GATEWAY_USER, "get", "sparkapplications", GROUP.split("/")[2])

    def write(wanted, allowed):
        kube.call("PATCH", f"{path}/sparkgate", {"rules": wanted}, **MERGE)
        wait_for("the right to be changed", lambda: kube.may(*right) == allowed)

    write(rules, False)
    try:
        yield
    finally:
        write(role["rules"], True)


def submit(stack, livy, retries=2, **conf):
    """A pushed batch: its id and the name of its first object."""
    conf = {MAX: str(retries), INTERVAL: "0s", **conf}
    batch_id = livy.submit(conf=conf)["id"]
    return batch_id, stack.wait_state(batch_id, "starting")["object_name"]


def run_of(name, run):
    return name if run == 0 else f"{name}-{run}"


def appears(operator, name):
    wait_for(f"{name} to be made", lambda: operator.application(name))


def fails(operator, livy, batch_id, name, exit_code=3):
    operator.run(name)
    becomes(livy, batch_id, "running")
    operator.end(name, exit_code)


def retries_of(stack, batch_id):
    return [event for event in stack.events(batch_id) if event["kind"] == "retry"]


def waits_for_run(stack, batch_id, run):
    wait_for(f"run {run} to be owed", lambda: stack.row(batch_id)["retries"] == run)


def test_it_fails_twice_and_then_succeeds(stack, livy, operator):
    before = metrics(stack)["sparkgate_retries_total"]
    batch_id, name = submit(stack, livy, 3)
    for run in range(3):
        appears(operator, run_of(name, run))
        operator.run(run_of(name, run))
        wait_for("its driver to be known", lambda: stack.row(batch_id)["driver_pod"] and
                 stack.row(batch_id)["driver_pod"].startswith(f"{run_of(name, run)}-") and
                 stack.row(batch_id)["state"] == "running")
        row = stack.row(batch_id)
        assert (row["retries"], row["attempts"], row["finished_at"]) == (run, run + 1, None)
        operator.end(run_of(name, run), 0 if run == 2 else 3 + run)
    becomes(livy, batch_id, "success")
    row = stack.row(batch_id)
    assert (row["retries"], row["attempts"], row["exit_code"], row["reason"]) == (2, 3, 0, None)
    assert operator.names() == sorted(run_of(name, run) for run in range(3)), "one object a run"
    assert stack.postgres.value("SELECT count(*) FROM batch_push") == 0
    assert livy.get(f"/batches/{batch_id}").json()["object"] == f"{name}-2"
    first, second = retries_of(stack, batch_id)
    assert (first["state"], first["reason"]) == ("starting", "exit_code")
    assert first["message"].startswith("run 1 of 4 failed: driver container failed with ExitCode: 3, Reason: Error, and the "
                                       "next begins at 20") and first["message"].endswith(" (exit code 3)")
    assert second["message"].startswith("run 2 of 4 failed: ") and second["message"].endswith(" (exit code 4)")
    states = [event["state"] for event in stack.events(batch_id)]
    assert set(states[:-1]) <= {"accepted", "starting", "running"} and states[-1] == "success"
    log = livy.get(f"/batches/{batch_id}/log").json()["log"]
    assert [line.split(":")[1].strip() for line in log] == ["run 1 of 4 failed", "run 2 of 4 failed"], "whose output is whose"
    assert metrics(stack)["sparkgate_retries_total"] == before + 2


def test_each_object_is_as_the_first_but_for_its_name(stack, livy, operator):
    batch_id, name = submit(stack, livy, **{"spark.my.password": "kept", ON: "exit_code"})
    fails(operator, livy, batch_id, name)
    appears(operator, f"{name}-1")
    first, second = operator.application(name), operator.application(f"{name}-1")
    assert second["metadata"]["labels"] == first["metadata"]["labels"]
    assert operator.conf(f"{name}-1")["spark.my.password"] == "kept"
    for each in (first, second):
        assert not [key for key in each["spec"]["sparkConf"] if key.startswith("spark.sparkgate.")]
        each["spec"]["sparkConf"].pop("spark.app.name", None)
    assert second["spec"] == first["spec"]
    assert stack.postgres.value("SELECT count(*) FROM batch_event WHERE message LIKE '%kept%'") == 0


def test_when_no_retry_is_left_it_ends_as_the_last_run(stack, livy, operator):
    batch_id, name = submit(stack, livy, 1)
    fails(operator, livy, batch_id, name, 3)
    appears(operator, f"{name}-1")
    fails(operator, livy, batch_id, f"{name}-1", 7)
    becomes(livy, batch_id, "dead")
    row = stack.row(batch_id)
    assert (row["reason"], row["exit_code"], row["attempts"]) == ("exit_code", 7, 2)
    assert "ExitCode: 7" in row["message"] and operator.names() == [name, f"{name}-1"]


def test_a_failure_that_was_not_asked_for_ends_it(stack, livy, operator):
    batch_id, name = submit(stack, livy, 5, **{ON: "out_of_memory, evicted"})
    fails(operator, livy, batch_id, name)
    becomes(livy, batch_id, "dead")
    row = stack.row(batch_id)
    assert (row["reason"], row["exit_code"], row["retries"], row["attempts"]) == ("exit_code", 3, 0, 1)
    assert operator.names() == [name] and not retries_of(stack, batch_id)


def test_a_success_is_not_run_again(stack, livy, operator):
    batch_id, name = submit(stack, livy)
    fails(operator, livy, batch_id, name, exit_code=0)
    becomes(livy, batch_id, "success")
    assert operator.names() == [name]


def test_a_kill_between_two_runs_is_the_end(stack, livy, operator):
    batch_id, name = submit(stack, livy, **{INTERVAL: FAR})
    fails(operator, livy, batch_id, name)
    waits_for_run(stack, batch_id, 1)
    assert livy.state(batch_id) == "starting"
    assert livy.get(f"/batches/{batch_id}").json()["message"].startswith("run 1 of 3 failed: ")
    livy.delete(f"/batches/{batch_id}")
    row = stack.wait_state(batch_id, "killed")
    assert (row["reason"], row["pushed_at"]) == ("killed_by_user", None)
    assert stack.postgres.value("SELECT count(*) FROM batch_push") == 0
    wait_for("the first run's object to be gone", lambda: operator.names() == [])


def test_a_kill_of_a_later_run_takes_all_objects(stack, livy, operator):
    batch_id, name = submit(stack, livy)
    fails(operator, livy, batch_id, name)
    appears(operator, f"{name}-1")
    livy.delete(f"/batches/{batch_id}")
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    wait_for("all of its objects to be gone", lambda: operator.names() == [])


def test_a_name_is_kept_between_two_runs(stack, livy, operator):
    batch_id = livy.submit(name="nightly", conf={MAX: "1", INTERVAL: FAR})["id"]
    name = stack.wait_state(batch_id, "starting")["object_name"]
    fails(operator, livy, batch_id, name)
    waits_for_run(stack, batch_id, 1)
    answer = livy.post({"file": "local:///a.py", "name": "nightly"})
    assert answer.status == 400 and "Duplicate session name: nightly" in answer.text


def test_an_object_that_is_gone_cannot_be_made_anew(stack, livy, operator, repaired):
    """The end is known, the log not yet complete: only then is the object looked for, and its spec is nowhere else."""
    batch_id, name = submit(stack, livy)
    operator.run(name)
    becomes(livy, batch_id, "running")
    stack.watcher.stop()
    stack.postgres.execute(
        "UPDATE batch SET end_state = 'dead', end_reason = 'exit_code', end_message = 'it failed', exit_code = 3")
    operator.remove(name)
    if operator.kind == "apache":
        operator.played[name].let_go()
    stack.start_watcher()
    becomes(livy, batch_id, "dead")
    row = stack.row(batch_id)
    assert (row["reason"], row["exit_code"], row["retries"]) == ("exit_code", 3, 0)
    assert row["message"].startswith("it failed (not run again: its SparkApplication") and operator.names() == []


@pytest.mark.parametrize("step", ["retry.begin", "retry.write", "retry.written", "push.claimed", "push.create", "push.created",
                                  "push.recorded"])
def test_a_watcher_that_is_killed_loses_and_doubles_nothing(stack, livy, operator, repaired, step):
    batch_id, name = submit(stack, livy)
    operator.run(name)
    becomes(livy, batch_id, "running")
    stack.watcher.stop()
    operator.end(name, 3)
    log = stack.run / "retry-failpoints"
    log.unlink(missing_ok=True)
    # what it has in hand is soon anybody's
    hurried = stack.write_config(IMPATIENT | {"clusters": {"default": {"operator": operator.kind}}}, "hurried.yaml")
    dying = stack.start_watcher(config=hurried, SPARKGATE_FAILPOINTS=f"{step}=1",
                                SPARKGATE_FAILPOINTS_LOG=str(log))
    wait_for("it to be killed there", log.exists)
    dying.stop()
    stack.start_watcher()
    appears(operator, f"{name}-1")
    fails(operator, livy, batch_id, f"{name}-1", exit_code=0)
    becomes(livy, batch_id, "success")
    row = stack.row(batch_id)
    assert (row["retries"], row["attempts"], len(retries_of(stack, batch_id))) == (1, 2, 1)
    assert operator.names() == [name, f"{name}-1"]


def test_a_watcher_that_comes_later_looks_at_the_last_run_alone(stack, livy, operator, repaired):
    """Its list has the objects of all runs: the earlier ones say nothing, and do not hide that the last one is gone."""
    batch_id, name = submit(stack, livy)
    fails(operator, livy, batch_id, name)
    appears(operator, f"{name}-1")
    operator.run(f"{name}-1")
    becomes(livy, batch_id, "running")
    stack.watcher.stop()
    operator.remove(f"{name}-1")
    if operator.kind == "apache":
        operator.played[f"{name}-1"].let_go()
    stack.start_watcher()
    row = stack.wait_state(batch_id, "killed")
    assert (row["reason"], row["retries"]) == ("deleted_outside", 1)


def test_an_earlier_run_s_object_that_goes_or_changes_says_nothing(stack, livy, operator):
    batch_id, name = submit(stack, livy)
    fails(operator, livy, batch_id, name)
    appears(operator, f"{name}-1")
    operator.run(f"{name}-1")
    becomes(livy, batch_id, "running")
    operator.remove(name)
    wait_for("it to be gone", lambda: operator.names() == [f"{name}-1"])
    operator.end(f"{name}-1", 0)
    becomes(livy, batch_id, "success")


def test_retention_takes_the_objects_of_all_runs(stack, livy, operator, repaired):
    batch_id, name = submit(stack, livy)
    fails(operator, livy, batch_id, name)
    appears(operator, f"{name}-1")
    fails(operator, livy, batch_id, f"{name}-1", 0)
    becomes(livy, batch_id, "success")
    stack.watcher.stop()
    stack.age("25 hours", [batch_id])
    stack.start_watcher()
    wait_for("all of its objects to be gone", lambda: operator.names() == [])
    assert stack.row(batch_id)["state"] == "success"


# --- what does not depend on the operator ---------------------------------------------------------------------------


@only_kubeflow
def test_spark_rest_shows_that_it_is_relaunched(stack, livy, operator):
    spark = SparkRest(stack.spark_port)
    submission = spark.submit({MAX: "1", INTERVAL: FAR})
    batch_id = batch_of(submission)
    name = stack.wait_state(batch_id, "starting")["object_name"]
    operator.run(name)
    wait_for("it to run", lambda: spark.driver_state(submission) == "RUNNING")
    operator.end(name, 3)
    waits_for_run(stack, batch_id, 1)
    assert spark.driver_state(submission) == "RELAUNCHING"
    stack.postgres.execute("UPDATE batch_push SET claimed_until = now()")
    appears(operator, f"{name}-1")
    assert spark.driver_state(submission) == "RELAUNCHING"
    fails(operator, livy, batch_id, f"{name}-1", exit_code=0)
    wait_for("its end", lambda: spark.driver_state(submission) == "FINISHED")


@only_kubeflow
def test_what_could_not_be_submitted_is_tried_again(stack, kube, livy, operator):
    batch_id, name = submit(stack, livy, 1, **{ON: "submission_failed"})
    kube.report(name, "FAILED", "failed to submit spark application: quota")
    appears(operator, f"{name}-1")
    assert retries_of(stack, batch_id)[0]["reason"] == "submission_failed"
    fails(operator, livy, batch_id, f"{name}-1", exit_code=0)
    becomes(livy, batch_id, "success")
    assert stack.row(batch_id)["attempts"] == 2


@only_kubeflow
def test_a_next_run_that_kubernetes_refuses_is_the_end(stack, kube, livy, operator, repaired):
    """Its words stand behind the log of the runs before."""
    batch_id, name = submit(stack, livy, 1, **{INTERVAL: FAR})
    fails(operator, livy, batch_id, name)
    waits_for_run(stack, batch_id, 1)
    stack.postgres.execute("""UPDATE batch_push SET claimed_until = now(), object = object || '{"mode": "none"}'""")
    row = stack.wait_state(batch_id, "error")
    assert row["reason"] == "refused"
    log = livy.get(f"/batches/{batch_id}/log").json()["log"]
    assert len(log) == 2 and "run 1 of 2 failed" in log[0] and "mode" in log[1]
    stack.watcher.stop()
    stack.age("25 hours", [batch_id])
    stack.start_watcher()
    wait_for("the first run's object to be gone", lambda: operator.names() == [])


@only_kubeflow
def test_an_object_that_cannot_be_read_now_is_read_later(stack, kube, livy, operator):
    """Its watch goes on, but nobody answers for a single object: that says nothing of whether it is there."""
    batch_id, name = submit(stack, livy)
    operator.run(name)
    becomes(livy, batch_id, "running")
    with unreadable(kube):
        seen = stack.watcher.log_size()
        operator.end(name, 3)
        wait_for("it to be tried", lambda: "event=batch_not_moved" in stack.watcher.log_text(seen))
        assert (stack.row(batch_id)["retries"], livy.state(batch_id)) == (0, "running")
    appears(operator, f"{name}-1")
    assert stack.row(batch_id)["retries"] == 1 and operator.names() == [name, f"{name}-1"]


@pytest.mark.parametrize("conf, words", [
    ({MAX: "-1"}, f"conf {MAX}: give a number from 0 (never run again) to 100"),
    ({MAX: "101"}, f"conf {MAX}: give a number from 0"),
    ({MAX: "1", INTERVAL: "soon"}, f"conf {INTERVAL}: give seconds, or a time such as 30s, 5m or 1h"),
    ({MAX: "1", ON: "killed_by_user"}, f"conf {ON}: give some of exit_code, out_of_memory"),
    ({MAX: "1", "spark.sparkgate.retry.delay": "1"}, "conf spark.sparkgate.retry.delay: there is no such key"),
    ({MAX: "1", "spark.driver.supervise": "true"}, f"conf {MAX}: a supervised driver is run again without end already"),
])
def test_what_cannot_be_meant_is_refused(stack, livy, conf, words):
    answer = livy.post({"file": "local:///a.py", "conf": conf})
    assert answer.status == 400 and words in answer.json()["msg"], answer.text
    refused = SparkRest(stack.spark_port).create(creation(conf))
    assert words in refused.text, refused.text
    assert stack.postgres.value("SELECT count(*) FROM batch") == 0


@pytest.mark.parametrize("layer, asked, expected", [
    ("default_conf", {}, 2), ("default_conf", {MAX: "5"}, 5), ("enforced_conf", {MAX: "5"}, 2),
    ("default_conf", {"spark.driver.supervise": "true"}, 0),
])
def test_a_cluster_may_have_it_for_all(stack, livy, layer, asked, expected):
    stack.reconfigure({"clusters": {"default": {layer: {MAX: "2", INTERVAL: "7"}}}})
    try:
        made = livy.submit(conf=asked)
        row = stack.row(made["id"])
        assert row["retry_max"] == expected and (row["retry_interval_s"] == 7 or not expected)
        stack.wait_state(made["id"], "starting")
        conf = stack.kubernetes.application(row["object_name"])["spec"].get("sparkConf", {})
        assert not [key for key in conf if key.startswith("spark.sparkgate.")]
    finally:
        stack.reconfigure()


def test_a_cluster_may_deny_it(stack, livy):
    stack.reconfigure({"clusters": {"default": {"denied_conf": ["spark.sparkgate.retry.*"]}}})
    try:
        answer = livy.post({"file": "local:///a.py", "conf": {MAX: "1"}})
        assert answer.status == 400 and MAX in answer.text
    finally:
        stack.reconfigure()
