# SPDX-License-Identifier: Apache-2.0
"""What a request becomes: the row, and the SparkApplication to the letter, as the API server holds it."""
import json

import pytest
from waiting import wait_for

WHOLE_REQUEST = {
    "file": "local:///opt/app.jar",
    "className": "org.example.Main",
    "args": ["--day", "2026-11-21", "", "ü"],
    "jars": ["local:///opt/a.jar", "s3a://bucket/b.jar"],
    "pyFiles": ["local:///opt/p.py"],
    "files": ["https://host/f.txt"],
    "archives": ["s3a://bucket/env.tgz#env"],
    "driverMemory": "512m",
    "driverCores": 2,
    "executorMemory": "1g",
    "executorCores": 3,
    "numExecutors": 4,
    "queue": "etl",
    "name": "Nightly load #1",
    "conf": {"spark.jars": "local:///opt/c.jar, local:///opt/d.jar", "spark.test.default": "requested",
             "spark.test.enforced": "requested", "spark.executor.instances": "99", "spark.driver.memory": "99g",
             "spark.sql.shuffle.partitions": 8, "not.spark": "dropped", "spark.master": "local[1]"},
}


@pytest.fixture
def submit(stack, kube, livy):
    """Submits and gives row and object."""
    def submit(**fields):
        row = stack.row(livy.submit(**fields)["id"])
        return row, kube.application(row["object_name"])
    return submit


def test_every_field_has_its_place(submit, kube, clean):
    row, application = submit(**WHOLE_REQUEST)
    spec = application["spec"]
    assert spec["type"] == "Java" and spec["mode"] == "cluster"
    assert spec["mainApplicationFile"] == "local:///opt/app.jar" and spec["mainClass"] == "org.example.Main"
    assert spec["arguments"] == WHOLE_REQUEST["args"]
    assert spec["deps"] == {
        "jars": ["local:///opt/a.jar", "s3a://bucket/b.jar", "local:///opt/c.jar", "local:///opt/d.jar"],
        "pyFiles": ["local:///opt/p.py"], "files": ["https://host/f.txt"], "archives": ["s3a://bucket/env.tgz#env"],
    }
    assert spec["driver"] == {"memory": "512m", "cores": 2, "serviceAccount": "spark"}
    assert spec["executor"] == {"memory": "1g", "cores": 3, "instances": 4, "serviceAccount": "spark"}
    assert spec["batchSchedulerOptions"] == {"queue": "etl"}
    assert spec["image"] == "docker.io/library/sparkgate-spark:4.3.0" and spec["imagePullPolicy"] == "IfNotPresent"
    assert spec["sparkVersion"] == "4.3.0" and spec["restartPolicy"] == {"type": "Never"}
    assert spec["timeToLiveSeconds"] == (24 + 7 * 24) * 3600, "retention, and a gateway that is away for a week"
    conf = spec["sparkConf"]
    assert conf["spark.test.default"] == "requested", "the request beats the default"
    assert conf["spark.test.enforced"] == "enforced", "what is enforced beats the request"
    assert conf["spark.sql.shuffle.partitions"] == "8"
    elsewhere = {"spark.jars", "spark.master", "not.spark", "spark.executor.instances", "spark.driver.memory"}
    assert not elsewhere & set(conf)
    assert row["object_name"] == f"sg-{row['id']}-{str(row['uid'])[:8]}" and len(row["object_name"]) <= 30


def test_the_object_has_no_unknown_field(submit, kube, clean):
    """The API server drops unknown fields silently, unless it is told to be strict."""
    for fields in (WHOLE_REQUEST, {}, {"conf": {"spark.dynamicAllocation.enabled": "true",
                                                "spark.dynamicAllocation.minExecutors": "0",
                                                "spark.dynamicAllocation.maxExecutors": "5",
                                                "spark.dynamicAllocation.shuffleTracking.enabled": "true"}}):
        row, application = submit(**fields)
        kube.delete_application(row["object_name"])
        plain = {key: application[key] for key in ("apiVersion", "kind", "spec")}
        plain["metadata"] = {"name": row["object_name"], "labels": application["metadata"]["labels"]}
        again = kube.create_application(plain, strict=True, dry_run=True)
        assert again["spec"] == application["spec"]


