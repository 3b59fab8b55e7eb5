# SPDX-License-Identifier: Apache-2.0
"""What nobody may reach through the Kubernetes facade: every row is refused, and nothing of it gets to the cluster."""
import copy
import json

import k8s_client
import pytest
from k8s_client import PODS, Driver
from kubernetes import NAMESPACE
from livy import status_of

NAMED = f"{PODS}/pi-0123456789abcdef-driver"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
REFUSALS = (400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 431, 468)


@pytest.fixture(scope="module")
def running(stack, kube, k8s):
    """A driver of somebody's, with a secret and a config map."""
    driver = Driver()
    k8s.submit(driver, driver.secret())
    stack.wait_state(stack.postgres.row("SELECT id FROM batch WHERE driver_pod = %s", (driver.pod_name,))["id"], "starting")
    return driver


def refused(answer):
    assert answer.status in REFUSALS, answer
    assert b"hidden" not in answer.body and b"aGlkZGVu" not in answer.body and b'"items"' not in answer.body, answer


# --- paths: {pod} is that of a running driver, {namespace} the one that is open ----------------------------------------

PATHS = [
    # dots, slashes and escapes, on their way out of what is open
    ("GET", "/api/v1/namespaces/{namespace}/pods/../secrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/./{pod}"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/%2e%2e/secrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/%2E%2E%2Fsecrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/..%2fsecrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/%252e%252e/secrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}/../../secrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}%2f..%2f..%2fsecrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}%2flog"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}%2Fexec"),
    ("GET", "/api/v1/namespaces/{namespace}//pods/{pod}"),
    ("GET", "//api/v1/namespaces/{namespace}/pods/{pod}"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}/"),
    ("GET", "/api/v1/namespaces/{namespace}/pods//{pod}"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod};x"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}%00"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}%0d%0aX-Accel-Redirect:%20/k8s-api/default/api/v1/secrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}%3fx"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}%23"),
    ("GET", "/api/v1/namespaces/%73park/pods/{pod}"),
    ("GET", "/%61pi/v1/namespaces/{namespace}/pods/{pod}"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/\\..\\secrets"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/é"),
    ("GET", "/clusters/default/../api/v1/namespaces/{namespace}/secrets"),
    ("GET", "/clusters/default%2f..%2f/api/v1/namespaces/{namespace}/pods/{pod}"),
    ("GET", "/clusters/..%2fdefault/api/v1/namespaces/{namespace}/pods/{pod}"),
    ("GET", "/clusters/nowhere/api/v1/namespaces/{namespace}/pods/{pod}"),
    ("GET", "/clusters//api/v1/namespaces/{namespace}/secrets"),
    ("GET", "/clusters/default/clusters/default/api/v1/namespaces/{namespace}/secrets"),
    # the internal way to the cluster, and to nginx' own answers
    ("GET", "/k8s-api/default/api/v1/namespaces/{namespace}/secrets"),
    ("GET", "/k8s-api/default/version"),
    ("GET", "/api/../k8s-api/default/api/v1/secrets"),
    ("GET", "//k8s-api/default/api/v1/secrets"),
    ("GET", "/%6b8s-api/default/api/v1/secrets"),
    ("GET", "/k8s-api/%2e%2e/secrets"),
    ("GET", "/nginx/../k8s-api/default/version"),
    # other namespaces
    ("GET", "/api/v1/namespaces/kube-system/pods"),
    ("GET", "/api/v1/namespaces/kube-system/pods/{pod}"),
    ("GET", "/api/v1/namespaces/default/pods?watch=true"),
    ("POST", "/api/v1/namespaces/default/pods"),
    ("PATCH", "/api/v1/namespaces/default/configmaps/a"),
    ("DELETE", "/api/v1/namespaces/default/pods/{pod}"),
    ("GET", "/api/v1/namespaces//pods"),
    # what is below a pod, and not its log
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}/exec?command=id"),
    ("POST", "/api/v1/namespaces/{namespace}/pods/{pod}/exec?command=id"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}/attach"),
    ("POST", "/api/v1/namespaces/{namespace}/pods/{pod}/portforward"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}/proxy/"),
    ("GET", "/api/v1/namespaces/{namespace}/pods/{pod}:4040/proxy/environment"),
    ("POST", "/api/v1/namespaces/{namespace}/pods/{pod}/eviction"),
    ("POST", "/api/v1/namespaces/{namespace}/pods/{pod}/binding"),
    ("PATCH", "/api/v1/namespaces/{namespace}/pods/{pod}/status"),
    ("PATCH", "/api/v1/namespaces/{namespace}/pods/{pod}/ephemeralcontainers"),
    ("PATCH", "/api/v1/namespaces/{namespace}/pods/{pod}/resize"),
    ("POST", "/api/v1/namespaces/{namespace}/pods/{pod}/log"),
    # other verbs of what is open
    ("PUT", "/api/v1/namespaces/{namespace}/pods/{pod}"),
    ("PATCH", "/api/v1/namespaces/{namespace}/pods/{pod}"),
    ("DELETE", "/api/v1/namespaces/{namespace}/pods"),
    ("OPTIONS", "/api/v1/namespaces/{namespace}/pods"),
    ("TRACE", "/api/v1/namespaces/{namespace}/pods"),
    ("GET", "/api/v1/namespaces/{namespace}/secrets"),
    ("GET", "/api/v1/namespaces/{namespace}/secrets/{prefix}-kubernetes-credentials"),
    ("GET", "/api/v1/namespaces/{namespace}/configmaps"),
    ("GET", "/api/v1/namespaces/{namespace}/configmaps/{map}"),
    ("GET", "/api/v1/namespaces/{namespace}/services?watch=true"),
    ("POST", "/api/v1/namespaces/{namespace}/secrets"),
    ("POST", "/api/v1/namespaces/{namespace}/services"),
    ("DELETE", "/api/v1/namespaces/{namespace}/secrets/{prefix}-kubernetes-credentials"),
    ("DELETE", "/api/v1/namespaces/{namespace}/services/{prefix}-driver-svc"),
    ("DELETE", "/api/v1/namespaces/{namespace}/configmaps"),
    # other resources
    ("GET", "/api/v1/secrets"), ("GET", "/api/v1/nodes"), ("GET", "/api/v1/namespaces"), ("GET", "/api"), ("GET", "/apis"),
    ("GET", "/api/v1"), ("GET", "/version"), ("GET", "/openapi/v2"), ("GET", "/logs/"), ("GET", "/livez"),
    ("POST", "/api/v1/namespaces/{namespace}/serviceaccounts/spark/token"),
    ("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings"),
    ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
    ("POST", "/apis/batch/v1/namespaces/{namespace}/jobs"),
    ("GET", "/apis/sparkoperator.k8s.io/v1beta2/namespaces/{namespace}/sparkapplications"),
    ("GET", "/api/v1/watch/namespaces/{namespace}/pods"),
    ("GET", "/api/v1/proxy/namespaces/{namespace}/pods/{pod}"),
    ("PATCH", "/apis/apps/v1/namespaces/{namespace}/deployments/a"),
    # what a driver has made, elsewhere or otherwise than it does
    ("POST", "/api/v1/namespaces/default/configmaps"),
    ("POST", "/api/v1/namespaces/kube-system/persistentvolumeclaims"),
    ("DELETE", "/api/v1/namespaces/kube-system/pods?labelSelector=spark-app-selector%3Dspark-1"),
    ("DELETE", "/api/v1/pods?labelSelector=spark-app-selector%3Dspark-1"),
    ("DELETE", "/api/v1/namespaces/{namespace}/secrets?labelSelector=spark-app-selector%3Dspark-1"),
    ("DELETE", "/api/v1/namespaces/{namespace}/services"),
    ("DELETE", "/api/v1/namespaces/{namespace}/persistentvolumeclaims"),
    ("DELETE", "/api/v1/namespaces/{namespace}/configmaps/{map}"),
    ("GET", "/api/v1/namespaces/{namespace}/persistentvolumeclaims"),
    ("GET", "/api/v1/namespaces/{namespace}/configmaps?labelSelector=spark-app-selector%3Dspark-1"),
    ("PUT", "/api/v1/namespaces/{namespace}/configmaps/{map}"),
    ("POST", "/apis/apps/v1/namespaces/{namespace}/statefulsets"),
    ("PATCH", "/apis/apps/v1/namespaces/{namespace}/statefulsets/a/scale"),
]


