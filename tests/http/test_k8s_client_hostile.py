# SPDX-License-Identifier: Apache-2.0
"""What a driver in client mode may not have made, changed, seen or deleted: other applications', other pods', the node's."""
import json
import types
import urllib.parse

import pytest
from k8s_client import PODS, ClientDriver, Driver
from kubernetes import NAMESPACE
from test_k8s_hostile import BAD_PODS

CORE = f"/api/v1/namespaces/{NAMESPACE}"
REFUSALS = (400, 403, 404, 409, 422)


@pytest.fixture(scope="module")
def other(k8s):
    """Somebody else's application, with an executor."""
    driver = ClientDriver("other")
    for object_ in (driver.config_map(), driver.claim(), driver.executor()):
        assert k8s.make(object_).status == 201
    return driver


def is_there(kube, driver):
    kube.call("GET", f"{PODS}/{driver.executor_name(1)}")
    kube.call("GET", f"{CORE}/persistentvolumeclaims/{driver.executor_name(1)}-pvc-0")


# --- objects ----------------------------------------------------------------------------------------------------------

def labels(**members):
    return lambda pod: pod["metadata"]["labels"].update({f"spark-{key.replace('_', '-')}": value for key, value in members.items()})


def args(*words):
    return lambda pod: pod["spec"]["containers"][0].update(args=list(words))


def owners(*references):
    return lambda pod: pod["metadata"].update(ownerReferences=list(references))


OWNER = {"apiVersion": "v1", "kind": "Pod", "name": "x", "uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}

# What no pod may have, whose ever it is.
OF_ALL_PODS = ("hostPath", "hostNetwork", "hostPID", "hostIPC", "nodeName", "another account", "another account by its old name",
               "an ephemeral container", "privileged", "SYS_ADMIN", "hostPort", "unmasked proc", "a privileged init container",
               "sysctls", "unconfined", "a gateway's label", "an operator's label", "a bad name", "an upper-case name", "a NUL")


def of_all_pods(name):
    return lambda pod: BAD_PODS[name](types.SimpleNamespace(pod=pod))


BAD_EXECUTORS = {
    **{name: of_all_pods(name) for name in OF_ALL_PODS},
    "another program": args("sh", "-c", "id"),
    "no arguments": args(),
    "a number for an argument": args(5),
    "a driver's arguments": args("driver", "--class", "A", "local:///a.jar"),
    "no application": labels(app_selector=""),
    "two applications": labels(app_selector="a,b"),
    "an application with a quote": labels(app_selector="a' OR '1'='1"),
    "a number for an application": labels(app_selector=5),
    "no name": lambda pod: pod["metadata"].update(name=None, generateName="a"),
    "no spec": lambda pod: pod.update(spec=None),
    "another kind": lambda pod: pod.update(kind="Deployment"),
    "another version": lambda pod: pod.update(apiVersion="apps/v1"),
    "an owner that is no pod": owners({**OWNER, "kind": "Node"}),
    "an owner that is not there": owners(OWNER),
    "two owners": owners(OWNER, OWNER),
    "an owner without uid": owners({"apiVersion": "v1", "kind": "Pod", "name": "x"}),
    "an owner with a path": owners({**OWNER, "name": "../secrets/x"}),
    "no list of owners": lambda pod: pod["metadata"].update(ownerReferences="x"),
}


@pytest.mark.parametrize("name", BAD_EXECUTORS)
def test_an_executor_that_is_not_allowed(stack, kube, k8s, clean, same_workers, name):
    driver = ClientDriver()
    pod = driver.executor()
    BAD_EXECUTORS[name](pod)
    answer = k8s.call("POST", PODS, pod)
    assert answer.status in (400, 403, 422) and answer.json()["message"], answer
    kube.call("GET", f"{PODS}/{driver.executor_name(1)}", expect=(404,))
    if "owner that is not there" not in name:
        assert stack.postgres.value("SELECT count(*) FROM batch") == 0, "and no batch"


def test_owners_finalizers_and_restarts_are_not_taken(kube, k8s):
    driver = ClientDriver()
    pod = driver.executor()
    pod["metadata"] |= {"finalizers": ["example.org/stay"], "namespace": "kube-system", "ownerReferences": []}
    pod["spec"]["restartPolicy"] = "Always"
    assert k8s.make(pod).status == 201
    made = kube.call("GET", f"{PODS}/{driver.executor_name(1)}")
    assert not made["metadata"].get("finalizers") and not made["metadata"].get("ownerReferences")
    assert made["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("kind, path", [("ConfigMap", "persistentvolumeclaims"), ("PersistentVolumeClaim", "configmaps"),
                                        ("Secret", "configmaps"), ("Pod", "configmaps")])
