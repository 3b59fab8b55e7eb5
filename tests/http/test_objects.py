# SPDX-License-Identifier: Apache-2.0
"""Request by request the whole object, of both definitions, as a strict API server has taken it: tests/data/objects.

Nothing runs here but nginx, workers, PostgreSQL and the API server. The gateway creates each object with
fieldValidation=Strict; what is written in the table is created once more, as a dry run, because it must stand by itself.
"""
import apache
import kubernetes
import pytest
import yaml
from spark_rest import SparkRest, batch_of, creation
from stack import merged
from waiting import wait_for

DATA = yaml.safe_load((kubernetes.CLONE / "tests/data/objects/requests.yaml").read_text())
PATHS = {"kubeflow": kubernetes.Kubernetes.path, "apache": apache.path}
API = {"kubeflow": "sparkoperator.k8s.io/v1beta2", "apache": apache.API}
CLUSTERS = {
    "bare": {},
    "plain": {"image": "spark:plain"},
    "packages": {"image": "spark:plain", "pip_config_map": "pip", "default_conf": {"pyRequirements": "numpy"}},
    "volcano": {"image": "spark:plain", "batch_scheduler": "volcano"},
    "yunikorn": {"image": "spark:plain", "batch_scheduler": "yunikorn"},
    "kueue": {"image": "spark:plain", "batch_scheduler": "kueue"},
    "placed": {"image": "spark:plain", "default_conf": {"spark.sparkgate.priorityClassName": "low"},
               "enforced_conf": {"spark.sparkgate.tolerations": "spark"}},
    "mapped": {"image": "spark:plain", "file_mappings": {
        "": "s3a://b/jobs/", "file:/data/": "s3a://b/data/", "/data/big/": "hdfs://nn/big/"}},
    "accounts": {"image": "spark:plain", "service_account": "spark", "enforced_conf": {
        "spark.kubernetes.authenticate.driver.serviceAccountName": "drivers"}},
    "full": {"image": "spark:full", "service_account": "spark", "spark_version": "4.3.0",
             "default_conf": {"spark.executor.memory": "512m", "spark.executor.instances": "3", "spark.a": "default"},
             "enforced_conf": {"spark.driver.memory": "2g", "spark.executor.cores": "2", "spark.b": "enforced"}},
}
ROWS = [pytest.param(kind, row, id=f"{kind}-{row['row']}") for row in DATA["rows"] for kind in PATHS
        if kind in row or kind in row.get("refused", {})]

pytestmark = pytest.mark.skipif(
    apache.missing() is not None or not kubernetes.KUBEFLOW_CRDS.is_dir(),
    reason="the operators' own definitions of SparkApplications are not here (../shared/crds, or SPARKGATE_CRDS=DIR)")


def test_the_table_covers_both_definitions():
    made = {kind: sum(kind in row for row in DATA["rows"]) for kind in PATHS}
    assert min(made.values()) >= 100 and sum(made.values()) >= 200, made


@pytest.fixture(scope="module")
def clusters(stack, kube):
    """Each of CLUSTERS twice, with either operator; no watcher, because nothing is to happen to the objects."""
    with apache.allowed(kube):
        base = {"kubeconfig": str(stack.kubeconfig()), "namespace": kubernetes.NAMESPACE}
        stack.reconfigure({"clusters": {
            kind + name: {**base, **cluster, "operator": kind} for name, cluster in CLUSTERS.items() for kind in PATHS}})
        stack.watcher.stop()
        yield stack.postgres.value("SELECT key FROM gateway")
        stack.empty()
        stack.reconfigure()


def sent(stack, row, cluster):
    """The answer, and the batch's id if it was taken. On a machine that stalls, a 503 is repeated, which a key makes safe."""
    key = f"{cluster}/{row['row']}"
    if "submission" in row:
        members = dict(row["submission"])
        properties = {**members.pop("sparkProperties", {}), "spark.sparkgate.client.key": key}
        spark = SparkRest(stack.spark_port, f"/clusters/{cluster}")
        answer = answered(lambda: spark.create(creation(properties, **members)))
        taken = answer.status == 200 and answer.json()["success"]
        return answer, batch_of(answer.json()["submissionId"]) if taken else None
    request = {"file": "local:///opt/app.py", **row["request"]}
    request["conf"] = {"spark.sparkgate.cluster": cluster, **request.get("conf", {})}
    answer = answered(lambda: stack.livy.post(request, headers={"Idempotency-Key": key}))
    return answer, answer.json()["id"] if answer.status == 201 else None


def answered(call):
    answers = []
    wait_for("an answer", lambda: answers.append(call()) or answers[-1].status != 503, interval_s=1)
    return answers[-1]


def pushed(stack, batch_id):
    """The row. What a worker could not push in time is a watcher's, and there is none: then one comes for it."""
    if stack.row(batch_id)["pushed_at"] is None:
        stack.start_watcher()
        stack.wait_state(batch_id, "starting")
        stack.watcher.stop()
    return stack.row(batch_id)


def expected(kind, row, batch, gateway_key):
    """The whole object. What Kubeflow's operator copies to the pods, Apache's is told by properties."""
    labels = {"app.kubernetes.io/managed-by": "sparkgate", "sparkgate.io/gateway": gateway_key,
              "sparkgate.io/batch-uid": str(batch["uid"]), "sparkgate.io/batch-id": str(batch["id"]),
              **row.get("labels", {}), **row.get("labels_of", {}).get(kind, {})}
    spec = merged(DATA["base"][kind], row[kind])
    if kind == "apache":
        spec["sparkConf"] = {**spec["sparkConf"], "spark.app.name": batch["object_name"], **{
            f"spark.kubernetes.{role}.label.{key}": value for role in ("driver", "executor") for key, value in labels.items()}}
    metadata = {"name": batch["object_name"], "namespace": kubernetes.NAMESPACE, "labels": labels}
    if batch["name"] is not None:
        metadata["annotations"] = {"sparkgate.io/name": batch["name"]}
    return {"apiVersion": API[kind], "kind": "SparkApplication", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("kind, row", ROWS)
def test_a_request_becomes_this_object(stack, kube, clusters, kind, row):
    answer, batch_id = sent(stack, row, kind + row.get("on", "plain"))
    if kind not in row:
        assert answer.status == 400 and row["refused"][kind] in answer.text
        return
    assert batch_id is not None, answer
    batch = pushed(stack, batch_id)
    assert batch["operator_kind"] == kind
    got = kube.call("GET", PATHS[kind](batch["object_name"]))
    wanted = expected(kind, row, batch, clusters)
    assert got["spec"] == wanted["spec"]
    assert {key: got["metadata"].get(key) for key in wanted["metadata"]} == wanted["metadata"]
    assert ("annotations" in got["metadata"]) == ("annotations" in wanted["metadata"])
    wanted["metadata"]["name"] += "-again"
    again = kube.call("POST", PATHS[kind](), wanted, params={"fieldValidation": "Strict", "dryRun": "All"})
    assert again["spec"] == got["spec"]
    if batch["name"] is not None:
        stack.livy.delete(f"/batches/{batch_id}")  # its name is free for the next row