@pytest.mark.parametrize("method, path", PATHS, ids=[f"{method} {path}" for method, path in PATHS])
def test_a_path_that_is_not_open(stack, k8s, running, same_workers, method, path):
    path = path.format(namespace=NAMESPACE, pod=running.pod_name, prefix=running.prefix, map=running.map_name)
    body = b"{}" if method in ("POST", "PATCH", "PUT") else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = k8s.raw(head.encode() + body)
    assert status_of(answer) in REFUSALS, answer[:500]
    assert b"hidden" not in answer and b"aGlkZGVu" not in answer and b'"items"' not in answer


@pytest.mark.parametrize("path", ["/api/v1/namespaces/spark/secrets", "/apis/batch/v1/jobs", "/api/v1/namespaces/spark/pods/x/exec"])
def test_a_refusal_is_a_status_that_clients_print(k8s, path):
    answer = k8s.get(path)
    assert answer.status == 403 and answer.json()["kind"] == "Status" and answer.json()["code"] == 403
    assert answer.json()["reason"] == "Forbidden" and "spark-submit" in answer.json()["message"]


@pytest.mark.parametrize("port", ["livy", "everything"])
def test_the_other_ports_have_no_facade(stack, running, port):
    for path in (PODS, f"{PODS}/{running.pod_name}", "/k8s-api/default/version"):
        refused(getattr(stack, port).get(path))