def test_a_thing_comes_by_its_own_path(k8s, kind, path):
    answer = k8s.call("POST", f"{CORE}/{path}", {**ClientDriver().config_map(), "kind": kind})
    assert answer.status == 422, answer


# --- changes ----------------------------------------------------------------------------------------------------------

def add(path, value="true", op="add"):
    return {"op": op, "path": path, "value": value}


INACTIVE = add("/metadata/labels/spark-exec-inactive")


def part(**members):
    return {"metadata": {"labels": {"spark-exec-inactive": "true"}}, **members}


BAD_PATCHES = {
    "another label": [add("/metadata/labels/a")],
    "another label beside it": [INACTIVE, add("/metadata/labels/sparkgate.io~1batch-uid")],
    "the image beside it": [INACTIVE, add("/spec/containers/0/image", "x", "replace")],
    "it is removed": [{"op": "remove", "path": "/metadata/labels/spark-exec-inactive"}],
    "it is moved": [{"op": "move", "from": "/metadata/labels/spark-role", "path": "/metadata/labels/spark-exec-inactive"}],
    "another value": [add("/metadata/labels/spark-exec-inactive", "false")],
    "no text": [add("/metadata/labels/spark-exec-inactive", True)],
    "all labels": [add("/metadata/labels", {"spark-exec-inactive": "true"})],
    "only a version": [add("/metadata/resourceVersion", "1")],
    "no changes": [],
    "no list of changes": ["x", 5, None],
    "a part with a spec": part(spec={"activeDeadlineSeconds": 1}),
    "a part with an annotation": {"metadata": {"labels": {"spark-exec-inactive": "true"}, "annotations": {"a": "b"}}},
    "a part with another label": {"metadata": {"labels": {"spark-exec-inactive": "true", "spark-role": None}}},
    "a part with directives": part(**{"$patch": "replace"}),
    "a part with an order": {"metadata": {"labels": {"spark-exec-inactive": "true"}, "$setElementOrder/x": []}},
    "an empty part": {},
    "labels that are none": {"metadata": {"labels": "spark-exec-inactive"}},
    "a text": "spark-exec-inactive",
    "a number": 5,
    "nothing": None,
}


@pytest.mark.parametrize("name", BAD_PATCHES)
def test_a_change_that_is_not_allowed(kube, k8s, other, same_workers, name):
    path = f"{PODS}/{other.executor_name(1)}"
    before = kube.call("GET", path)["metadata"]["resourceVersion"]
    for content_type in ("application/json-patch+json", "application/strategic-merge-patch+json", "application/merge-patch+json"):
        answer = k8s.call("PATCH", path, json.dumps(BAD_PATCHES[name]).encode(), {"Content-Type": content_type})
        assert answer.status in REFUSALS and answer.json()["kind"] == "Status", answer
    assert kube.call("GET", path)["metadata"]["resourceVersion"] == before


@pytest.fixture(scope="module")
def bystanders(stack, kube, k8s):
    """Pods that are no executors: a driver that came this way, and somebody's."""
    driver = Driver()
    k8s.submit(driver)
    stack.wait_state(stack.postgres.value("SELECT id FROM batch WHERE driver_pod = %s", (driver.pod_name,)), "starting")
    kube.call("POST", PODS, {"metadata": {"name": "bystander", "labels": {"spark-role": "executor"}},
                             "spec": {"containers": [{"name": "a", "image": "a", "env": [{"name": "A", "value": "hidden"}]}]}},
              expect=(201, 409))
    return driver.pod_name, "bystander"


