# SPDX-License-Identifier: Apache-2.0
"""Which properties and addresses a cluster takes, and which image it gives, by each door."""
import json

import k8s_client
import pytest
from k8s_client import Driver
from spark_rest import SparkRest, creation

STRICT = {
    "denied_conf": ["spark.sql.*", "*.myown.*", "spark.sparkgate.priority*"], "allowed_conf": ["spark.sql.shuffle.partitions", "spark.executor.extraClassPath"],
    "denied_uris": ["*"], "allowed_uris": ["s3a://jobs/*", "local:///opt/*"],
    "file_mappings": {"": "s3a://jobs/", "/other/": "s3a://other/"},
    "images": {"3.5": "spark:three", "3.5.1": "spark:three-one", "4.0": "spark:four"},
}
FEW = {"denied_conf": ["*"], "allowed_conf": ["spark.executor.*", "spark.kubernetes.container.image"]}


@pytest.fixture(scope="module")
def clusters(stack, kube):
    k8s_client.allow(kube)
    default = stack.config()["clusters"]["default"] | {"k8s_submissions": True}
    stack.reconfigure({"clusters": {"default": {"k8s_submissions": True}, "strict": default | STRICT, "few": default | FEW}})
    yield stack
    kube.delete_drivers()
    k8s_client.forbid(kube)
    stack.reconfigure()


def spec(stack, batch_id):
    name = stack.row(batch_id)["object_name"]
    return stack.kubernetes.application(name)["spec"]


def in_conf(key, value="x"):
    return {"conf": {key: value}}


REFUSED = [  # cluster, fields of POST /batches, words of the refusal
    ("default", in_conf("spark.driver.extraClassPath"), "spark.driver.extraClassPath (the gateway denies"),
    ("default", in_conf("spark.driver.EXTRAclassPath"), "spark.driver.EXTRAclassPath (the gateway denies"),
    ("default", in_conf("spark.kubernetes.executor.volumes.hostPath.d.mount.path"), "volumes.hostPath.*': files of a node"),
    ("default", in_conf("spark.yarn.keytab"), "spark.yarn.keytab (the gateway denies 'spark.kerberos.keytab'"),
    ("default", in_conf("spark.submit.deployMode", "client"), "spark.submit.deployMode"),
    ("default", in_conf("spark.kubernetes.authenticate.driver.serviceAccountName"), "per cluster"),
    ("default", in_conf("spark.kubernetes.driver.podTemplateFile"), "pod templates"),
    ("strict", in_conf("spark.driver.extraClassPath"), "allowed_conf of cluster 'strict'"),
    ("strict", in_conf("spark.sql.warehouse.dir"), "cluster 'strict' has 'spark.sql.*' among its denied_conf"),
    ("strict", in_conf("spark.MyOwn.key"), "spark.MyOwn.key (cluster 'strict' has '*.myown.*'"),
    ("strict", in_conf("spark.sparkgate.priorityClassName"), "'spark.sparkgate.priority*' among its denied_conf"),
    ("few", in_conf("spark.sparkgate.tolerations"), "cluster 'few' has '*' among its denied_conf"),
    ("strict", {"file": "http://host/a.py"}, "file: http://host/a.py: cluster 'strict' has '*' among its denied_uris"),
    ("strict", {"file": "/other/a.py"}, "file: s3a://other/a.py: cluster 'strict' has '*' among its denied_uris"),
    ("strict", in_conf("spark.files", "f,/other/g"), "spark.files: s3a://other/g: cluster 'strict'"),
    ("strict", {"jars": ["local:///opt/a.jar", "local:///etc/a.jar"]}, "jars: local:///etc/a.jar:"),
    ("strict", {"pyFiles": ["local:///opt/../etc/a.py"]}, "pyFiles: local:///opt/../etc/a.py:"),
    ("strict", {"files": ["local:///opt/%2e%2e%2fetc/a"]}, "files: local:///opt/%2e%2e%2fetc/a:"),
    ("strict", {"archives": ["s3a://other/a.zip#e"]}, "archives: s3a://other/a.zip#e:"),
    ("strict", in_conf("spark.jars", "local:///opt/a.jar, s3a://other/a.jar"), "spark.jars: s3a://other/a.jar:"),
    ("strict", in_conf("spark.sparkgate.sparkVersion", "4.1.0"), "has no image of '4.1.0'; it has: 3.5, 3.5.1, 4.0"),
    ("strict", in_conf("spark.sparkgate.sparkVersion", "3.50"), "has no image of '3.50'"),
    ("default", in_conf("spark.sparkgate.sparkVersion", "4.0.0"), "has no image of '4.0.0'; it has: none"),
    ("few", in_conf("spark.driver.memory", "1g"), "cluster 'few' has '*' among its denied_conf"),
]


@pytest.mark.parametrize("cluster, fields, words", REFUSED, ids=lambda value: None if isinstance(value, dict) else str(value))
def test_what_is_denied_is_refused_with_its_rule(clusters, cluster, fields, words):
    before = clusters.postgres.value("SELECT count(*) FROM batch")
    conf = fields.get("conf", {}) | {"spark.sparkgate.cluster": cluster}
    answer = clusters.livy.post({"file": "local:///opt/a.py"} | fields | {"conf": conf})
    assert answer.status == 400 and words in answer.json()["msg"], answer
    assert clusters.postgres.value("SELECT count(*) FROM batch") == before