# --- queries and headers ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("query", [
    "labelSelector=sparkgate.io/gateway%21%3Dx", "labelSelector=a+notin+%28", "labelSelector=%29%2Ca%3Db", "labelSelector=%00",
    "labelSelector=!sparkgate.io/protocol", "labelSelector=a%26fieldSelector%3Dmetadata.name%3Dother",
    "fieldSelector=metadata.namespace%3Dkube-system", "labelSelector=&labelSelector=", "as=admin", "pretty=true%26watch%3Dtrue",
    "labelSelector=a%3Db%0d%0aX-Accel-Redirect: /k8s-api/default/api/v1/secrets", "continue=x", "limit=-1", "dryRun=All",
])
def test_no_query_shows_more_than_drivers_of_ours(kube, k8s, running, query):
    kube.call("POST", PODS, {"metadata": {"name": "not-ours"}, "spec": {"containers": [{"name": "a", "image": "a"}]}},
              expect=(201, 409))
    answer = k8s.get(f"{PODS}?{query.replace(' ', '%20')}")
    assert answer.status in (200, 400, 403, 410), answer
    if answer.status == 200:
        items = answer.json()["items"]
        assert all(item["metadata"]["labels"]["sparkgate.io/protocol"] == "k8s" for item in items)


@pytest.mark.parametrize("name, value", [
    ("X-Accel-Redirect", "/k8s-api/default/api/v1/namespaces/spark/secrets"),
    ("X-Sparkgate-Authorization", "Bearer x"), ("Authorization", "Bearer x"), ("Impersonate-User", "system:admin"),
    ("Impersonate-Group", "system:masters"), ("X-Remote-User", "system:admin"), ("X-Remote-Group", "system:masters"),
    ("X-Original-URI", "/api/v1/secrets"), ("X-HTTP-Method-Override", "DELETE"), ("SPARKGATE_CARRIES", "yes"),
    ("SPARKGATE-DOOR", ""), ("Sparkgate-Carries", "yes"),
])
def test_no_header_changes_what_is_refused(k8s, running, name, value):
    for path in (f"{CORE}/secrets", f"{PODS}/{running.pod_name}/exec", "/api/v1/namespaces/kube-system/pods"):
        refused(k8s.call("GET", path, headers={name: value}))