def test_only_executors_are_changed_and_deleted(kube, k8s, bystanders):
    driver_pod, bystander = bystanders
    for name in (driver_pod, bystander, "nobody"):
        answer = k8s.call("PATCH", f"{PODS}/{name}", json.dumps([INACTIVE]).encode(), {"Content-Type": "application/json-patch+json"})
        assert answer.status == 404, answer
    assert k8s.delete_pod(bystander).status == 404
    kube.call("GET", f"{PODS}/{bystander}")
    assert "hidden" not in k8s.pod(bystander).text


# --- selectors --------------------------------------------------------------------------------------------------------

SELECTORS = [
    "", "spark-role=executor", "spark-app-selector", "!spark-app-selector", "spark-app-selector!=x", "spark-app-selector=",
    "spark-app-selector in ({other},x)", "spark-app-selector in ({other})", "spark-app-selector notin (x)", "spark-app-selectors=x",
    "x-spark-app-selector={other}", "a in (b,spark-app-selector={other})", "spark-app-selector=({other})", "spark-app-selector=nobody",
    "spark-app-selector={mine},spark-app-selector={other}", "spark-app-selector={mine},sparkgate.io/batch-uid!=x,spark-role!=x,)",
    "spark-app-selector={mine})", "spark-app-selector={mine}&labelSelector=", "spark-app-selector={mine}\0", "spark-app-selector={mine}\n",
    "spark-app-selector={mine},sparkgate.io/batch-uid in (a,b)", "spark-app-selector>1", "spark-app-selector=*", "spark-app-selector=%2a",
]


@pytest.mark.parametrize("plural", ["pods", "persistentvolumeclaims", "configmaps", "services"])
@pytest.mark.parametrize("selector", SELECTORS)
def test_no_selector_deletes_another_application_s(kube, k8s, other, bystanders, same_workers, plural, selector):
    mine = ClientDriver()
    assert k8s.make(mine.config_map()).status == 201
    answer = k8s.delete_selected(plural, selector.format(mine=mine.app_id, other=other.app_id))
    assert answer.status == 200 or answer.json()["kind"] == "Status", answer
    is_there(kube, other)
    for name in bystanders:
        kube.call("GET", f"{PODS}/{name}")


@pytest.mark.parametrize("query", ["", "fieldSelector=metadata.name%3Dx", "labelSelector", "dryRun=All", "limit=1", "as=admin"])
def test_nothing_is_deleted_without_an_application(kube, k8s, other, query):
    for plural in ("pods", "configmaps", "services", "persistentvolumeclaims"):
        answer = k8s.call("DELETE", f"{CORE}/{plural}?{query}")
        assert answer.status == 403 or (query == "dryRun=All" and answer.status == 422), answer
    is_there(kube, other)


def test_what_is_only_tried_is_refused(kube, k8s, other):
    assert k8s.delete_selected("pods", other.selector(), dryRun="All").status == 422
    is_there(kube, other)


def test_a_field_selector_deletes_less(kube, k8s):
    driver = ClientDriver()
    assert k8s.make(driver.executor()).status == 201
    assert k8s.delete_selected("pods", driver.selector(), fieldSelector="status.phase=Running").status == 200
    kube.call("GET", f"{PODS}/{driver.executor_name(1)}")


@pytest.mark.parametrize("selector", [selector for selector in SELECTORS if "\0" not in selector])
@pytest.mark.parametrize("plural", ["pods", "persistentvolumeclaims"])
def test_no_selector_shows_another_application_s(k8s, other, bystanders, plural, selector):
    mine = ClientDriver()
    assert k8s.make(mine.executor()).status == 201
    wanted = selector.format(mine=mine.app_id, other=other.app_id) + ",spark-role=executor"
    answer = k8s.get(f"{CORE}/{plural}?labelSelector={urllib.parse.quote(wanted)}")
    assert answer.status in (200, *REFUSALS), answer
    assert other.executor_name(1) not in answer.text or answer.status != 200
    assert "bystander" not in answer.text


# --- sizes ------------------------------------------------------------------------------------------------------------

def test_an_executor_has_its_limits(k8s, same_workers):
    pod = ClientDriver().executor()
    pod["metadata"]["annotations"] = {"a": "x" * 5_000_000}
    answer = k8s.make(pod)
    assert answer.status == 413 and answer.json()["kind"] == "Status", answer