def test_the_spec_that_was_owed_is_the_one_that_is_there(stack, kube, livy, clean):
    """What the row owes to Kubernetes is the object's whole spec: defaults of the definition aside, nothing is lost."""
    stack.watcher.stop()
    try:
        kube.kill9()
        batch = livy.submit(**WHOLE_REQUEST)
        (owed,) = stack.postgres.rows("SELECT object FROM batch_push WHERE batch_id = %s", (batch["id"],))
    finally:
        kube.start()
        stack.start_watcher()
    row = stack.wait_state(batch["id"], "starting")
    spec = kube.application(row["object_name"])["spec"]
    for key, value in owed["object"].items():
        assert spec[key] == value, key


@pytest.mark.parametrize("file, kind", [
    ("local:///a.py", "Python"), ("s3a://b/A.PY", "Python"), ("local:///a.jar", "Java"), ("local:///a.R", "R"),
    ("local:///a.zip", "Python"), ("local:///noend", "Java"), ("https://h/a.py?x=1", "Java"),
])
def test_the_type_follows_from_the_file(submit, file, kind):
    assert submit(file=file)[1]["spec"]["type"] == kind


@pytest.mark.parametrize("fields, role, expected", [
    ({}, "executor", {"memory": "512m", "cores": 1, "instances": 1, "serviceAccount": "spark"}),
    ({}, "driver", {"memory": "1g", "cores": 1, "serviceAccount": "spark"}),
    ({"executorMemory": "3g"}, "executor", {"memory": "3g"}),
    ({"conf": {"spark.executor.memory": "4g"}}, "executor", {"memory": "4g"}),
    ({"executorMemory": "3g", "conf": {"spark.executor.memory": "4g"}}, "executor", {"memory": "3g"}),
    ({"conf": {"spark.executor.cores": "5", "spark.executor.instances": "6"}}, "executor",
     {"cores": 5, "instances": 6}),
    ({"numExecutors": 2, "conf": {"spark.executor.instances": "6"}}, "executor", {"instances": 2}),
    ({"driverCores": "2"}, "driver", {"cores": 2}),
    ({"conf": {"spark.kubernetes.driver.container.image": "own:1"}}, "driver", {"image": "own:1"}),
])
def test_sizes_come_from_field_then_conf_then_default(submit, fields, role, expected):
    got = submit(**fields)[1]["spec"][role]
    assert {key: got[key] for key in expected} == expected


def test_the_request_may_choose_its_image(submit):
    spec = submit(conf={"spark.kubernetes.container.image": "own:2",
                        "spark.kubernetes.container.image.pullPolicy": "Always"})[1]["spec"]
    assert spec["image"] == "own:2" and spec["imagePullPolicy"] == "Always"


def test_dynamic_allocation_has_its_typed_block(submit):
    spec = submit(conf={"spark.dynamicAllocation.enabled": "true", "spark.dynamicAllocation.minExecutors": "0",
                        "spark.dynamicAllocation.maxExecutors": "5"})[1]["spec"]
    assert spec["dynamicAllocation"] == {"enabled": True, "minExecutors": 0, "maxExecutors": 5}
    assert "instances" not in spec["executor"]


@pytest.mark.parametrize("name, label", [
    ("Nightly load #1", "Nightly-load--1"), ("a", "a"), ("--x--", "x"), ("über", "ber"), ("日本", None),
    ("x" * 100, "x" * 63), ("end-" + "y" * 58 + "-tail", "end-" + "y" * 58),
])
def test_a_name_becomes_a_label_that_kubernetes_takes(submit, clean, name, label):
    row, application = submit(name=name)
    labels = application["metadata"]["labels"]
    assert row["name"] == name
    assert label in (labels.get(key) for key in labels if key.endswith("/name")) or label is None, labels