def test_what_is_allowed_arrives(clusters):
    conf = {"spark.sql.shuffle.partitions": "7", "spark.executor.extraClassPath": "/x", "spark.sparkgate.cluster": "strict"}
    made = clusters.livy.submit(file="s3a://jobs/x/../a.py", jars=["local:///opt/a.jar"], conf=conf)
    clusters.wait_state(made["id"], "starting")
    arrived = spec(clusters, made["id"])
    assert arrived["sparkConf"]["spark.sql.shuffle.partitions"] == "7"
    assert arrived["sparkConf"]["spark.executor.extraClassPath"] == "/x"
    assert arrived["mainApplicationFile"] == "s3a://jobs/x/../a.py", "as it was written"
    assert arrived["sparkConf"]["spark.test.enforced"] == "enforced", "no policy is for the cluster's own properties"


def test_the_row_keeps_a_path_as_it_was_sent(clusters):
    made = clusters.livy.submit(file="x/a.py", conf={"spark.sparkgate.cluster": "strict"})
    clusters.wait_state(made["id"], "starting")
    assert spec(clusters, made["id"])["mainApplicationFile"] == "s3a://jobs/x/a.py"
    assert clusters.row(made["id"])["request"]["file"] == "x/a.py"


def test_where_only_a_few_are_allowed_the_clusters_own_stay(clusters):
    made = clusters.livy.submit(conf={"spark.executor.cores": "2", "spark.sparkgate.cluster": "few"})
    clusters.wait_state(made["id"], "starting")
    assert spec(clusters, made["id"])["sparkConf"]["spark.test.default"] == "default"


IMAGES = [  # of the conf, of the client: image and version of the application
    (None, None, "docker.io/library/sparkgate-spark:4.3.0", "4.3.0"),
    ("3.5", None, "spark:three", "3.5"),
    ("3.5.9", None, "spark:three", "3.5"),
    ("3.5.1", None, "spark:three-one", "3.5.1"),
    (None, "4.0.1", "spark:four", "4.0"),
    ("3.5.1", "4.0.1", "spark:three-one", "3.5.1"),
    (None, "4.2.0", "docker.io/library/sparkgate-spark:4.3.0", "4.3.0"),
]


@pytest.mark.parametrize("asked, client, image, version", IMAGES)
def test_the_image_is_that_of_the_version(clusters, asked, client, image, version):
    conf = {"spark.sparkgate.cluster": "strict"} | ({"spark.sparkgate.sparkVersion": asked} if asked else {})
    if client is None:
        batch_id = clusters.livy.submit(file="local:///opt/a.py", conf=conf)["id"]
    else:
        spark = SparkRest(clusters.spark_port)
        made = spark.submit(conf, clientSparkVersion=client)
        batch_id = int(made.rpartition("-")[2])
    clusters.wait_state(batch_id, "starting")
    arrived = spec(clusters, batch_id)
    assert (arrived["image"], arrived["sparkVersion"]) == (image, version)
    assert "spark.sparkgate.sparkVersion" not in arrived["sparkConf"]


def test_an_image_of_the_request_beats_that_of_the_version(clusters):
    conf = {"spark.sparkgate.cluster": "strict", "spark.sparkgate.sparkVersion": "3.5", "spark.kubernetes.container.image": "own"}
    made = clusters.livy.submit(file="local:///opt/a.py", conf=conf)
    clusters.wait_state(made["id"], "starting")
    arrived = spec(clusters, made["id"])
    assert (arrived["image"], arrived["sparkVersion"]) == ("own", "3.5")


@pytest.mark.parametrize("properties, words", [
    ({"spark.driver.extraClassPath": "/x"}, "spark.driver.extraClassPath (the gateway denies"),
    ({"spark.sparkgate.cluster": "strict", "spark.files": "s3a://other/f"}, "spark.files: s3a://other/f:"),
])
def test_the_same_holds_for_spark_rest(clusters, properties, words):
    answer = SparkRest(clusters.spark_port).create(creation(properties))
    assert answer.status == 400 and words in answer.text, answer


@pytest.mark.parametrize("properties, words", [
    ({"spark.driver.extraClassPath": "/x"}, "spark.driver.extraClassPath (the gateway denies"),
    ({"spark.kubernetes.executor.volumes.hostPath.d.mount.path": "/x"}, "files of a node"),
    ({"spark.sparkgate.cluster": "strict", "spark.sql.warehouse.dir": "x"}, "'spark.sql.*' among its denied_conf"),
    ({"spark.sparkgate.cluster": "strict", "spark.jars": "http://host/a.jar"}, "spark.jars: http://host/a.jar:"),
    ({"spark.sparkgate.cluster": "few", "spark.sql.warehouse.dir": "x"}, "'*' among its denied_conf"),
])
def test_the_same_holds_for_pods_of_spark_submit(clusters, properties, words):
    driver = Driver(properties=properties)
    _, answer = k8s_client.KubernetesClient(clusters.spark_port).submit(driver)
    assert answer.status == 422 and words in answer.json()["message"], answer
    assert clusters.postgres.value("SELECT count(*) FROM batch WHERE driver_pod = %s", (driver.pod_name,)) == 0


def test_spark_submits_own_properties_are_nobodys_wish(clusters):
    """Recorded ones: where "*" is denied, what a user has not written does not count."""
    driver = Driver(properties={"spark.sparkgate.cluster": "few"})
    _, answer = k8s_client.KubernetesClient(clusters.spark_port).submit(driver)
    assert answer.status == 201, json.dumps(answer.json())