@pytest.mark.parametrize("head", [
    b"GET /api/v1/namespaces/spark/secrets HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    b"GET /api/v1/namespaces/spark/pods HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    b"GET /k8s-api/default/api/v1/secrets HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET http://x/k8s-api/default/api/v1/secrets HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET /api/v1/namespaces/spark/secrets HTTP/1.0\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
])
def test_no_request_is_smuggled(stack, k8s, running, same_workers, head):
    answer = k8s.raw(head)
    assert status_of(answer) in (*REFUSALS, None), answer[:300]
    assert b"hidden" not in answer and b"aGlkZGVu" not in answer and b'"SecretList"' not in answer


# --- pods and what belongs to them ------------------------------------------------------------------------------------

def container(**members):
    def change(driver):
        driver.pod["spec"]["containers"][0].update(members)
    return change


def spec(**members):
    def change(driver):
        for key, value in members.items():
            if key == "volumes":
                driver.pod["spec"]["volumes"] += value
            else:
                driver.pod["spec"][key] = value
    return change


def metadata(**members):
    def change(driver):
        for key, value in members.items():
            driver.pod["metadata"].setdefault(key, {})
            driver.pod["metadata"][key] = {**driver.pod["metadata"][key], **value} if isinstance(value, dict) else value
    return change


def whole(pod):
    def change(driver):
        driver.pod = pod
    return change