def test_labels_lead_back_to_the_row(submit, stack):
    row, application = submit()
    labels = application["metadata"]["labels"]
    key = stack.postgres.value("SELECT key FROM gateway")
    assert {str(row["uid"]), str(row["id"]), key} <= set(labels.values()), labels


def test_the_row_is_what_was_asked(stack, livy, clean):
    batch = livy.submit(name="row", args=["1"], driverCores="2")
    row = stack.row(batch["id"])
    assert row["request"] == {"file": "local:///opt/app.py", "name": "row", "args": ["1"], "driverCores": "2"}
    assert (row["protocol"], row["cluster"], row["namespace"], row["owner"]) == ("livy", "default", "spark", None)
    assert row["accepted_at"] and row["finished_at"] is None


SECRETS = {
    "spark.hadoop.fs.s3a.secret.key": "s3cr3t-a",
    "spark.hadoop.fs.s3a.access.key": "s3cr3t-b",
    "spark.myPassword": "s3cr3t-c",
    "spark.openlineage.transport.auth.apiKey": "s3cr3t-d",
    "spark.openlineage.transport.headers.X-Key": "s3cr3t-e",
    "spark.kubernetes.driverEnv.API_TOKEN": "s3cr3t-f",
}


def test_secrets_are_in_the_object_and_nowhere_else(stack, kube, submit, clean):
    row, application = submit(conf={**SECRETS, "spark.app.plain": "visible"}, name="with secrets")
    conf = application["spec"]["sparkConf"]
    assert {key: conf[key] for key in SECRETS} == SECRETS, "the driver gets what was sent"
    assert row["request"]["conf"]["spark.app.plain"] == "visible"
    wait_for("nothing to be owed", lambda: stack.postgres.value("SELECT count(*) FROM batch_push") == 0)
    dump = json.dumps([stack.postgres.rows(f"SELECT to_jsonb(t) FROM {table} t")
                       for table in ("batch", "batch_event", "batch_log", "batch_push")], default=str)
    answers = [stack.livy.get(path).text for path in ("/batches", f"/batches/{row['id']}", "/metrics")]
    refused = stack.livy.post({"file": "local:///a.py", "name": "with secrets", "conf": SECRETS})
    assert refused.status == 400
    for where, text in {"database": dump, "answers": "".join(answers), "refusal": refused.text,
                        **{k: v for k, v in stack.log_texts().items() if k not in ("etcd.log", "kube-apiserver.log")}
                        }.items():
        assert "s3cr3t" not in text, where


@pytest.mark.parametrize("other", [{"args": ["x"]}, {"conf": {"spark.a": "2"}}])
def test_a_client_key_makes_a_repeated_post_the_same_batch(stack, kube, livy, clean, other):
    first = livy.post({"file": "local:///a.py"}, headers={"Idempotency-Key": "dag/run/1"})
    again = livy.post({"file": "local:///a.py"}, headers={"Idempotency-Key": "dag/run/1"})
    assert (first.status, again.status) == (201, 201) and first.json()["id"] == again.json()["id"]
    assert again.headers["location"] == first.headers["location"]
    conflict = livy.post({"file": "local:///a.py", **other}, headers={"Idempotency-Key": "dag/run/1"})
    assert conflict.status == 409 and str(first.json()["id"]) in conflict.json()["msg"]
    by_conf = [livy.post({"file": "local:///a.py", "conf": {"spark.sparkgate.client.key": "conf/1"}}) for _ in range(2)]
    assert by_conf[0].json()["id"] == by_conf[1].json()["id"] != first.json()["id"]
    assert stack.postgres.value("SELECT count(*) FROM batch") == 2 == len(kube.applications())