BAD_PODS = {
    "hostPath": spec(volumes=[{"name": "h", "hostPath": {"path": "/"}}]),
    "hostNetwork": spec(hostNetwork=True),
    "hostPID": spec(hostPID=True),
    "hostIPC": spec(hostIPC=True),
    "nodeName": spec(nodeName="node"),
    "another account": spec(serviceAccountName="default"),
    "another account by its old name": spec(serviceAccount="sparkgate-admin"),
    "an ephemeral container": spec(ephemeralContainers=[{"name": "e", "image": "x"}]),
    "privileged": container(securityContext={"privileged": True}),
    "SYS_ADMIN": container(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}}),
    "hostPort": container(ports=[{"containerPort": 80, "hostPort": 80}]),
    "unmasked proc": container(securityContext={"procMount": "Unmasked"}),
    "a privileged init container": spec(initContainers=[{"name": "i", "image": "x", "securityContext": {"privileged": True}}]),
    "sysctls": spec(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
    "unconfined": spec(securityContext={"seccompProfile": {"type": "Unconfined"}}),
    "proxy user": container(args=["driver", "--proxy-user", "root", "--class", "A", "local:///a.jar"]),
    "no driver": container(args=["sh", "-c", "id"]),
    "a gateway's label": metadata(labels={"sparkgate.io/batch-uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}),
    "an operator's label": metadata(labels={"sparkoperator.k8s.io/launched-by-spark-operator": "true"}),
    "an executor": metadata(labels={"spark-role": "executor"}),
    "no application": metadata(labels={"spark-app-selector": ""}),
    "a bad application": metadata(labels={"spark-app-selector": "a,b"}),
    "a bad name": metadata(name="../secrets"),
    "an upper-case name": metadata(name="A"),
    "no pod": whole({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}),
    "a list": whole([]),
    "a text": whole("pod"),
    "nothing": whole({}),
    "a pod without a spec": whole({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}),
    "numbers": whole({"apiVersion": 1, "kind": 2, "metadata": 3, "spec": 4}),
    "a NUL": container(image="a\0b"),
    "deep": whole(json.loads("[" * 30 + "]" * 30)),
}


@pytest.mark.parametrize("name", BAD_PODS)
def test_a_pod_that_is_not_allowed(stack, kube, k8s, clean, same_workers, name):
    driver = Driver()
    BAD_PODS[name](driver)
    answer = k8s.begin(driver)
    assert answer.status in (400, 403, 422) and answer.json()["message"], answer
    assert stack.postgres.value("SELECT count(*) FROM k8s_submission") == 0


def test_a_pod_s_owners_and_finalizers_are_not_taken(stack, kube, k8s):
    driver = Driver()
    driver.pod["metadata"] |= {
        "finalizers": ["example.org/stay"], "namespace": "kube-system", "uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}]}
    driver.pod["spec"]["restartPolicy"] = "Always"
    _, ended = k8s.submit(driver)
    assert ended.status == 201, ended
    pod = kube.call("GET", f"{PODS}/{driver.pod_name}")
    assert not pod["metadata"].get("finalizers") and not pod["metadata"].get("ownerReferences")
    assert pod["spec"]["restartPolicy"] == "Never", "a driver runs once"


def selector(**labels):
    def change(part):
        part["spec"]["selector" if part["kind"] == "Service" else "podSelector"] = labels
    return change


def fields(**members):
    def change(part):
        part["spec"].update(members)
    return change


BAD_PARTS = {
    "a load balancer": ("service", fields(type="LoadBalancer")),
    "a node's port": ("service", fields(type="NodePort")),
    "somebody's name": ("service", fields(type="ExternalName", externalName="example.org")),
    "addresses of others": ("service", fields(externalIPs=["10.0.0.1"])),
    "all pods": ("service", selector()),
    "another's pods": ("service", selector(**{"spark-app-selector": "spark-other"})),
    "a policy for all pods": ("policy", selector()),
    "a token of an account": ("secret", lambda part: part.update(type="kubernetes.io/service-account-token")),
    "another kind": ("service", lambda part: part.update(kind="Pod")),
    "a gateway's label": ("service", lambda part: part["metadata"].update(labels={"sparkgate.io/gateway": "x"})),
}


@pytest.mark.parametrize("name", BAD_PARTS)
def test_a_part_that_is_not_allowed(stack, k8s, same_workers, name):
    attribute, change = BAD_PARTS[name]
    driver = Driver()
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    part = copy.deepcopy(getattr(driver, attribute)() if attribute == "secret" else getattr(driver, attribute))
    path = {"service": f"{CORE}/services/", "secret": f"{CORE}/secrets/",
            "policy": f"{k8s_client.NETWORK}/namespaces/{NAMESPACE}/networkpolicies/"}[attribute] + part["metadata"]["name"]
    change(part)
    answer = k8s.apply(uid, driver, part, path)
    assert answer.status in (403, 422) and answer.json()["message"], answer
    assert stack.postgres.value("SELECT parts FROM k8s_submission WHERE uid = %s", (uid,)) == {}


@pytest.mark.parametrize("uid", ["", "x", "' OR 1=1", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "00000000-0000-0000-0000-00000000000g"])
def test_a_part_of_no_submission(k8s, uid):
    driver = Driver()
    refused(k8s.apply(uid, driver, driver.config_map()))


def test_a_part_of_a_submission_in_livy_s_hands(stack, kube, k8s, livy):
    """The uid of a batch that came by another door is no pod's."""
    livy.submit()
    row = stack.postgres.row("SELECT uid FROM batch WHERE protocol = 'livy' ORDER BY id DESC LIMIT 1")
    driver = Driver()
    assert k8s.apply(str(row["uid"]), driver, driver.config_map()).status == 404


BAD_PROPERTIES = {
    "a pod that would be made anew": ({"spark.sparkgate.retry.max": "1"}, 422, "spark.sparkgate.retry.max: the driver's pod is"),
    "an unknown cluster": ({"spark.ilum.cluster": "nowhere"}, 422, "there is no cluster 'nowhere'"),
    "another service account": ({"spark.kubernetes.authenticate.driver.serviceAccountName": "admin"}, 403, "'admin'"),
    "another of executors": ({"spark.kubernetes.authenticate.executor.serviceAccountName": "admin"}, 403, "'admin'"),
    "a name too long": ({"spark.app.name": "x" * 300}, 422, "spark.app.name"),
}


@pytest.mark.parametrize("name", BAD_PROPERTIES)
def test_properties_that_are_not_allowed(stack, kube, k8s, clean, name):
    properties, status, words = BAD_PROPERTIES[name]
    driver = Driver(properties=properties)
    _, answer = k8s.submit(driver)
    assert answer.status == status and words in answer.json()["message"], answer
    assert stack.postgres.value("SELECT count(*) FROM batch") == 0
    assert k8s.delete_pod(driver.pod_name).status == 200, "which the client does then"
    assert stack.postgres.value("SELECT count(*) FROM k8s_submission") == 0


@pytest.mark.parametrize("text", [None, 5, {}, "a=\\u00zz", "a=\\u0000", "x\n" * 20_000 + "y"])
def test_properties_that_cannot_be_read(k8s, text):
    driver = Driver()
    config_map = driver.config_map()
    config_map["data"]["spark.properties"] = text
    if isinstance(text, str) and text.startswith("x"):
        config_map["data"]["spark.properties"] = "".join(f"{number}\n" for number in range(20_000))
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    answer = k8s.apply(uid, driver, config_map)
    assert answer.status == 422 and "spark.properties" in answer.json()["message"], answer


# --- sizes ------------------------------------------------------------------------------------------------------------

def test_a_config_map_may_be_as_large_as_kubernetes_takes_it(stack, kube, k8s):
    driver = Driver()
    config_map = driver.config_map()
    config_map["data"]["log4j2.properties"] = '"\n' * 500_000
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    assert len(json.dumps(config_map)) > 1_900_000
    answer = k8s.apply(uid, driver, config_map)
    assert answer.status == 201, answer
    assert len(kube.call("GET", f"{CORE}/configmaps/{driver.map_name}")["data"]["log4j2.properties"]) == 1_000_000


def test_more_than_that_is_refused(stack, k8s, same_workers):
    driver = Driver()
    driver.pod["metadata"]["annotations"] = {"a": "x" * 5_000_000}
    answer = k8s.begin(driver)
    assert answer.status == 413 and answer.json()["kind"] == "Status", answer
    driver.pod["metadata"]["annotations"] = {"a": "x" * 17_000_000}
    answer = k8s.begin(driver)
    assert answer.status == 413 and answer.json()["kind"] == "Status", answer


def test_one_submission_has_so_many_parts(k8s):
    driver = Driver()
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    statuses = set()
    for number in range(40):
        claim = driver.claim()
        claim["metadata"]["name"] = f"{driver.prefix}-driver-pvc-{number}"
        statuses.add(k8s.apply(uid, driver, claim).status)
    assert statuses == {201, 422}


def test_and_so_many_bytes_of_them(k8s):
    driver = Driver()
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    statuses = []
    for number in range(3):
        secret = driver.secret(data={"a": "x" * 3_000_000})
        secret["metadata"]["name"] += f"-{number}"
        statuses.append(k8s.apply(uid, driver, secret).status)
    assert statuses == [201, 201, 422]


def test_an_address_that_is_too_long_is_refused(k8s):
    answer = k8s.get(f"{PODS}?labelSelector={'x' * 9000}")
    assert answer.status == 414 and answer.json()["kind"] == "Status", answer


def test_text_that_is_no_json_is_refused(k8s, same_workers):
    for body in (b"", b"{", b"\xff", b"kind: Pod\n", b"null", b'{"kind":"Pod"'):
        answer = k8s.call("POST", PODS, body)
        assert answer.status in (400, 422) and answer.json()["kind"] == "Status", answer
